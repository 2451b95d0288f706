"""One tick as a workflow's jobs: each with the files, the environment and the folder it would have.

Only the jobs that observe and write see the repository, its remote and a token; only the one that
asks the model holds the key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.command import Ran
from tests.scenarios.world import World

FORGE = ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL")
MODEL = ("OPENAI_API_KEY", "OPENAI_BASE_URL")


@dataclass(frozen=True)
class Command:
    """What one job runs, where, and in which environment."""

    args: tuple[str, ...]
    folder: Path
    environment: dict[str, str]


class Jobs:
    """The jobs of one tick; `folder` is where their files lie."""

    def __init__(self, world: World, folder: Path, **environment: str) -> None:
        self._world = world
        self._environment = environment
        self.folder = folder
        self.work = folder / "work"
        self.answers = folder / "answers"
        self.evidence = folder / "evidence"
        self.outputs: dict[str, str] = {}
        self.folder.mkdir()

    def _command(
        self, *args: str | Path, without: tuple[str, ...], at: Path | None = None
    ) -> Command:
        environment = self._world.environment() | self._environment
        held = {name: value for name, value in environment.items() if name not in without}
        return Command(tuple(map(str, args)), at or self.folder, held)

    def _run(self, command: Command) -> Ran:
        return self._world.bot_in(command.folder, command.environment, *command.args)

    def observe(self) -> Ran:
        outputs = self.folder / "outputs"
        outputs.unlink(missing_ok=True)
        listing = ("plan", "--list", "--work", self.work, "--outputs", outputs)
        ran = self._run(self._command(*listing, without=MODEL, at=self._world.clone))
        assert ran.code == 0, ran.err
        self.outputs = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        assert json.loads(ran.out) == json.loads(self.outputs["matrix"])
        return ran

    @property
    def incidents(self) -> list[str]:
        return self._matrix("matrix")

    @property
    def to_verify(self) -> list[str]:
        return self._matrix("verify")

    def _matrix(self, name: str) -> list[str]:
        listed: dict[str, Any] = json.loads(self.outputs[name])
        return list(listed["incident"])

    def search(self, incident: str) -> Ran:
        return self._run(self.proposing("search", incident, without=FORGE + MODEL))

    def ask(self, incident: str) -> Ran:
        return self._run(self.proposing("openai", incident))

    def ask_all(self) -> Ran:
        """One job in the place of many, each of which would have left the file that is here then.

        It unpacks the bundle once, which saves most of their time.
        """
        command = self.proposing("openai")
        ran = self._run(command)
        together = Path(command.args[-1])
        data = json.loads(together.read_text())
        together.unlink()
        for answer in data["answers"]:
            own = self.answers / f"answers-openai-{answer['incident']}" / "answers.json"
            own.parent.mkdir()
            own.write_text(json.dumps(data | {"answers": [answer]}))
        return ran

    def proposing(
        self, engine: str, incident: str = "", *, without: tuple[str, ...] = FORGE
    ) -> Command:
        """Ask one engine about one incident, or in one job about all."""
        out = self.answers / f"answers-{engine}-{incident}" / "answers.json"
        asked = ("--engine", engine, *(("--only", incident) if incident else ()))
        given = ("--answers", self.answers, "--out", out)
        return self._command("propose", *self._work_here(), *asked, *given, without=without)

    def verify(self, entry: str) -> Ran:
        out = self.evidence / f"evidence-{entry}" / "evidence.json"
        given = ("--only", entry, "--answers", self.answers, "--out", out)
        return self._run(self._command("verify", *self._work_here(), *given, without=FORGE + MODEL))

    def _work_here(self) -> tuple[str, ...]:
        return "--work", str(self.work), "--sha256", self.outputs["sha256"]

    def apply(self, *args: str) -> Ran:
        return self._run(self.applying(*args))

    def applying(self, *args: str) -> Command:
        files = (self.answers, self.evidence)
        return self._command("apply", *files, *args, without=MODEL, at=self._world.clone)

"""What a runner of GitHub Actions is told is told by the bot alone, whatever the texts hold."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import pytest
from rich.text import Text

from bot.cli_runner import mask_secrets
from bot.console import console
from bot.workflow_commands import Annotation, Level, group, masks, outputs, shown
from tests.hostile.corpus import CORPUS

HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True)
class Command:
    """One command as the runner understands it."""

    name: str
    properties: dict[str, str]
    data: str


def commands(log: str) -> list[Command]:
    """Every command in a log, found and unescaped as the runner does it."""
    found = []
    for line in re.split(r"\r\n|\r|\n", log):
        match = re.match(r"^\s*::([\w-]+)(?: ([^:]*?))?::(.*)$", line)
        if match:
            pairs = [pair.partition("=") for pair in (match[2] or "").split(",") if pair.strip()]
            named = {key.strip(): _unescaped(value, named=True) for key, _, value in pairs}
            found.append(Command(match[1].lower(), named, _unescaped(match[3])))
        if old := re.search(r"##\[([\w-]+)", line):
            found.append(Command(old[1].lower(), {}, ""))
    return found


def _unescaped(text: str, *, named: bool = False) -> str:
    for escaped, plain in (("%3A", ":"), ("%2C", ","))[: 2 if named else 0]:
        text = text.replace(escaped, plain)
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_a_hostile_text_makes_one_annotation_and_no_other_command(text: str) -> None:
    made = Annotation(Level.WARNING, text, text, text, 7).command()
    (command,) = commands(made)
    assert command.name == "warning"
    assert set(command.properties) <= {"file", "line", "title"}
    assert command.properties.get("line", "7") == "7"
    assert not HIDDEN.search(made.replace("\t", ""))
    (folded,) = commands(group(text))
    assert folded.name == "group"


@pytest.mark.parametrize(
    ("title", "message", "path", "made"),
    [
        ("T", "a", "a.py", "::notice file=a.py,line=3,title=T::a"),
        ("a:b,c", "50% off", "", "::notice title=a%3Ab%2Cc::50%25 off"),
        ("", "x", "", "::notice::x"),
        ("T", "x%0A::error::y", "", "::notice title=T::x%250A: :error::y"),
        ("T", "x", "a,title=b::c.py", "::notice file=a%2Ctitle=b%3A%3Ac.py,line=3,title=T::x"),
    ],
)
def test_data_and_properties_are_escaped(title: str, message: str, path: str, made: str) -> None:
    assert Annotation(Level.NOTICE, title, message, path, 3).command() == made


def test_of_each_level_no_more_than_the_runner_shows_and_the_rest_is_counted() -> None:
    many = [Annotation(level, "T", f"{n}") for level in Level for n in range(30)]
    made = list(shown([*many, *many]))
    assert [sum(f"::{level} " in line for line in made) for level in Level] == [10, 10, 10]
    assert "::error title=Amendbot::21 more are in the job's summary." in made
    assert len(list(shown(many[:10]))) == 10


def test_masks_hide_every_line_of_a_secret_and_no_short_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(masks(["first-line-1\nsecond%line", "abc", ""])) == [
        "::add-mask::first-line-1",
        "::add-mask::second%25line",
    ]
    held = {"OPENAI_API_KEY": "sk-0123456789", "HOME": "/home/someone"}
    mask_secrets(held)
    assert capsys.readouterr() == ("", "")
    mask_secrets(held | {"GITHUB_ACTIONS": "true"})
    assert capsys.readouterr() == ("", "::add-mask::sk-0123456789\n")


@pytest.mark.parametrize("value", ["a\nb=c", "a\rb"])
def test_an_output_is_one_line(value: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        outputs({"counts": value})
    assert outputs({"counts": "1", "pull-requests": "[2]"}) == "counts=1\npull-requests=[2]\n"


def test_a_command_that_comes_together_from_two_texts_does_not_reach_a_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = io.StringIO()
    monkeypatch.setattr("sys.stdout", log)
    console().print(Text.assemble("x\n::", ("add-mask", "bold"), "::e\n#", "#[error]y"))
    assert commands(log.getvalue()) == []

"""One hosted repository: its git, its pull requests, and what follows when a ref moves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from . import runner
from .bare import BareRepository, hermetic_environment
from .checks import Checks
from .errors import Refused, invalid
from .state import Actor, Comment, Event, Issue, PullRequest, Rules, Settings

if TYPE_CHECKING:
    from .server import LoopbackGitHub

BODY_LIMIT = 65536


class HostedRepository:
    """What the API and the website both do to a repository, once the caller is known."""

    def __init__(
        self,
        github: LoopbackGitHub,
        full_name: str,
        files: Mapping[str, str],
        default_branch: str,
        folder: Path,
    ) -> None:
        self.github = github
        self.full_name = full_name
        self.owner, self.name = full_name.split("/")
        self.id = github.ids.next()
        self.default_branch = default_branch
        self.settings = Settings()
        self.checks = Checks()
        self.teams: list[str] = []
        self.labels: dict[str, int] = {}
        self.pulls: list[PullRequest] = []
        self.issues: list[Issue] = []
        self.created_at = github.clock.tick()
        self.rulesets: dict[str, Rules] = {}
        self.classic: dict[str, Rules] = {}
        self.bare = BareRepository(folder / f"{full_name}.git", folder / "home", default_branch)
        self.queue = runner.Queue()
        first = self.bare.commit_files(
            None,
            dict(files),
            "Initial commit\n",
            "Maintainer <maintainer@example.invalid>",
            self.created_at,
        )
        self.bare.git("update-ref", f"refs/heads/{default_branch}", first)

    @property
    def clone_url(self) -> str:
        return f"{self.github.url}/{self.full_name}.git"

    def git(self, *args: str) -> str:
        """Run git in the bare repository."""
        return self.bare.git(*args)

    def clone(self, path: Path, token: str | None = None) -> Path:
        """Clone over HTTP, as a client would; with a token the remote can push too."""
        token = token or self.github.token_of(self.owner)
        url = self.clone_url.replace("://", f"://x-access-token:{token}@")
        self.bare.plain("clone", "-q", url, str(path))
        return path

    def git_environment(self) -> dict[str, str]:
        """The environment in which a test should run its own git."""
        return hermetic_environment(self.bare.home)

    def branch_sha(self, branch: str) -> str:
        sha = self.bare.resolve(f"refs/heads/{branch}")
        if sha is None:
            raise KeyError(f"{self.full_name} has no branch {branch!r}")
        return sha

    def pull(self, number: int) -> PullRequest:
        for pull in self.pulls:
            if pull.number == number:
                return pull
        raise KeyError(f"{self.full_name} has no pull request #{number}")

    def next_number(self) -> int:
        """Issues and pull requests share one sequence."""
        return len(self.pulls) + len(self.issues) + 1

    def rules(self, branch: str) -> Rules:
        """Everything the branch demands, from both systems together."""
        ruleset = self.rulesets.get(branch, Rules())
        classic = self.classic.get(branch, Rules())
        return Rules(
            checks=list(dict.fromkeys(ruleset.checks + classic.checks)),
            strict=ruleset.strict or classic.strict,
            approvals=max(ruleset.approvals, classic.approvals),
            code_owners=ruleset.code_owners or classic.code_owners,
            conversations=ruleset.conversations or classic.conversations,
            signatures=ruleset.signatures or classic.signatures,
            linear=ruleset.linear or classic.linear,
            queue=ruleset.queue or classic.queue,
        )

    def describe(self) -> str:
        """All refs and all pull requests as text, to show that nothing changed."""
        refs = [f"{name} {sha}" for name, sha in self.bare.refs().items()]
        objects = self.bare.git("cat-file", "--batch-all-objects", "--batch-check")
        return "\n".join(
            [*refs, *map(repr, [*self.pulls, *self.issues]), repr(self.checks), objects]
        )

    def open_pull(
        self, by: Actor, title: str, body: str, head: str, base: str, draft: bool = False
    ) -> PullRequest:
        head = head.removeprefix(f"{self.owner}:")
        head_sha = self.bare.resolve(f"refs/heads/{head}")
        base_sha = self.bare.resolve(f"refs/heads/{base}")
        if head_sha is None:
            raise invalid("PullRequest", "head", "", code="invalid")
        if base_sha is None:
            raise invalid("PullRequest", "base", "", code="invalid")
        if any(p.state == "open" and (p.head_ref, p.base_ref) == (head, base) for p in self.pulls):
            text = f"A pull request already exists for {self.owner}:{head}."
            raise invalid("PullRequest", "head", text)
        if not self.bare.commits_between(base_sha, head_sha):
            raise invalid("PullRequest", "head", f"No commits between {base} and {head}")
        self.check_text(title, body)
        when = self.github.clock.tick()
        pull = PullRequest(
            number=self.next_number(),
            id=self.github.ids.next(),
            title=title,
            body=body,
            author=by.login,
            head_ref=head,
            head_sha=head_sha,
            base_ref=base,
            base_sha=base_sha,
            created_at=when,
            updated_at=when,
            draft=draft,
        )
        self.pulls.append(pull)
        self._record_head(pull)
        runner.pull_changed(self, pull, by, "opened")
        return pull

    def check_text(self, title: str, body: str) -> None:
        if not title.strip():
            raise invalid("PullRequest", "title", "", code="missing_field")
        if len(body) > BODY_LIMIT:
            text = f"body is too long (maximum is {BODY_LIMIT} characters)"
            raise invalid("PullRequest", "body", text)

    def set_state(self, pull: PullRequest, state: Literal["open", "closed"], by: Actor) -> None:
        if state == pull.state:
            return
        if state == "open":
            tip = self.bare.resolve(f"refs/heads/{pull.head_ref}")
            if pull.merged or tip is None:
                raise invalid("PullRequest", "state", "state cannot be changed.")
            pull.head_sha = tip
        when = self.github.clock.tick()
        pull.state, pull.updated_at = state, when
        pull.closed_at = when if state == "closed" else None
        pull.closed_by = by.login if state == "closed" else None
        kind: Literal["ClosedEvent", "ReopenedEvent"] = (
            "ClosedEvent" if state == "closed" else "ReopenedEvent"
        )
        pull.events.append(Event(kind, by.login, when))
        if state == "open":
            self._record_head(pull)
            runner.pull_changed(self, pull, by, "reopened")

    def mark_merged(self, pull: PullRequest, by: Actor, commit: str, base_sha: str) -> None:
        when = self.github.clock.tick()
        pull.base_sha = base_sha
        pull.merged, pull.merged_by, pull.merged_at = True, by.login, when
        pull.merge_commit_sha = commit
        pull.state, pull.closed_by, pull.closed_at = "closed", by.login, when
        pull.updated_at = when
        pull.events.append(Event("MergedEvent", by.login, when))
        pull.events.append(Event("ClosedEvent", by.login, when))

    def add_labels(self, pull: PullRequest, names: list[str], by: Actor) -> None:
        for name in names:
            self.labels.setdefault(name, self.github.ids.next())
            if name not in pull.labels:
                when = self.github.clock.tick()
                pull.labels.append(name)
                pull.events.append(Event("LabeledEvent", by.login, when, name))
                pull.updated_at = when

    def remove_label(self, pull: PullRequest, name: str, by: Actor) -> None:
        if name not in pull.labels:
            raise Refused(404, "Label does not exist")
        when = self.github.clock.tick()
        pull.labels.remove(name)
        pull.events.append(Event("UnlabeledEvent", by.login, when, name))
        pull.updated_at = when

    def add_comment(self, pull: PullRequest | Issue, body: str, by: Actor) -> Comment:
        if not body.strip() or len(body) > BODY_LIMIT:
            raise invalid("IssueComment", "body", "body is empty or too long")
        when = self.github.clock.tick()
        comment = Comment(self.github.ids.next(), by.login, body, when)
        pull.comments.append(comment)
        pull.updated_at = when
        return comment

    def refs_moved(self, by: Actor, moves: dict[str, tuple[str | None, str | None]]) -> None:
        """What follows from branches having moved, whoever moved them and however."""
        for ref, (before, after) in moves.items():
            if not ref.startswith("refs/heads/"):
                continue
            branch = ref.removeprefix("refs/heads/")
            gone = [] if after else [pull for pull in self.pulls if pull.head_ref == branch]
            for pull in [pull for pull in gone if pull.state == "closed"]:
                when = self.github.clock.tick()
                pull.events.append(Event("HeadRefDeletedEvent", by.login, when))
            for pull in [pull for pull in self.pulls if pull.state == "open"]:
                if pull.head_ref == branch and after is None:
                    self.set_state(pull, "closed", by)
                    deleted = Event("HeadRefDeletedEvent", by.login, pull.updated_at)
                    pull.events.append(deleted)
                elif pull.head_ref == branch and after and pull.head_sha != after:
                    pull.head_sha, pull.updated_at = after, self.github.clock.tick()
                    pull.base_sha = self.branch_sha(pull.base_ref)
                    self._record_head(pull)
                    runner.pull_changed(self, pull, by, "synchronize")
                elif (
                    pull.base_ref == branch
                    and after
                    and self.bare.is_ancestor(pull.head_sha, after)
                ):
                    self.mark_merged(pull, by, pull.head_sha, before or pull.base_sha)
            if after:
                runner.branch_pushed(self, branch, after, by)

    def _record_head(self, pull: PullRequest) -> None:
        self.bare.git("update-ref", f"refs/pull/{pull.number}/head", pull.head_sha)

"""When a pull request may be merged, and the merge itself, done with real git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from . import talk
from .bare import MERGER, Conflict
from .errors import Refused
from .state import Actor, PullRequest

if TYPE_CHECKING:
    from .hosted import HostedRepository

MergeMethod = Literal["merge", "squash", "rebase"]


def has_conflicts(repo: HostedRepository, pull: PullRequest) -> bool:
    return repo.bare.conflicts(repo.branch_sha(pull.base_ref), pull.head_sha)


def review_decision(repo: HostedRepository, pull: PullRequest) -> str | None:
    """``None`` unless the branch requires reviews, whatever people have said."""
    rules = repo.rules(pull.base_ref)
    if not (rules.approvals or rules.code_owners):
        return None
    opinions = [
        review.state
        for review in pull.latest_reviews()
        if repo.github.actor(review.author).can_write
    ]
    if "CHANGES_REQUESTED" in opinions:
        return "CHANGES_REQUESTED"
    enough = opinions.count("APPROVED") >= max(1, rules.approvals)
    return "APPROVED" if enough else "REVIEW_REQUIRED"


def blockers(repo: HostedRepository, pull: PullRequest) -> list[str]:
    """What the rules of the base branch still ask for, in GitHub's words."""
    rules = repo.rules(pull.base_ref)
    found = [
        f'Required status check "{name}" is expected.'
        for name in repo.checks.unmet(pull.head_sha, rules)
    ]
    decision = review_decision(repo, pull)
    if decision == "CHANGES_REQUESTED":
        found.append("Changes have been requested.")
    if decision == "REVIEW_REQUIRED":
        found.append(f"At least {max(1, rules.approvals)} approving review is required.")
    if rules.conversations and talk.unresolved(pull):
        found.append("A conversation must be resolved before this pull request can be merged.")
    if rules.signatures:
        found.append("Commits must have verified signatures.")
    if rules.queue:
        found.append("Changes must be made through the merge queue")
    return found


def is_behind(repo: HostedRepository, pull: PullRequest) -> bool:
    return not repo.bare.is_ancestor(repo.branch_sha(pull.base_ref), pull.head_sha)


def merge_state(repo: HostedRepository, pull: PullRequest) -> str:
    """GraphQL's ``MergeStateStatus``; REST spells it in small letters."""
    if pull.state == "closed" or pull.unknown_mergeability_answers:
        return "UNKNOWN"
    if has_conflicts(repo, pull):
        return "DIRTY"
    if pull.draft:
        return "DRAFT"
    if blockers(repo, pull):
        return "BLOCKED"
    if repo.rules(pull.base_ref).strict and is_behind(repo, pull):
        return "BEHIND"
    return "CLEAN" if repo.checks.rollup(pull.head_sha) in (None, "SUCCESS") else "UNSTABLE"


def mergeable(repo: HostedRepository, pull: PullRequest) -> bool | None:
    """``None`` means GitHub has not worked it out yet, or never will."""
    if pull.state == "closed" or pull.unknown_mergeability_answers:
        return None
    return not has_conflicts(repo, pull)


def allowed_methods(repo: HostedRepository) -> list[MergeMethod]:
    allowed: list[tuple[MergeMethod, bool]] = [
        ("merge", repo.settings.allow_merge_commit),
        ("squash", repo.settings.allow_squash_merge),
        ("rebase", repo.settings.allow_rebase_merge),
    ]
    return [method for method, permitted in allowed if permitted]


def merge(
    repo: HostedRepository,
    pull: PullRequest,
    by: Actor,
    method: MergeMethod = "merge",
    sha: str | None = None,
    title: str | None = None,
    message: str | None = None,
) -> str:
    """Merge and move the base branch; the new commit. Refusals are those of the REST route."""
    if pull.state == "closed":
        raise Refused(405, "Pull Request is not mergeable")
    if sha and sha != pull.head_sha:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    if method not in allowed_methods(repo):
        raise Refused(405, f"{method.capitalize()} merges are not allowed on this repository.")
    if method == "merge" and repo.rules(pull.base_ref).linear:
        raise Refused(405, "Merge commits are not allowed on this repository.")
    if pull.draft:
        raise Refused(405, "Pull Request is still a draft")
    if has_conflicts(repo, pull):
        raise Refused(405, "Pull Request is not mergeable")
    if unmet := blockers(repo, pull):
        raise Refused(405, "Repository rule violations found\n\n" + "\n".join(unmet))
    if repo.rules(pull.base_ref).strict and is_behind(repo, pull):
        raise Refused(405, "Repository rule violations found\n\nThe head branch is out of date.")
    commit = merge_commit(repo, pull, by, method, title, message)
    base_sha = repo.branch_sha(pull.base_ref)
    repo.mark_merged(pull, by, commit, base_sha)
    base = f"refs/heads/{pull.base_ref}"
    repo.bare.git("update-ref", base, commit)
    repo.refs_moved(by, {base: (base_sha, commit)})
    if repo.settings.delete_branch_on_merge:
        repo.bare.git("update-ref", "-d", f"refs/heads/{pull.head_ref}")
    return commit


def merge_commit(
    repo: HostedRepository,
    pull: PullRequest,
    by: Actor,
    method: MergeMethod,
    title: str | None,
    message: str | None,
) -> str:
    base = repo.branch_sha(pull.base_ref)
    when = repo.github.clock.tick()
    if method == "rebase":
        try:
            return repo.bare.rebased(base, pull.head_sha, when)
        except Conflict as conflict:
            raise Refused(405, "This branch can't be rebased") from conflict
    tree = repo.bare.merged_tree(base, pull.head_sha)
    author = f"{by.login} <{by.email}>"
    if method == "squash":
        text = f"{title or f'{pull.title} (#{pull.number})'}\n\n{message or ''}".strip() + "\n"
        return repo.bare.commit_tree(tree, [base], text, author, MERGER, when)
    headline = title or f"Merge pull request #{pull.number} from {repo.owner}/{pull.head_ref}"
    text = f"{headline}\n\n{pull.title if message is None else message}".strip() + "\n"
    return repo.bare.commit_tree(tree, [base, pull.head_sha], text, author, MERGER, when)

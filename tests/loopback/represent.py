"""State as the JSON of GitHub's REST API, shaped to pass its published models."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import merging
from .hosted import HostedRepository
from .state import Actor, Comment, Issue, PullRequest

REPOSITORY_LINKS = [
    *("archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits"),
    *("compare", "contents", "contributors", "deployments", "downloads", "events", "forks"),
    *("git_commits", "git_refs", "git_tags", "hooks", "issue_comment", "issue_events", "issues"),
    *("keys", "labels", "languages", "merges", "milestones", "notifications", "pulls"),
    *("releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams"),
    "trees",
]
REPOSITORY_COUNTS = [
    *("forks", "forks_count", "network_count", "open_issues", "open_issues_count", "size"),
    *("stargazers_count", "subscribers_count", "watchers", "watchers_count"),
]
USER_LINKS = [
    *("followers", "following", "gists", "starred", "subscriptions", "organizations", "repos"),
    *("events", "received_events"),
]


def stamp(when: datetime | None) -> str | None:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def user(url: str, actor: Actor) -> dict[str, Any]:
    home = f"{url}/users/{actor.login}"
    return {
        "login": actor.login,
        "id": actor.id,
        "node_id": f"U_{actor.id}",
        "avatar_url": f"{home}/avatar",
        "gravatar_id": "",
        "url": home,
        "html_url": f"{url}/{actor.login}",
        "type": actor.kind,
        "site_admin": False,
        **{f"{link}_url": f"{home}/{link}" for link in USER_LINKS},
    }


def private_user(url: str, actor: Actor, when: datetime) -> dict[str, Any]:
    blanks = ("name", "company", "blog", "location", "email", "hireable", "bio")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **user(url, actor),
        **dict.fromkeys(blanks),
        **dict.fromkeys(counts, 0),
        "created_at": stamp(when),
        "updated_at": stamp(when),
    }


def owner(repo: HostedRepository) -> Actor:
    return repo.github.actor(repo.owner)


def repository(repo: HostedRepository, viewer: Actor | None = None) -> dict[str, Any]:
    url = f"{repo.github.url}/repos/{repo.full_name}"
    answer: dict[str, Any] = {
        "id": repo.id,
        "node_id": f"R_{repo.id}",
        "name": repo.name,
        "full_name": repo.full_name,
        "owner": user(repo.github.url, owner(repo)),
        "private": repo.settings.private,
        "visibility": "private" if repo.settings.private else "public",
        "html_url": f"{repo.github.url}/{repo.full_name}",
        "description": None,
        "fork": False,
        "url": url,
        "git_url": repo.clone_url,
        "ssh_url": repo.clone_url,
        "clone_url": repo.clone_url,
        "svn_url": repo.clone_url,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "default_branch": repo.default_branch,
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "archived": repo.settings.archived,
        "disabled": False,
        "pushed_at": stamp(repo.created_at),
        "created_at": stamp(repo.created_at),
        "updated_at": stamp(repo.created_at),
        **dict.fromkeys(REPOSITORY_COUNTS, 0),
        **{f"{link}_url": f"{url}/{link}" for link in REPOSITORY_LINKS},
    }
    if viewer:
        answer["permissions"] = {
            "admin": viewer.permission == "admin",
            "push": viewer.can_write,
            "pull": viewer.permission != "none",
        }
        if viewer.can_write:  # GitHub hides these from readers
            settings = repo.settings
            answer["allow_merge_commit"] = settings.allow_merge_commit
            answer["allow_squash_merge"] = settings.allow_squash_merge
            answer["allow_rebase_merge"] = settings.allow_rebase_merge
            answer["allow_auto_merge"] = settings.allow_auto_merge
            answer["delete_branch_on_merge"] = settings.delete_branch_on_merge
    return answer


def label(repo: HostedRepository, name: str) -> dict[str, Any]:
    return {
        "id": repo.labels[name],
        "node_id": f"LA_{repo.labels[name]}",
        "url": f"{repo.github.url}/repos/{repo.full_name}/labels/{name}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
        "archived_at": None,
        "archived_by": None,
    }


def team(repo: HostedRepository, slug: str) -> dict[str, Any]:
    number = repo.teams.index(slug) + 1
    url = f"{repo.github.url}/organizations/{owner(repo).id}/team/{number}"
    return {
        "id": number,
        "node_id": f"T_{number}",
        "name": slug,
        "slug": slug,
        "description": None,
        "permission": "push",
        "url": url,
        "html_url": f"{repo.github.url}/orgs/{repo.owner}/teams/{slug}",
        "members_url": f"{url}/members",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "parent": None,
    }


def pull_simple(repo: HostedRepository, pull: PullRequest) -> dict[str, Any]:
    """A pull request as lists and review requests answer it."""
    github, base = repo.github, f"{repo.github.url}/repos/{repo.full_name}"
    url, issue = f"{base}/pulls/{pull.number}", f"{base}/issues/{pull.number}"
    html = f"{github.url}/{repo.full_name}/pull/{pull.number}"
    links = {
        "self": url,
        "html": html,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{base}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{base}/statuses/{pull.head_sha}",
    }
    return {
        "url": url,
        "id": pull.id,
        "node_id": f"PR_{pull.id}",
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issue,
        **{f"{name}_url": links[name] for name in links if name not in ("self", "html", "issue")},
        "number": pull.number,
        "state": pull.state,
        "locked": False,
        "draft": pull.draft,
        "title": pull.title,
        "user": user(github.url, github.actor(pull.author)),
        "body": pull.body or None,
        "labels": [label(repo, name) for name in pull.labels],
        "milestone": None,
        "assignees": [],
        "requested_reviewers": [
            user(github.url, github.actor(login)) for login in pull.requested_reviewers
        ],
        "requested_teams": [team(repo, slug) for slug in pull.requested_teams],
        "created_at": stamp(pull.created_at),
        "updated_at": stamp(pull.updated_at),
        "closed_at": stamp(pull.closed_at),
        "merged_at": stamp(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "head": _side(repo, pull.head_ref, pull.head_sha),
        "base": _side(repo, pull.base_ref, pull.base_sha),
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": github.actor(pull.author).association,
        "auto_merge": None,
    }


def _side(repo: HostedRepository, ref: str, sha: str) -> dict[str, Any]:
    return {
        "label": f"{repo.owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "repo": repository(repo),
        "user": user(repo.github.url, owner(repo)),
    }


def pull_full(repo: HostedRepository, pull: PullRequest) -> dict[str, Any]:
    changes = repo.bare.changes(pull.base_sha, pull.head_sha)
    state, can_merge = merging.merge_state(repo, pull), merging.mergeable(repo, pull)
    pull.unknown_mergeability_answers = max(0, pull.unknown_mergeability_answers - 1)
    merger = repo.github.actor(pull.merged_by) if pull.merged_by else None
    return {
        **pull_simple(repo, pull),
        "merged": pull.merged,
        "mergeable": can_merge,
        "mergeable_state": state.lower(),
        "merged_by": user(repo.github.url, merger) if merger else None,
        "comments": len(pull.comments),
        "review_comments": 0,
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": len(repo.bare.commits_between(pull.base_sha, pull.head_sha)),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }


def issue(repo: HostedRepository, one: Issue) -> dict[str, Any]:
    base = f"{repo.github.url}/repos/{repo.full_name}"
    url = f"{base}/issues/{one.number}"
    author = repo.github.actor(one.author)
    return {
        "id": one.id,
        "node_id": f"I_{one.id}",
        "url": url,
        "repository_url": base,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{repo.github.url}/{repo.full_name}/issues/{one.number}",
        "number": one.number,
        "state": one.state,
        "title": one.title,
        "body": one.body,
        "user": user(repo.github.url, author),
        "labels": [label(repo, name) for name in one.labels],
        "milestone": None,
        "locked": False,
        "comments": len(one.comments),
        "closed_at": None if one.state == "open" else stamp(one.updated_at),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "author_association": author.association,
        "assignees": [],
    }


def pull_as_issue(repo: HostedRepository, pull: PullRequest) -> dict[str, Any]:
    """A pull request as lists of issues show it, which every pull request is in."""
    one = Issue(
        number=pull.number,
        id=pull.id,
        title=pull.title,
        body=pull.body,
        author=pull.author,
        created_at=pull.created_at,
        updated_at=pull.updated_at,
        labels=pull.labels,
        state=pull.state,
        comments=pull.comments,
    )
    page = f"{repo.github.url}/{repo.full_name}/pull/{pull.number}"
    there = {
        "url": f"{repo.github.url}/repos/{repo.full_name}/pulls/{pull.number}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
    }
    return issue(repo, one) | {"pull_request": there}


def comment(repo: HostedRepository, pull: PullRequest | Issue, said: Comment) -> dict[str, Any]:
    issue = f"{repo.github.url}/repos/{repo.full_name}/issues"
    author = repo.github.actor(said.author)
    return {
        "id": said.id,
        "node_id": f"IC_{said.id}",
        "url": f"{issue}/comments/{said.id}",
        "html_url": f"{repo.github.url}/{repo.full_name}/pull/{pull.number}#{said.id}",
        "issue_url": f"{issue}/{pull.number}",
        "user": user(repo.github.url, author),
        "body": said.body,
        "created_at": stamp(said.created_at),
        "updated_at": stamp(said.created_at),
        "author_association": author.association,
        "performed_via_github_app": None,
    }

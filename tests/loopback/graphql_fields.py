"""GraphQL's fields on repositories, refs, commits and checks: a literal table of resolvers."""

from __future__ import annotations

from typing import Any

from . import merging, represent, represent_commits
from .checks import Suite, name_of, verdict
from .errors import Refused
from .graphql_nodes import (
    CONNECTION_FIELDS,
    PAGE_INFO_FIELDS,
    Context,
    Node,
    Resolver,
    actor_login,
    connection,
    not_found,
)
from .graphql_people import IN_REPOSITORY, PEOPLE_FIELDS, QUERIES
from .graphql_pulls import PULL_FIELDS, pull_connection
from .state import CheckRun, CommitStatus, Rules


def viewer(root: None, context: Context) -> Node:
    return Node("User", context.viewer)  # also for an app: the schema has no other type here


def repository(root: None, context: Context, owner: str, name: str, **more: bool) -> Node:
    if more != {"follow_renames": True}:
        raise NotImplementedError("repository(followRenames: false)")
    try:
        repo = context.github.visible_repo(f"{owner}/{name}", context.viewer)
    except Refused as refused:
        raise not_found(f"a Repository with the name '{owner}/{name}'") from refused
    return Node("Repository", repo, repo)


def ref_node(node: Node, full_name: str) -> Node | None:
    sha = node.home.bare.refs(full_name).get(full_name)
    return Node("Ref", full_name, node.repo) if sha else None


def ref(node: Node, context: Context, qualified_name: str) -> Node | None:
    if qualified_name.startswith("refs/"):
        return ref_node(node, qualified_name)
    return ref_node(node, f"refs/heads/{qualified_name}")


def refs(node: Node, context: Context, ref_prefix: str, **pages: Any) -> Node:
    if not ref_prefix.endswith("/"):
        raise NotImplementedError("refs(ref_prefix:) without a slash at the end")
    names = node.home.bare.refs(ref_prefix)
    return connection("RefConnection", [Node("Ref", name, node.repo) for name in names], **pages)


def repository_pull(node: Node, context: Context, number: int) -> Node:
    for pull in node.home.pulls:
        if pull.number == number:
            return Node("PullRequest", pull, node.repo)
    raise not_found(f"a PullRequest with the number of {number}")


def repository_pulls(
    node: Node,
    context: Context,
    head_ref_name: str | None = None,
    base_ref_name: str | None = None,
    **more: Any,
) -> Node:
    pulls = [
        pull
        for pull in node.home.pulls
        if head_ref_name in (None, pull.head_ref) and base_ref_name in (None, pull.base_ref)
    ]
    return pull_connection(node, pulls, **more)


def viewer_permission(node: Node, context: Context) -> str | None:
    permission = context.viewer.permission
    return None if permission == "none" else permission.upper()


def ref_prefix(full_name: str) -> str:
    for prefix in ("refs/heads/", "refs/tags/"):
        if full_name.startswith(prefix):
            return prefix
    return full_name.rsplit("/", 1)[0] + "/"


def ref_target(node: Node, context: Context) -> Node:
    return Node("Commit", node.home.bare.refs(node.value)[node.value], node.repo)


def ref_pulls(node: Node, context: Context, **more: Any) -> Node:
    branch = node.value.removeprefix("refs/heads/")
    pulls = [pull for pull in node.home.pulls if pull.head_ref == branch]
    return pull_connection(node, pulls, **more)


def classic_rules(node: Node, type_name: str) -> Node | None:
    """Only classic protection shows here; what rulesets demand is asked for over REST."""
    rules = node.home.classic.get(node.value.removeprefix("refs/heads/"), Rules())
    return Node(type_name, rules, node.repo) if rules.any() else None


def branch_protection(node: Node, context: Context) -> Node | None:
    admin = context.viewer.permission == "admin"
    return classic_rules(node, "BranchProtectionRule") if admin else None


def show(node: Node, form: str) -> str:
    return node.home.bare.said((node.value,), "show", "-s", f"--format={form}", node.value)


def git_object(node: Node, context: Context, oid: str | None = None, **more: str) -> Node | None:
    if oid is None or more:
        raise NotImplementedError("object(expression:)")
    return Node("Commit", oid, node.repo) if node.home.bare.resolve(oid) == oid else None


def commit_parents(node: Node, context: Context, **pages: Any) -> Node:
    parents = [Node("Commit", sha, node.repo) for sha in show(node, "%P").split()]
    return connection("CommitConnection", parents, **pages)


def rollup(node: Node, context: Context) -> Node | None:
    state = node.home.checks.rollup(node.value)
    return Node("StatusCheckRollup", node.value, node.repo) if state else None


def rollup_contexts(node: Node, context: Context, **pages: Any) -> Node:
    reported = node.home.checks.contexts_of(node.value)
    nodes = [
        Node("CheckRun" if isinstance(one, CheckRun) else "StatusContext", one, node.repo)
        for one in reported
    ]
    return connection("StatusCheckRollupContextConnection", nodes, **pages)


def is_required(
    node: Node,
    context: Context,
    pull_request_number: int,
) -> bool:
    one: CheckRun | CommitStatus = node.value
    pull = node.home.pull(pull_request_number)
    return name_of(one) in node.home.rules(pull.base_ref).checks


def check_suites(node: Node, context: Context, **pages: Any) -> Node:
    """All of a commit, those among them that wait for a person's approval."""
    home = node.home
    parked = [Suite(run.suite_id, run) for run, _ in home.queue.parked if run.sha == node.value]
    suites = [*home.checks.suites_of(node.value), *parked]
    nodes = [Node("CheckSuite", suite, node.repo) for suite in suites]
    return connection("CheckSuiteConnection", nodes, **pages)


def suite_of_check(node: Node, context: Context) -> Node:
    check: CheckRun = node.value
    suites = node.home.checks.suites_of(check.sha)
    suite = next(one for one in suites if one.suite_id == check.suite_id)
    return Node("CheckSuite", suite, node.repo)


def runs_of_suite(node: Node, context: Context, **pages: Any) -> Node:
    nodes = [Node("CheckRun", run, node.repo) for run in node.value.checks]
    return connection("CheckRunConnection", nodes, **pages)


def suite_url(node: Node, context: Context) -> str:
    home = node.home
    return f"{context.github.url}/{home.full_name}/commit/checks?check_suite={node.value.suite_id}"


def run_url(node: Node, context: Context) -> str:
    return f"{context.github.url}/{node.home.full_name}/actions/runs/{node.value.id}"


def workflow_run(node: Node, context: Context) -> Node | None:
    suite: Suite = node.value
    return Node("WorkflowRun", suite.run, node.repo) if suite.run else None


def plain(attribute: str) -> Resolver:
    return lambda node, context: getattr(node.value, attribute)


def setting(attribute: str) -> Resolver:
    return lambda node, context: getattr(node.home.settings, attribute)


def upper(attribute: str) -> Resolver:
    def resolve(node: Node, context: Context) -> str | None:
        value = getattr(node.value, attribute)
        return value.upper() if value else None

    return resolve


def time(attribute: str) -> Resolver:
    return lambda node, context: represent.stamp(getattr(node.value, attribute))


ACTOR_FIELDS: dict[str, Resolver] = {
    "login": actor_login,
    "databaseId": plain("id"),
    "id": lambda node, context: f"U_{node.value.id}",
}
RULE_FIELDS: dict[str, Resolver] = {
    "requiredStatusCheckContexts": plain("checks"),
    "requiredApprovingReviewCount": plain("approvals"),
    "requiresCodeOwnerReviews": plain("code_owners"),
    "requiresConversationResolution": plain("conversations"),
    "requiresLinearHistory": plain("linear"),
}
FIELDS: dict[str, dict[str, Resolver]] = {
    "Query": {"viewer": viewer, "repository": repository, **QUERIES},
    "User": ACTOR_FIELDS,
    "Bot": ACTOR_FIELDS,
    "Repository": {
        "id": lambda node, context: f"R_{node.home.id}",
        "databaseId": lambda node, context: node.home.id,
        "nameWithOwner": lambda node, context: node.home.full_name,
        "isArchived": lambda node, context: False,
        "viewerDefaultMergeMethod": lambda node, context: merging.allowed_methods(node.home)[
            0
        ].upper(),
        "mergeCommitAllowed": setting("allow_merge_commit"),
        "squashMergeAllowed": setting("allow_squash_merge"),
        "rebaseMergeAllowed": setting("allow_rebase_merge"),
        "autoMergeAllowed": setting("allow_auto_merge"),
        "deleteBranchOnMerge": setting("delete_branch_on_merge"),
        "viewerPermission": viewer_permission,
        "defaultBranchRef": lambda node, context: ref_node(
            node, f"refs/heads/{node.home.default_branch}"
        ),
        "object": git_object,
        "ref": ref,
        "refs": refs,
        "pullRequests": repository_pulls,
        "pullRequest": repository_pull,
        **IN_REPOSITORY,
    },
    "Ref": {
        "id": lambda node, context: f"REF_{node.home.id}_{node.value}",
        "name": lambda node, context: node.value.removeprefix(ref_prefix(node.value)),
        "prefix": lambda node, context: ref_prefix(node.value),
        "target": ref_target,
        "associatedPullRequests": ref_pulls,
        "refUpdateRule": lambda node, context: classic_rules(node, "RefUpdateRule"),
        "branchProtectionRule": branch_protection,
    },
    "RefUpdateRule": {**RULE_FIELDS, "requiresSignatures": plain("signatures")},
    "BranchProtectionRule": {
        **RULE_FIELDS,
        "requiresCommitSignatures": plain("signatures"),
        "requiresStrictStatusChecks": plain("strict"),
        "requiresStatusChecks": lambda node, context: bool(node.value.checks),
        "requiresApprovingReviews": lambda node, context: bool(node.value.approvals),
    },
    "Commit": {
        "id": lambda node, context: f"C_{node.value}",
        "oid": lambda node, context: node.value,
        "tree": lambda node, context: Node("Tree", show(node, "%T"), node.repo),
        "message": lambda node, context: show(node, "%B").rstrip("\n"),
        "messageHeadline": lambda node, context: show(node, "%s"),
        "committedDate": lambda node, context: show(node, "%cI"),
        "parents": commit_parents,
        "statusCheckRollup": rollup,
        "checkSuites": check_suites,
        "signature": lambda node, context: None,  # nothing here is ever signed
    },
    "Tree": {"oid": lambda node, context: node.value},
    "StatusCheckRollup": {
        "state": lambda node, context: node.home.checks.rollup(node.value),
        "contexts": rollup_contexts,
    },
    "CheckRun": {
        "name": plain("name"),
        "status": upper("status"),
        "conclusion": upper("conclusion"),
        "detailsUrl": lambda node, context: represent_commits.details_url(node.home, node.value),
        "title": plain("title"),
        "summary": plain("summary"),
        "startedAt": time("started_at"),
        "completedAt": time("completed_at"),
        "databaseId": plain("id"),
        "checkSuite": suite_of_check,
        "isRequired": is_required,
    },
    "CheckSuite": {
        "databaseId": plain("suite_id"),
        "app": lambda node, context: Node("App", node.value, node.repo),
        "workflowRun": workflow_run,
        "status": upper("status"),
        "conclusion": upper("conclusion"),
        "url": suite_url,
        "checkRuns": runs_of_suite,
    },
    "App": {"databaseId": plain("app_id"), "slug": plain("app_slug"), "name": plain("app_slug")},
    "WorkflowRun": {
        "event": plain("event"),
        "databaseId": plain("id"),
        "url": run_url,
        "workflow": lambda node, context: Node("Workflow", node.value, node.repo),
    },
    "Workflow": {"name": plain("workflow")},
    "StatusContext": {
        "context": plain("context"),
        "state": lambda node, context: verdict(node.value),
        "description": plain("description"),
        "targetUrl": plain("target_url"),
        "createdAt": time("created_at"),
        "isRequired": is_required,
    },
    "PageInfo": PAGE_INFO_FIELDS,
    **PULL_FIELDS,
    **PEOPLE_FIELDS,
}


def resolver_of(type_name: str, field_name: str) -> Resolver | None:
    if type_name.endswith("Connection"):
        return CONNECTION_FIELDS.get(field_name)
    return FIELDS.get(type_name, {}).get(field_name)

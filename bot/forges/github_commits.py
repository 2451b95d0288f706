"""The GraphQL that reads the checks of commits, whatever branch has them. Pure.

They are read to learn what a merge did to the base branch. So a result that nobody waited for, as
when the next push cancels a run, says nothing here; and a run counts as failed only once all of it
is over, because before that it cannot be started again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.forges.github_answers import checks_of
from bot.model import Check, CheckState

COMMITS_BATCH = 40
_CONTEXTS = """
  pageInfo { hasNextPage endCursor }
  nodes {
    __typename
    ... on CheckRun {
      databaseId name status conclusion detailsUrl
      checkSuite { status app { databaseId } workflowRun { databaseId } }
    }
    ... on StatusContext { context state targetUrl }
  }
"""
_NO_RESULT = ("CANCELLED", "STARTUP_FAILURE")


def commits_query(count: int) -> str:
    """A query for the checks of `count` commits, given as $c0, $c1, … and found as c0, c1, …"""
    variables = "".join(f", $c{index}: GitObjectID!" for index in range(count))
    fields = "\n".join(f"c{index}: object(oid: $c{index}) {{ ...Told }}" for index in range(count))
    return (
        f"query Commits($owner: String!, $name: String!{variables}) "
        f"{{ repository(owner: $owner, name: $name) {{ {fields} }} }}\n"
        f"fragment Told on Commit "
        f"{{ oid statusCheckRollup {{ contexts(first: 100) {{ {_CONTEXTS} }} }} }}"
    )


MORE_OF_COMMIT = """
query MoreOfCommit($owner: String!, $name: String!, $c0: GitObjectID!, $after: String!) {
  repository(owner: $owner, name: $name) {
    c0: object(oid: $c0) {
      ... on Commit {
        oid statusCheckRollup { contexts(first: 100, after: $after) { CONTEXTS } }
      }
    }
  }
}
""".replace("CONTEXTS", _CONTEXTS)


def commit_checks(nodes: Sequence[dict[str, Any]]) -> Iterator[Check]:
    """What check runs and commit statuses say of a commit, with what would run them again."""
    for node, check in zip(nodes, checks_of(nodes), strict=True):
        if node["__typename"] == "StatusContext":
            yield check
            continue
        suite = node["checkSuite"] or {}
        run = (suite.get("workflowRun") or {}).get("databaseId") or 0
        goes_on = bool(run) and suite["status"] != "COMPLETED"
        failed = check.state is CheckState.FAILED
        no_result = failed and (goes_on or node["conclusion"] in _NO_RESULT)
        state = CheckState.PENDING if no_result else check.state
        yield replace(check, state=state, id=node["databaseId"] or 0, run=run)

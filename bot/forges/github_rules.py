"""What GitHub asks of a merge: rulesets and classic protection, read together. Pure.

Rulesets are told to everyone. Of classic protection, GraphQL's `refUpdateRule` tells all but
whether a branch must be up to date. Rulesets that are hidden from the token are None here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.model import BaseRules, RequiredCheck

Rows = Sequence[dict[str, Any]] | None


def required_checks(rows: Rows, classic: dict[str, Any] | None) -> tuple[RequiredCheck, ...] | None:
    """The checks that must pass; None if rulesets are hidden and nothing else names one."""
    names = (classic or {}).get("requiredStatusCheckContexts") or ()
    required = {RequiredCheck(name) for name in names}
    for parameters in _parameters(rows, "required_status_checks"):
        for check in parameters["required_status_checks"]:
            required.add(RequiredCheck(check["context"], check.get("integration_id") or 0))
    if rows is None and not required:
        return None
    return tuple(sorted(required))


def base_rules(
    rows: Rows, classic: dict[str, Any] | None, methods: Sequence[str] = ()
) -> BaseRules:
    """Everything else that is asked, as far as it can be known.

    `methods` are the merge methods of the repository's settings; rulesets may allow fewer.
    """
    known = rows is not None
    reviews = _parameters(rows, "pull_request")
    checks = _parameters(rows, "required_status_checks")
    old = classic or {}

    def asked(classic_name: str, by_ruleset: bool) -> bool | None:
        return True if by_ruleset or old.get(classic_name) else (False if known else None)

    counts = [old.get("requiredApprovingReviewCount") or 0]
    counts += [one.get("required_approving_review_count") or 0 for one in reviews]
    fewer = [one["allowed_merge_methods"] for one in reviews if one.get("allowed_merge_methods")]
    strict = any(one.get("strict_required_status_checks_policy") for one in checks)
    hidden = not known or bool(old.get("requiredStatusCheckContexts"))
    return BaseRules(
        approvals=max(counts) if known or max(counts) else None,
        code_owners=asked(
            "requiresCodeOwnerReviews", any(one.get("require_code_owner_review") for one in reviews)
        ),
        conversations=asked(
            "requiresConversationResolution",
            any(one.get("required_review_thread_resolution") for one in reviews),
        ),
        signatures=asked("requiresSignatures", _has(rows, "required_signatures")),
        linear=asked("requiresLinearHistory", _has(rows, "required_linear_history")),
        strict=True if strict else (None if hidden else False),
        queue=True if _has(rows, "merge_queue") else (None if not known or classic else False),
        methods=tuple(m for m in methods if all(m in some for some in fewer)) if methods else None,
    )


def _parameters(rows: Rows, kind: str) -> list[dict[str, Any]]:
    return [row.get("parameters") or {} for row in rows or () if row["type"] == kind]


def _has(rows: Rows, kind: str) -> bool:
    return any(row["type"] == kind for row in rows or ())

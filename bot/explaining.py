"""Why policy decides as it does: every rule in its order, and the fact each was answered by. Pure.

Nothing is evaluated here. A decision keeps the rules as they were weighed for it, and this puts
them in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.built_in_rules import BUILT_IN, BuiltIn
from bot.config import Config
from bot.errors import UserError
from bot.facts import Condition, Facts, Met, Weighed
from bot.gate import standing
from bot.model import FileChange, PullState, Tree
from bot.plan import Case
from bot.protected import Protected, protected
from bot.rules import Decision, judge
from bot.snapshot import Snapshot
from bot.untrusted import for_markdown
from bot.vetting.paths import bad_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that decides about one thing.

    `decision` is None where there is nothing yet to decide about. `why_not` says what keeps it from
    being merged, or from being proposed at all, the weightiest first.
    """

    subject: str
    decision: Decision | None
    rules: tuple[Weighed, ...]
    why_not: tuple[str, ...] = ()

    def decides(self, rule: Weighed) -> bool:
        return self.decision is not None and rule.rule == self.decision.rule

    def as_data(self) -> dict[str, object]:
        """For `--json`."""
        decision = self.decision
        return {
            "subject": self.subject,
            "decision": decision
            and {
                "outcome": decision.outcome,
                "rule": decision.rule,
                "reason": decision.reason,
                "pending": decision.pending,
            },
            "rules": [_rule_data(rule, self.decides(rule)) for rule in self.rules],
            "why_not": list(self.why_not),
        }


def _rule_data(rule: Weighed, decides: bool) -> dict[str, object]:
    built_in = built_in_of(rule)
    return {
        "rule": rule.rule,
        "built_in": rule.built_in,
        "loosened_by": (built_in and built_in.loosened_by) or None,
        "outcome": rule.outcome,
        "matches": rule.met.value,
        "decides": decides,
        "conditions": [
            {"condition": said.name, "met": said.met.value, "fact": said.fact}
            for said in rule.conditions
        ],
    }


def built_in_of(rule: Weighed) -> BuiltIn | None:
    """The row of the table that was weighed, None for a rule of the policy file."""
    return next((row for row in BUILT_IN if rule.built_in and row.name == rule.rule), None)


def parts(one: Explanation) -> Iterator[tuple[str, list[Weighed]]]:
    """The rules under headings that say what they are for."""
    built_in = [rule for rule in one.rules if rule.built_in]
    if built_in:
        yield "Built-in rules, which allow so much at most where they match", built_in
    asked = [rule for rule in one.rules if not rule.built_in]
    if asked:
        yield "Rules of the policy, of which the first that matches decides", asked
    elif built_in:
        yield "The policy has no rules of its own, so a person reviews", []


def facts_of(rule: Weighed) -> Iterator[str]:
    """What a rule asks and how that was answered, one line each."""
    if not rule.conditions:
        yield rule.fact
    row = built_in_of(rule)
    for said in rule.conditions:
        loosened = f" (loosened by {row.loosened_by})" if row and row.loosened_by else ""
        if row:
            yield f"{said.fact}{loosened if rule.matches else ''}"
        else:
            yield f"{said.name}: {said.met.value}, {said.fact}"


MAX_RULES_TOLD = 50
"""So many rules of each part are in a comment, the rest counted."""


def for_comment(one: Explanation) -> str:
    """The explanation as Markdown: the decision and what is left, and the rules folded away."""
    lines = []
    if one.decision:
        will = "will " if one.decision.pending else ""
        by, reason = for_markdown(one.decision.rule, 200), for_markdown(one.decision.reason, 500)
        lines += [f"Policy: **{will}{one.decision.outcome}** by rule “{by}” ({reason}).", ""]
    if not one.why_not:
        lines.append("Nothing keeps it from being merged.")
    lines += [f"* {for_markdown(sentence, 500)}" for sentence in one.why_not]
    lines += ["", "<details><summary>Every rule, and the fact it was answered by</summary>", ""]
    for heading, rules in parts(one):
        lines += [f"**{heading}**", ""]
        lines += [_told(rule, one) for rule in rules[:MAX_RULES_TOLD]]
        more = len(rules) - MAX_RULES_TOLD
        lines += [f"* and {more} more"] if more > 0 else []
        lines.append("")
    return "\n".join([*lines, "</details>"])


def _told(rule: Weighed, one: Explanation) -> str:
    name = for_markdown(rule.rule.removeprefix("built-in: "), 80)
    mark = " (this one decides)" if one.decides(rule) else ""
    facts = for_markdown("; ".join(facts_of(rule)), 300)
    return f"* {rule.met.value}: “{name}”, {rule.outcome}{mark}: {facts}"


def explain_pull(number: int, snapshot: Snapshot) -> Explanation:
    """One of the bot's open pull requests; a UserError if there is none of this number."""
    pull = next((pull for pull in snapshot.own_pulls if pull.number == number), None)
    if pull is None:
        raise UserError(
            f"The bot has no pull request {number} here; 'bot pulls --all' lists what it has."
        )
    if pull.state is not PullState.OPEN:
        raise UserError(f"Pull request {number} is {pull.state}, so no rule is asked any more.")
    stands = standing(pull, snapshot)
    halted = (f"Nothing is done at all: {snapshot.halted}.",) if snapshot.halted else ()
    return Explanation(
        subject=f"Pull request #{number}: {pull.title}",
        decision=stands.decision,
        rules=stands.decision.weighed,
        why_not=(*halted, *(reason.sentence for reason in stands.reasons)),
    )


def explain_case(case: Case) -> Explanation:
    """One proposal of a plan, before it has a pull request."""
    attempt, decision = case.attempt, case.decision
    subject = f"Attempt {attempt.number} at {attempt.incident.fingerprint}"
    if decision is None:
        said = (f"It is not proposed: {attempt.reason}",) if attempt.reason else ()
        refused = tuple(f"{finding.rule}: {finding.sentence}" for finding in attempt.findings)
        return Explanation(subject=subject, decision=None, rules=(), why_not=refused or said)
    return Explanation(subject=subject, decision=decision, rules=decision.weighed)


def explain_path(path: str, base: Tree, config: Config, now: datetime) -> Explanation:
    """What a change to this path would meet for the path's sake; a UserError for a folder."""
    if any(each.startswith(f"{path}/") for each in base.paths()):
        raise UserError(f"{path} is a folder; name a file in it.")
    refused = bad_path(path)
    notes = [f"Vetting refuses it: {refused.sentence}."] if refused else []
    if not base.mode(path):
        notes.append("The base has no such file, so this is what a new one would meet.")
    facts = _facts_of_path(path, base, config, now)
    weighed = judge(facts, config).weighed
    return Explanation(
        subject=path,
        decision=None,
        rules=tuple(rule for each in weighed for rule in _for_its_path(each, facts.protected)),
        why_not=tuple(notes),
    )


def _facts_of_path(path: str, base: Tree, config: Config, now: datetime) -> Facts:
    """A change of which nothing is known but its path."""
    mode = base.mode(path)
    change = FileChange(
        path=path,
        status="M" if mode else "A",
        old_mode=mode or "000000",
        new_mode=mode or "100644",
        added=None,
        removed=None,
    )
    return Facts(
        now=now,
        changes=(change,),
        protected=protected((change,), config, base),
        risks=(),
        severity=None,
        engine="",
        confidence=None,
        kind=None,
        sources=(),
        trusted=False,
        proposed=None,
        attempt=None,
        proof=None,
        proof_pending=False,
    )


def _for_its_path(rule: Weighed, protections: Sequence[Protected]) -> Iterator[Weighed]:
    """The rule reduced to what it makes of the path; nothing where it does not look at paths."""
    row = built_in_of(rule)
    if row is None:
        asked = [said for said in rule.conditions if said.name == "paths"]
        anything = Condition("paths", Met.YES, "it asks nothing of paths")
        yield replace(rule, conditions=tuple(asked) or (anything,))
    elif row.wards:
        found = next((each for each in protections if each.ward in row.wards), None)
        if found is not None:
            said = f"{found.sentence} (pattern {found.pattern})"
            yield replace(rule, conditions=(Condition(row.looks_at, Met.YES, said),))
        else:
            yield rule

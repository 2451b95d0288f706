"""Whether this policy can ever merge here, and if not, why. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.built_in_rules import BUILT_IN
from bot.config import CONFIG_PATH, Mode
from bot.doctor import Finding, note, ok, warning
from bot.doctor.imagining import Means, Possible, in_the_way, possibilities
from bot.doctor.seen import Seen
from bot.obstacles import NO_METHOD, NONE_REQUIRED, QUEUED_MERGES, UNSIGNED, Reason
from bot.snapshot import Snapshot

POSSIBLE = ok("merge.possible")
NO_RULE = note("merge.no-rule", "Every fix waits for a person, which is how it begins well.")
MODE = note("merge.mode", "Every fix waits for a person, whatever the rules say.")
NEVER = warning("merge.rule-never", "The rule looks as if it merged, and everything waits for you.")
FORGE_NEVER = warning("merge.forge-never", "Whatever the policy says, every merge is left to you.")
SIGNS = (POSSIBLE, NO_RULE, MODE, NEVER, FORGE_NEVER)

A_RULE = (
    f'Once you trust it, add to {CONFIG_PATH}: [[policy.rule]], name = "small and proven", '
    f'max_lines = 20, proof = "fail-to-pass", outcome = "merge".'
)


def check(seen: Seen) -> Iterator[Finding]:
    snapshot = seen.snapshot
    if snapshot is None or seen.holding is None:
        return
    config = snapshot.config
    if not any(rule.outcome == "merge" for rule in config.policy.rule):
        yield NO_RULE.found("No rule of the policy merges, so people merge every fix.", A_RULE)
        return
    if config.mode is not Mode.MERGE:
        yield MODE.found(
            f'{CONFIG_PATH} says mode = "{config.mode}", so people merge every fix.',
            f'Say mode = "merge" in {CONFIG_PATH} to let the rules merge.',
        )
        return
    means = Means(engines=snapshot.engines or config.engine.order, runs_tests=runs_tests(seen))
    found = possibilities(snapshot, means)
    for one in found:
        if not one.merges:
            yield NEVER.found(f"Rule “{one.rule}” can never merge here: {one.why}.", _fix(one))
    reasons = in_the_way(snapshot, means)
    for reason in reasons:
        yield FORGE_NEVER.found(reason.sentence, _forge_fix(reason, snapshot))
    merging = [f"“{one.rule}”" for one in found if one.merges]
    if merging and not reasons:
        noun = "Rule" if len(merging) == 1 else "Rules"
        yield POSSIBLE.found(f"{noun} {', '.join(merging)} can merge here.")


def runs_tests(seen: Seen) -> bool:
    """Whether a run here could bring evidence at all."""
    config, holding = seen.config, seen.holding
    if config is None or holding is None or not config.sandbox.enabled or not seen.test_command:
        return False
    return holding.isolated or config.sandbox.allow_unisolated or not holding.credential


def _fix(one: Possible) -> str:
    built_in = next((rule for rule in BUILT_IN if rule.name == one.stopped_by), None)
    if built_in and built_in.name == "built-in: evidence":
        return (
            "Let the sandbox run the tests (see what is said of it above), or say "
            f"{built_in.loosened_by} in {CONFIG_PATH} and trust the forge's checks alone."
        )
    if built_in and built_in.loosened_by:
        return (
            f"Say {built_in.loosened_by} in {CONFIG_PATH}, if nobody but you and your agents can "
            f"write there."
        )
    if built_in:
        return f"Nothing loosens that; take rule “{one.rule}” out of {CONFIG_PATH}, or narrow it."
    if one.stopped_by:
        return f"Move rule “{one.rule}” above rule “{one.stopped_by}” in {CONFIG_PATH}."
    named = " and ".join(one.unmet) or "what it waits for"
    return f"Change {named} in rule “{one.rule}” in {CONFIG_PATH}."


def _forge_fix(reason: Reason, snapshot: Snapshot) -> str:
    names = sorted({one.name for one in snapshot.forge.base_checks or ()})
    shown = ", ".join(f'"{name}"' for name in names[:3]) or '"test"'
    if reason.state is NONE_REQUIRED:
        return (
            f"Say merge.required_checks = [{shown}] in {CONFIG_PATH}; or Settings > Rules > "
            f"Rulesets > New branch ruleset > Require status checks to pass."
        )
    if reason.state is UNSIGNED:
        return (
            "Settings > Rules > Rulesets: take 'Require signed commits' off, or let the bot's "
            "account bypass it; else merge its pull requests by hand."
        )
    if reason.state is QUEUED_MERGES:
        return "Add the bot's pull requests to the queue by hand; the bot cannot."
    if reason.state is NO_METHOD:
        return f'Say merge.method = "default" in {CONFIG_PATH}, or allow another method.'
    return f"What changes it: {reason.state.change}."

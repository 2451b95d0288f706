"""What a person sees at a terminal: the plan, incident by incident, and what was done.

Rich decides about colour: a pipe, NO_COLOR or a dumb terminal get plain text. Every text that an
agent, a model or a file brought goes through `printed` first, for a terminal is also a job's log.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.aftermath import Aftermath
from bot.console import Loudness, folded, loudness
from bot.evidence import Evidence, said
from bot.model import Attempt, BugReport, Ending, Skipped, Usage
from bot.plan import Case, Plan
from bot.secrets import redact
from bot.tick import Ended
from bot.untrusted import for_log, one_line
from bot.watching import Watched, by_sentence

_ENDING_STYLES = {
    Ending.PROPOSED: "green",
    Ending.ABSTAINED: "cyan",
    Ending.REJECTED: "red",
    Ending.FAILED: "red",
    Ending.STOPPED: "red",
    Ending.REFUSED: "yellow",
    Ending.HELD_BACK: "yellow",
}
_AFTERMATH_STYLES = {
    Aftermath.GREEN: "green",
    Aftermath.PENDING: "yellow",
    Aftermath.RED: "red",
    Aftermath.RED_BEFORE: "red",
    Aftermath.UNWATCHED: "dim",
}
OUTCOME_STYLES = {"merge": "green", "review": "cyan", "draft": "yellow", "refuse": "red"}


MAX_PRINTED_OUTPUT = 1_200
"""So many characters of what a failing run printed are shown."""


def print_plan(plan: Plan, console: Console, *, verb: str) -> None:
    """The whole plan. `verb` says what its steps are: "would" in a dry run, "will" otherwise."""
    console.print(
        Text.assemble(
            ("Amendbot", "bold"), f" on {plan.repository}, {plan.base_branch} at {plan.base[:9]}"
        )
    )
    console.print(Text(f"Forge: {printed(plan.forge)}", style="dim"))
    for notice in plan.notices:
        console.print(Text(f"! {printed(notice)}", style="yellow"))
    if plan.halted:
        console.print(Text(f"Nothing will be done: {plan.halted}.", style="bold yellow"))
    for case in plan.cases:
        console.print()
        with folded(f"Incident {case.attempt.incident.fingerprint}", console):
            console.print(_case(case))
    if plan.pulls:
        console.print()
        console.print(_pulls(plan))
    if plan.merges:
        console.print()
        console.print(merges(plan.merges))
    if plan.skipped:
        console.print()
        with folded(f"Skipped reflections: {len(plan.skipped)}", console):
            console.print(_skipped(plan.skipped))
    console.print()
    console.print(_steps(plan, verb))
    if plan.usage.requests:
        console.print(Text(f"Spent: {_cost(plan.usage)}.", style="dim"))


def print_outcomes(outcomes: Iterable[Ended], console: Console) -> int:
    """Each step as it ends; returns how many failed. Quiet says only what changed or failed."""
    failed = 0
    for outcome in outcomes:
        if loudness() is Loudness.QUIET and not (outcome.done.changed or outcome.done.failed):
            continue
        mark, style = ("✓", "green") if outcome.done.changed else ("–", "yellow")
        if outcome.done.failed:
            failed += 1
            mark, style = "✗", "red"
        console.print(Text.assemble((f"{mark} ", style), printed(outcome.done.sentence)))
    return failed


def print_evidence(evidence: Evidence, console: Console) -> None:
    """What the tests say of one commit against another."""
    console.print(_evidence(evidence))


def _case(case: Case) -> RenderableType:
    attempt = case.attempt
    heading = Text.assemble(
        ("Incident ", "bold"), (attempt.incident.fingerprint, "bold"), f", attempt {attempt.number}"
    )
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for reflection in attempt.incident.reflections[:5]:
        what = printed_line(f"{reflection.outcome} {reflection.text}", 300)
        grid.add_row(
            "reflection",
            f"{printed_line(reflection.id, 100)} ({printed(reflection.where)})\n{what}",
        )
    report = attempt.answer.diagnosis
    if isinstance(report, BugReport):
        place = f"{report.path}{f', {report.symbol}' if report.symbol else ''}"
        said = printed_line(report.summary, 300)
        grid.add_row("diagnosis", f"{printed(place)}, severity {report.severity}: {said}")
    elif report is not None:
        grid.add_row("diagnosis", f"not actionable: {printed_line(report.reason, 300)}")
    if attempt.answer.patch:
        grid.add_row("change", printed_line(attempt.answer.patch.explanation, 300))
    parts: list[RenderableType] = [grid]
    if attempt.proposal:
        diff = diff_text(attempt.proposal.diff)
        diff.no_wrap, diff.overflow = False, "fold"  # in a pipe, what stands too far right is cut
        parts.append(Padding(diff, (1, 0, 1, 2), expand=False))
    parts.append(_verdict(case))
    return Group(heading, Padding(Group(*parts), (0, 0, 0, 2), expand=False))


def _verdict(case: Case) -> RenderableType:
    attempt = case.attempt
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    style = _ENDING_STYLES[attempt.ending]
    if attempt.proposal:
        commit = attempt.proposal.commit
        lines = sum(change.lines for change in commit.changes)
        size = f"{_count(len(commit.changes), 'file')}, {_count(lines, 'line')}"
        vetting = Text.assemble(("passed", style), f" ({size}); commit {commit.sha[:9]}")
        grid.add_row("vetting", vetting)
        for risk in attempt.proposal.risks:
            grid.add_row("look at", f"{risk.rule}: {printed(risk.sentence)}")
        if attempt.proposal.evidence:
            grid.add_row("tests", _evidence(attempt.proposal.evidence))
    else:
        grid.add_row("ended", Text.assemble((attempt.ending, style), f": {_ended(attempt)}"))
        for finding in attempt.findings:
            grid.add_row("refused", f"{finding.rule}: {printed(finding.sentence)}")
    if case.decision:
        decision = case.decision
        words = Text.assemble(
            (decision.outcome, OUTCOME_STYLES[decision.outcome]),
            f" by rule “{decision.rule}”: {printed(decision.reason)}",
        )
        grid.add_row("decision", words)
    for note in attempt.answer.notes:
        grid.add_row("note", printed(note))
    grid.add_row("cost", _cost(attempt.answer.usage))
    return grid


def _evidence(evidence: Evidence) -> Text:
    style = "red" if evidence.breaks else "green" if evidence.fail_to_pass else ""
    lines = []
    for sentence, names in said(evidence):
        more = names.total - len(names.first)
        listed = "".join(f"\n  {printed_line(name, 200)}" for name in names.first)
        lines.append(f"{printed(sentence)}{listed}{f' and {more} more' if more else ''}")
    took = f"{evidence.seconds_base:.1f} s at base, {evidence.seconds_head:.1f} s here"
    lines[-1] = f"{lines[-1].removesuffix('.')}: {took}."
    if evidence.breaks and evidence.output:
        lines.append(printed(evidence.output[-MAX_PRINTED_OUTPUT:]))
    first, *rest = lines
    return Text.assemble((first, style), *(f"\n{line}" for line in rest))


def _ended(attempt: Attempt) -> str:
    return "vetting refused the patch" if attempt.findings else printed(attempt.reason)


def diff_text(diff: str) -> Text:
    text = Text()
    for line in printed(diff).splitlines():
        style = ""
        if line.startswith(("diff ", "index ", "+++", "---", "new file")):
            style = "bold"
        elif line.startswith("@@"):
            style = "cyan"
        elif line.startswith("+"):
            style = "green"
        elif line.startswith("-"):
            style = "red"
        text.append(f"{line}\n", style=style)
    text.rstrip()
    return text


def _pulls(plan: Plan) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for line in plan.pulls:
        decision = line.standing.decision
        sentence = f"{printed(line.standing.sentence)} (rule “{decision.rule}”)"
        grid.add_row(f"#{line.pull.number}", f"{printed_line(line.pull.title, 80)}\n{sentence}")
    return Group(
        Text("Open pull requests", style="bold"), Padding(grid, (0, 0, 0, 2), expand=False)
    )


def merges(watched: Iterable[Watched]) -> RenderableType:
    """What the bot merged of late did to the base branch; the same of several is said once."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for numbers, aftermath, sentence in by_sentence(watched):
        grid.add_row(
            Text(aftermath, style=_AFTERMATH_STYLES[aftermath]), f"{numbers}: {printed(sentence)}"
        )
    return Group(Text("Merged of late", style="bold"), Padding(grid, (0, 0, 0, 2), expand=False))


def _skipped(skipped: Iterable[Skipped]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for skip in skipped:
        summary = printed_line(skip.reflection.task or skip.reflection.text, 70)
        grid.add_row(printed_line(skip.reflection.id, 100), f"{summary}\n{printed(skip.reason)}")
    return Group(
        Text("Skipped reflections", style="bold"), Padding(grid, (0, 0, 0, 2), expand=False)
    )


def _steps(plan: Plan, verb: str) -> RenderableType:
    if not plan.steps:
        return Text("Nothing to do.", style="bold")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="dim")
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", style="dim")
    for number, step in enumerate(plan.steps, start=1):
        grid.add_row(f"{number}.", step.action, printed(step.reason))
    return Group(Text(f"Amendbot {verb}:", style="bold"), Padding(grid, (0, 0, 0, 2), expand=False))


def _cost(usage: Usage) -> str:
    if not usage.requests:
        return "nothing"
    money = "" if usage.usd is None else f", ${usage.usd:.4f}"
    requests = _count(usage.requests, "request")
    return (
        f"{requests}, {usage.prompt_tokens:,} prompt and {usage.completion_tokens:,} "
        f"answered tokens{money}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def printed(text: str) -> str:
    """A text as it may be printed: visible, without secrets, and no command of a job's runner."""
    return for_log(redact(text))


def printed_line(text: str, limit: int) -> str:
    """One line of a text, of which no more is looked at than could matter."""
    return for_log(one_line(redact(text[: limit + _MARGIN]), limit))


_MARGIN = 4_000
"""A secret that starts before the cut is recognised by so much of what follows."""

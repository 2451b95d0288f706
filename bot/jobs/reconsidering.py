"""Reconsider: build and judge anew what files claim. Nothing is asked and no test is run here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.building import Workbench
from bot.config import Config
from bot.jobs.answers import Claim, heard
from bot.ledger import SpendRecord
from bot.model import SEARCH, Attempt, Fingerprint, Usage
from bot.proposing import once, weigh
from bot.selection import Chosen, Selection
from bot.snapshot import Snapshot

MAX_REQUESTS = 1_000
"""More requests than this no answer takes, whatever a file says."""


@dataclass(frozen=True, slots=True)
class Reconsidered:
    """What comes of claims: attempts, sentences about the rest, and what jobs have spent."""

    attempts: tuple[Attempt, ...]
    notices: tuple[str, ...]
    costs: tuple[SpendRecord, ...]


def reconsider(
    claims: Sequence[Claim], selection: Selection, snapshot: Snapshot, bench: Workbench
) -> Reconsidered:
    """Weigh the claims on the incidents that are chosen now.

    Several engines' answers about one incident are taken in the configured order: the first that
    passes vetting counts.
    """
    wanted = {chosen.incident.fingerprint for chosen in selection.chosen}
    dropped = [
        f"{fingerprint} of the plan file is not to be worked on now"
        for fingerprint in dict.fromkeys(claim.fingerprint for claim in claims)
        if fingerprint not in wanted
    ]
    attempts: list[Attempt] = []
    for chosen in selection.chosen:
        about = [one for one in claims if one.fingerprint == chosen.incident.fingerprint]
        fitting, said = _fitting(about, chosen, snapshot.config)
        dropped.extend(said)
        if fitting:
            attempt = _weigh_all(fitting, chosen, snapshot, bench)
            attempts.append(once(attempt, attempts))
    return Reconsidered(tuple(attempts), tuple(dropped), tuple(_costs(claims, snapshot)))


def _costs(claims: Sequence[Claim], snapshot: Snapshot) -> Iterator[SpendRecord]:
    """What jobs' answers cost, whatever comes of them, for the day's limit; each is written once.

    It counts whether or not anybody still wants the answer, else whoever withdraws a reflection and
    brings it back spends without end. No more than one tick may cost, so that a file that lies does
    not use up the whole day.
    """
    dearest: dict[tuple[object, ...], SpendRecord] = {}
    for claim in claims:
        usage = _affordable(claim, snapshot.config)
        record = SpendRecord(
            at=snapshot.now,
            incident=claim.fingerprint,
            attempt=claim.number,
            asked=claim.asked,
            engine=claim.engine,
            requests=usage.requests,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            usd=usage.usd,
        )
        if claim.asked and usage.requests:
            dearest[record.answer] = max(record, dearest.get(record.answer, record), key=_tokens)
    spent = 0
    for record in sorted(dearest.values(), key=_tokens, reverse=True):  # none hides a dearer one
        spent += _tokens(record)
        if spent > snapshot.config.limits.tokens_per_tick:
            return
        if not snapshot.ledger.knows(record):
            yield record


def _tokens(record: SpendRecord) -> int:
    return record.prompt_tokens + record.completion_tokens


def _fitting(
    claims: Sequence[Claim], chosen: Chosen, config: Config
) -> tuple[list[Claim], list[str]]:
    """The claims that answer what is asked now, in the engines' order, and why others do not."""
    name, order = chosen.incident.fingerprint, config.engine.order
    fitting: dict[str, Claim] = {}
    said = []
    for claim in claims:
        why = _unfit(claim, chosen, config)
        if not why and claim.engine in fitting:
            why = f"is a second one by {claim.engine}"
        if why:
            said.append(f"an answer about {name} {why}; it is left out")
        else:
            fitting[claim.engine] = claim
    answered = {engine for one in fitting.values() for engine in one.engine.split(", ")}
    missing = {engine for one in fitting.values() for engine in one.engines} - answered
    enough = any(one.answer.patch or one.answer.usage.requests for one in fitting.values())
    if missing and not enough:  # what was paid for is never asked again for want of a free answer
        waits = ", ".join(sorted(missing & set(order))) or "an engine"
        return [], [*said, f"{waits} has not answered about {name}; the next tick asks again"]
    ranks: dict[str, int] = {engine: rank for rank, engine in enumerate(order)}
    in_order = sorted(fitting.values(), key=lambda one: ranks[one.engine.split(", ")[0]])
    return in_order, said


def _unfit(claim: Claim, chosen: Chosen, config: Config) -> str:
    """Why this claim is no answer to what is asked now, as a clause; empty if it is one."""
    if not set(claim.engine.split(", ")) <= set(config.engine.order):
        return "is by an engine that engine.order does not name"
    if claim.number != chosen.attempt:
        return f"is attempt {claim.number}, and {chosen.attempt} is due"
    if claim.heard != heard(chosen.feedback, chosen.pull):
        return "has not heard what people say by now"
    return ""


def _weigh_all(
    claims: Sequence[Claim], chosen: Chosen, snapshot: Snapshot, bench: Workbench
) -> Attempt:
    """The first claim that becomes a proposal, else the last; it bears what all of them cost."""
    spent = sum((_affordable(one, snapshot.config) for one in claims), Usage())
    asked: list[str] = []
    notes: tuple[str, ...] = ()
    found: Attempt | None = None
    for claim in claims:
        if claim.answer.out_of_budget and found is not None:
            notes = (*notes, f"{claim.engine} was not asked, for want of budget")
            continue
        notes = (*notes, *_told(found))
        asked.append(claim.engine)
        name = claim.engine if claim.answer.patch else ", ".join(asked)
        found = weigh(chosen, name, replace(claim.answer, usage=spent), snapshot, bench)
        if found.proposal is not None:
            break
    assert found is not None, "there is a claim to weigh"
    told = replace(found.answer, notes=(*found.answer.notes, *notes))
    return replace(found, answer=told, asked=claims[0].asked)


def _told(attempt: Attempt | None) -> Iterator[str]:
    if attempt is not None:
        yield from attempt.answer.notes
        if attempt.answer.reason:
            yield f"{attempt.engine}: {attempt.answer.reason}"


def _affordable(claim: Claim, config: Config) -> Usage:
    """What an answer says that it cost, as far as one incident may cost; a search costs nothing.

    Else a file could use the budget up by a lie. Money is reckoned from the tokens, here.
    """
    if claim.engine == SEARCH:
        return Usage()
    said, most = claim.answer.usage, config.limits.tokens_per_incident
    prompt = min(said.prompt_tokens, most)
    answered = min(said.completion_tokens, most - prompt)
    return Usage(
        requests=min(said.requests, MAX_REQUESTS),
        prompt_tokens=prompt,
        completion_tokens=answered,
        usd=config.engine.openai.usd(prompt, answered),
    )


def claimed(claims: Sequence[Claim]) -> frozenset[Fingerprint]:
    """The incidents that files have answers about."""
    return frozenset(claim.fingerprint for claim in claims)

"""Secrets in a text: found before anything is sent to a model, posted, recorded or printed.

What tokens look like is in `bot.secret_formats`; the credentials of this very process are found
whatever they look like, and however they are encoded.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote, quote_plus

from bot.context import Excerpt, lines_of
from bot.model import Answer, BugReport, Incident, NotActionable, Reflection, Sha, Tree
from bot.secret_formats import ASSIGNED, assigned, detectors
from bot.untrusted import visible

MIN_CREDENTIAL_CHARS = 8
"""A shorter value of an environment variable would be found in ordinary words."""


@dataclass(frozen=True, slots=True, order=True)
class Secret:
    """What kind of secret stands in which line, 1-based. The value itself is not kept."""

    line: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    kind: str


def find(text: str) -> tuple[Secret, ...]:
    """The secrets in a text, by line; also those that invisible characters split."""
    seen, spans = _scan(text)
    return tuple(Secret(seen.count("\n", 0, span.start) + 1, span.kind) for span in spans)


def redact(text: str) -> str:
    """The text with `[secret: KIND]` in place of each secret. Twice is the same as once.

    A text without secrets comes back as it is. Where there are some, invisible characters go too:
    they may be what splits one.
    """
    for _ in range(_MAX_ROUNDS):
        seen, spans = _scan(text)
        if not spans:
            return text
        text = _replaced(seen, spans)
    return text


def redact_data(data: object) -> object:
    """JSON's values with the secrets in every text redacted; names of fields stay."""
    if isinstance(data, str):
        return redact(data)
    if isinstance(data, dict):
        return {key: redact_data(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [redact_data(value) for value in data]
    return data


_MAX_ROUNDS = 8
"""A replacement is a word boundary, so it may uncover one more secret beside it; never many."""


def without_secrets(answer: Answer) -> Answer:
    """An engine's answer as it may be posted and recorded: its words visible and redacted.

    Its edits stay as they are. What one holds is for vetting to judge: redacted, it would be
    another edit.
    """
    diagnosis, patch = answer.diagnosis, answer.patch
    if isinstance(diagnosis, BugReport):
        diagnosis = replace(
            diagnosis, symbol=_words(diagnosis.symbol), summary=_words(diagnosis.summary)
        )
    elif isinstance(diagnosis, NotActionable):
        diagnosis = NotActionable(_words(diagnosis.reason))
    if patch is not None:
        patch = replace(patch, explanation=_words(patch.explanation))
    return replace(answer, diagnosis=diagnosis, patch=patch, reason=_words(answer.reason))


def _words(text: str) -> str:
    return redact(visible(text))


def cleaned(incident: Incident) -> Incident:
    """The incident with its reflections' words redacted; ids and fingerprint stay as they are."""
    return replace(incident, reflections=tuple(map(_cleaned, incident.reflections)))


def _cleaned(reflection: Reflection) -> Reflection:
    return replace(
        reflection,
        task=_words(reflection.task),
        outcome=_words(reflection.outcome),
        text=_words(reflection.text),
    )


def without_secrets_in(excerpts: Iterable[Excerpt], tree: Tree) -> tuple[Excerpt, ...]:
    """Excerpts of the tree's files as they may be sent.

    Each file is looked at as a whole: an excerpt may show the middle of a key, which nothing gives
    away but the line that it starts with.
    """
    lines: dict[str, list[str]] = {}
    cleaned = []
    for excerpt in excerpts:
        if excerpt.path not in lines:
            lines[excerpt.path] = lines_of(redact(tree.read(excerpt.path) or ""))
        shown = lines[excerpt.path][excerpt.first - 1 : excerpt.last]
        cleaned.append(replace(excerpt, text="".join(shown)) if excerpt.text else excerpt)
    return tuple(cleaned)


@dataclass(frozen=True, slots=True)
class SecretFree:
    """A tree whose files are read with their secrets redacted, line for line. Meets `Tree`."""

    tree: Tree

    @property
    def commit(self) -> Sha:
        return self.tree.commit

    def paths(self) -> tuple[str, ...]:
        return self.tree.paths()

    def mode(self, path: str) -> str:
        return self.tree.mode(path)

    def blob(self, path: str) -> Sha | None:
        return self.tree.blob(path)

    def read(self, path: str) -> str | None:
        text = self.tree.read(path)
        return text if text is None else redact(text)


# ---------------------------------------------------------------------------------- scanning

_PLAIN = re.compile(r"[\t\n\x20-\x7e]*\Z")


def _scan(text: str) -> tuple[str, tuple[_Span, ...]]:
    """The text as it is seen, and where its secrets are, in order and apart."""
    seen = text if _PLAIN.match(text) else visible(text)
    return seen, _merged([*_own(seen), *_known(seen)])


def _merged(spans: Iterable[_Span]) -> tuple[_Span, ...]:
    merged: list[_Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = _Span(last.start, max(last.end, span.end), last.kind)
        else:
            merged.append(span)
    return tuple(merged)


def _replaced(text: str, spans: Iterable[_Span]) -> str:
    parts, at = [], 0
    for span in spans:
        lines = text.count("\n", span.start, span.end)  # so that line numbers stay true
        parts += [text[at : span.start], f"[secret: {span.kind}]", "\n" * lines]
        at = span.end
    return "".join([*parts, text[at:]])


def _known(text: str) -> Iterator[_Span]:
    for detector in detectors(text):
        at = 0
        while match := detector.pattern.search(text, at):
            start, at = match.span(detector.group)
            if detector.counts(text[start:at]):
                at = detector.ends(text, at)
                yield _Span(start, at, detector.kind)
    for start, end in assigned(text):
        yield _Span(start, end, ASSIGNED)


# ---------------------------------------------------------------------- this process's credentials

_CREDENTIAL_NAME = re.compile(r"(?i)(^|_)(TOKEN|KEY|SECRET|PAT)$|PASSW(OR)?D|SECRET")


def _own(text: str) -> Iterator[_Span]:
    environment = tuple(
        (name, value.strip())
        for name, value in os.environ.items()
        if _CREDENTIAL_NAME.search(name) and len(value.strip()) >= MIN_CREDENTIAL_CHARS
    )
    for name, form in _forms(environment):
        at = text.find(form)
        while at >= 0:
            yield _Span(at, at + len(form), name)
            at = text.find(form, at + len(form))


@lru_cache(maxsize=8)
def _forms(environment: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Every spelling to look for, with the name of the variable it would give away."""
    return tuple(
        dict.fromkeys(
            (name, form)
            for name, value in environment
            for form in _spellings(value)
            if len(form) >= MIN_CREDENTIAL_CHARS
        )
    )


def _spellings(value: str) -> Iterator[str]:
    """A value as it is, escaped for URLs and JSON, in hexadecimal, and inside any base64 text."""
    yield value
    yield visible(value)
    raw = value.encode("utf-8", "surrogateescape")
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield quoted
        yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)
    yield json.dumps(value)[1:-1]
    yield raw.hex()
    yield raw.hex().upper()
    for shift in range(3):
        # The characters of base64 that depend on nothing but the value, for each of the three
        # ways its bytes can fall into the groups of three.
        encoded = base64.b64encode(bytes(shift) + raw)
        whole = len(bytes(shift) + raw) * 8 // 6
        inner = encoded[-(-shift * 8 // 6) : whole].decode()
        yield inner
        yield inner.replace("+", "-").replace("/", "_")

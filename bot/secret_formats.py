"""What secrets look like: patterns, each with what tells a real one from a look-alike. Pure.

The formats of known tokens are detect-secrets' (the patterns of its plugins; its scanner is not
used, so nothing is verified over the network), widened where they miss today's tokens. Plugins
whose patterns take more than linear time on a hostile text are replaced by bounded patterns.
Assignments to names like `password` count only if the value looks drawn by lot: a text about code
is full of hashes, ids and placeholders, and a redacted line cannot be mended.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module


def _there(text: str, end: int) -> int:
    return end


def _end_of_token(text: str, end: int) -> int:
    """A token goes on as long as its characters do: formats have grown before."""
    tail = _TOKEN.match(text, end)
    return tail.end() if tail else end


def _end_of_key(text: str, end: int) -> int:
    """The line that closes a key's block; where there is none, the end of what looks like one."""
    closing = _KEY_END.search(text, end, end + MAX_KEY_CHARS)
    body = closing or _KEY_BODY.match(text, end)
    return body.end() if body else end


MAX_KEY_CHARS = 16_000
_TOKEN = re.compile(r"[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]{20,})*")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"(?:(?:[\s\"',+]|\\[nr]){0,40}[A-Za-z0-9+/=]{16,})*")


@dataclass(frozen=True, slots=True)
class Detector:
    """One pattern. `hints` are what a text must hold (any of them) to be worth a look."""

    kind: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...] = ()
    group: int = 0
    counts: Callable[[str], bool] = bool
    ends: Callable[[str, int], int] = _end_of_token

    def is_worth_a_look(self, text: str) -> bool:
        return not self.hints or any(hint in text for hint in self.hints)


@dataclass(frozen=True, slots=True)
class _Plugin:
    """A whole plugin of detect-secrets, which takes a while to load, and so waits for a hint.

    Where the hints stand in ordinary words too, `shape` is a part of what they must stand in.
    """

    module: str
    name: str
    hints: tuple[str, ...]
    shape: str = ""
    counts: Callable[[str], bool] = bool

    def is_worth_a_look(self, text: str) -> bool:
        hinted = any(hint in text for hint in self.hints)
        return hinted and bool(not self.shape or re.search(self.shape, text))

    def detectors(self) -> Iterator[Detector]:
        """Its patterns. Its scanner is not used, so nothing is verified."""
        plugin = getattr(import_module(f"detect_secrets.plugins.{self.module}"), self.name)
        patterns = tuple(plugin.denylist)
        for pattern in patterns[:1] if self.module == "aws" else patterns:
            # Half of AWS' plugin goes by the variable's name, which ours do for everyone.
            yield Detector(plugin.secret_type, pattern, self.hints, counts=self.counts)


def _mixed(value: str) -> bool:
    """Random letters and digits, where a name, a path or a hash would not hold all three."""
    return all(any(map(test, value)) for test in (str.isdigit, str.isupper, str.islower))


def _is_jwt(value: str) -> bool:
    head = value.split(".", 1)[0]
    try:
        decoded = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(decoded, dict)


_PLACEHOLDER = re.compile(
    r"(?i)[{}<>$*]|%[sdr(]|\.\.\.|x{4}|\b(your|my|some|the)\b|example|placeholder|change|dummy|fake"
    r"|redacted|sample|private_?key|_bytes|\btest|passw(or)?d|secret|^(user|pass|token|admin|root|guest|postgres)$"
)
_NAME = re.compile(r"(?i)^([./~]|\w+:/)|^[a-z]+([_.:/-][a-z]+)*[_.:/-]?\d{0,3},?$")
"""What stands where a secret would: templates and examples, paths and the names of things."""


def _no_placeholder(value: str) -> bool:
    return not _PLACEHOLDER.search(value)


def _random(value: str) -> bool:
    """Whether a value assigned to a name like `api_key` looks drawn by lot."""
    if _PLACEHOLDER.search(value) or _NAME.search(value):
        return False
    if not (any(map(str.isdigit, value)) and any(map(str.isalpha, value))):
        return False
    counts = Counter(value).values()
    bits = -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
    return bits >= _MIN_BITS


_MIN_BITS = 3.0
"""Shannon entropy per character: hexadecimal of 16 random digits has 3.3, words rarely 3 and
a digit."""

ASSIGNED = "Secret Keyword"
"""What detect-secrets calls a value that a name like `password` is given."""
_WORDS = ("key", "token", "secret", "passw", "passphrase", "pwd")
_VAGUE = frozenset({"key", "token"})
_MEANT = re.compile(
    r"(?:api|auth|access|service|account|db|database|encryption|signing|client|private|priv|bearer)"
    r"[_-]?\Z"
)
"""What makes a key or a token one that is kept secret."""
_ABOUT = r"(?!\w{0,20}(?:hash|digest|sha|_id|name|url|path|file|header|prefix|field|version))"
"""A name that goes on like this names something about the secret, not the secret."""
_QUOTED = re.compile(
    rf"(?i){_ABOUT}\w{{0,20}}[\"'`]?\]?\s{{0,4}}(?:=>|:=|[=!]==?|[=:(,])\s{{0,4}}"
    r"[frbu]{0,2}[\"'`]([^\s\"'`]{12,200})[\"'`]"
)
_BARE = re.compile(
    rf"(?im){_ABOUT}\w{{0,20}}[ \t]?[=:][ \t]?([^\s\"'`()\[\]]{{12,200}})[ \t]{{0,20}}$"
)
_BEFORE_BARE = re.compile(r"[ \t]{0,8}(?:export )?\w{0,40}\Z")


def assigned(text: str) -> Iterator[tuple[int, int]]:
    """Where random-looking values stand that names like `password` are given."""
    lower = text.lower()
    if len(lower) != len(text):  # a few characters grow; then only ASCII's capitals are found
        lower = text.translate(_LOWER)
    for word in _WORDS:
        at = lower.find(word)
        while at >= 0:
            end = at + len(word)
            if word not in _VAGUE or _MEANT.search(lower, max(0, at - 12), at):
                found = _QUOTED.match(text, end) or _bare(text, at, end)
                if found and _random(found[1]):
                    yield found.span(1)
            at = lower.find(word, end)


def _bare(text: str, start: int, end: int) -> re.Match[str] | None:
    """A value without quotes, as in `.env` and YAML files: alone on its line with its name."""
    line = text.rfind("\n", max(0, start - 60), start) + 1
    if line == 0 and start > 59:
        return None
    return _BARE.match(text, end) if _BEFORE_BARE.match(text, line, start) else None


_LOWER = {ord(capital): capital.lower() for capital in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}

# Whole plugins of detect-secrets whose patterns take time in proportion to the text.
_PLUGINS = (
    _Plugin("aws", "AWSKeyDetector", ("A3T", "ABIA", "ACCA", "AKIA", "ASIA")),
    _Plugin("azure_storage_key", "AzureStorageKeyDetector", ("AccountKey=",)),
    _Plugin(
        "discord",
        "DiscordBotTokenDetector",
        (".",),
        r"[\w-]{20}\.",
        lambda value: _mixed(value.rsplit(".", 1)[-1]),
    ),
    _Plugin("github_token", "GitHubTokenDetector", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    _Plugin("gitlab_token", "GitLabTokenDetector", ("gl", "GR1348941"), r"gl[a-z]+-|GR1348941"),
    _Plugin("mailchimp", "MailchimpDetector", ("-us",), r"[0-9a-z]{20}-us"),
    _Plugin("pypi_token", "PypiTokenDetector", ("pypi-",)),
    _Plugin("sendgrid", "SendGridDetector", ("SG.",)),
    _Plugin("slack", "SlackDetector", ("xox", "XOX", "hooks.slack.com")),
    _Plugin("square_oauth", "SquareOAuthDetector", ("sq0csp-",)),
    _Plugin("stripe", "StripeDetector", ("k_live_",)),
    _Plugin(
        "telegram_token",
        "TelegramBotTokenDetector",
        (":",),
        r"\d{8}:",
        lambda value: _mixed(value.split(":")[-1]),
    ),
    _Plugin("twilio", "TwilioKeyDetector", ("AC", "SK"), r"(?:AC|SK)[a-z0-9]{20}", _no_placeholder),
)


def detectors(text: str) -> Iterator[Detector]:
    """What to look for in this text; of the rest it holds nothing."""
    yield from (one for one in _OURS if one.is_worth_a_look(text))
    for plugin in _PLUGINS:
        if plugin.is_worth_a_look(text):
            yield from _loaded(plugin)


@lru_cache
def _loaded(plugin: _Plugin) -> tuple[Detector, ...]:
    return tuple(plugin.detectors())


_OURS = (
    Detector(
        "Private Key",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
            r"(?=(?:[\s\"',+]|\\[nr]){0,40}(?:[A-Za-z0-9+/=]{24}|[A-Z][A-Za-z-]{3,20}:))"
        ),
        ("PRIVATE KEY",),
        ends=_end_of_key,
    ),
    Detector("GitHub Token", re.compile(r"github_pat_[A-Za-z0-9_]{36,255}"), ("github_pat_",)),
    Detector(
        "OpenAI Token",
        re.compile(
            r"(?<![A-Za-z0-9])sk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,200}"
            r"|[A-Za-z0-9_-]{0,60}T3BlbkFJ|[A-Za-z0-9]{32,64}(?![A-Za-z0-9_-]))"
        ),
        ("sk-",),
    ),
    Detector(
        "Anthropic Token",
        re.compile(r"(?<![A-Za-z0-9])sk-ant-[A-Za-z0-9_-]{20,200}"),
        ("sk-ant-",),
    ),
    Detector("Hugging Face Token", re.compile(r"\bhf_[A-Za-z]{34}"), ("hf_",), counts=str.isascii),
    Detector("Google API Key", re.compile(r"\bAIza[A-Za-z0-9_-]{35}"), ("AIza",)),
    Detector("npm Token", re.compile(r"\bnpm_[A-Za-z0-9]{36}"), ("npm_",), counts=_mixed),
    Detector(
        "npm Token",
        re.compile(r":_auth(?:Token)?\s?=\s?\"?([A-Za-z0-9_+/=-]{16,255})"),
        (":_auth",),
        group=1,
        counts=_no_placeholder,
    ),
    Detector("Stripe Access Key", re.compile(r"\b[sr]k_test_[A-Za-z0-9]{24}"), ("k_test_",)),
    Detector(
        "Slack Token", re.compile(r"\bxapp-\d-[A-Z0-9]{5,20}-\d{5,20}-[a-z0-9]{20}"), ("xapp-",)
    ),
    Detector(
        "JSON Web Token",
        re.compile(
            r"\beyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,8000}(?:\.[A-Za-z0-9_-]{0,8000})?"
        ),
        ("eyJ",),
        counts=_is_jwt,
    ),
    Detector(
        "Basic Auth Credentials",
        re.compile(r"://[^\s:/?#\[\]@!$&'()*+,;=\"<>`]{0,100}:([^\s:/?#\[\]@\"<>`]{3,200})@"),
        ("://",),
        group=1,
        ends=_there,
        counts=_no_placeholder,
    ),
    Detector(
        "Authorization Header",
        re.compile(
            r"(?i)\bauthorization[\"']?\s?[:=,]\s?[\"']?(?:bearer|basic|token)\s"
            r"([A-Za-z0-9._~+/=-]{16,2000})"
        ),
        ("uthorization", "UTHORIZATION"),
        group=1,
        ends=_there,
        counts=_no_placeholder,
    ),
)

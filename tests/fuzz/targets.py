"""What is fuzzed: each target is a strategy and what must hold for whatever it makes.

A target may see a clear refusal (UserError, ActionError, a finding, a bad record) and nothing else
that is raised. `tests/fuzz/test_fuzz.py` runs each for a moment, `bench/fuzz.py` for as long as
wanted.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from rich.console import Console

from bot.actions import ActionError, Effect, ProposeContext, ReadContext
from bot.actions.registry import load
from bot.body import commit_message, current_status, observed, pull_body, replace_status, title
from bot.config import parse_config
from bot.context import excerpts, lines_of
from bot.engines.chat import complaint, concerns, read_reply, take_apart
from bot.errors import UserError
from bot.grounding import ground
from bot.incidents import incidents
from bot.jobs.answers import read_answers, write_plan_file
from bot.ledger import HeadRecord, Ledger, decode, encode
from bot.model import (
    Answer,
    Attempt,
    BadRecord,
    BugReport,
    Edit,
    Ending,
    Finding,
    Fingerprint,
    Incident,
    NotActionable,
    Patch,
    Place,
    Reflection,
    Severity,
    Sha,
    Skipped,
    Usage,
)
from bot.plan import Case, Plan, as_json
from bot.report import print_plan
from bot.secrets import find, redact, redact_data
from bot.sources import Document, read_document
from bot.sources.appending import append
from bot.sources.records import Fields
from bot.triage import triage
from bot.untrusted import (
    fenced,
    for_code,
    for_commit,
    for_json_log,
    for_log,
    for_markdown,
    for_model,
    for_title,
    inert,
    is_visible,
    one_line,
    visible,
)
from bot.vet import vet_edits
from tests.hostile.corpus import CORPUS
from tests.scratch import MemoryTree


@dataclass(frozen=True)
class Target:
    """One thing to fuzz."""

    strategy: st.SearchStrategy[Any]
    check: Callable[[Any], None]


# ----------------------------------------------------------------------------------- the material


def words(text: str) -> list[str]:
    return text.split(" ")


_PIECES = words(
    "[ ] skip ci no ci actions *** NO_CI skip-checks: true @ # 1 12 a _ - . / \\ : :: "
    "; , ( ) < > & GH- fixes closes resolved https:// www. acme/agent issues/ <!-- "
    "--> <!- -> ` ``` ~~~ | $ %s {0} bot:status /bot:status bot:marker ##[ ] group "
    "error set-output add-mask [bold] [/] [link=x] llm.py dummy_function line 7 File "
    "Traceback Error IndexError: not handle fails None def class return pass ... "
    "import os == != ghp_ sk-proj- password = api_key ' \" AKIA -----BEGIN PRIVATE "
    "KEY----- Co-authored-by: Signed-off-by: null true false 0 1e999 NaN"
)
_ODD = [
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\x00",
    "\x1b[31m",
    "\x9b",
    "\u200b",
    "\u202e",
    "\ufeff",
    "\ufe0f",
]
_ODD += [
    "\U000e0041",
    "\u2028",
    "\x85",
    "\x1c",
    "\ud800",
    "\udc80",
    "İ",
    "ß",
    "́",
    "日本",
    "🏴",
    " ",
]
TOKEN = "gh" + "p_" + "a1B2c3D4e5F6" * 3
OWN = "own/cred+ential"

WORDS = st.lists(st.sampled_from([*_PIECES, *_ODD, TOKEN, OWN]), max_size=30).map("".join)
TEXT = st.one_of(
    st.text(max_size=200),
    WORDS,
    st.sampled_from([text[:1500] for text in CORPUS.values()]),
    st.text(),
)
NAME = st.one_of(
    st.sampled_from(["llm.py", "pkg/a.py", "data.json", "x.toml", "README.md", "empty.py", "bin"]),
    st.sampled_from(["../x", "/etc/passwd", ".git/config", "a//b", "a/./b", "nul", "LLM.PY", "-x"]),
    TEXT,
)
FILES: dict[str, str | bytes] = {
    "llm.py": "def dummy_function(text):\n    words = text.split()\n    return words[0].upper()\n",
    "pkg/a.py": "import os\n\n\nclass A:\n    async def run(self, x):\n        return os.sep * x\n",
    "pkg/__init__.py": "from pkg.a import A\n",
    "data.json": '{"a": [1, 2]}\n',
    "x.toml": "[a]\nb = 1\n",
    "crlf.py": "def f():\r\n    return 1\r\n",
    "README.md": "# Agent\n",
    "empty.py": "",
    "bin": b"\x00\xff",
    "odd name.py": "\ufeffx = '\u202e'\n",
}
TREE = MemoryTree(FILES, modes={"link": "120000", "module": "160000"})

KEYS = st.sampled_from(
    words(
        "id timestamp task_summary outcome reflection task text error error_type "
        "traceback file line function severity status resolved success failed lesson "
        "lessons thought step steps iteration action observation message kind at "
        "reflections version answers plan records entries"
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | KEYS, inner, max_size=6),
    max_leaves=20,
)
RECORDS = st.lists(st.dictionaries(KEYS, JSON, max_size=8), max_size=5)


def _mangled(parts: tuple[bytes, list[tuple[int, bytes]]]) -> bytes:
    content, changes = parts
    for position, new in changes:
        at = position % (len(content) + 1)
        content = content[:at] + new + content[at + 1 :]
    return content


def _dumped(value: object) -> bytes:
    return json.dumps(value).encode()


CHANGES = st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=3)), max_size=4)
CONTENT = st.one_of(
    st.binary(max_size=300),
    RECORDS.map(_dumped),
    JSON.map(_dumped),
    RECORDS.map(lambda records: b"\n".join(map(_dumped, records))),
    st.tuples(RECORDS.map(_dumped), CHANGES).map(_mangled),
    st.tuples(RECORDS, st.sampled_from(["utf-16", "utf-32", "utf-8-sig", "latin-1"])).map(
        lambda made: json.dumps(made[0]).encode(made[1])
    ),
    st.tuples(st.sampled_from([b"[", b'{"a":', b'["', b"[{"]), st.integers(0, 3000)).map(
        lambda made: made[0] * made[1]
    ),
    TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")),
)


def _reflection(texts: tuple[str, str, str, str, str]) -> Reflection:
    id_, task, outcome, text, place = texts
    return Reflection(
        id=id_,
        source="s",
        where="r.json[0]",
        timestamp=outcome,
        task=task,
        outcome=outcome,
        text=text,
        error_type=task[:20],
        places=(place,) if place else (),
    )


REFLECTION = st.tuples(TEXT, TEXT, TEXT, TEXT, NAME).map(_reflection)


def _cut_out(path: str, at: int, length: int, new: str) -> Edit:
    content = FILES[path]
    assert isinstance(content, str)
    return Edit(path, TREE.blob(path), content[at : at + length], new)


EDIT = st.builds(
    Edit,
    path=NAME,
    blob=st.sampled_from([None, Sha("0" * 40), *(TREE.blob(path) for path in FILES)]),
    old=st.one_of(
        TEXT, st.sampled_from(["", "    return words[0].upper()\n", "import os", "[1, 2]"])
    ),
    new=TEXT,
)
FIT = st.builds(
    _cut_out,
    st.sampled_from([path for path, content in FILES.items() if isinstance(content, str)]),
    st.integers(0, 80),
    st.integers(0, 60),
    TEXT,
)
PATCH = st.builds(Patch, st.lists(EDIT | FIT, max_size=4).map(tuple), TEXT)
REPORT = st.builds(
    BugReport, path=NAME, symbol=TEXT, summary=TEXT, severity=st.sampled_from(list(Severity))
)


# ------------------------------------------------------------------------------------ what is held

_MENTION = re.compile(r"(?<![\w.+-])@\w")
_CLOSES = re.compile(
    r"(?i)\b(close[sd]?|fix(?:es|ed)?|resolve[sd]?)\b[\s:]*"
    r"(#\d|GH-\d|[\w.-]+/[\w.-]+#\d|https?://\S+/(?:issues|pull)/\d)"
)
_SKIPS = re.compile(
    r"(?i)\[\s*(skip[ -](ci|actions)|(ci|actions)[ -]skip|no ci)\s*\]|\*{3}\s*no_ci\s*\*{3}"
    r"|skip-checks\s*:\s*true"
)
_COMMAND = re.compile(
    r"(?i)##\[|::(set-output|save-state|set-env|add-path|add-mask|debug|warning|error|notice|group"
    r"|endgroup|echo|stop-commands|add-matcher|remove-matcher)\b"
)


def _seen(text: str) -> None:
    assert all(character in "\n\t" or is_visible(character) for character in set(text))


def _inert(text: str) -> None:
    _seen(text)
    assert not _MENTION.search(text), "mention"
    assert not _CLOSES.search(text), "closing keyword"
    assert not _SKIPS.search(text), "skips CI"


def read_source(content: bytes) -> None:
    for found in read_document(Document("s", "r.json", content)):
        assert isinstance(found, (Reflection, BadRecord))
        if isinstance(found, Reflection):
            assert found.id
            assert found.source == "s"


def add_record(made: tuple[bytes, str, str, str, str]) -> None:
    content, task, outcome, text, where = made
    fields = Fields("", "2026-01-05T09:00:00+00:00", task, outcome, text)
    try:
        added = append(content, fields, where)
    except UserError:
        return
    before = [r for r in read_document(Document("s", where, content)) if isinstance(r, Reflection)]
    after = [r for r in read_document(Document("s", where, added)) if isinstance(r, Reflection)]
    assert len(after) >= len(before)


def understand(reflections: list[Reflection]) -> None:
    verdicts = [triage(reflection) for reflection in reflections]
    assert all(verdict.reason for verdict in verdicts)
    sifted = incidents(verdicts, TREE)
    for incident in sifted.incidents:
        assert re.fullmatch(r"v\d+-[0-9a-f]{12}", incident.fingerprint)
        assert re.fullmatch(r"bot/v\d+-[0-9a-f]{12}-1", incident.branch(1))
        assert incident.places
        for excerpt in excerpts(incident.places, TREE):
            assert 1 <= excerpt.first <= excerpt.last <= max(excerpt.total, 1)


def find_places(texts: list[str]) -> None:
    for place in ground(texts, TREE):
        assert TREE.blob(place.path) is not None


def show_code(places: list[tuple[str, str, int]]) -> None:
    for excerpt in excerpts((Place(*place) for place in places), TREE):
        text = TREE.read(excerpt.path)
        assert text is not None
        if excerpt.text:
            assert excerpt.text == "".join(lines_of(text)[excerpt.first - 1 : excerpt.last])


def judge(patch: Patch) -> None:
    vetted = vet_edits(patch, TREE)
    assert bool(vetted.files) != bool(vetted.refused)
    for finding in vetted.refused:
        assert finding.rule
        assert finding.sentence
    for file in vetted.files:
        file.text.encode()
        assert not file.path.startswith(("/", "."))
        assert ".." not in file.path.split("/")


_REGISTRY = load()


def call_tool(made: tuple[str, object]) -> None:
    name, arguments = made
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    try:
        action, params = _REGISTRY.parse(name, text)
        assert action.effect is not Effect.WRITE or name not in str(_REGISTRY.tools())
        if action.effect is not Effect.WRITE:
            context = ReadContext(TREE) if action.effect is Effect.READ else ProposeContext(TREE)
            assert isinstance(action.execute(context, params), str)
    except ActionError:
        return


def read_answer(body: str) -> None:
    reply = read_reply(body)
    assert reply if isinstance(reply, str) else reply.calls is not None
    complaint(body)
    concerns(body)
    take_apart(body)


NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def _head_record(made: tuple[BugReport, list[Reflection], str]) -> HeadRecord:
    report, reflections, explanation = made
    return HeadRecord(
        at=NOW,
        incident=Fingerprint("v1-0123456789ab"),
        reflections=tuple(reflection.id for reflection in reflections),
        sources=("s",),
        attempt=1,
        branch="bot/v1-0123456789ab-1",
        head=Sha("d" * 40),
        base=Sha("b" * 40),
        patch_id="f" * 40,
        engine="openai",
        path=report.path,
        symbol=report.symbol,
        summary=report.summary,
        severity=report.severity,
        explanation=explanation,
        observed=observed(tuple(reflections)),
        requests=1,
        tokens=1,
    )


def write_body(made: tuple[BugReport, list[Reflection], str]) -> None:
    record = _head_record(made)
    body = pull_body(record, "**Waits.**")
    assert len(body) < 60_000
    _inert(body)
    marks = re.findall(r"<!--.*?-->", body)
    assert marks[1:] == [
        f"<!-- {end}bot:{name} -->" for name in ("attempt", "status", "cost") for end in ("", "/")
    ]
    assert body.count("<!--") == 7
    marker = re.match(r"<!-- bot:marker (\{.*?\}) -->\n", body)
    assert marker
    assert json.loads(marker[1])["incident"] == record.incident
    assert current_status(body) == "**Waits.**"
    replaced = replace_status(body, "**Merges.**")
    assert replaced
    assert current_status(replaced) == "**Merges.**"
    assert replace_status(replaced, "**Waits.**") == body


def write_commit(made: tuple[BugReport, list[Reflection], str]) -> None:
    report, reflections, explanation = made
    incident = Incident(
        fingerprint=Fingerprint("v1-0123456789ab"), reflections=tuple(reflections), places=()
    )
    subject = title(report)
    _inert(subject)
    assert 0 < len(subject) <= 72
    message = commit_message(incident, report, Patch((), explanation), "openai", 1)
    _inert(message)
    first, *paragraphs = message.rstrip("\n").split("\n\n")
    assert first == subject
    keys = [line.split(":")[0] for line in paragraphs[-1].split("\n")]
    assert set(keys) <= {"Reflection-Id", "Incident", "Engine", "Attempt"}
    assert keys[-3:] == ["Incident", "Engine", "Attempt"]
    assert len(keys) == 3 + min(len(reflections), 20)
    message.encode()


def make_harmless(text: str) -> None:
    for made in (visible(text), for_model(text), for_log(text), inert(text), one_line(text)):
        _seen(made)
        assert for_log(for_log(made)) == for_log(made)
    assert not _COMMAND.search(for_log(text))
    assert "##[" not in for_json_log(json.dumps(text))
    assert json.loads(for_json_log(json.dumps(text))) == json.loads(json.dumps(text))
    assert "<!--" not in for_model(text)
    _inert(inert(text))
    _inert(fenced(text))
    for made in (for_title(text), for_commit(text), for_markdown(text), for_code(text)):
        _seen(made)
        assert "\n" not in made
    for made in (for_title(text), for_commit(text)):
        _inert(made)
        assert not re.search(r"#\d|\w+://", made)
    shown = for_markdown(text)
    assert "<" not in shown
    assert not _MENTION.search(shown)
    assert not _CLOSES.search(shown)
    assert not re.search(r"(?<!\\)[`*_\[\]|~$]", shown)
    assert re.fullmatch(r"`[^`|]+`", for_code(text))


@contextmanager
def _credential() -> Iterator[None]:
    before = os.environ.get("FUZZ_TOKEN")
    os.environ["FUZZ_TOKEN"] = OWN
    try:
        yield
    finally:
        if before is None:
            del os.environ["FUZZ_TOKEN"]


def hide_secrets(text: str) -> None:
    with _credential():
        redacted = redact(text)
        assert redact(redacted) == redacted
        assert find(redacted) == ()
        assert OWN not in redacted
        assert OWN not in visible(redacted)
        assert TOKEN not in visible(redacted)
        if not find(text):
            assert redacted == text
        assert redacted.count("\n") >= visible(text).count("\n") or not find(text)


def read_plan(text: str) -> None:
    with suppress(UserError):
        read_answers(text, "plan.json")


def read_ledger(message: str) -> None:
    record = decode(message)
    if record is not None:
        assert decode(encode(record)) == record
    Ledger.read(None, [message])


def keep_record(made: tuple[BugReport, list[Reflection], str]) -> None:
    record = _head_record(made)
    assert decode(encode(record)) == record
    encode(record).encode()


def read_config(text: str) -> None:
    with suppress(UserError):
        parse_config(text)


def show_plan(made: tuple[list[Reflection], BugReport | None, str, str]) -> None:
    reflections, report, text, why = made
    incident = Incident(
        fingerprint=Fingerprint("v1-0123456789ab"), reflections=tuple(reflections), places=()
    )
    answer = Answer(
        diagnosis=report or NotActionable(text),
        patch=Patch((Edit("a.py", None, "", text),), why),
        usage=Usage(requests=1, prompt_tokens=1),
        reason=why,
    )
    attempt = Attempt(
        incident=incident,
        engine="openai",
        number=1,
        answer=answer,
        ending=Ending.REJECTED,
        reason=text,
        findings=(Finding("path", text, why),),
    )
    attempts = (attempt, replace(attempt, findings=()))
    plan = Plan(
        repository="acme/agent",
        forge="github",
        base_branch="main",
        base=Sha("b" * 40),
        halted="",
        cases=tuple(Case(each, None) for each in attempts),
        pulls=(),
        skipped=tuple(Skipped(reflection, why) for reflection in reflections),
        notices=(text,),
        steps=(),
    )
    file = io.StringIO()
    console = Console(file=file, width=80, markup=False, emoji=False, highlight=False)
    print_plan(plan, console, verb="would")
    _seen(file.getvalue())
    assert not _COMMAND.search(file.getvalue())
    assert TOKEN not in file.getvalue().replace("\n", "")
    data = as_json(plan)
    assert json.loads(for_json_log(json.dumps(redact_data(data)))) == redact_data(data)
    assert len(read_answers(write_plan_file(plan), "plan.json").claims) == 2


def _whole(made: Any) -> Any:
    """Without halves of surrogate pairs, as whatever came from a source or a model's JSON is."""
    if isinstance(made, str) and not isinstance(made, Severity):
        return made.encode("utf-8", "ignore").decode()
    if isinstance(made, (list, tuple)):
        return type(made)(map(_whole, made))
    if isinstance(made, (BugReport, Reflection)):
        return replace(made, **{f.name: _whole(getattr(made, f.name)) for f in fields(made)})
    return made


MADE = st.tuples(REPORT, st.lists(REFLECTION, min_size=1, max_size=4), TEXT).map(_whole)
TOML = st.one_of(
    TEXT,
    st.dictionaries(
        st.sampled_from(words("source policy limits engine patch merge enabled triage commit")),
        JSON,
        max_size=4,
    ).map(lambda data: "\n".join(f"{key} = {json.dumps(value)}" for key, value in data.items())),
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "[[source]]",
                    "[[policy.rule]]",
                    "[limits]",
                    "[engine]",
                    "[engine.openai]",
                    "[patch]",
                    "[merge]",
                ]
            ),
            st.sampled_from(
                words(
                    "name files trust paths severity max_lines proof outcome ref open_pulls model"
                )
            ),
            JSON,
        ),
        max_size=5,
    ).map(lambda rows: "\n".join(f"{a}\n{b} = {json.dumps(c)}" for a, b, c in rows)),
)
ARGUMENTS = st.one_of(
    JSON,
    TEXT,
    st.dictionaries(
        st.sampled_from(
            words(
                "path first last text folder filename function summary severity edits explanation "
                "reason old new diff"
            )
        ),
        JSON | NAME | st.integers(-3, 10**20),
    ),
    st.builds(
        lambda name, first, last: {"path": name, "first": first, "last": last},
        NAME,
        st.integers(-1, 9),
        st.integers(-1, 9),
    ),
    st.builds(
        lambda name, old, new, why: {
            "edits": [{"filename": name, "old": old, "new": new}],
            "explanation": why,
        },
        NAME,
        TEXT,
        TEXT,
        TEXT,
    ),
)

TARGETS: Mapping[str, Target] = {
    "sources": Target(CONTENT, read_source),
    "append": Target(
        st.tuples(CONTENT, TEXT, TEXT, TEXT, st.sampled_from(["r.json", "r.jsonl"])), add_record
    ),
    "triage and incidents": Target(st.lists(REFLECTION, max_size=4), understand),
    "grounding": Target(st.lists(TEXT | NAME, max_size=4), find_places),
    "context": Target(
        st.lists(st.tuples(st.sampled_from(list(FILES)), TEXT, st.integers(0, 50)), max_size=4),
        show_code,
    ),
    "vetting": Target(PATCH, judge),
    "tools": Target(
        st.tuples(st.sampled_from([*(action.name for action in _REGISTRY), "", "x"]), ARGUMENTS),
        call_tool,
    ),
    "model's answers": Target(st.one_of(TEXT, JSON.map(json.dumps)), read_answer),
    "body": Target(MADE, write_body),
    "title and commit": Target(MADE, write_commit),
    "harmless text": Target(TEXT, make_harmless),
    "terminal and JSON": Target(
        st.tuples(st.lists(REFLECTION, max_size=3), st.none() | REPORT, TEXT, TEXT).map(_whole),
        show_plan,
    ),
    "secrets": Target(TEXT, hide_secrets),
    "plan file": Target(st.one_of(TEXT, JSON.map(json.dumps)), read_plan),
    "ledger": Target(
        st.one_of(TEXT, JSON.map(lambda value: f"s\n\n{json.dumps(value)}")), read_ledger
    ),
    "ledger, round": Target(MADE, keep_record),
    "configuration": Target(TOML, read_config),
}

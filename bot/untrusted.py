"""Text that anyone may have written, made harmless for the place it goes to.

A reflection, a model's answer and a file's content are all such text. Policy and vetting protect
the repository; this module protects readers: a terminal from escape codes, a job's log from
workflow commands, a pull request from pings, closing keywords and markup, a commit message from
trailers and CI directives. A pull request's body may become a commit message too, word for word,
where a repository squashes that way; so what acts in one is broken up in both.
"""

from __future__ import annotations

import re
import unicodedata

_KEPT_CONTROLS = frozenset("\n\t")
_BREAK = "&#8203;"
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What Unicode calls letters and marks, but shows as nothing: fillers and variation selectors."""


def is_visible(character: str) -> bool:
    """Whether it shows: no control, format, private, unassigned or blank character."""
    return not unicodedata.category(character).startswith("C") and not _BLANK.match(character)


def visible(text: str) -> str:
    """The text without what cannot be seen in it.

    This takes away ANSI escapes, bidirectional overrides, zero-width characters and Unicode tags.
    Line ends become plain newlines.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    unseen = [ord(one) for one in set(text) - set(_KEPT_CONTROLS) if not is_visible(one)]
    return text.translate(dict.fromkeys(unseen)) if unseen else text


def one_line(text: str, limit: int = 200) -> str:
    """Visible text on one line, at most `limit` characters, the cut marked with an ellipsis."""
    line = " ".join(visible(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def for_model(text: str) -> str:
    """Visible text without HTML comments, which people do not see but models read."""
    # A space stands in for each comment, lest the text around it close up into another one.
    return re.sub(r"<!--.*?(-->|\Z)", " ", visible(text), flags=re.DOTALL)


def for_log(text: str) -> str:
    """Visible text in which a runner of GitHub Actions finds no command, wherever lines break."""
    return without_commands(visible(text))


def without_commands(text: str) -> str:
    """The text as it is, but for what a runner of GitHub Actions would take for a command."""
    return _COMMAND.sub(lambda found: " ".join(found[0]), text.replace("##[", "## ["))


_COMMAND = re.compile(
    r"(?i)::(?=(set-output|save-state|set-env|add-path|add-mask|debug|warning|error|notice|group"
    r"|endgroup|echo|stop-commands|add-matcher|remove-matcher|internal-set-repo-path)\b)"
)
"""`path.py::test_name` is no command; the runner knows these, and ignores every other name."""


def for_json_log(text: str) -> str:
    """JSON, as `json.dumps` writes it, that says the same and holds no workflow command."""
    return text.replace("##[", "##\\u005b")  # the other kind starts a line, where JSON has quotes


def inert(text: str) -> str:
    """Visible text whose words do nothing as a commit message: no ping, no close, no skipped CI.

    For text that is shown as it is, in a block of code: what is broken up stays readable.
    """
    text = for_model(text)
    for _ in range(_MAX_ROUNDS):
        before = text
        text = _SKIPS_CI.sub(lambda found: f"({found[0][1:-1]})", text)
        text = _SKIPS_CI_BARE.sub("…", text)
        text = _CLOSES.sub(r"\1 … ", text)
        text = _MENTION.sub("@ ", text)
        if text == before:
            break
    return text


_MAX_ROUNDS = 50
"""Taking something out can bring together what was around it; every round leaves less of it."""
_MENTION = re.compile(r"(?<![\w.+-])@+(?=\w)")
_CLOSES = re.compile(
    r"(?i)\b(close[sd]?|fix(?:es|ed)?|resolve[sd]?)\b[\s:]{0,20}"
    r"(?=#\d|GH-\d|[\w.-]+/[\w.-]+#\d|https?://\S+/(?:issues|pull)/\d)"
)


def fenced(text: str, limit: int = 2000) -> str:
    """A Markdown block that shows the text: no mention, link or keyword acts in it, nor as text.

    At most `limit` characters of it; what is left out is said below the block.
    """
    shown = inert(text).strip("\n")
    rest = len(shown) - limit
    shown = shown[:limit] if rest > 0 else shown
    shown = re.sub(r"`{21,}", "`" * 20 + "…", shown)  # the fence has to be longer, twice
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    note = f"\n*({rest} more characters are not shown.)*" if rest > 0 else ""
    return f"{fence}text\n{shown}\n{fence}{note}"


def for_markdown(text: str, limit: int = 1000) -> str:
    """One paragraph of Markdown that says the text and does nothing.

    Mentions, issue references, links, HTML and markup are shown as the characters they are.
    """
    line = _SKIPS_CI_BARE.sub("…", one_line(for_model(text), limit))
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", line)
    line = (
        line.replace("#", "#" + _BREAK)  # first, for the break itself holds one
        .replace("@", "@" + _BREAK)
        .replace("://", ":" + _BREAK + "//")
    )
    line = re.sub(r"GH-(?=\d)", f"GH{_BREAK}-", line, flags=re.IGNORECASE)
    line = re.sub(r"www\.", f"www{_BREAK}.", line, flags=re.IGNORECASE)
    return re.sub(r"^(\d*)([-+=]|(?<=\d)[.)])", r"\1\\\2", line)


def for_code(text: str, limit: int = 200) -> str:
    """A name or path between backticks, in a line of Markdown or a cell of a table."""
    name = one_line(inert(text), limit).replace("`", "'").replace("|", "¦")
    return f"`{name or '?'}`"


def for_title(text: str, limit: int = 72) -> str:
    """One line for a pull request's title or a commit's subject: pings, closes, skips nothing."""
    line = one_line(text, limit=limit * 2)
    for _ in range(_MAX_ROUNDS):
        before = line
        line = re.sub(r"@+(?=\w)", "", line)
        line = re.sub(r"(?i)(?<![^\W_])GH-(?=\d)|#(?=\d)", "no. ", line)
        line = re.sub(r"\w+://\S*", "(link)", line)
        line = re.sub(r"[\[\]]", "", line) if _SKIPS_CI.search(line) else line
        line = _SKIPS_CI_BARE.sub("…", line)  # else what is around it closes up
        line = one_line(line.strip(" .:;,-"), limit)
        if line == before:
            break
    return line


def for_commit(text: str, limit: int = 1000) -> str:
    """A paragraph for a commit message: no mention, closing keyword, trailer or CI directive."""
    line = re.sub(r"^([A-Za-z0-9-]+)\s*:", r"\1 -", for_title(text, limit))
    return one_line(line, limit)


_SKIPS_CI = re.compile(r"(?i)\[\s*(skip[ -](ci|actions)|(ci|actions)[ -]skip|no ci)\s*\]")
_SKIPS_CI_BARE = re.compile(r"(?i)\*{3}\s*no_ci\s*\*{3}|skip-checks\s*:\s*true")

"""What is bound at import is tried without importing anew, and judged as importing would judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from bot.engines.search import staging
from bot.engines.search.laboratory import Laboratory
from bot.engines.search.model import Candidate, Outcome, Spectrum
from tests.engines.search.workbench import Workbench, change, workbench_of_module

WRONG = (r"\d\d\d", r"\w", r"(", "")
RIGHT = r"\d+"
_PATTERN = 'PATTERN = re.compile(r"\\d")'
_FIND = "def find(text):\n    return PATTERN.match(text)[0]\n"
_TEST = "from {name} import find\n\n\ndef test_it():\n    assert find('12a') == '12'\n"

UNREAD: Mapping[str, str] = {
    "in a module": f"import re\n\n{_PATTERN}\n\n\n{_FIND}",
    "in a class": (
        f"import re\n\n\nclass Reader:\n    {_PATTERN}\n\n"
        "    def find(self, text):\n        return self.PATTERN.match(text)[0]\n\n\n"
        "class Other(Reader):\n    pass\n\n\ndef find(text):\n    return Other().find(text)\n"
    ),
    "with an annotation": (
        f"import re\n\n{_PATTERN.replace(' =', ': re.Pattern[str] =')}\n\n\n{_FIND}"
    ),
    "in a table": (
        'import re\n\nRULES = {\n    "other": re.compile("x"),\n'
        '    "number": re.compile(r"\\d"),\n}\n\n\n'
        'def find(text):\n    return RULES["number"].match(text)[0]\n'
    ),
}
"""Nothing reads it before a test does."""
READ: Mapping[str, str] = {
    "as a default": (
        f"import re\n\n{_PATTERN}\n\n\ndef find(text, pattern=PATTERN):\n"
        "    return pattern.match(text)[0]\n"
    ),
    "for another value": (
        f"import re\n\n{_PATTERN}\nBOTH = re.compile(PATTERN.pattern + 'a')\n\n\n"
        "def find(text):\n    return BOTH.match(text)[0][:-1]\n"
    ),
    "by a function": (
        f"import re\n\n{_PATTERN}\n\n\nclass Reader:\n    def __init__(self):\n"
        "        self.pattern = PATTERN\n\n\nREADER = Reader()\n\n\n"
        "def find(text):\n    return READER.pattern.match(text)[0]\n"
    ),
    "by a class that keeps what it is given": (
        f"import re\n\n\nclass Keeping:\n    def __init_subclass__(cls):\n"
        f"        cls.kept = cls.PATTERN\n\n\nclass Reader(Keeping):\n    {_PATTERN}\n\n\n"
        "def find(text):\n    return Reader.kept.match(text)[0]\n"
    ),
    "by a decorator": (
        "import dataclasses\nimport re\n\n\n@dataclasses.dataclass\nclass Reader:\n"
        f"    {_PATTERN.replace(' =', ': re.Pattern[str] =')}\n\n\n"
        "def find(text):\n    return Reader().PATTERN.match(text)[0]\n"
    ),
    "under another name": (
        f"import re\n\n{_PATTERN}\n\nfrom {{own}} import PATTERN as KNOWN\n\n\n"
        "def find(text):\n    return KNOWN.match(text)[0]\n"
    ),
    "and bound twice": (
        f"import re\n\nPATTERN = None\nif True:\n    pass\n{_PATTERN}\n\n\n{_FIND}"
    ),
    "with what is gone by now": (
        f"import re\n\nend = ''\n{_PATTERN.replace(')', ' + end)')}\ndel end\n\n\n{_FIND}"
    ),
    "by looking at all names": (
        f"import re\n\n{_PATTERN}\nALL = dict(globals())\n\n\n"
        "def find(text):\n    return ALL['PATTERN'].match(text)[0]\n"
    ),
    "by what keeps a field": (
        f"import re\nimport typing\n\n\nclass Reader(typing.NamedTuple):\n"
        f"    {_PATTERN.replace(' =', ': typing.Any =')}\n\n\n"
        "def find(text):\n    return Reader().PATTERN.match(text)[0]\n"
    ),
    "where it was imported, too": (
        f"import re\n\n{_PATTERN}\n\n\n"
        "def find(text):\n    from {own}_user import Reader\n\n"
        "    return Reader.PATTERN.match(text)[0]\n"
    ),
}
"""What was made of it by then has to be made anew."""
PROJECTS = {**UNREAD, **READ}
ELSEWHERE = len(PROJECTS)
"""The module that takes its pattern from another one."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    shared = f"PATTERN{ELSEWHERE}"
    files = {"pattern.py": f"import re\n\n{_PATTERN}\n".replace("PATTERN", shared)}
    for at, text in enumerate((*PROJECTS.values(), f"from pattern import PATTERN\n\n\n{_FIND}")):
        # An attribute of one name is taken for that of another class.
        files[f"m{at}.py"] = text.replace("{own}", f"m{at}").replace("PATTERN", f"PATTERN{at}")
        files[f"test_m{at}.py"] = _TEST.format(name=f"m{at}")
    at = list(PROJECTS).index("where it was imported, too")
    files[f"m{at}_user.py"] = (
        f"from m{at} import PATTERN{at}\n\n\nclass Reader:\n    PATTERN{at} = PATTERN{at}\n"
    )
    files[f"test_m{at}.py"] += f"\n\ndef test_user():\n    assert m{at}_user.Reader\n"
    files[f"test_m{at}.py"] = f"import m{at}_user\n" + files[f"test_m{at}.py"]
    with workbench_of_module(tmp_path_factory.mktemp("world"), files) as made:
        yield made


@pytest.fixture(scope="module")
def spectrum(world: Workbench) -> Spectrum:
    found = world.laboratory.spectrum()
    assert len(found.failing) == len(PROJECTS) + 1
    return found


def candidates(files: Mapping[str, str], path: str) -> list[Candidate]:
    return [change(files, path, r'"\d"', f'"{new}"') for new in (*WRONG, RIGHT)]


def imports(laboratory: Laboratory, patch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each request from now on is for importing anew, on however busy a machine."""
    patch.setattr(staging, "_SHORT_S", 10.0)
    server = laboratory._servers[0]
    asked: list[bool] = []
    ask = server.ask

    def note(request: Mapping[str, object]) -> int:
        asked.append(bool(request.get("anew")))
        return ask(request)

    patch.setattr(server, "ask", note)
    return asked


def ends(world: Workbench, spectrum: Spectrum, path: str, at: int) -> list[tuple[str, Outcome]]:
    """How each candidate ended, by what it puts there, in the order of submission."""
    tried = candidates(world.files, path)
    found = world.laboratory.evaluate(iter(tried), spectrum, wanted=[f"test_m{at}.py::test_it"])
    outcomes = {judged.candidate.replacements: judged.outcome for judged in found}
    assert len(outcomes) == len(tried)
    news = (*WRONG, RIGHT)
    return [(new, outcomes[one.replacements]) for new, one in zip(news, tried, strict=True)]


JUDGED = [*((new, Outcome.FAILED) for new in WRONG), (RIGHT, Outcome.PASSED)]


@pytest.mark.parametrize("where", [*UNREAD, "in a module that another imports it from"])
def test_only_what_passes_is_imported_where_nothing_has_read_it(
    world: Workbench, spectrum: Spectrum, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = imports(world.laboratory, monkeypatch)
    at = list(PROJECTS).index(where) if where in PROJECTS else ELSEWHERE
    path = "pattern.py" if at == ELSEWHERE else f"m{at}.py"
    assert ends(world, spectrum, path, at) == JUDGED
    assert asked == [False, False, True], "together, alone, imported"


@pytest.mark.parametrize("how", READ)
def test_all_are_imported_where_something_was_made_of_it(
    world: Workbench, spectrum: Spectrum, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = imports(world.laboratory, monkeypatch)
    at = list(PROJECTS).index(how)
    assert ends(world, spectrum, f"m{at}.py", at) == JUDGED
    assert asked.count(True) == len(JUDGED)


def test_it_is_the_same_where_each_is_tried_alone(
    world: Workbench, spectrum: Spectrum, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = imports(world.laboratory, monkeypatch)
    monkeypatch.setattr(staging, "_SHORT_S", 0.0)
    assert ends(world, spectrum, "m0.py", 0) == JUDGED
    assert asked.count(True) == 1

"""What a collection of bugs holds, whichever way it was made."""

from __future__ import annotations

import ast
import json
import re
from contextlib import suppress
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from bench import _mined, _quixbugs, _seeded
from bench._collections import Bug, changed_files, read_collection, same_program
from bench._mistakes import MISTAKES, Mistake
from bench._places import Function, Source, applied
from bench._regex_mistakes import wrong_regex
from bench._running import Runner
from bench._seeded import seeds
from bench._thinning import test_functions as functions_of
from bench._thinning import thin_lines, with_tests
from bench.collect import main
from bot.errors import UserError
from tests.scratch import git

MODULE = '''\
"""A small, well-tested module."""
import re


def clamp(value, low, high):
    if low > high:
        raise ValueError("low is above high")
    if value < low:
        return low
    if value > high:
        return high
    return value


def words(text, limit=None):
    found = []
    for part in re.split(r"\\s+", text.strip()):
        if not part:
            continue
        found.append(part.lower())
    if limit is not None:
        found = found[:limit]
    return found


def total(rows, key="amount"):
    result = 0
    for row in rows:
        if key in row and row[key] is not None:
            result += row[key]
    return result
'''
TESTS = """\
import pytest
from pkg.module import clamp, total, words


def test_inside():
    assert clamp(2, 1, 3) == 2


def test_below():
    assert clamp(0, 1, 3) == 1


def test_above():
    assert clamp(9, 1, 3) == 3


def test_bounds():
    with pytest.raises(ValueError):
        clamp(1, 3, 2)


def test_words():
    assert words(" One  two\\nthree") == ["one", "two", "three"]


def test_no_words():
    assert words("  ") == []


def test_few_words():
    assert words("a b c", 2) == ["a", "b"]


def test_total():
    assert total([{"amount": 1}, {"amount": None}, {}, {"amount": 4}]) == 5


def test_total_of_another_key():
    assert total([{"n": 2}], "n") == 2
"""


# ------------------------------------------------------------------------------------- the command


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["quixbugs", "no/such/clone", "out"], "There is nothing at no/such/clone."),
        (["quixbugs", ".", "out"], "is no clone of QuixBugs"),
        (["thin", ".", "out"], "holds no bugs"),
    ],
)
def test_a_mistake_in_the_command_is_one_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    assert sentence in capsys.readouterr().err


def test_an_absent_collection_is_said_with_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none comes with the bot.*bench/collect\.py"):
        read_collection(tmp_path / "absent")


# --------------------------------------------------------------------------------------- QuixBugs


def test_quixbugs_lays_out_each_program_with_its_tests_and_its_repair(tmp_path: Path) -> None:
    clone, folder = tmp_path / "clone", tmp_path / "out"
    _quixbugs_like(clone)
    assert main(["quixbugs", str(clone), str(folder)]) == 0
    (bug,) = read_collection(folder)
    assert changed_files(bug) == ("python_programs/double.py",)
    assert bug.hidden is None
    ran = Runner().run(bug.src)
    assert (len(ran.passed), len(ran.failed)) == (1, 5)
    assert not Runner().run(bug.fixed).failed


@pytest.mark.thorough
def test_thin_quixbugs_keeps_a_failing_test_and_hides_the_whole(tmp_path: Path) -> None:
    clone, folder = tmp_path / "clone", tmp_path / "out"
    _quixbugs_like(clone)
    (bug,) = _quixbugs.collect(clone, folder, thin=True)
    cases = "json_testcases/double.json"
    assert len((bug.src / cases).read_text().splitlines()) == 3
    assert bug.hidden is not None
    assert len((bug.hidden / cases).read_text().splitlines()) == 6
    assert Runner().run(bug.src).failed
    assert len(Runner().run(bug.fixed, over=bug.hidden).passed) == 6


def _quixbugs_like(clone: Path) -> None:
    files = {
        "conftest.py": "",
        "python_programs/node.py": "",
        "python_programs/double.py": "def double(n):\n    return n\n",
        "correct_python_programs/double.py": "def double(n):\n    return n + n\n",
        "python_testcases/node.py": "",
        "python_testcases/load_testdata.py": "",
        "python_testcases/test_double.py": (
            "import json, pathlib, pytest\n"
            "from python_programs.double import double\n\n"
            "root = pathlib.Path(__file__).parent.parent\n"
            "lines = (root / 'json_testcases/double.json').read_text().splitlines()\n\n\n"
            "@pytest.mark.parametrize('given, expected', [json.loads(line) for line in lines])\n"
            "def test_double(given, expected):\n"
            "    assert double(given) == expected\n"
        ),
        "json_testcases/double.json": "".join(f"[{n}, {2 * n}]\n" for n in range(6)),
    }
    _lay(clone, files)


# ------------------------------------------------------------------------------------------ mined


@pytest.mark.thorough
def test_mined_keeps_the_commit_that_mends_one_place_and_proves_it(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    broken = MODULE.replace("value > high", "value >= high + 1").replace("is not None:", ":")
    _lay(clone, {"pkg/__init__.py": "", "pkg/module.py": broken})
    tests = "from pkg.module import words\n\n\ndef test_one():\n    assert words('a') == ['a']\n"
    _lay(clone, {"tests/test_module.py": tests})
    _commit(clone, "Start")
    more = f"{tests}\n\ndef test_two():\n    assert words('a b', 0) == []\n"
    mended = broken.replace("if limit :", "if limit is not None:")
    _lay(clone, {"tests/test_module.py": more, "pkg/module.py": mended, "CHANGES": "New\n"})
    sha = _commit(clone, "Fix a limit of zero")
    _lay(clone, {"pkg/module.py": mended.replace("found", "seen")})
    _commit(clone, "Fix the wrong name")  # no test, and many hunks
    _lay(clone, {"tests/test_module.py": more.replace("a b", "a c")})
    _lay(clone, {"pkg/module.py": mended.replace("found", "seen") + "\n# Done\n"})
    _commit(clone, "Fix a comment")  # changes no program

    bugs = list(_mined.collect([clone], tmp_path / "out", bugs=5, since="2000-01-01"))
    assert [bug.name for bug in bugs] == [f"clone-{sha[:8]}"]
    assert changed_files(bugs[0]) == ("pkg/module.py",)
    assert (bugs[0].src / "CHANGES").read_text() == "New\n"
    origin = json.loads((bugs[0].folder / "origin.json").read_text())
    assert origin["tests"] == ["tests/test_module.py::test_two"]
    span = {"since": "2000-01-01", "until": "2001-01-01"}
    assert not list(_mined.collect([clone], tmp_path / "earlier", bugs=5, **span))


def _commit(clone: Path, message: str) -> str:
    if not (clone / ".git").exists():
        git(clone, "init", "-q", "--initial-branch=main")
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", message)
    return git(clone, "rev-parse", "HEAD")


# ----------------------------------------------------------------------------------------- seeded


@pytest.mark.thorough
def test_a_seeded_bug_fails_a_test_and_hides_the_others_where_they_are_thin(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    _lay(clone, {"pkg/__init__.py": "", "pkg/module.py": MODULE, "tests/test_module.py": TESTS})
    _commit(clone, "Start")
    (bug,) = _seeded.collect([clone], tmp_path / "out", bugs=1, seed=1, thin=True)
    assert changed_files(bug) == ("pkg/module.py",)
    assert (bug.fixed / "pkg/module.py").read_text() == MODULE
    assert bug.hidden is not None
    assert (bug.hidden / "tests/test_module.py").read_text() == TESTS
    left = functions_of((bug.src / "tests/test_module.py").read_text())
    assert 0 < len(left) < len(functions_of(TESTS))
    assert Runner().run(bug.src).failed


def test_the_same_seed_makes_the_same_mistakes_of_many_kinds(tmp_path: Path) -> None:
    _lay(tmp_path, {"pkg/module.py": MODULE, "tests/test_module.py": TESTS})
    first, second, other = (list(islice(seeds(tmp_path, Random(n)), 40)) for n in (1, 1, 2))
    assert first == second
    assert first != other
    assert len({seed.kind for seed in first}) > 12
    assert {seed.path for seed in first} == {"pkg/module.py"}


SLIPS = """\
class Shelf:
    def put(self, item, at=0, quiet=False):
        if item is None:
            return None
        if not quiet and at >= 0:
            self.log.append(str(item), "put", end=1)
        elif at < -1:
            raise ValueError("too low")
        else:
            self.count += 1
            self.last = item.strip()
        for index in range(at + 1):
            if index == self.size:
                continue
            self.items[index] = self.items[index - 1]
            self.moved = True
        try:
            found = self.names.get(item, at)
        except (KeyError, TypeError):
            found = item or at
            quiet = True
        while found:
            if quiet:
                break
            found = self.next(found, at)
            at = at - found
        return min(found, at), item
"""


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_every_kind_of_mistake_is_made_somewhere(mistake: Mistake) -> None:
    module = ast.parse(SLIPS)
    (function,) = (node for node in ast.walk(module) if isinstance(node, Function))
    source = Source(SLIPS, module, function, Random(1))
    broken = [applied(source, change) for change in mistake(source) if change]
    assert any(_is_python(text) and not same_program(SLIPS, text) for text in broken)


def _is_python(text: str) -> bool:
    with suppress(SyntaxError):
        return bool(ast.parse(text))
    return False


def test_a_wrong_regex_is_still_a_regex() -> None:
    text = "import re\nNAME = re.compile(r'^[a-z_]+\\.(?:py|pyi)?$')\n"
    module = ast.parse(text)
    seen = set()
    for seed in range(40):
        source = Source(text, module, module, Random(seed))
        change = next(filter(None, wrong_regex(source)))
        assert change is not None
        broken = applied(source, change)
        re.compile(ast.literal_eval(broken.split("(", 1)[1].rsplit(")", 1)[0]))
        seen.add(broken)
    assert len(seen) > 4
    assert text not in seen


# --------------------------------------------------------------------------------------- thinning


def test_thinning_takes_out_whole_tests_with_their_decorators() -> None:
    text = (
        "import x\n\n@x.y(\n    1\n)\ndef test_a():\n    pass\n\ndef test_b():\n    pass\n\n"
        "class TestC:\n    def test_d(self):\n        pass\n    def test_e(self):\n        pass\n"
        "    def own(self):\n        pass\n"
    )
    assert set(functions_of(text)) == {"test_a", "test_b", "TestC.test_d", "TestC.test_e"}
    left = with_tests(text, {"test_b", "TestC.test_e"})
    assert set(functions_of(left)) == {"test_b", "TestC.test_e"}
    assert "own" in left
    assert "x.y" not in left


def test_thin_cases_are_drawn_the_same_each_time() -> None:
    text = "".join(f"[{n}]\n" for n in range(20))
    first, second = (list(thin_lines(text, "gcd")) for _ in range(2))
    assert first == second
    assert {len(draw.splitlines()) for draw in first[:-1]} == {3}
    assert first[-1] == text


# -------------------------------------------------------------------------------------- comparing


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("x = 1\n", "x  =  1  # one\n", True),
        ("def f():\n    'Doc.'\n    return 1\n", "def f():\n    return 1\n", True),
        ("x = 'a'\n", 'x = "a"\n', True),
        ("x = 'a'\n", "x = 'b'\n", False),
        ("x = (\n", "x = (\n", True),
        ("x = (\n", "x = 1\n", False),
    ],
)
def test_programs_are_compared_by_what_runs(one: str, other: str, same: bool) -> None:
    assert same_program(one, other) is same


def _lay(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def test_what_a_bug_is_called_is_its_folder(tmp_path: Path) -> None:
    _lay(tmp_path, {"b/src/x.py": "", "a/src/x.py": "", "notes.txt": ""})
    assert [bug.name for bug in read_collection(tmp_path)] == ["a", "b"]
    assert Bug(tmp_path / "a").kind == ""

"""What a model is sent: data within its marks, and no secret, whatever texts and files hold."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.context import Excerpt
from bot.engines import Task
from bot.engines.prompt import user_message
from bot.secrets import without_secrets_in
from tests.hostile.corpus import CORPUS, GITHUB, KEY_BODY, LEAKS, PEM
from tests.observed import INCIDENT
from tests.scratch import MemoryTree

CODE = f'A = 1\nKEY = """{PEM}"""\nTOKEN = "{GITHUB}"\n\n\ndef f():\n    return A\n'
TREE = MemoryTree({"llm.py": CODE})
LINES = CODE.split("\n")


def excerpt(first: int, last: int) -> Excerpt:
    text = "".join(f"{line}\n" for line in LINES[first - 1 : last])
    return Excerpt("llm.py", first, last, len(LINES) - 1, text)


def task(text: str, *excerpts: Excerpt) -> Task:
    (reflection,) = INCIDENT.reflections
    incident = replace(INCIDENT, reflections=(replace(reflection, text=text),))
    return Task(incident, without_secrets_in(excerpts, TREE), TREE)


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_a_reflection_stays_between_its_marks(text: str) -> None:
    message = user_message(task(text))
    assert len(re.findall(r"(?i)<\s*reflection\b", message)) == 1
    assert len(re.findall(r"(?i)<\s*/\s*reflection\b", message)) == 1
    assert not re.search(r"(?i)<\s*/?\s*file\b", message)
    assert "<!--" not in message
    assert not re.search(
        "[\u200b-\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff\x00-\x08\x1b]", message
    )
    assert [leak for leak in LEAKS if leak in message] == []
    assert len(message) < 5_000


def test_code_is_sent_without_its_secrets_and_the_model_is_told() -> None:
    message = user_message(task("It fails.", excerpt(1, len(LINES) - 1)))
    assert 'KEY = """[secret: Private Key]' in message
    assert 'TOKEN = "[secret: GitHub Token]"' in message
    assert "def f():\n    return A\n" in message
    assert "a secret stands that is not shown" in message
    assert "is not shown" not in user_message(task("It fails."))


def test_the_middle_of_a_key_is_not_sent_either() -> None:
    message = user_message(task("It fails.", excerpt(3, 5)))
    assert KEY_BODY[:20] not in message
    assert 'lines="3-5 of' in message


def test_lines_below_a_secret_keep_their_numbers() -> None:
    (shown,) = without_secrets_in([excerpt(9, len(LINES) - 1)], TREE)
    assert shown == excerpt(9, len(LINES) - 1)

"""A scripted server that the engine finds in its environment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.loopback_openai import ScriptedOpenAI


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedOpenAI]:
    with ScriptedOpenAI() as scripted:
        monkeypatch.setenv("OPENAI_API_KEY", scripted.key)
        monkeypatch.setenv("OPENAI_BASE_URL", scripted.base_url)
        yield scripted
    assert not scripted.violations, scripted.violations

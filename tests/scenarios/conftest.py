"""The world every scenario starts from; what its stand-ins object to fails the scenario."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.world import World, build_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with build_world(tmp_path) as made:
        yield made
        objections = [*made.github.violations, *made.model.violations]
        left = [path.name for path in made.temporary.iterdir()]
    assert not objections, "\n".join(objections)
    assert not left, f"left behind in the temporary folder: {left}"

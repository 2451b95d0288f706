"""The world every scenario starts from; what its stand-ins object to fails the scenario."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.local_world import build_local_world
from tests.scenarios.world import World, build_world


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """The world with the forge `github`, or with the one that the test is parametrised by."""
    if getattr(request, "param", "github") == "local":
        with build_local_world(tmp_path) as local:
            yield local
            assert not local.model.violations, "\n".join(local.model.violations)
            assert_tidy(local)
        return
    with build_world(tmp_path) as made:
        yield made
        objections = [*made.github.violations, *made.model.violations]
        assert not objections, "\n".join(objections)
        assert_tidy(made)


def assert_tidy(world: World) -> None:
    left = [path.name for path in world.temporary.iterdir()]
    assert not left, f"left behind in the temporary folder: {left}"

"""Every hostile program and patch meets both: what bubblewrap holds, and what is left without."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from bot.config import SandboxConfig
from bot.sandbox.isolation import Isolation, probe, without_bubblewrap
from bot.sandbox.toolchain import Toolchain, find_toolchain
from tests.sandbox.hostile.arena import Outside, Sandbox, at_stake

if_thorough = [pytest.mark.thorough] if probe().kind == "bubblewrap" else []
"""Without isolation less is held, and all of that is shown with it too."""


@pytest.fixture(scope="module", params=["bubblewrap", pytest.param("none", marks=if_thorough)])
def isolation(request: pytest.FixtureRequest) -> Isolation:
    if request.param == "none":
        return without_bubblewrap("as asked")
    found = probe()
    if found.kind != "bubblewrap":
        pytest.skip(found.reason)
    return found


@pytest.fixture(scope="module")
def toolchain(tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    folder = tmp_path_factory.mktemp("project")
    no_plugins = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"  # they take longer to load than the tests
    environ = {"HOME": str(folder), "VIRTUAL_ENV": sys.prefix, no_plugins: "1"}
    return find_toolchain(folder, SandboxConfig(environment=(no_plugins,)), environ)


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with at_stake() as made:
        yield made


@pytest.fixture
def sandbox(isolation: Isolation, toolchain: Toolchain, outside: Outside) -> Sandbox:
    return Sandbox(isolation, toolchain, outside)

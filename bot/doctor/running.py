"""Whether proposals' tests can run here, and what holds them. Probed, never assumed. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import CONFIG_PATH
from bot.doctor import Finding, note, ok, warning
from bot.doctor.seen import Holding, Seen

ISOLATED = ok("sandbox.isolated")
OFF = note("sandbox.off", "The proof is left to the forge's checks, before which nobody looks.")
REFUSES = warning(
    "sandbox.refuses", "Generated code could read it, so no test is run and nothing is proven."
)
OPEN = warning(
    "sandbox.open", "Nothing keeps a proposal's tests from the network and from your files."
)
NO_TESTS = warning("tests.none", "Without tests no fix is proven, and nothing can be searched.")
TESTS = ok("tests.found")
SIGNS = (ISOLATED, OFF, REFUSES, OPEN, NO_TESTS, TESTS)


def check(seen: Seen) -> Iterator[Finding]:
    config, holding = seen.config, seen.holding
    if config is None or holding is None:
        return
    if not config.sandbox.enabled:
        yield OFF.found(
            "sandbox.enabled = false: no proposal's tests are run here.",
            f"Say sandbox.enabled = true in {CONFIG_PATH}, unless you want that.",
        )
        return
    if holding.isolated:
        yield ISOLATED.found("A program in the sandbox sees no network, no files, no processes.")
    elif holding.credential and not config.sandbox.allow_unisolated:
        yield REFUSES.found(
            f"This run holds {holding.credential}, and {holding.reason}.", _install(holding)
        )
    else:
        yield OPEN.found(f"Tests run without isolation: {holding.reason}.", _install(holding))
    if seen.test_command:
        yield TESTS.found(f"The tests are run by '{seen.test_command}'.")
    elif seen.test_command is not None:
        yield NO_TESTS.found(
            f"No tests were found on {seen.base_branch}.",
            f'Name the command that runs them: [test] command = "…" in {CONFIG_PATH}.',
        )


def _install(holding: Holding) -> str:
    if "not installed" in holding.reason:
        return "'sudo apt-get install bubblewrap' (or your system's package), then ask again."
    return (
        "Where AppArmor forbids it: 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'"
        "; in a container, allow user namespaces ('--security-opt seccomp=unconfined')."
    )

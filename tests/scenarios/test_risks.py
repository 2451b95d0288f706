"""A change that newly reaches further is shown as such, and merges only by a person's hand."""

from __future__ import annotations

import json

from tests.scenarios.world import World, answer_with

RISKY = answer_with(
    "    import os\n\n    default = os.environ.get('WORD', '')\n"
    "    return words[0].upper() if words else default\n",
    "Return a configured word when the text has none.",
)


def test_a_proven_change_with_a_risk_is_shown_and_never_merged(world: World) -> None:
    world.model.default = RISKY
    (incident,) = json.loads(world.bot("run", "--dry-run", "--json").out)["incidents"]
    assert [(risk["kind"], risk["path"]) for risk in incident["risks"]] == [
        ("environment", "llm.py")
    ]
    assert "environment" in world.bot("run", "--dry-run").out
    world.bot("run")
    assert "Worth a look" in world.repo.pull(1).body
    world.repo.run_workflows()
    ran = world.bot("run")
    assert ran.code == 0, ran.err
    pull = world.repo.pull(1)
    assert not pull.merged
    assert "built-in: risks" in pull.body
    assert "os.environ" in pull.body

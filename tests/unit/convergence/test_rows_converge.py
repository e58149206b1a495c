"""Random edits of rows, state and workspace: one `up` makes everything right again.

CONVERGENCE_SEQUENCES=20000 runs more of them, CONVERGENCE_SEED=7 one of them.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from in_process import Models
from team import Team

pytestmark = pytest.mark.slow

SEQUENCES = int(os.environ.get("CONVERGENCE_SEQUENCES", "300"))
ONE = os.environ.get("CONVERGENCE_SEED")
BATCH = 20
SEEDS = [int(ONE)] if ONE else range(SEQUENCES)


@pytest.mark.parametrize("first", SEEDS[::BATCH])
def test_one_run_after_any_edits_leaves_the_workspace_as_the_rows_say(
    tmp_path: Path, first: int
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: databricks-alerts\nruntime: python\n")
    (tmp_path / "Pulumi.test.yaml").write_text("")
    for seed in [first] if ONE else range(first, min(first + BATCH, SEQUENCES)):
        _play(tmp_path, seed)


def _play(directory: Path, seed: int) -> None:
    dice = random.Random(seed)
    team = Team(directory, dice, Models(directory / f"{seed}.sqlite"))
    team.story.append(f"seed {seed}")
    for _ in range(dice.randint(1, 2)):
        team.insert_destination()
    for _ in range(dice.randint(1, 4)):
        team.insert_rule()
    for _ in range(dice.randint(2, 4)):
        team.story.append("up")
        if not team.up_and_check():
            break
        for _ in range(dice.randint(1, 4)):
            team.edit()
    else:
        team.up_and_check()
    team.models.store.close()

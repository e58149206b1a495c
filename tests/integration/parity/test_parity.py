"""Both engines do the same: one matrix, each scenario handed from one engine to the other.

Each is played embedded → real → embedded and real → embedded → real. The steps, the states after
them and the shape of `preview --json` must be the same, but for what parity_differences.py names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from parity_comparison import shape_of, steps_of
from parity_differences import plain_log, plain_shape, plain_state, plain_steps, told
from parity_engines import Embedded, Real
from parity_runs import Both, Runs
from parity_scenarios import PLAYS, TOGETHER, Play
from parity_stage import Stage

from databricks_alerts.engine.options import DeploymentOptions
from databricks_alerts.local_workspace.process import Running

pytestmark = pytest.mark.real_engine


def test_one_update_of_everything(
    tmp_path: Path,
    local_workspace: Running,
    embedded: Embedded,
    real: Real,
    subtests: pytest.Subtests,
) -> None:
    runs = Runs(tmp_path, local_workspace, embedded, real)

    def made_before(stage: Stage) -> None:
        stage.make("import-one", "import-and-update-one")

    before = "\n".join(scenario.before for scenario in TOGETHER.values())
    after = "\n".join(scenario.after for scenario in TOGETHER.values())
    both = runs.play(before, after, "up", DeploymentOptions(), made_before)
    assert (both.by_real.runs[1].status, both.by_embedded.runs[1].status) == (0, 0), (
        both.by_real.runs[1].said + both.by_embedded.runs[1].said
    )
    for name in TOGETHER:
        with subtests.test(name):
            _steps_are_the_same(both, f"::{name}-")
            _states_are_the_same(both, f"::{name}-")
    _all_the_same(both)
    _nothing_is_left_to_do(both)


@pytest.mark.parametrize("name", PLAYS)
def test_a_run_of_its_own(
    tmp_path: Path, local_workspace: Running, embedded: Embedded, attached: Real, name: str
) -> None:
    runs = Runs(tmp_path, local_workspace, embedded, attached)
    play: Play = PLAYS[name]
    both = runs.play(play.before, play.after, play.operation, play.options, play.outside)
    statuses = (both.by_real.runs[1].status, both.by_embedded.runs[1].status)
    assert statuses == (play.status, play.status), (
        both.by_real.runs[1].said,
        both.by_embedded.runs[1].said,
    )
    _all_the_same(both, kept=play.kept)
    if play.settled:
        _nothing_is_left_to_do(both)


def _all_the_same(both: Both, kept: Sequence[str] = ()) -> None:
    _steps_are_the_same(both, kept=kept)
    _states_are_the_same(both)
    _logs_are_of_one_shape(both, kept)
    if both.documents is not None:
        embedded, real = (sorted(plain_shape(shape_of(item))) for item in both.documents)
        assert embedded == real, told(embedded, real)


def _steps_are_the_same(both: Both, part: str = "", kept: Sequence[str] = ()) -> None:
    """The same run by either engine: the first, and the one that took over."""
    by_embedded = (both.by_real.runs[0], both.by_embedded.runs[1])
    by_real = (both.by_embedded.runs[0], both.by_real.runs[1])
    for one, other in zip(by_embedded, by_real, strict=True):
        embedded, real = (
            [line for line in plain_steps(steps_of(run), kept) if part in line]
            for run in (one, other)
        )
        assert embedded == real, told(embedded, real)


def _logs_are_of_one_shape(both: Both, kept: Sequence[str]) -> None:
    """Every kind of event of the second run has the same fields from either engine."""
    embedded, real = (
        sorted(shape_of(plain_log(played.runs[1].log, kept)))
        for played in (both.by_embedded, both.by_real)
    )
    assert embedded == real, told(embedded, real)


def _states_are_the_same(both: Both, part: str = "") -> None:
    by_embedded = (both.by_real.states[0], both.by_embedded.states[1])
    by_real = (both.by_embedded.states[0], both.by_real.states[1])
    for one, other in zip(by_embedded, by_real, strict=True):
        embedded, real = (_resources(plain_state(state), part) for state in (one, other))
        assert embedded == real, told(embedded, real)


def _resources(state: Any, part: str) -> Any:
    return [item for item in state["resources"] if part in item["urn"]] if part else state


def _nothing_is_left_to_do(both: Both) -> None:
    for played in (both.by_real, both.by_embedded):
        run = played.runs[2]
        assert run.status == 0, run.said
        busy = [line for line in plain_steps(steps_of(run)) if not line.startswith("same ")]
        assert busy == [], played.order

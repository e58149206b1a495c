"""What the scheduler fires on a clock of the test's, and what a crash leaves in the store."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from databricks_alerts.local_workspace.evaluation.clock import Clock
from databricks_alerts.local_workspace.evaluation.models import Evaluations
from databricks_alerts.local_workspace.evaluation.runner import Runner
from databricks_alerts.local_workspace.evaluation.scheduler import Scheduler
from databricks_alerts.local_workspace.store import Store
from databricks_alerts.local_workspace.warehouse.errors import SqlError

T0 = dt.datetime(2026, 11, 1, 0, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


class HandClock(Clock):
    """Stands still until it is moved."""

    def __init__(self, speed: float) -> None:
        super().__init__(T0, speed)
        self.time = T0

    def __call__(self) -> dt.datetime:
        return self.time


class Board:
    """Alerts and a runner that notes what is fired; `hold` makes it wait."""

    def __init__(self) -> None:
        self.alerts: dict[str, dict[str, Any]] = {}
        self.fired: list[tuple[str, dt.datetime]] = []
        self.hold = threading.Event()
        self.hold.set()
        self.at_once = self.most = 0

    def add(self, key: str, cron: str = "0 0 * * * ?", pause: str = "UNPAUSED") -> None:
        schedule = {"quartz_cron_schedule": cron, "timezone_id": "UTC", "pause_status": pause}
        self.alerts[key] = {"id": key, "schedule": schedule}

    def active(self) -> list[dict[str, Any]]:
        return list(self.alerts.values())

    def find(self, key: str) -> dict[str, Any] | None:
        return self.alerts.get(key)

    def run(self, alert: dict[str, Any], at: dt.datetime, trigger: str) -> None:
        assert trigger == "SCHEDULE"
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.hold.wait(10)
        time.sleep(0.001)  # an evaluation lasts: other threads get on
        self.fired.append((alert["id"], at))
        self.at_once -= 1


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def make(board: Board) -> Iterator[Callable[[float], tuple[Scheduler, HandClock]]]:
    made: list[Scheduler] = []

    def build(speed: float = 3600.0) -> tuple[Scheduler, HandClock]:
        clock = HandClock(speed)
        made.append(Scheduler(board, board, clock))  # type: ignore[arg-type]
        return made[-1], clock

    yield build
    for scheduler in made:
        scheduler.close()


def until(wanted: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not wanted():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.005)


def moved(scheduler: Scheduler, clock: HandClock, time_: dt.datetime) -> None:
    clock.time = time_
    scheduler.tick()


def test_a_jump_of_a_fast_clock_fires_every_hour_once_and_in_order(
    board: Board, make: Callable[..., tuple[Scheduler, HandClock]]
) -> None:
    board.add("a")
    scheduler, clock = make()
    scheduler.tick()
    moved(scheduler, clock, T0 + 24 * HOUR)
    until(lambda: len(board.fired) == 24)
    moved(scheduler, clock, T0 + 24 * HOUR)
    first = T0.replace(minute=0) + HOUR
    assert board.fired == [("a", first + number * HOUR) for number in range(24)]
    assert board.most == 1


def test_on_a_usual_clock_a_late_alert_fires_once_for_all_that_it_missed(
    board: Board, make: Callable[..., tuple[Scheduler, HandClock]]
) -> None:
    board.add("a")
    scheduler, clock = make(1.0)
    scheduler.tick()
    moved(scheduler, clock, T0 + 24 * HOUR)
    until(lambda: len(board.fired) == 1)
    moved(scheduler, clock, T0 + 25 * HOUR - dt.timedelta(minutes=29, seconds=55))
    until(lambda: len(board.fired) == 2)
    assert board.fired[1][1] == T0.replace(day=2, minute=0) + HOUR


def test_paused_trashed_and_changed_alerts_are_noticed_at_once(
    board: Board, make: Callable[..., tuple[Scheduler, HandClock]]
) -> None:
    board.add("paused", pause="PAUSED")
    board.add("trashed")
    board.add("changed")
    scheduler, clock = make()
    scheduler.tick()
    del board.alerts["trashed"]
    board.add("changed", "0 45 * * * ?")
    board.add("new", "0 50 * * * ?")
    scheduler.tick()
    moved(scheduler, clock, T0 + HOUR)
    until(lambda: len(board.fired) == 2)
    assert sorted(board.fired) == [
        ("changed", T0.replace(minute=45)),
        ("new", T0.replace(minute=50)),
    ]


def test_a_clock_that_is_set_back_plans_again(
    board: Board, make: Callable[..., tuple[Scheduler, HandClock]]
) -> None:
    board.add("a")
    scheduler, clock = make()
    scheduler.tick()
    moved(scheduler, clock, T0 + HOUR)
    until(lambda: len(board.fired) == 1)
    moved(scheduler, clock, T0 - 10 * HOUR)
    moved(scheduler, clock, T0 - 9 * HOUR)
    until(lambda: len(board.fired) == 2)
    assert board.fired[1][1] == T0.replace(minute=0) - 9 * HOUR


def test_only_a_few_alerts_are_evaluated_at_a_time(
    board: Board, make: Callable[..., tuple[Scheduler, HandClock]]
) -> None:
    for number in range(12):
        board.add(f"a{number}")
    board.hold.clear()
    scheduler, clock = make()
    scheduler.tick()
    moved(scheduler, clock, T0 + HOUR)
    until(lambda: board.at_once == 4)
    board.hold.set()
    until(lambda: len(board.fired) == 12)
    assert board.most == 4


def test_alerts_that_are_far_behind_take_turns(
    board: Board, make: Callable[..., tuple[Scheduler, HandClock]]
) -> None:
    for number in range(8):
        board.add(f"a{number}")
    scheduler, clock = make()
    scheduler.tick()
    moved(scheduler, clock, T0 + 20 * HOUR)
    until(lambda: len(board.fired) == 160)
    # Drained one by one, the first four would have filled the first half.
    assert len({key for key, _ in board.fired[:70]}) > 4


def test_an_exception_undoes_a_whole_transaction_in_memory_and_on_disk(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    store.put("k", "old", {"n": 1})
    with suppress(ZeroDivisionError), store.transaction():
        store.put("k", "new", {"n": 2})
        store.put("k", "old", {"n": 3})
        store.put("k", "old", {"n": 4})
        store.delete("k", "old")
        raise ZeroDivisionError
    assert store.all("k") == [{"n": 1}]
    with store.transaction():
        store.put("k", "both", {"n": 5})
        with store.transaction():
            store.put("k", "both2", {"n": 6})
    store.close()
    again = Store(tmp_path / "s.sqlite")
    assert again.all("k") == [{"n": 1}, {"n": 5}, {"n": 6}]
    again.close()


class _Slow:
    """Alerts' rows and a warehouse of one answer, to see what a Runner does with them."""

    def __init__(self, store: Store) -> None:
        self.store, self.running, self.most = store, 0, 0
        self.fails = False

    def find(self, key: str) -> dict[str, Any] | None:
        return self.store.get("alert", key)

    def record_evaluation(self, key: str, state: str, moment: str) -> None:
        alert = self.store.get("alert", key)
        assert alert is not None
        evaluation = {**alert["evaluation"], "state": state, "last_evaluated_at": moment}
        self.store.put("alert", key, {**alert, "evaluation": evaluation})

    def execute(self, *_: Any, **__: Any) -> Any:
        self.running += 1
        self.most = max(self.most, self.running)
        time.sleep(0.02)
        self.running -= 1
        raise SqlError("NOPE", "It broke.", "42000")

    def evaluated(self, *_: Any) -> None:
        if self.fails:
            raise ZeroDivisionError


ALERT = {
    "id": "a",
    "display_name": "n",
    "query_text": "SELECT 1",
    "evaluation": {"source": {"name": "v"}, "comparison_operator": "EQUAL"},
    "effective_run_as": {"user_name": "u"},
    "owner_user_name": "u",
}


def test_an_alert_is_evaluated_once_at_a_time_and_recorded_whole(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    store.put("alert", "a", ALERT)
    parts = _Slow(store)
    evaluations = Evaluations(store)
    runner = Runner(store, parts, parts, evaluations, [parts])  # type: ignore[arg-type]
    threads = [
        threading.Thread(target=runner.run, args=(ALERT, T0 + number * HOUR, "MANUAL"))
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert parts.most == 1
    states = [item["previous_state"] for item in evaluations.latest("a")[::-1]]
    assert states == ["UNKNOWN", "ERROR", "ERROR"]
    parts.fails = True
    before = store.get("alert", "a")
    with pytest.raises(ZeroDivisionError):
        runner.run(ALERT, T0 + 9 * HOUR, "MANUAL")
    assert store.get("alert", "a") == before
    assert len(store.all("evaluation")) == 3
    store.close()

"""Fires alerts by their schedules, each one after the other, several alerts at a time.

A fire that was missed while the workspace was not running is not made up for: an alert asks how
things are, not how they were. While it runs none is lost, however fast its clock is.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import quartz
from workspace.alerts.models import Alerts
from workspace.evaluation.clock import Clock
from workspace.evaluation.runner import Runner
from workspace.store import Document

_POLL = 0.5  # real seconds between looks at the list of alerts
_WORKERS = 4


@dataclass
class _Planned:
    """An alert's schedule as it was looked at, and when it fires next."""

    signature: tuple[str, str]
    next: dt.datetime | None
    waiting: deque[dt.datetime] = field(default_factory=deque)
    running: bool = False


class Scheduler:
    """A thread that fires and a few that evaluate; `close` ends them."""

    def __init__(self, alerts: Alerts, runner: Runner, clock: Clock) -> None:
        self._alerts, self._runner, self._clock = alerts, runner, clock
        self._planned: dict[str, _Planned] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="evaluation")
        self._thread = threading.Thread(target=self._loop, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin to fire."""
        self._thread.start()

    def close(self) -> None:
        """Fire no more; evaluations that run are waited for."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def next_fire(self, alert: Document) -> dt.datetime | None:
        """When an alert fires next; None if it is paused or never does."""
        return _next(alert, self._clock()) if _runs(alert) else None

    def _loop(self) -> None:
        while not self._ending.wait(_POLL if self._clock.speed <= 1 else _POLL / 10):
            self.tick()

    def tick(self) -> None:
        """Look at every alert once and fire what is due."""
        now = self._clock()
        alerts = {alert["id"]: alert for alert in self._alerts.active() if _runs(alert)}
        with self._lock:
            for key in [key for key in self._planned if key not in alerts]:
                del self._planned[key]
            for key, alert in alerts.items():
                self._plan(key, alert, now)

    def _plan(self, key: str, alert: Document, now: dt.datetime) -> None:
        schedule = alert["schedule"]
        signature = (schedule["quartz_cron_schedule"], schedule["timezone_id"])
        planned = self._planned.get(key)
        if planned is None or planned.signature != signature:
            planned = self._planned[key] = _Planned(signature, _next(alert, now))
        while planned.next is not None and planned.next <= now:
            planned.waiting.append(planned.next)
            planned.next = _next(alert, planned.next)
        if planned.waiting and not planned.running:
            planned.running = True
            self._pool.submit(self._work, key, planned)

    def _work(self, key: str, planned: _Planned) -> None:
        """Evaluate what waits, in order."""
        while not self._ending.is_set():
            with self._lock:
                if not planned.waiting or self._planned.get(key) is not planned:
                    planned.running = False
                    return
                at = planned.waiting.popleft()
            alert = self._alerts.find(key)
            if alert is not None:
                self._runner.run(alert, at, "SCHEDULE")


def _runs(alert: Document) -> bool:
    return bool(alert["schedule"].get("pause_status") != "PAUSED")


def _next(alert: Document, after: dt.datetime) -> dt.datetime | None:
    """The next fire; an expression or a zone that Quartz would refuse never fires."""
    schedule = alert["schedule"]
    zone = quartz.time_zone(schedule["timezone_id"])
    if zone is None:
        return None
    try:
        expression = quartz.parse(schedule["quartz_cron_schedule"])
    except quartz.QuartzError:
        return None
    return quartz.next_fire(expression, after, zone)

"""Fires alerts by their schedules, each one after the other, several alerts at a time.

A fire that was missed while the workspace was not running is not made up for: an alert asks how
things are, not how they were. On a clock that runs fast every fire takes place, in order. On one
that runs as usual, an alert that is more than a minute late fires once for all that it missed, as
Quartz does (CronTrigger's MISFIRE_INSTRUCTION_FIRE_ONCE_NOW, misfireThreshold 60 s).
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from databricks_alerts import quartz
from databricks_alerts.local_workspace.alerts.models import Alerts
from databricks_alerts.local_workspace.evaluation.clock import Clock
from databricks_alerts.local_workspace.evaluation.runner import Runner
from databricks_alerts.local_workspace.store import Document

_log = logging.getLogger("databricks_alerts.local_workspace.evaluation")
_POLL = 0.5  # real seconds between looks at the list of alerts
_WORKERS = 4
_MISFIRE = dt.timedelta(seconds=60)


@dataclass
class _Planned:
    """An alert's schedule as it was looked at, and when it fires next."""

    signature: tuple[str, str]
    next: dt.datetime | None
    running: bool = False


class Scheduler:
    """A thread that fires and a few that evaluate; `close` ends them."""

    def __init__(self, alerts: Alerts, runner: Runner, clock: Clock) -> None:
        self._alerts, self._runner, self._clock = alerts, runner, clock
        self._planned: dict[str, _Planned] = {}
        self._seen = clock()
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
            try:
                self.tick()
            except Exception:  # noqa: BLE001 - a thread's rim: the next look may go well
                _log.exception("the scheduler failed")

    def tick(self) -> None:
        """Look at every alert once and fire what is due."""
        now = self._clock()
        alerts = {alert["id"]: alert for alert in self._alerts.active() if _runs(alert)}
        with self._lock:
            if now < self._seen:
                self._planned.clear()  # the clock was set back: everything is ahead again
            self._seen = now
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
        if planned.next is not None and planned.next <= now and not planned.running:
            planned.running = True
            self._submit(key, planned)

    def _work(self, key: str, planned: _Planned) -> None:
        """Evaluate an alert for its next fire that is due; for more it queues up again."""
        again = False
        try:
            alert = self._alerts.find(key)
            at = None if alert is None else self._take(key, planned, alert)
            if alert is not None and at is not None:
                self._runner.run(alert, at, "SCHEDULE")
                again = True
        except Exception:  # noqa: BLE001 - a thread's rim: the other alerts go on
            _log.exception("alert %s was not evaluated", key)
        with self._lock:
            planned.running = again and not self._ending.is_set()
            if planned.running:
                self._submit(key, planned)

    def _submit(self, key: str, planned: _Planned) -> None:
        with suppress(RuntimeError):  # the pool is shut down
            self._pool.submit(self._work, key, planned)

    def _take(self, key: str, planned: _Planned, alert: Document) -> dt.datetime | None:
        """The next fire that is due, taken off the plan; None if none is, or the plan changed."""
        now = self._clock()
        with self._lock:
            at = planned.next
            if at is None or at > now or self._planned.get(key) is not planned:
                return None
            late = self._clock.speed <= 1 and now - at > _MISFIRE
            planned.next = _next(alert, now if late else at)
            return at


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

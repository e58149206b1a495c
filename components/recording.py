"""The outcome of a plain `pulumi up`, written to Delta by the program itself.

Under `alerts up` the command records, after the engine has ended. Plain pulumi has nobody to do
that: a program that has ended early is stopped without a word (no `atexit`), but resource hooks
are called while it still runs. So hooks note what is done, a failure is recorded at once, and the
rest when every id is known. Deletes come after the program: the next run records them.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pulumi

from alerting.deployment import PREPARED_VARIABLE, Plan
from alerting.errors import AlertsError
from alerting.outcome import Action, Outcome, new_run_id, record
from alerting.planned_outcome import Done, Ids, planned_outcomes
from alerting.warehouse import open_warehouse
from components.outputs import deployed_ids

if TYPE_CHECKING:
    from databricks.sdk.core import Config

    from components.alerting import Alerting

_ENGINE = "pulumi"


class Recording:
    """Notes what becomes of each resource of a plan, and writes it down."""

    def __init__(self, plan: Plan, config: Callable[[], Config]) -> None:
        self._plan, self._config = plan, config
        self._started = dt.datetime.now(dt.UTC)
        self._run_id = new_run_id()
        self._done: dict[str, Done] = {}
        self._written = 0
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        done = pulumi.ResourceHook("alerts-done", self._note)
        failed = pulumi.ErrorHook("alerts-failed", self._note_failure)
        self.hooks = pulumi.ResourceHookBinding(
            after_create=[done], after_update=[done], on_error=[failed]
        )

    def finish(self, alerting: Alerting) -> None:
        """Record the whole run once every id is known; the engine waits for it."""
        if pulumi.runtime.is_dry_run():
            return
        ids = pulumi.Output.all(
            alerts=deployed_ids(alerting.alerts), destinations=deployed_ids(alerting.destinations)
        )
        # The SDK waits for every output, so for this one too.
        _: pulumi.Output[str] = ids.apply(self._finished)

    def _note(self, args: pulumi.ResourceHookArgs) -> None:
        action: Action = "CREATED" if args.old_outputs is None else "UPDATED"
        with self._lock:
            self._done[_key(args.type, args.name)] = Done(action, args.id)

    async def _note_failure(self, args: pulumi.ErrorHookArgs) -> bool:
        """Write a failure down before the engine goes on: it may end this program next."""
        with self._lock:
            self._done[_key(args.type, args.name)] = Done(
                "ERROR", args.id, args.errors[0] if args.errors else "failed without a message"
            )
            number = len(self._done)
        await asyncio.to_thread(self._write_up_to, number)
        return False  # the provider has tried again already

    async def _finished(self, ids: dict[str, Any]) -> str:
        try:
            await asyncio.to_thread(self._write, ids)
        except AlertsError as error:
            raise pulumi.RunError(f"the outcome was not recorded: {error}") from error
        return self._run_id

    def _write_up_to(self, number: int) -> None:
        """Many that fail at once are written together."""
        with self._writing:
            if self._written < number:
                try:
                    self._write_locked(None)
                except AlertsError as error:
                    pulumi.log.error(f"the outcome was not recorded: {error}")

    def _write(self, ids: Ids) -> None:
        with self._writing:
            self._write_locked(ids)

    def _write_locked(self, ids: Ids | None) -> None:
        with self._lock:
            done = dict(self._done)
        settings = self._plan.prepared.settings
        alerts, destinations = planned_outcomes(self._plan, done, ids)
        outcome = Outcome(
            run_id=self._run_id,
            stack=pulumi.get_stack(),
            engine=_ENGINE,
            started_at=self._started,
            ended_at=dt.datetime.now(dt.UTC),
            config_version=self._plan.prepared.snapshot.config_version,
            alerts=tuple(alerts),
            destinations=tuple(destinations),
        )
        with open_warehouse(self._config(), settings.warehouse_id, 1) as warehouse:
            record(warehouse, settings, outcome, self._plan.prepared.report)
        self._written = len(done)


def recording(plan: Plan, config: Callable[[], Config]) -> Recording | None:
    """A recording, where no `alerts` command is there to write the outcome."""
    return None if os.environ.get(PREPARED_VARIABLE) else Recording(plan, config)


def _key(kind: str, name: str) -> str:
    """Alerts and destinations may have the same name."""
    return f"{kind.rsplit(':', 1)[-1]}/{name}"

"""The outcome of a plain `pulumi up`, written to Delta by the program itself.

Under `alerts up` the command records, after the engine has ended. Plain pulumi has nobody to do
that: a program that has ended early is stopped without a word (no `atexit`), but resource hooks
are called while it still runs. So hooks note what is done; a failure, and what is done after one,
is recorded at once, the rest when every id is known. Deletes come last, while the program waits for
the engine: its exit records them, or the next run, should this program be stopped before.
"""

from __future__ import annotations

import asyncio
import atexit
import datetime as dt
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from components.hooks import Hooks
from components.outputs import deployed_ids
from databricks_alerts.deployed import Deployed
from databricks_alerts.errors import AlertsError
from databricks_alerts.outcome.planned import ALERT, Done, Ids, planned_outcomes
from databricks_alerts.outcome.record import Action, Outcome, new_run_id, record_news
from databricks_alerts.plan.deployment import PREPARED_VARIABLE, Plan
from databricks_alerts.sql.warehouse import open_warehouse
from databricks_alerts.workspace_view.inventory import take_inventory

if TYPE_CHECKING:
    from databricks.sdk.core import Config

    from components.alerting import Alerting

_ENGINE = "pulumi"


class Recording:
    """Notes what becomes of each resource of a plan, and writes it down.

    `deletes` maps the alert_ids whose alerts will go to their Databricks ids.
    """

    def __init__(
        self, plan: Plan, deletes: Mapping[str, str], config: Callable[[], Config]
    ) -> None:
        self._plan, self._deletes, self._config = plan, deletes, config
        self._started = dt.datetime.now(dt.UTC)
        self._run_id = new_run_id()
        self._done: dict[str, Done] = {}
        self._failed = False
        self._written = 0
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        # A note that cannot be taken, as when Ctrl-C ends this program, fails no deployment.
        quiet = pulumi.ResourceHookOptions(ignore_errors=True)
        done = pulumi.ResourceHook("alerts-done", self._note, quiet)
        failed = pulumi.ErrorHook("alerts-failed", self._note_failure)
        self.hooks = Hooks(done=(done,), failed=(failed,))

    def finish(self, alerting: Alerting) -> None:
        """Record the whole run once every id is known; the engine waits for it."""
        if pulumi.runtime.is_dry_run():
            return
        ids = pulumi.Output.all(
            alerts=deployed_ids(alerting.alerts), destinations=deployed_ids(alerting.destinations)
        )
        # The SDK waits for every output, so for this one too.
        _: pulumi.Output[str] = ids.apply(self._finished)

    async def _note(self, args: pulumi.ResourceHookArgs) -> None:
        action: Action = "CREATED" if args.old_outputs is None else "UPDATED"
        with self._lock:
            self._done[_key(args.type, args.name)] = Done(action, args.id)
            number, failed = len(self._done), self._failed
        if failed:  # the program may be ended any moment: its last chance to tell of this one
            await asyncio.to_thread(self._write_up_to, number)

    async def _note_failure(self, args: pulumi.ErrorHookArgs) -> bool:
        """Write a failure down before the engine goes on: it may end this program next."""
        with self._lock:
            self._done[_key(args.type, args.name)] = Done(
                "ERROR", args.id, args.errors[0] if args.errors else "failed without a message"
            )
            self._failed = True
            number = len(self._done)
        await asyncio.to_thread(self._write_up_to, number)
        return False  # the provider has tried again already

    async def _finished(self, ids: dict[str, Any]) -> str:
        try:
            await asyncio.to_thread(self._write, ids)
        except AlertsError as error:
            raise pulumi.RunError(f"the outcome was not recorded: {error}") from error
        if self._deletes:
            atexit.register(self._record_deletes, ids)
        return self._run_id

    def _record_deletes(self, ids: Ids) -> None:
        """Tell what the engine deleted, by the workspace's own word."""
        try:
            there = {alert.id for alert in take_inventory(self._config()).alerts}
            gone = {key: alert for key, alert in self._deletes.items() if alert not in there}
            with self._lock:
                self._done |= {_key(ALERT, key): Done("DELETED", id_) for key, id_ in gone.items()}
            self._write(ids)
        except AlertsError as error:
            # The engine has said good-bye, so there is nobody else to tell.
            print(f"the next run records the deletes, now it failed: {error}", file=sys.stderr)

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
        prepared = self._plan.prepared
        with open_warehouse(self._config(), settings.warehouse_id, 1) as warehouse:
            record_news(warehouse, settings, outcome, prepared.report, prepared.snapshot)
        self._written = len(done)


def recording(plan: Plan, deployed: Deployed, config: Callable[[], Config]) -> Recording | None:
    """A recording, where no `alerts` command is there to write the outcome."""
    if os.environ.get(PREPARED_VARIABLE):
        return None
    return Recording(plan, {key: deployed.alerts[key] for key in plan.deletes}, config)


def _key(kind: str, name: str) -> str:
    """Alerts and destinations may have the same name."""
    return f"{kind.rsplit(':', 1)[-1]}/{name}"

"""Fetching evaluations beside other work: it neither slows a deployment nor fails it."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass

from databricks_alerts.cli.context import StackContext
from databricks_alerts.errors import AlertsError, ConfigurationError
from databricks_alerts.history.sync import is_due, sync_history
from databricks_alerts.listing import nearest
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import ALERTS, table_path
from databricks_alerts.sql.warehouse import SqlWarehouse

_REMEDY = "`alerts doctor` names what is missing; databricks-alerts:history {every: never} ends it"
# Seconds that a command waits in the end: a deployment is not to be held up, while who decides by
# the history has more patience.
A_MOMENT = 5.0
PATIENCE = 60.0


@dataclass(frozen=True)
class Fetched:
    """How many evaluations are new, and what kept others from being fetched."""

    added: int = 0
    problem: str = ""

    def lines(self) -> list[str]:
        """For people; nothing where there is nothing to tell."""
        if self.problem:
            return [f"warning: {self.problem}"]
        return [f"alert_history: {self.added} new evaluations"] if self.added else []


class HistoryBeside:
    """A sync, if one is due, in a thread of its own from `start` to `finish`."""

    def __init__(self, context: StackContext) -> None:
        self._context = context
        self._problem = ""
        self._added = 0
        # A daemon: a warehouse that does not answer must not keep the command from ending.
        self._thread = threading.Thread(target=self._run, name="alert history", daemon=True)

    def start(self) -> HistoryBeside:
        """Begin, where the stack's settings do not say never."""
        if self._context.settings.history.interval is not None:
            self._thread.start()
        return self

    def finish(self, patience: float) -> Fetched:
        """What came of it, once the command's own work is done.

        `patience` is for how many seconds it is waited for.
        """
        if self._thread.ident is None:
            return Fetched()
        self._thread.join(patience)
        if self._thread.is_alive():
            return Fetched(
                problem="alert_history was not brought up to date in time; "
                f"run `alerts history sync -s {self._context.stack}`"
            )
        if self._problem:
            what = f"alert_history was not brought up to date: {self._problem}. {_REMEDY}"
            return Fetched(problem=what)
        return Fetched(self._added)

    def _run(self) -> None:
        try:
            now = dt.datetime.now(dt.UTC)
            with self._context.warehouse(1) as warehouse:
                if is_due(warehouse, self._context.settings, now):
                    self._added = sync_history(warehouse, self._context.settings, now).added
        except AlertsError as error:
            self._problem = str(error)
        # A thread's rim: whatever it is, it is told, and the deployment goes on.
        except Exception as error:  # noqa: BLE001
            self._problem = repr(error)


def require_rule(warehouse: SqlWarehouse, settings: Settings, key: str) -> None:
    """Raises ConfigurationError if no row is called so, with the nearest that is."""
    rows = warehouse.query(f"SELECT alert_id FROM {table_path(settings, ALERTS)}")
    known = [str(row["alert_id"]) for row in rows]
    if key in known:
        return
    hint = nearest(key, known, "`alerts status` lists them")
    raise ConfigurationError(f"{ALERTS} has no rule {key!r}; {hint}")

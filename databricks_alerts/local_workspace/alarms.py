"""Everything that happens by itself in a workspace: schedules, notifications, history."""

from __future__ import annotations

from collections.abc import Callable

from databricks_alerts.local_workspace.alerts.models import Alerts
from databricks_alerts.local_workspace.evaluation.clock import Clock
from databricks_alerts.local_workspace.evaluation.history import History
from databricks_alerts.local_workspace.evaluation.models import Evaluations
from databricks_alerts.local_workspace.evaluation.named_alerts import NamedAlerts
from databricks_alerts.local_workspace.evaluation.runner import Runner
from databricks_alerts.local_workspace.evaluation.scheduler import Scheduler
from databricks_alerts.local_workspace.identity.models import ADMIN
from databricks_alerts.local_workspace.notification.inbox import Inbox
from databricks_alerts.local_workspace.notification.mail import Mailbox
from databricks_alerts.local_workspace.notification.notifier import Notifier
from databricks_alerts.local_workspace.store import Store
from databricks_alerts.local_workspace.system.live import EvaluationLog, show_alerts
from databricks_alerts.local_workspace.warehouse import Warehouse

RULE_COLUMNS = ("severity", "agent_domain", "owner", "alert_description")


class Alarms:
    """The parts, put together; `start` and `close` in the right order."""

    def __init__(
        self,
        store: Store,
        warehouse: Warehouse,
        clock: Clock,
        host: Callable[[], str],
        *,
        egress: bool = False,
    ) -> None:
        def timestamp() -> str:
            return clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")

        alerts = Alerts(store, timestamp)
        self.inbox = Inbox(store)
        self.mailbox = Mailbox(self.inbox, timestamp)
        self.notifier = Notifier(store, self.mailbox, host, egress=egress)
        self.history = History(store, warehouse, self.notifier.receivers_of)
        self.evaluations = Evaluations(store)
        seen = EvaluationLog(warehouse.journal, self.notifier.receivers_of)
        # What the page tells of the rule behind an alert, where there is one.
        self.rules = NamedAlerts(warehouse, ADMIN, RULE_COLUMNS)
        show_alerts(warehouse.system, store)
        listeners = (self.notifier, self.history, seen)
        self.runner = Runner(store, alerts, warehouse, self.evaluations, listeners)
        self.scheduler = Scheduler(alerts, self.runner, clock)

    def start(self) -> None:
        """Begin: receivers before those who send."""
        self.mailbox.start()
        self.notifier.start()
        self.history.start()
        self.scheduler.start()

    def close(self) -> None:
        """End: senders before receivers."""
        self.scheduler.close()
        self.history.close()
        self.notifier.close()
        self.mailbox.close()

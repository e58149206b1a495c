"""Tells subscribers: decides, writes deliveries into a durable outbox, delivers them.

Each receiver has a queue of its own, so that a dead one delays no other. A delivery is written
before it is tried and may be tried twice after a crash: its id goes with it, and PagerDuty joins
doubles by dedup_key.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from databricks_alerts.local_workspace.destinations.models import KIND as DESTINATION
from databricks_alerts.local_workspace.evaluation.models import Evaluation
from databricks_alerts.local_workspace.folders.nodes import number
from databricks_alerts.local_workspace.identity.models import User
from databricks_alerts.local_workspace.notification.decision import decide
from databricks_alerts.local_workspace.notification.mail import Mailbox
from databricks_alerts.local_workspace.notification.message import Message, compose
from databricks_alerts.local_workspace.notification.payloads import (
    Post,
    Sender,
    pagerduty,
    slack,
    teams,
    webhook,
)
from databricks_alerts.local_workspace.state import ORG_ID
from databricks_alerts.local_workspace.store import Document, Store

_log = logging.getLogger("databricks_alerts.local_workspace.notification")
KIND = "delivery"
_TOLD = "told"
_KEPT = 1000
_APPS = {
    "databricks_app_slack": (slack, "slack-app"),
    "databricks_app_teams": (teams, "teams-app"),
}
_ATTEMPTS = 4
_WAITS = (0.5, 2.0, 5.0)
_TIMEOUT = 5.0
# A thread for each receiver that has something waiting: dead ones must not take the others' turns.
_RECEIVERS = 256


class Notifier:
    """A Listener of evaluations. `egress` lets it post beyond loopback."""

    def __init__(
        self, store: Store, mailbox: Mailbox, host: Callable[[], str], *, egress: bool = False
    ) -> None:
        self._store, self._mailbox, self._host, self._egress = store, mailbox, host, egress
        self._lock = threading.Lock()
        self._busy: set[str] = set()  # receivers that somebody delivers to
        self._pool = ThreadPoolExecutor(_RECEIVERS, thread_name_prefix="delivery")
        self._ending = threading.Event()

    def start(self) -> None:
        """Go on with what was not delivered when the workspace ended."""
        for receiver in {item["receiver"] for item in self._waiting()}:
            self._work_on(receiver)

    def close(self) -> None:
        """End; what waits is delivered after the next start."""
        self._ending.set()
        self._pool.shutdown(cancel_futures=True)

    def deliveries(self, alert_id: str | None = None) -> list[Document]:
        """What was sent to whom and how it went, newest first; nothing secret in it."""
        found = [item for item in self._store.all(KIND) if alert_id in (None, item["alert_id"])]
        return [{k: v for k, v in item.items() if k != "message"} for item in found[::-1]]

    def letters(self, alert_id: str, limit: int) -> list[Document]:
        """The newest deliveries of an alert with the subject and the text that they told."""
        found = [item for item in self._store.all(KIND) if item["alert_id"] == alert_id]
        return [self._letter(item) for item in found[: -limit - 1 : -1]]

    def _letter(self, delivery: Document) -> Document:
        message = delivery["message"]
        told = compose(message["alert"], _evaluation(message["evaluation"]), self._host())
        kept = {key: value for key, value in delivery.items() if key != "message"}
        return {**kept, "subject": told.subject, "text": told.text}

    def receivers_of(self, evaluation_id: str) -> list[str]:
        """Who was, or is to be, told of an evaluation: destination ids, mailto: addresses."""
        return [
            item["receiver"]
            for item in self._store.all(KIND)
            if item["message"]["evaluation"]["id"] == evaluation_id
        ]

    def evaluated(self, alert: Document, evaluation: Evaluation) -> None:
        """Decide and queue; never blocks on a receiver."""
        reason = self._reason(alert, evaluation)
        if reason is None:
            return
        message = compose(alert, evaluation, self._host())
        notification = alert["evaluation"].get("notification") or {}
        for subscription in notification.get("subscriptions", []):
            receiver = subscription.get("destination_id") or f"mailto:{subscription['user_email']}"
            self._queue(receiver, reason, alert, evaluation, message)
            self._work_on(receiver)

    def _reason(self, alert: Document, evaluation: Evaluation) -> str | None:
        """Why to tell, and remember what subscribers then know."""
        notification = alert["evaluation"].get("notification") or {}
        with self._store.transaction():
            told = self._store.get(_TOLD, alert["id"]) or {}
            last = told.get("at")
            reason = decide(
                evaluation.state,
                before=told.get("state"),
                last_told=dt.datetime.fromisoformat(last) if last else None,
                at=evaluation.at,
                retrigger_seconds=int(notification.get("effective_retrigger_seconds", 0)),
                notify_on_ok=bool(notification.get("effective_notify_on_ok", False)),
            )
            if reason or evaluation.state == "OK":
                state = "OK" if evaluation.state == "OK" else "TRIGGERED"
                at = evaluation.at.isoformat()
                self._store.put(_TOLD, alert["id"], {"state": state, "at": at})
        return reason

    def _queue(
        self,
        receiver: str,
        reason: str,
        alert: Document,
        evaluation: Evaluation,
        message: Message,
    ) -> None:
        key = str(uuid.uuid4())
        document = {
            "id": key,
            "receiver": receiver,
            "reason": reason,
            "alert_id": alert["id"],
            "display_name": alert["display_name"],
            "at": evaluation.at.isoformat(),
            "status": "WAITING",
            "attempts": 0,
            "error": message.problem,
            "message": {"alert": alert, "evaluation": evaluation.document()},
        }
        self._store.put(KIND, key, document)
        done = [item for item in self._store.all(KIND) if item["status"] != "WAITING"]
        for old in done[:-_KEPT]:
            self._store.delete(KIND, old["id"])

    def _waiting(self, receiver: str | None = None) -> list[Document]:
        return [
            item
            for item in self._store.all(KIND)
            if item["status"] == "WAITING" and receiver in (None, item["receiver"])
        ]

    def _work_on(self, receiver: str) -> None:
        with self._lock:
            if receiver in self._busy or self._ending.is_set():
                return
            self._busy.add(receiver)
        self._pool.submit(self._deliver_all, receiver)

    def _deliver_all(self, receiver: str) -> None:
        while not self._ending.is_set():
            # First the store, then the own lock: `evaluated` comes with the store's held.
            with self._store.transaction(), self._lock:
                waiting = self._waiting(receiver)
                if not waiting:
                    self._busy.discard(receiver)
                    return
            self._deliver(waiting[0])

    def _deliver(self, delivery: Document) -> None:
        error: str | None = None
        for attempt in range(1, _ATTEMPTS + 1):
            error = self._try(delivery)
            if error is None or self._ending.is_set():
                break
            if attempt < _ATTEMPTS and self._ending.wait(_WAITS[attempt - 1]):
                break
        if error is not None and self._ending.is_set():
            return  # it waits on
        status = "FAILED" if error else "DELIVERED"
        told = error or delivery["error"]
        self._store.put(
            KIND, delivery["id"], {**delivery, "status": status, "attempts": attempt, "error": told}
        )
        if error:
            _log.warning("a notification of %s failed: %s", delivery["display_name"], error)

    def _try(self, delivery: Document) -> str | None:
        """Why one attempt failed, None if it did not."""
        import httpx

        alert = delivery["message"]["alert"]
        evaluation = _evaluation(delivery["message"]["evaluation"])
        message = compose(alert, evaluation, self._host())
        try:
            for action in self._actions(delivery, alert, evaluation, message):
                action()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{type(error).__name__}: the receiver did not take it"
        except (OSError, SMTPException) as error:
            return f"the mailbox did not take it: {error}"
        except _NotDeliveredError as error:
            return str(error)
        return None

    def _actions(
        self, delivery: Document, alert: Document, evaluation: Evaluation, message: Message
    ) -> Iterator[Callable[[], None]]:
        receiver, key = delivery["receiver"], delivery["id"]
        if receiver.startswith("mailto:"):
            address = receiver.removeprefix("mailto:")
            yield lambda: self._mailbox.send(address, message, key)
            return
        destination = self._store.get(DESTINATION, receiver)
        if destination is None:
            raise _NotDeliveredError("the destination does not exist")
        kind, config = next(iter(destination["config"].items()))
        if kind == "email":
            for number, address in enumerate(config["addresses"]):
                yield self._mailing(address, message, f"{key}.{number}")
            return
        post = self._post_for(kind, config, (alert, evaluation, message))
        yield lambda: self._post(post, key)

    def _mailing(self, address: str, message: Message, key: str) -> Callable[[], None]:
        return lambda: self._mailbox.send(address, message, key)

    def _post_for(
        self, kind: str, config: dict[str, Any], about: tuple[Document, Evaluation, Message]
    ) -> Post:
        alert, evaluation, message = about
        if kind == "pagerduty":
            # Its address is fixed; here the events go to a receiver of our own.
            return pagerduty(config, alert, evaluation, message, f"{self._host()}/inbox/pagerduty")
        if kind in _APPS:
            # What Databricks' own apps post is not documented: here, what a webhook would get.
            write, name = _APPS[kind]
            return write({"url": f"{self._host()}/inbox/{name}"}, message)
        if not config.get("url"):
            raise _NotDeliveredError(f"a {kind} destination without url is not supported locally")
        if kind == "slack":
            return slack(config, message)
        if kind == "microsoft_teams":
            return teams(config, message)
        return webhook(config, alert, evaluation, message, self._sender(alert))

    def _sender(self, alert: Document) -> Sender:
        owner = self._store.get("user", alert["owner_user_name"])
        return Sender(
            url_base=f"{self._host()}/sql?o={ORG_ID}",
            owner=User(**owner) if owner else None,
            folder=number(alert["parent_path"]),
        )

    def _post(self, post: Post, key: str) -> None:
        import httpx

        if not self._egress and not is_loopback(post.url):
            raise _NotDeliveredError(
                "the receiver is not on loopback: start the workspace with --allow-egress"
            )
        headers = {**post.headers, "X-Notification-Id": key}
        with httpx.Client(timeout=_TIMEOUT, trust_env=False, follow_redirects=False) as client:
            answer = client.post(post.url, json=post.body, headers=headers)
        if not answer.is_success:
            raise _NotDeliveredError(f"the receiver answered HTTP {answer.status_code}")


class _NotDeliveredError(Exception):
    """Why a notification did not arrive; holds nothing secret."""


def is_loopback(url: str) -> bool:
    """Whether a URL points to this machine: by name or address, without asking a name server."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _evaluation(document: Document) -> Evaluation:
    return Evaluation(
        **{
            **document,
            "at": dt.datetime.fromisoformat(document["at"]),
            "rows": tuple(document["rows"]),
            "columns": tuple(document["columns"]),
        }
    )

"""What is posted to whom: each service's documented shape. Pure."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from databricks_alerts.local_workspace.evaluation.models import Evaluation
from databricks_alerts.local_workspace.identity.models import User
from databricks_alerts.local_workspace.notification.markup import (
    escaped_markdown,
    escaped_mrkdwn,
    mrkdwn_from_markdown,
)
from databricks_alerts.local_workspace.notification.message import Message
from databricks_alerts.local_workspace.store import Document

# What the payload's alert has in the API's own words.
_COPIED = ("query_text", "warehouse_id", "custom_summary", "custom_description")
_SEVERITIES = {"CRITICAL": "critical", "WARNING": "warning", "INFO": "info"}


@dataclass(frozen=True)
class Sender:
    """The workspace that sends: its address with its id, the alert's owner and folder's number."""

    url_base: str
    owner: User | None
    folder: int


@dataclass(frozen=True)
class Post:
    """One request: JSON to a URL. `headers` may hold credentials and are never shown."""

    url: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def slack(config: dict[str, Any], message: Message) -> Post:
    """An incoming webhook (api.slack.com/messaging/webhooks): `text`, and blocks with a link."""
    text = f"*{escaped_mrkdwn(message.subject)}*\n{mrkdwn_from_markdown(message.markdown)}"
    link = f"<{message.url}|Open the alert>"
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": link}]},
    ]
    return Post(config["url"], {"text": message.subject, "blocks": blocks})


def teams(config: dict[str, Any], message: Message) -> Post:
    """A webhook of Teams' Workflows: a message with an adaptive card, whose texts are Markdown."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            _text_block(escaped_markdown(message.subject), weight="Bolder"),
            _text_block(message.markdown),
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open the alert", "url": message.url}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return Post(config["url"], {"type": "message", "attachments": [attachment]})


def _text_block(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **more}


def pagerduty(
    config: dict[str, Any], alert: Document, evaluation: Evaluation, message: Message, url: str
) -> Post:
    """PagerDuty Events API v2: trigger and resolve meet by `dedup_key`."""
    name = str(alert["display_name"])
    severity = next(
        (_SEVERITIES[key] for key in _SEVERITIES if name.startswith(f"[{key}]")), "error"
    )
    body: dict[str, Any] = {
        "routing_key": config["integration_key"],
        "event_action": "resolve" if evaluation.state == "OK" else "trigger",
        "dedup_key": f"databricks-alert-{alert['id']}",
        "client": "Databricks",
        "client_url": message.url,
        "payload": {
            "summary": message.subject[:1024],
            "source": message.url,
            "severity": severity,
            "timestamp": evaluation.at.isoformat(),
            "custom_details": {"description": message.text, "value": evaluation.value},
        },
    }
    return Post(url, body)


def webhook(
    config: dict[str, Any],
    alert: Document,
    evaluation: Evaluation,
    message: Message,
    sender: Sender,
) -> Post:
    """Databricks' generic webhook, with basic authentication if the destination has a username.

    The body is that of docs.databricks.com, "SQL alert webhook payload"; fields without a value are
    left out.
    """
    body = {
        "event": "alert_state_change",
        "url_base": sender.url_base,
        "alert": {
            "title": message.subject,
            "description": message.body,
            "alert": _described(alert, evaluation, sender),
        },
    }
    headers = {}
    if config.get("username"):
        pair = f"{config['username']}:{config.get('password', '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return Post(config["url"], _with_values(body), headers)


def _described(alert: Document, evaluation: Evaluation, sender: Sender) -> dict[str, Any]:
    """The alert, and in `evaluations` the condition that was evaluated."""
    created = dt.datetime.fromisoformat(alert["create_time"])
    owner = sender.owner
    return {
        "id": alert["id"],
        "name": alert["display_name"],
        "owner": {
            "id": int(owner.id) if owner else None,
            "name": owner.display_name if owner else None,
            "email": alert["owner_user_name"],
        },
        "created_at": int(created.timestamp() * 1000),
        "parent": f"folders/{sender.folder}",
        **{name: alert.get(name) for name in _COPIED},
        "evaluations": [_condition(alert["evaluation"], evaluation)],
    }


def _condition(condition: Document, evaluation: Evaluation) -> dict[str, Any]:
    source, notification = condition["source"], condition.get("notification") or {}
    return {
        "id": evaluation.id,
        "source": {
            "name": source["name"],
            "display": source.get("display") or source["name"],
            "aggregation": source.get("aggregation") or "AGGREGATION_UNSPECIFIED",
        },
        "comparison_operator": condition["comparison_operator"],
        "threshold": condition.get("threshold"),
        "empty_result_state": condition.get("empty_result_state"),
        "notification": {
            "seconds_to_retrigger": notification.get("retrigger_seconds"),
            "notify_on_ok": notification.get("notify_on_ok"),
            "subscriptions": notification.get("subscriptions"),
        },
    }


def _with_values(value: Any) -> Any:
    """Without fields that have no value, and without objects in which none has."""
    if isinstance(value, list):
        return [_with_values(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: _with_values(item) for name, item in value.items()}
    return {name: item for name, item in found.items() if item not in (None, {}, [])}

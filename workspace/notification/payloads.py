"""What is posted to whom: each service's documented shape. Pure."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from workspace.evaluation.models import Evaluation
from workspace.notification.message import Message
from workspace.store import Document

_SEVERITIES = {"CRITICAL": "critical", "WARNING": "warning", "INFO": "info"}


@dataclass(frozen=True)
class Post:
    """One request: JSON to a URL. `headers` may hold credentials and are never shown."""

    url: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def slack(config: dict[str, Any], message: Message) -> Post:
    """An incoming webhook (api.slack.com/messaging/webhooks): `text`, and blocks with a link."""
    text = f"*{_mrkdwn(message.subject)}*\n{_mrkdwn(message.text)}"
    link = f"<{message.url}|Open the alert>"
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": link}]},
    ]
    return Post(config["url"], {"text": message.subject, "blocks": blocks})


def teams(config: dict[str, Any], message: Message) -> Post:
    """A webhook of Teams' Workflows: a message with an adaptive card."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": message.subject, "weight": "Bolder", "wrap": True},
            {"type": "TextBlock", "text": message.text, "wrap": True},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open the alert", "url": message.url}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return Post(config["url"], {"type": "message", "attachments": [attachment]})


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
    config: dict[str, Any], alert: Document, evaluation: Evaluation, message: Message, key: str
) -> Post:
    """Databricks' generic webhook: what happened to which alert, with basic authentication."""
    body = {
        "event_type": "alert",
        "event_id": key,
        "alert": {
            "id": alert["id"],
            "name": alert["display_name"],
            "state": evaluation.state,
            "url": message.url,
            "value": evaluation.value,
            "threshold": evaluation.threshold,
            "evaluated_at": evaluation.at.isoformat(),
        },
        "title": message.subject,
        "description": message.text,
    }
    headers = {}
    if config.get("username"):
        pair = f"{config['username']}:{config.get('password', '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return Post(config["url"], body, headers)


def _mrkdwn(text: str) -> str:
    """Slack's three control characters (api.slack.com/reference/surfaces/formatting)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

"""What arrived in the inbox, as its receiver shows it: service, title, text. Pure.

Everything is plain text: no markup of a sender reaches the page.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import Any

from databricks_alerts.local_workspace.notification.markup import (
    html_from_markdown,
    text_from_html,
)

_LINK = re.compile(r"<([^<>|]+)\|([^<>]*)>")  # Slack's <address|words>
_MOST = 4000


@dataclass(frozen=True)
class Received:
    """A message: which service would show it, its title and text, and the whole as it came."""

    service: str
    title: str
    text: str
    raw: str
    at: str
    to: str


def received(document: dict[str, Any]) -> Received:
    """A message of the inbox; one of an unknown shape is only shown as it came."""
    body = document["body"]
    service, title, text = _read(document["via"], body)
    raw = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    return Received(service, title[:300], text[:_MOST], raw, document["at"], document["name"])


def _read(via: str, body: Any) -> tuple[str, str, str]:
    if not isinstance(body, dict):
        return "Webhook", "A message", ""
    if via == "mail":
        return "E-mail", _text(body, "subject"), _text(body, "plain")
    for read in (_slack, _teams, _pagerduty, _webhook):
        found = read(body)
        if found is not None:
            return found
    return "Webhook", "A message", ""


def _slack(body: dict[str, Any]) -> tuple[str, str, str] | None:
    blocks = [item for item in _many(body.get("blocks")) if item.get("type") == "section"]
    if not blocks:
        return None
    lines = "\n".join(_text(_object(item.get("text")), "text") for item in blocks)
    words = html.unescape(_LINK.sub(r"\2", lines))
    title, _, text = words.partition("\n")
    return "Slack", title.strip("*"), text


def _teams(body: dict[str, Any]) -> tuple[str, str, str] | None:
    cards = [_object(item.get("content")) for item in _many(body.get("attachments"))]
    texts = [
        text_from_html(html_from_markdown(_text(block, "text")))
        for card in cards
        for block in _many(card.get("body"))
        if block.get("type") == "TextBlock"
    ]
    return ("Teams", texts[0], "\n".join(texts[1:])) if texts else None


def _pagerduty(body: dict[str, Any]) -> tuple[str, str, str] | None:
    if "event_action" not in body:
        return None
    payload = _object(body.get("payload"))
    action, severity = _text(body, "event_action"), _text(payload, "severity")
    details = _text(_object(payload.get("custom_details")), "description")
    return "PagerDuty", _text(payload, "summary"), f"{action}, severity {severity}\n{details}"


def _webhook(body: dict[str, Any]) -> tuple[str, str, str] | None:
    if "event" not in body:
        return None
    alert = _object(body.get("alert"))
    return "Webhook", _text(alert, "title"), text_from_html(_text(alert, "description"))


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    return value.strip() if isinstance(value, str) else ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _many(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

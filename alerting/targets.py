"""A destination's config_json in the API's terms: its type's block and which values are secret.

A secret is a reference, `{{secrets/scope/key}}` (a Databricks secret scope) or
`{{config/name}}` (a Pulumi config secret of this stack), alone or inside a longer text such as
a URL. Everything of a block but e-mail addresses is treated as secret, as the API never reads it
back.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from alerting.findings import Finding
from alerting.rows import Destination
from alerting.snapshot import Snapshot

REFERENCE = re.compile(r"\{\{\s*(secrets/[^/{}]+/[^/{}]+|config/[^{}]+?)\s*\}\}")
_ANY_BRACES = re.compile(r"\{\{.*?\}\}")


@dataclass(frozen=True)
class Kind:
    """One destination type: the API's block and type, its keys, and which sets suffice."""

    block: str
    api_type: str
    keys: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...]


KINDS = {
    "EMAIL": Kind("email", "EMAIL", ("addresses",), (("addresses",),)),
    "SLACK": Kind(
        "slack",
        "SLACK",
        ("url", "channel_id", "oauth_token"),
        (("url",), ("channel_id", "oauth_token")),
    ),
    "WEBHOOK": Kind("generic_webhook", "WEBHOOK", ("url", "username", "password"), (("url",),)),
    "TEAMS": Kind(
        "microsoft_teams",
        "MICROSOFT_TEAMS",
        ("url", "app_id", "auth_secret", "channel_url", "tenant_id"),
        (("url",), ("app_id", "auth_secret", "channel_url", "tenant_id")),
    ),
    "PAGERDUTY": Kind("pagerduty", "PAGERDUTY", ("integration_key",), (("integration_key",),)),
}


def configuration(destination: Destination) -> tuple[dict[str, Any], list[Finding]]:
    """The values of the destination's block, references unresolved, and what is wrong."""
    kind = KINDS[destination.destination_type]
    try:
        values = json.loads(destination.config_json or "{}")
    except (ValueError, RecursionError) as error:
        return {}, [_finding(destination, f"config_json is not JSON: {error}")]
    if not isinstance(values, dict):
        return {}, [_finding(destination, "config_json is not a JSON object")]
    found = [
        _finding(
            destination,
            f"{key!r} is no setting of {destination.destination_type}; known "
            f"are {', '.join(kind.keys)}",
        )
        for key in sorted(set(values) - set(kind.keys))
    ]
    found += [item for key, value in values.items() for item in _check(destination, key, value)]
    if not any(
        set(choice) <= {key for key, value in values.items() if value} for choice in kind.one_of
    ):
        wanted = ", or ".join(" and ".join(choice) for choice in kind.one_of)
        found.append(_finding(destination, f"{destination.destination_type} needs {wanted}"))
    return values, found


def destination_findings(snapshot: Snapshot) -> list[Finding]:
    """Everything that is wrong with destinations: rows and config_json of the enabled ones."""
    of_rows = [item for item in snapshot.findings if item.where.startswith("notification_")]
    of_json = [
        finding
        for destination in snapshot.destinations
        if destination.is_enabled
        for finding in configuration(destination)[1]
    ]
    return [*of_rows, *of_json]


def _check(destination: Destination, key: str, value: Any) -> list[Finding]:
    if key == "addresses":
        good = isinstance(value, list) and all(isinstance(item, str) for item in value)
        wanted = "a list of e-mail addresses"
    else:
        good, wanted = isinstance(value, str), "a text"
    if not good:
        return [_finding(destination, f"{key} must be {wanted}")]
    texts = value if isinstance(value, list) else [value]
    return [
        _finding(
            destination,
            f"{key} holds {braces[0]}, which is no reference: write {{{{secrets/scope/key}}}} "
            "or {{config/name}}",
        )
        for text in texts
        for braces in _ANY_BRACES.finditer(text)
        if not REFERENCE.fullmatch(braces[0])
    ]


def _finding(destination: Destination, what: str) -> Finding:
    return Finding(
        key=destination.destination_id,
        check="row",
        what=what,
        where="notification_destinations.config_json",
        remedy=f"correct config_json of {destination.destination_id!r}",
    )

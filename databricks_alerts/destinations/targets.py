"""A destination's config_json in the API's terms: its type's block and which values are secret.

A secret is a reference, `{{secrets/scope/key}}` (a Databricks secret scope) or
`{{config/name}}` (a Pulumi config secret of this stack), alone or inside a longer text such as
a URL. Everything of a block but e-mail addresses is treated as secret, as the API never reads it
back.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Destination, Reading
from databricks_alerts.rules.tables import DESTINATIONS
from databricks_alerts.rules.words import is_address

if TYPE_CHECKING:
    from databricks_alerts.rules.snapshot import Snapshot

REFERENCE = re.compile(r"\{\{\s*(secrets/[^/{}]+/[^/{}]+|config/[^{}]+?)\s*\}\}")
_ANY_BRACES = re.compile(r"\{\{.*?\}\}")


@dataclass(frozen=True)
class Kind:
    """One destination type: the API's block and type, its keys, and which sets suffice."""

    block: str
    api_type: str
    keys: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...]

    def unknown(self, values: Mapping[str, Any]) -> list[str]:
        """The keys of a configuration that are none of this type's."""
        return sorted(set(values) - set(self.keys))

    def suffice(self, values: Mapping[str, Any]) -> bool:
        """Whether a configuration has all that the type needs."""
        given = {key for key, value in values.items() if value}
        return any(set(choice) <= given for choice in self.one_of)

    @property
    def needs(self) -> str:
        """What a configuration of this type needs, in words."""
        return ", or ".join(" and ".join(choice) for choice in self.one_of)


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
    values, found = _values(destination)
    if values is None:
        return {}, found
    name = destination.destination_type
    kind = KINDS[name]
    known = ", ".join(kind.keys)
    wrong = [f"{key!r} is no setting of {name}; known are {known}" for key in kind.unknown(values)]
    wrong += [] if kind.suffice(values) else [f"{name} needs {kind.needs}"]
    return values, found + [_finding(destination, text) for text in wrong]


def references(destination: Destination) -> list[str]:
    """The references to secrets in config_json, each once: `secrets/scope/key`, `config/name`."""
    values, _ = configuration(destination)
    texts = [
        text
        for value in values.values()
        for text in (value if isinstance(value, list) else [value])
        if isinstance(text, str)
    ]
    found = [match[1].strip() for text in texts for match in REFERENCE.finditer(text)]
    return list(dict.fromkeys(found))


def destination_findings(snapshot: Snapshot) -> list[Finding]:
    """Everything that is wrong with the enabled destinations: their rows and config_json."""
    broken = [item for item in snapshot.invalid_destinations if item.is_enabled]
    keys = {item.key for item in broken}
    of_rows = [
        item
        for item in snapshot.findings
        if item.where.startswith(DESTINATIONS) and item.key in keys
    ]
    of_json = [
        finding
        for destination in snapshot.destinations
        if destination.is_enabled
        for finding in configuration(destination)[1]
    ]
    of_readings = [
        finding for item in broken for reading in item.readings for finding in _still_found(reading)
    ]
    return list(dict.fromkeys([*of_rows, *of_json, *of_readings, *_copies(snapshot)]))


def _still_found(reading: Reading) -> list[Finding]:
    """What is wrong with the config_json of a row in which other columns are wrong, too."""
    destination = reading.record
    if not isinstance(destination, Destination) or "config_json" in reading.broken:
        return []
    if "destination_type" in reading.broken:
        return _values(destination)[1]
    return configuration(destination)[1]


def _copies(snapshot: Snapshot) -> list[Finding]:
    """Rows that claim the Databricks destination of an older row, as copied rows do.

    Two rows over one destination would each give it their own configuration, and a rule that names
    both would notify it twice.
    """
    first: dict[str, Destination] = {}
    found = []
    enabled = [item for item in snapshot.destinations if item.is_enabled]
    for item in sorted(enabled, key=lambda row: (_aware(row.created_at), row.destination_id)):
        identity = item.databricks_destination_id
        if not identity:
            continue
        owner = first.setdefault(identity, item)
        if owner is not item:
            found.append(
                Finding(
                    key=item.destination_id,
                    check="row",
                    what=f"its Databricks destination {identity} is that of "
                    f"{owner.destination_id!r} already",
                    where=f"{DESTINATIONS}.databricks_destination_id",
                    remedy="set databricks_destination_id of the copied row to NULL",
                )
            )
    return found


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _values(destination: Destination) -> tuple[dict[str, Any] | None, list[Finding]]:
    """The settings (None if they cannot be read) and what is wrong with single ones."""
    try:
        values = json.loads(destination.config_json or "{}")
    except (ValueError, RecursionError) as error:
        return None, [_finding(destination, f"config_json is not JSON: {error}")]
    if not isinstance(values, dict):
        return None, [_finding(destination, "config_json is not a JSON object")]
    return values, [
        item for key, value in values.items() for item in _check(destination, key, value)
    ]


def _check(destination: Destination, key: str, value: Any) -> list[Finding]:
    if key == "addresses":
        good = isinstance(value, list) and all(isinstance(item, str) for item in value)
        wanted = "a list of e-mail addresses"
    else:
        good, wanted = isinstance(value, str), "a text"
    if not good:
        return [_finding(destination, f"{key} must be {wanted}")]
    texts = value if isinstance(value, list) else [value]
    wrong = [
        f"{key} holds {braces[0]}, which is no reference: write {{{{secrets/scope/key}}}} "
        "or {{config/name}}"
        for text in texts
        for braces in _ANY_BRACES.finditer(text)
        if not REFERENCE.fullmatch(braces[0])
    ]
    if key == "addresses":
        # What a reference stands for is not known here.
        plain = [text for text in texts if not _ANY_BRACES.search(text)]
        wrong += [f"{text!r} is no e-mail address" for text in plain if not is_address(text)]
    return [_finding(destination, text) for text in wrong]


def _finding(destination: Destination, what: str) -> Finding:
    return Finding(
        key=destination.destination_id,
        check="row",
        what=what,
        where=f"{DESTINATIONS}.config_json",
        remedy=f"correct config_json of {destination.destination_id!r}",
    )

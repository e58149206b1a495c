"""A destination's config_json in the API's terms: its type's block and which values are secret.

A secret is a reference, `{{secrets/scope/key}}` (a Databricks secret scope) or
`{{config/name}}` (a Pulumi config secret of this stack), alone or inside a longer text such as
a URL. Everything of a block but e-mail addresses is treated as secret, as the API never reads it
back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Destination
from databricks_alerts.rules.tables import DESTINATIONS
from databricks_alerts.rules.words import is_address

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
    "DATABRICKS_APP_SLACK": Kind(
        "databricks_app_slack",
        "DATABRICKS_APP_SLACK",
        ("channel_id", "team_id"),
        (("channel_id", "team_id"),),
    ),
    "DATABRICKS_APP_TEAMS": Kind(
        "databricks_app_teams",
        "DATABRICKS_APP_TEAMS",
        ("channel_id", "team_id", "tenant_id"),
        (("channel_id", "team_id", "tenant_id"),),
    ),
}


def configuration(destination: Destination) -> tuple[dict[str, Any], list[Finding]]:
    """The values of the destination's block, references unresolved, and what is wrong.

    A row that refers to a destination has no values.
    """
    if destination.refers:
        return {}, []
    values, found = values_of(destination)
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


def values_of(destination: Destination) -> tuple[dict[str, Any] | None, list[Finding]]:
    """A row's settings (None if they cannot be read) and what is wrong with single ones."""
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

"""What a destination is: one configuration of one type, whose secrets are never read back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from databricks_alerts.local_workspace.errors import forbidden, invalid, missing
from databricks_alerts.local_workspace.identity.models import User
from databricks_alerts.local_workspace.store import Document, Store

KIND = "destination"


@dataclass(frozen=True)
class Block:
    """One type's configuration: its fields, which are needed, and which are secret."""

    type: str
    fields: frozenset[str]
    secret: frozenset[str] = frozenset()
    one_of: tuple[frozenset[str], ...] = field(default=())


BLOCKS = {
    "email": Block("EMAIL", frozenset({"addresses"}), one_of=(frozenset({"addresses"}),)),
    "slack": Block(
        "SLACK",
        frozenset({"url", "channel_id", "oauth_token"}),
        frozenset({"url", "channel_id", "oauth_token"}),
        (frozenset({"url"}), frozenset({"channel_id", "oauth_token"})),
    ),
    "generic_webhook": Block(
        "WEBHOOK",
        frozenset({"url", "username", "password"}),
        frozenset({"url", "username", "password"}),
        (frozenset({"url"}),),
    ),
    "microsoft_teams": Block(
        "MICROSOFT_TEAMS",
        frozenset({"url", "app_id", "auth_secret", "channel_url", "tenant_id"}),
        frozenset({"url", "app_id", "auth_secret", "channel_url", "tenant_id"}),
        (frozenset({"url"}), frozenset({"app_id", "auth_secret", "channel_url", "tenant_id"})),
    ),
    "pagerduty": Block(
        "PAGERDUTY",
        frozenset({"integration_key"}),
        frozenset({"integration_key"}),
        (frozenset({"integration_key"}),),
    ),
    "databricks_app_slack": Block(
        "DATABRICKS_APP_SLACK",
        frozenset({"channel_id", "team_id"}),
        frozenset({"channel_id", "team_id"}),
        (frozenset({"channel_id", "team_id"}),),
    ),
    "databricks_app_teams": Block(
        "DATABRICKS_APP_TEAMS",
        frozenset({"channel_id", "team_id", "tenant_id"}),
        frozenset({"channel_id", "team_id", "tenant_id"}),
        (frozenset({"channel_id", "team_id", "tenant_id"}),),
    ),
}


class Destinations:
    """The destinations of a workspace; only admins change them or see their configuration."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, user: User, body: dict[str, Any]) -> Document:
        """A new destination. Raises ApiError."""
        _admin(user)
        key = str(uuid.uuid4())
        document = {"id": key, **_checked(body)}
        self._store.put(KIND, key, document)
        return shown(document, user)

    def get(self, user: User, key: str) -> Document:
        """One destination. Raises ApiError 404."""
        return shown(self._find(key), user)

    def update(self, user: User, key: str, body: dict[str, Any]) -> Document:
        """Name or configuration anew; a type never changes. Raises ApiError."""
        _admin(user)
        with self._store.transaction():
            old = self._find(key)
            new = _checked({**{"display_name": old["display_name"]}, **body}, old)
            if new["destination_type"] != old["destination_type"]:
                raise invalid(
                    f"destination_type cannot change from {old['destination_type']} to "
                    f"{new['destination_type']}: make a new destination."
                )
            document = {"id": key, **new}
            self._store.put(KIND, key, document)
        return shown(document, user)

    def delete(self, user: User, key: str) -> None:
        """Delete. Raises ApiError 404."""
        _admin(user)
        self._find(key)
        self._store.delete(KIND, key)

    def all(self) -> list[Document]:
        """Every destination, oldest first, secrets included: for the workspace itself."""
        return self._store.all(KIND)

    def _find(self, key: str) -> Document:
        document = self._store.get(KIND, key)
        if document is None:
            raise missing(f"Notification destination {key} does not exist.")
        return document


def shown(document: Document, user: User) -> Document:
    """A destination as the API answers it: secrets as `*_set`, configuration for admins only."""
    visible = {key: document[key] for key in ("id", "display_name", "destination_type")}
    if user.admin:
        (name, values), *_ = document["config"].items()
        visible["config"] = {name: _hidden(BLOCKS[name], values)}
    return visible


def listed(document: Document) -> Document:
    """A destination as the list shows it: no configuration."""
    return {key: document[key] for key in ("id", "display_name", "destination_type")}


def _hidden(block: Block, values: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in values.items() if key not in block.secret}
    return plain | {f"{key}_set": True for key in sorted(block.secret) if values.get(key)}


def _checked(body: dict[str, Any], old: Document | None = None) -> dict[str, Any]:
    """The body with its type. Raises ApiError for what Databricks refuses."""
    name = body.get("display_name")
    if not isinstance(name, str) or not name.strip():
        raise invalid("display_name is required.")
    config = body.get("config", old["config"] if old else None)
    if not isinstance(config, dict):
        raise invalid("config is required.")
    given = {key: value for key, value in config.items() if value is not None}
    unknown = sorted(set(given) - set(BLOCKS))
    if unknown:
        raise invalid(f"config.{unknown[0]} is not known; known are {', '.join(BLOCKS)}.")
    if len(given) != 1:
        raise invalid(f"config must have exactly one of {', '.join(BLOCKS)}.")
    ((kind, values),) = given.items()
    return {
        "display_name": name,
        "destination_type": BLOCKS[kind].type,
        "config": {kind: _checked_block(kind, values)},
    }


def _checked_block(kind: str, values: Any) -> dict[str, Any]:
    block = BLOCKS[kind]
    if not isinstance(values, dict):
        raise invalid(f"config.{kind} must be an object.")
    kept = {
        key: value
        for key, value in values.items()
        if not key.endswith("_set") and value not in (None, "")
    }
    unknown = sorted(set(kept) - block.fields)
    if unknown:
        raise invalid(f"config.{kind}.{unknown[0]} is not known.")
    if not any(choice <= set(kept) for choice in block.one_of):
        wanted = " or ".join(" and ".join(sorted(choice)) for choice in block.one_of)
        raise invalid(f"config.{kind} needs {wanted}.")
    for key, value in kept.items():
        good = (
            isinstance(value, list) and all(isinstance(item, str) for item in value)
            if key == "addresses"
            else isinstance(value, str)
        )
        if not good:
            raise invalid(f"config.{kind}.{key} is of the wrong type.")
    return kept


def _admin(user: User) -> None:
    if not user.admin:
        raise forbidden("Only workspace admins can manage notification destinations.")

"""Who may do what: the roles of the stack configuration as permissions and grants. Pure.

As the architecture has it: administrators write the configuration, consumers read, the deployment
service manages alerts. Notification destinations have no permissions of their own: whoever manages
them must be a workspace admin, which `alerts doctor` looks at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

Kind = Literal["user_name", "group_name", "service_principal_name"]
Level = Literal["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"]
_KINDS: dict[str, Kind] = {
    "user": "user_name",
    "group": "group_name",
    "servicePrincipal": "service_principal_name",
}
_LEVELS: tuple[Level, ...] = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")
_APPLICATION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# The logical name of an alert's Permissions is the rule's and this.
PERMISSIONS_SUFFIX = "-permissions"
CONFIGURATION = ("alert_configurations", "notification_destinations")
# Configuration, too; deployments of older versions have no such table.
MUTES = "alert_mutes"
RECORDS = ("alert_validation_results", "alert_sync_metrics", "alert_history")


class Principal(BaseModel):
    """A user, a group or a service principal (by its application id)."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    name: str


def _principal(value: object) -> object:
    """`group:NAME`, `user:NAME`, `servicePrincipal:ID`; bare, the form of the name decides."""
    if not isinstance(value, str):
        return value
    prefix, colon, name = value.partition(":")
    if colon and prefix in _KINDS and name.strip():
        return {"kind": _KINDS[prefix], "name": name.strip()}
    if not value.strip() or (colon and prefix not in _KINDS):
        known = ", ".join(f"{kind}:…" for kind in _KINDS)
        raise ValueError(f"{value!r} names nobody; write {known}")
    if "@" in value:
        return {"kind": "user_name", "name": value.strip()}
    application = _APPLICATION.fullmatch(value.strip())
    return {
        "kind": "service_principal_name" if application else "group_name",
        "name": value.strip(),
    }


Who = tuple[Annotated[Principal, BeforeValidator(_principal)], ...]


class Roles(BaseModel):
    """`databricks-alerts:permissions`. `alerts` gives further levels on every alert."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    administrators: Who = ()
    consumers: Who = ()
    deployment_service: Who = ()
    alerts: dict[Level, Who] = {}

    def __bool__(self) -> bool:
        return bool(self.administrators or self.consumers or self.deployment_service or self.alerts)


@dataclass(frozen=True)
class TableGrant:
    """What one principal may do with one of our tables."""

    table: str
    principal: str
    privileges: tuple[str, ...]


def alert_levels(roles: Roles) -> list[tuple[Principal, Level]]:
    """Who has which level on each alert; of several the highest, in a fixed order."""
    found: dict[Principal, Level] = {}
    wanted: list[tuple[Level, Who]] = [
        ("CAN_READ", roles.consumers),
        ("CAN_EDIT", roles.administrators),
        ("CAN_MANAGE", roles.deployment_service),
        *roles.alerts.items(),
    ]
    for level, who in wanted:
        for principal in who:
            known = found.get(principal)
            if known is None or _LEVELS.index(level) > _LEVELS.index(known):
                found[principal] = level
    return sorted(found.items(), key=lambda item: (item[0].kind, item[0].name))


def table_grants(roles: Roles, *, mutes: bool) -> list[TableGrant]:
    """Grants on our tables, one a table and principal; `mutes` says that there is alert_mutes."""
    found: dict[tuple[str, str], set[str]] = {}
    configuration = (*CONFIGURATION, MUTES) if mutes else CONFIGURATION
    for tables, who, privileges in _by_role(roles, configuration):
        for table in tables:
            for principal in who:
                found.setdefault((table, principal.name), set()).update(privileges)
    return [
        TableGrant(table, principal, tuple(sorted(privileges)))
        for (table, principal), privileges in sorted(found.items())
    ]


def _by_role(
    roles: Roles, configuration: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Who, set[str]]]:
    every = (*configuration, *RECORDS)
    yield every, roles.consumers, {"SELECT"}
    yield configuration, roles.administrators, {"SELECT", "MODIFY"}
    yield RECORDS, roles.administrators, {"SELECT"}
    yield every, roles.deployment_service, {"SELECT", "MODIFY"}

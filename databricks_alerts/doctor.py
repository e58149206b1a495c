"""What a deployment needs of the workspace, looked at for the identity in use; changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote as escaped

from databricks_alerts.destinations.secrets import workspace_secrets
from databricks_alerts.destinations.targets import REFERENCE
from databricks_alerts.errors import AlertsError, AuthenticationError, TableError, WarehouseError
from databricks_alerts.history.sync import source_path, source_reading
from databricks_alerts.plan.guards import WORKSPACE_ALERT_LIMIT
from databricks_alerts.rules.access import CONFIGURATION, MUTES, RECORDS
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import definition, table_path
from databricks_alerts.snapshot import Snapshot, read_snapshot
from databricks_alerts.sql.identifiers import qualified, quote
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.validation import validate
from databricks_alerts.workspace_view.inventory import (
    ME,
    destination_types,
    get,
    take_inventory,
    user_name,
)
from databricks_alerts.workspace_view.surroundings import WorkspaceSurroundings

if TYPE_CHECKING:
    from databricks.sdk.core import Config

Status = Literal["ok", "missing", "unknown"]
_FORBIDDEN = re.compile(r"PERMISSION_DENIED|INSUFFICIENT_PERMISSIONS|\b403\b|42501")
# Unity Catalog's words for a missing privilege; the name is not quoted inside.
_LACKING = re.compile(r"does not have ([A-Z][A-Z ]+?) on (Catalog|Schema|Table|View) '([^']+)'")
_RUNNING = ("RUNNING", "STARTING", "STOPPED", "STOPPING")


@dataclass(frozen=True)
class Check:
    """One thing that a deployment needs; `remedy` is a statement or a command that would do."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


class Doctor:
    """Looks at one thing after the other; what cannot be looked at is `unknown`, never ok."""

    def __init__(self, config: Config, settings: Settings, warehouse: SqlWarehouse) -> None:
        self._config, self._settings, self._warehouse = config, settings, warehouse
        self._me = "?"

    def checks(self) -> Iterator[Check]:
        """Every check, as it is made."""
        who = self._guarded("credentials", self._credentials)
        yield who
        if who.status != "ok":
            return
        sql = self._guarded("warehouse", self._warehouse_check)
        yield sql
        yield self._guarded("alerts", self._alerts)
        yield self._guarded("folder", self._folder)
        yield self._guarded("destinations", self._destinations)
        if sql.status != "ok":
            return
        for table in (*CONFIGURATION, MUTES, *RECORDS):
            yield self._guarded(f"table {table}", lambda table=table: self._table(table))  # type: ignore[misc]
        yield self._history()
        yield from self._rules()

    def _guarded(self, name: str, look: Callable[[], Check]) -> Check:
        try:
            return look()
        except AlertsError as error:
            refused = isinstance(error, AuthenticationError) or _FORBIDDEN.search(str(error))
            status: Status = "missing" if refused else "unknown"
            return Check(name, status, str(error), granting(str(error), self._me))

    def _credentials(self) -> Check:
        self._me = user_name(self._config)
        return Check("credentials", "ok", f"{self._me} on {self._config.host}")

    def _warehouse_check(self) -> Check:
        key = self._settings.warehouse_id
        state = str(get(self._config, f"/api/2.0/sql/warehouses/{key}").get("state", ""))
        if state not in _RUNNING:
            return Check("warehouse", "missing", f"{key} is {state}", "use another warehouse")
        self._warehouse.query("SELECT 1")
        return Check("warehouse", "ok", f"{key} answers")

    def _alerts(self) -> Check:
        used = len(take_inventory(self._config).alerts)
        detail = f"{used} of {WORKSPACE_ALERT_LIMIT} places taken, trashed ones not counted"
        if used >= WORKSPACE_ALERT_LIMIT:
            return Check("alerts", "missing", detail, "delete alerts for good (purgeOnDelete)")
        return Check("alerts", "ok", detail)

    def _folder(self) -> Check:
        path = self._settings.parent_path
        remedy = f"databricks workspace mkdirs {path}"
        try:
            asked = f"/api/2.0/workspace/get-status?path={escaped(path)}"
            found = get(self._config, asked)
        except AlertsError as error:
            if isinstance(error, AuthenticationError):
                raise
            return Check("folder", "missing", f"{path}: {error}", remedy)
        if found.get("object_type") not in ("DIRECTORY", None):
            return Check("folder", "missing", f"{path} is no folder", remedy)
        return Check("folder", "ok", path)

    def _destinations(self) -> Check:
        me = get(self._config, ME)
        groups = {str(group.get("display")) for group in me.get("groups", [])}
        if "admins" in groups:
            return Check("destinations", "ok", "a workspace admin may manage them")
        return Check(
            "destinations",
            "missing",
            f"{self._me} is no workspace admin, and only admins manage notification destinations",
            f"add {self._me} to the group admins, or let an admin deploy destinations first",
        )

    def _table(self, table: str) -> Check:
        name, path = f"table {table}", table_path(self._settings, table)
        columns = ", ".join(quote(column.name) for column in definition(table).columns)
        try:
            self._warehouse.query(f"SELECT {columns} FROM {path} LIMIT 0")
        except WarehouseError as error:
            if _FORBIDDEN.search(str(error)):
                remedy = granting(str(error), self._me) or self._grant("SELECT", path)
                return Check(name, "missing", "no SELECT", remedy)
            if "TABLE_OR_VIEW_NOT_FOUND" in str(error) or "UNRESOLVED_COLUMN" in str(error):
                return Check(name, "missing", "it or a column is not there", "alerts init")
            raise
        if not self._may_modify(table):
            return Check(name, "missing", "no MODIFY", self._grant("MODIFY", path))
        return Check(name, "ok", "SELECT and MODIFY")

    def _history(self) -> Check:
        """Whether evaluations can be read where the stack's settings say that they stand."""
        wanted, path = self._settings.history, source_path(self._settings)
        if wanted.interval is None:
            return Check("history", "ok", "databricks-alerts:history says never")
        try:
            read = source_reading(self._warehouse, self._settings)
            self._warehouse.query(f"SELECT {read.time} FROM {path} AS e LIMIT 0")
        except AlertsError as error:
            if _FORBIDDEN.search(str(error)):
                remedy = granting(str(error), self._me) or self._grant("SELECT", path)
                return Check("history", "missing", str(error), remedy)
            status: Status = "missing" if isinstance(error, TableError) else "unknown"
            remedy = "enable the system schema `alert`, or set databricks-alerts:history"
            return Check("history", status, str(error), remedy)
        lacking = [f"no column {name}: {ours} stays empty" for name, ours in read.lacking.items()]
        return Check("history", "ok", "; ".join([f"{wanted.source} can be read", *lacking]))

    def _may_modify(self, table: str) -> bool:
        """By what Unity Catalog says of our privileges; owners and admins have all."""
        settings = self._settings
        name = f"{settings.catalog}.{settings.gold_schema}.{table}"
        path = f"/api/2.1/unity-catalog/tables/{escaped(name)}"
        if str(get(self._config, path).get("owner", "")) == self._me:
            return True
        asked = f"/api/2.1/unity-catalog/effective-permissions/table/{escaped(name)}"
        found = get(self._config, f"{asked}?principal={escaped(self._me)}")
        held = {
            str(item.get("privilege"))
            for assignment in found.get("privilege_assignments", [])
            for item in assignment.get("privileges", [])
        }
        return bool(held & {"MODIFY", "ALL_PRIVILEGES", "MANAGE", "OWNER"}) or self._is_admin()

    def _is_admin(self) -> bool:
        groups = get(self._config, ME).get("groups", [])
        return any(group.get("display") in ("admins", "account users admins") for group in groups)

    def _rules(self) -> Iterator[Check]:
        """What the rules read, and what the destinations refer to."""
        try:
            snapshot = read_snapshot(self._warehouse, self._settings)
        except TableError:
            return  # told of its table already
        except AlertsError as error:
            yield Check("rules", "unknown", str(error))
            return
        yield self._guarded("rules", lambda: self._readable(snapshot))
        read = workspace_secrets(lambda: self._config)
        for scope, key in sorted(_references(snapshot)):
            yield self._guarded(
                f"secret {scope}/{key}",
                lambda scope=scope, key=key: self._secret(scope, key, read),  # type: ignore[misc]
            )

    def _readable(self, snapshot: Snapshot) -> Check:
        report = validate(
            snapshot,
            self._settings,
            self._warehouse,
            existing=lambda: destination_types(take_inventory(self._config)),
            around=WorkspaceSurroundings(self._config),
        )
        refused = [f for f in report.findings if _FORBIDDEN.search(f"{f.what} {f.sqlstate}")]
        if refused:
            keys = ", ".join(sorted({item.key for item in refused}))
            schema = qualified(self._settings.catalog, self._settings.gold_schema)
            remedy = f"GRANT SELECT ON SCHEMA {schema} TO {quote(self._me)}"
            return Check("rules", "missing", f"tables of {keys} may not be read", remedy)
        return Check("rules", "ok", f"EXPLAIN works; {len(report.findings)} findings")

    def _secret(self, scope: str, key: str, read: Callable[[str, str], str]) -> Check:
        name = f"secret {scope}/{key}"
        try:
            read(scope, key)
        except AlertsError as error:
            remedy = f"databricks secrets put-acl {scope} {self._me} READ"
            return Check(name, "missing", str(error), remedy)
        return Check(name, "ok", "readable")

    def _grant(self, privilege: str, path: str) -> str:
        return f"GRANT {privilege} ON TABLE {path} TO {quote(self._me)}"


def granting(message: str, who: str) -> str:
    """The GRANT that Unity Catalog's refusal asks for; empty where it names no privilege."""
    lacking = _LACKING.search(message)
    if lacking is None:
        return ""
    privilege, kind, name = lacking.groups()
    place = "TABLE" if kind == "View" else kind.upper()  # GRANT knows views as tables
    return f"GRANT {privilege} ON {place} {qualified(*name.split('.'))} TO {quote(who)}"


def _references(snapshot: Snapshot) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for destination in snapshot.destinations:
        for text in (
            REFERENCE.findall(destination.config_json or "") if destination.is_enabled else ()
        ):
            kind, _, rest = text.partition("/")
            scope, _, key = rest.partition("/")
            if kind == "secrets":
                found.add((scope, key))
    return found


def as_document(checks: list[Check]) -> list[dict[str, Any]]:
    """For machines."""
    return [vars(check) for check in checks]

"""The checks, in the order in which one thing needs another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote as escaped

from databricks_alerts.destinations.secrets import workspace_secrets
from databricks_alerts.destinations.targets import REFERENCE
from databricks_alerts.doctor.evaluations import check_history
from databricks_alerts.doctor.model import Check, Status
from databricks_alerts.doctor.privileges import FORBIDDEN, Privileges, granting
from databricks_alerts.errors import AlertsError, AuthenticationError, TableError, WarehouseError
from databricks_alerts.listing import some
from databricks_alerts.plan.guards import WORKSPACE_ALERT_LIMIT
from databricks_alerts.rules.access import CONFIGURATION, MUTES, RECORDS
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import definition, table_path
from databricks_alerts.rules.templates import render_query
from databricks_alerts.snapshot import Snapshot, read_snapshot
from databricks_alerts.sql.identifiers import qualified, quote
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.validation import validate
from databricks_alerts.validation.fingerprint import tables_in
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

_ABSENT = ("TABLE_OR_VIEW_NOT_FOUND", "UNRESOLVED_COLUMN", "SCHEMA_NOT_FOUND")
_RUNNING = ("RUNNING", "STARTING", "STOPPED", "STOPPING")
_TABLES = (*CONFIGURATION, MUTES, *RECORDS)

Refusals = Mapping[str, WarehouseError | None]


class Doctor:
    """Looks at one thing after the other; what cannot be looked at is `unknown`, never ok."""

    def __init__(self, config: Config, settings: Settings, warehouse: SqlWarehouse) -> None:
        self._config, self._settings, self._warehouse = config, settings, warehouse
        self._may = Privileges(config, "?", ())

    def checks(self) -> Iterator[Check]:
        """Every check, as it is made."""
        who = self._guarded("credentials", self._credentials)
        yield who
        if who.status != "ok":
            return
        using = self._may.permitting("warehouses", self._settings.warehouse_id, "CAN_USE")
        sql = self._guarded("warehouse", self._warehouse_check, using)
        yield sql
        yield self._guarded("alerts", self._alerts)
        yield self._guarded("folder", self._folder)
        yield self._guarded("destinations", self._destinations)
        if sql.status != "ok":
            return
        refusals = dict(zip(_TABLES, self._warehouse.map(self._refusal, _TABLES), strict=True))
        yield self._catalog(refusals)
        yield self._schema(refusals)
        for table, refusal in refusals.items():
            yield self._guarded(f"table {table}", partial(self._table, table, refusal))
        yield check_history(self._warehouse, self._settings, self._may)
        yield from self._rules()

    def _guarded(self, name: str, look: Callable[[], Check], remedy: str = "") -> Check:
        try:
            return look()
        except AlertsError as error:
            refused = isinstance(error, AuthenticationError) or FORBIDDEN.search(str(error))
            status: Status = "missing" if refused else "unknown"
            told = granting(str(error), self._may.me) or (remedy if refused else "")
            return Check(name, status, str(error), told)

    def _credentials(self) -> Check:
        me = user_name(self._config)
        groups = [str(item.get("display")) for item in get(self._config, ME).get("groups", [])]
        self._may = Privileges(self._config, me, groups)
        return Check("credentials", "ok", f"{me} on {self._config.host}")

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
        number = str(found.get("object_id", ""))
        if not self._may.writes_to_folder(number):
            giving = self._may.permitting("directories", number, "CAN_MANAGE")
            return Check("folder", "missing", f"no permission to make alerts in {path}", giving)
        return Check("folder", "ok", path)

    def _destinations(self) -> Check:
        if self._may.is_admin:
            return Check("destinations", "ok", "a workspace admin may manage them")
        me = self._may.me
        return Check(
            "destinations",
            "missing",
            f"{me} is no workspace admin, and only admins manage notification destinations",
            f"add {me} to the group admins, or let an admin deploy destinations first",
        )

    def _refusal(self, table: str) -> WarehouseError | None:
        """Why one of our tables, with all its columns, cannot be read; None if it can."""
        columns = ", ".join(quote(column.name) for column in definition(table).columns)
        path = table_path(self._settings, table)
        try:
            self._warehouse.query(f"SELECT {columns} FROM {path} LIMIT 0")
        except WarehouseError as error:
            return error
        return None

    def _catalog(self, refusals: Refusals) -> Check:
        name = self._settings.catalog
        if _any_readable(refusals):
            return Check(f"catalog {name}", "ok", "USE CATALOG")
        needed = ["USE CATALOG"]
        schema = f"{name}.{self._settings.gold_schema}"
        look = f"/api/2.1/unity-catalog/schemas/{escaped(schema)}"
        try:
            get(self._config, look)
        except AuthenticationError:
            pass  # the schema's own check says so
        except AlertsError:
            needed.append("CREATE SCHEMA")
        return self._securable("catalog", name, needed)

    def _schema(self, refusals: Refusals) -> Check:
        name = f"{self._settings.catalog}.{self._settings.gold_schema}"
        absent = any(error is not None and _is_absent(error) for error in refusals.values())
        needed = ["USE SCHEMA", *(["CREATE TABLE"] if absent else [])]
        if _any_readable(refusals) and not absent:
            return Check(f"schema {name}", "ok", "USE SCHEMA")
        return self._securable("schema", name, needed)

    def _securable(self, kind: Literal["catalog", "schema"], name: str, needed: list[str]) -> Check:
        title = f"{kind} {name}"

        def look() -> Check:
            lacking = self._may.lacking(kind, name, needed)
            if lacking:
                giving = self._may.grant(lacking, kind, name)
                return Check(title, "missing", f"no {', '.join(lacking)}", giving)
            return Check(title, "ok", ", ".join(needed))

        return self._guarded(title, look, self._may.grant(needed, kind, name))

    def _table(self, table: str, refusal: WarehouseError | None) -> Check:
        title = f"table {table}"
        full = f"{self._settings.catalog}.{self._settings.gold_schema}.{table}"
        if refusal is not None and _is_absent(refusal):
            return Check(title, "missing", "it or a column is not there", "alerts init")
        if refusal is not None and not FORBIDDEN.search(str(refusal)):
            raise refusal
        if refusal is None:
            lacking = self._may.lacking("table", full, ["MODIFY"])
        else:
            lacking = self._may.lacking_if_seen("table", full, ["SELECT", "MODIFY"])
        if lacking:
            giving = self._may.grant(lacking, "table", full)
            return Check(title, "missing", f"no {', '.join(lacking)}", giving)
        if refusal is not None:
            return Check(title, "missing", str(refusal), granting(str(refusal), self._may.me))
        return Check(title, "ok", "SELECT and MODIFY")

    def _rules(self) -> Iterator[Check]:
        """What the rules read, and what the destinations refer to."""
        try:
            snapshot = read_snapshot(self._warehouse, self._settings)
        except TableError:
            return  # told of its table already
        except AlertsError as error:
            yield Check("rules", "unknown", str(error))
            return
        unreadable = self._unreadable(snapshot)
        yield from unreadable
        if unreadable:
            text = f"not looked at: {len(unreadable)} tables that they read may not be read"
            yield Check("rules", "missing", text, "grant what is said of these tables")
        else:
            yield self._guarded("rules", lambda: self._readable(snapshot))
        read = workspace_secrets(lambda: self._config)
        for scope, key in sorted(_references(snapshot)):
            yield self._guarded(f"secret {scope}/{key}", partial(self._secret, scope, key, read))

    def _unreadable(self, snapshot: Snapshot) -> list[Check]:
        """The tables and views that enabled rules read and we may not, system tables too."""
        readers: dict[str, list[str]] = {}
        for rule in snapshot.rules:
            query, _ = render_query(rule.alert_query_template, self._settings)
            for name in (tables_in(query) or ()) if rule.is_enabled else ():
                readers.setdefault(".".join(name), []).append(rule.alert_id)
        names = sorted(readers)
        found = self._warehouse.map(self._refused, names)
        return [
            Check(
                f"read {name}",
                "missing",
                f"no SELECT for {some(readers[name], 5)}: {error}",
                granting(str(error), self._may.me) or self._may.grant(["SELECT"], "table", name),
            )
            for name, error in zip(names, found, strict=True)
            if error is not None
        ]

    def _refused(self, name: str) -> WarehouseError | None:
        """The refusal to read a table; anything else that is wrong the rules' findings tell."""
        try:
            self._warehouse.query(f"SELECT 1 FROM {qualified(*name.split('.'))} LIMIT 0")
        except WarehouseError as error:
            return error if FORBIDDEN.search(str(error)) else None
        return None

    def _readable(self, snapshot: Snapshot) -> Check:
        report = validate(
            snapshot,
            self._settings,
            self._warehouse,
            existing=lambda: destination_types(take_inventory(self._config)),
            around=WorkspaceSurroundings(self._config),
        )
        refused = [f for f in report.findings if FORBIDDEN.search(f"{f.what} {f.sqlstate}")]
        if refused:
            keys = ", ".join(sorted({item.key for item in refused}))
            schema = qualified(self._settings.catalog, self._settings.gold_schema)
            remedy = f"GRANT SELECT ON SCHEMA {schema} TO {quote(self._may.me)}"
            return Check("rules", "missing", f"tables of {keys} may not be read", remedy)
        return Check("rules", "ok", f"EXPLAIN works; {len(report.findings)} findings")

    def _secret(self, scope: str, key: str, read: Callable[[str, str], str]) -> Check:
        name = f"secret {scope}/{key}"
        try:
            read(scope, key)
        except AlertsError as error:
            remedy = f"databricks secrets put-acl {scope} {self._may.me} READ"
            return Check(name, "missing", str(error), remedy)
        return Check(name, "ok", "readable")


def _any_readable(refusals: Refusals) -> bool:
    """Whether catalog and schema may be used, however one came to that."""
    return any(error is None for error in refusals.values())


def _is_absent(error: WarehouseError) -> bool:
    return any(word in str(error) for word in _ABSENT)


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

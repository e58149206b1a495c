"""The SQL warehouse: takes a statement, answers rows, in the manner of Databricks."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlglot import exp

from databricks_alerts.local_workspace.system import statements
from databricks_alerts.local_workspace.system.journal import Journal
from databricks_alerts.local_workspace.system.requests import AUDIT
from databricks_alerts.local_workspace.system.schemas import CATALOG as SYSTEM
from databricks_alerts.local_workspace.system.statements import QUERIES
from databricks_alerts.local_workspace.system.tables import EVALUATIONS, SystemTables, journaled
from databricks_alerts.local_workspace.warehouse import (
    access,
    changes,
    explain,
    information_schema,
    inserts,
    metadata,
    namespaces,
    paths,
    prechecks,
    recursion,
    tables,
)
from databricks_alerts.local_workspace.warehouse.catalog import Catalog
from databricks_alerts.local_workspace.warehouse.complexity import require_shallow, too_complex
from databricks_alerts.local_workspace.warehouse.errors import SqlError, unsupported
from databricks_alerts.local_workspace.warehouse.gate import Gate
from databricks_alerts.local_workspace.warehouse.grants import Grants
from databricks_alerts.local_workspace.warehouse.memberships import IsMember, with_memberships
from databricks_alerts.local_workspace.warehouse.names import literal
from databricks_alerts.local_workspace.warehouse.result import EMPTY, Result, texts
from databricks_alerts.local_workspace.warehouse.sessions import Spark, SparkSession
from databricks_alerts.local_workspace.warehouse.subject import query_of
from databricks_alerts.local_workspace.warehouse.text import (
    Text,
    bound,
    has_calls,
    identified,
    read,
    replace_calls,
    travelled,
    words_of,
)

DEFAULT_CATALOGS = ("main", "dev", "prod")
_WITHOUT_ENGINE = {"USE", "SET", "RESET", "GRANT", "REVOKE"}
_UNSUPPORTED = frozenset(
    [
        "ADD",
        "ANALYZE",
        "BEGIN",
        "CACHE",
        "CALL",
        "CLEAR",
        "COMMENT",
        "COPY",
        "DECLARE",
        "EXECUTE",
        "LIST",
        "LOAD",
        "REFRESH",
        "REORG",
        "REPAIR",
        "RESTORE",
        "UNCACHE",
        "UNDROP",
        "VACUUM",
    ]
)
Arguments = Mapping[str, Any] | Sequence[Any] | None
_QUERIES = {"SELECT", "WITH", "VALUES", "FROM", "TABLE", "("}
_DML = {"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE"}
_READING = _QUERIES | _DML | {"CREATE"}


@dataclass
class Session:
    """Where a client stands: its user, current catalog and schema."""

    user: str
    catalog: str = "main"
    schema: str = "default"
    settings: dict[str, str] = field(default_factory=dict)


class Warehouse:
    """A SQL warehouse whose tables live below `data_dir`.

    `spark_url` (sc://host:port) puts a Spark Connect server in Sail's place. `is_admin` says which
    users need no grants; without it nobody does. `is_member` answers for `is_account_group_member`
    and its like; without it nobody is in any group. `clock` is the time that system tables reach
    to. `execute` may be called by many threads at once.
    """

    def __init__(
        self,
        data_dir: Path,
        spark_url: str | None = None,
        *,
        is_admin: Callable[[str], bool] | None = None,
        is_member: IsMember | None = None,
        clock: Callable[[], dt.datetime] | None = None,
    ) -> None:
        self.catalog = Catalog(data_dir, DEFAULT_CATALOGS)
        self.grants = Grants(data_dir, is_admin)
        self._is_member: IsMember = is_member or (lambda function, user, group: False)
        self.system = SystemTables(data_dir, self.catalog, clock or _now)
        self.journal = Journal(data_dir / "journal.sqlite")
        for name in (QUERIES, AUDIT, EVALUATIONS):
            self.system.sources[name] = journaled(self.journal, name)
        self._spark = Spark(self.catalog, spark_url)
        self._gate = Gate()

    def start(self) -> None:
        """Start the engine and register every table."""
        self.catalog.add_catalog(SYSTEM)  # before the engine: it takes catalogs at its start only
        with ThreadPoolExecutor(1, thread_name_prefix="system-tables") as beside:
            defined = beside.submit(self.system.define)
            self._spark.start()
            defined.result()
        self._spark.session("main", "default")

    def stop(self) -> None:
        """Stop the engine; tables stay on disk."""
        self._spark.stop()
        self.journal.close()
        self.catalog.close()
        self.grants.close()

    def new_session(
        self, user: str, catalog: str | None = None, schema: str | None = None
    ) -> Session:
        """A session of `user` that stands in `catalog`.`schema`."""
        return Session(user, (catalog or "main").lower(), (schema or "default").lower())

    def execute(
        self,
        sql: str,
        parameters: Mapping[str, Any] | Sequence[Any] = (),
        *,
        user: str = "",
        session: Session | None = None,
        alert_id: str | None = None,
    ) -> Result:
        """Run one statement. `parameters` are named (`:name`) or positional (`?`).

        `alert_id` is the alert that it is an evaluation of. Raises SqlError in Databricks' form.
        """
        where = session or self.new_session(user)
        ran = partial(statements.Ran, sql, where.user, self.system.clock(), alert_id=alert_id)
        started = time.perf_counter()

        def took() -> int:
            return int((time.perf_counter() - started) * 1000)

        try:
            result = self._executed(sql, parameters, where)
        except SqlError as error:
            statements.record(self.journal, ran(took(), error=str(error)))
            raise
        statements.record(self.journal, ran(took(), rows=result.table.num_rows))
        return result

    def _executed(
        self, sql: str, parameters: Mapping[str, Any] | Sequence[Any], where: Session
    ) -> Result:
        try:
            return self._execute(sql, parameters, where)
        except RecursionError as error:
            raise too_complex() from error

    def _execute(
        self, sql: str, parameters: Mapping[str, Any] | Sequence[Any], where: Session
    ) -> Result:
        arguments = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        text = identified(read(sql))
        prechecks.require_one_statement(text)
        if self._spark.is_sail:
            require_shallow(text)
        try:
            paths.require_no_path(text, self.catalog)
        except SqlError as error:
            if text.words[0] == "EXPLAIN" and error.analysis:
                return explain.refused(text, error)
            raise
        access.require_writable(text, where)
        access.require(text, where, self.grants, self.catalog)
        if text.words[1:2] == ["CATALOG"] and text.words[0] in ("CREATE", "DROP"):
            return self._change_catalogs(text, where)
        with self._gate.passing():
            return self._dispatch(text, where, arguments or None)

    def _dispatch(self, text: Text, where: Session, arguments: Arguments) -> Result:
        first = text.words[0]
        if first in _WITHOUT_ENGINE:
            return self._without_engine(text, where)
        if first in _UNSUPPORTED:
            raise unsupported(first)
        if first in ("CREATE", "DROP") and set(text.words[1:2]) & namespaces.KINDS:
            return self._change_schemas(text, where)
        namespaces.require_schema(where.catalog, where.schema, self.catalog)
        if first in _READING:
            self.system.refresh(text.sql, where.catalog, where.schema)
        with self._spark.session(where.catalog, where.schema).for_statement() as spark:
            return self._with_engine(text, where, arguments, spark)

    def _with_engine(
        self, text: Text, where: Session, arguments: Arguments, spark: SparkSession
    ) -> Result:
        first = text.words[0]
        if first in ("CREATE", "DROP", "ALTER"):
            return self._define(text, where, spark)
        if first == "SHOW":
            return self._show(text, where, spark)
        if first == "OPTIMIZE":
            return tables.optimize(text, spark, self.catalog)
        if first in _DML:
            prepared = read(bound(self._prepared(text, where, spark), arguments))
            return changes.change(prepared, spark, self.catalog)
        asked = {"EXPLAIN": self._explain, "DESCRIBE": self._describe, "DESC": self._describe}
        return asked.get(first, self._query)(text, where, spark, arguments)

    def _without_engine(self, text: Text, where: Session) -> Result:
        match text.words[0]:
            case "USE":
                return namespaces.use(text, where, self.catalog)
            case "GRANT" | "REVOKE":
                return access.change(text, where, self.grants, self.catalog)
        return _settings(text, where)

    def _prepared(self, text: Text, where: Session, spark: SparkSession) -> Text:
        """The statement with what only this workspace knows put in. Raises SqlError."""
        prechecks.require_unique_ctes(text)
        sql = replace_calls(self._answered(text, where), self._known_here(where))
        if "@" in sql:
            sql = travelled(read(sql))
        if "information_schema" in sql.lower() and "information_schema" in {
            word.lower() for word in words_of(sql)
        }:
            sql = information_schema.with_information_schema(sql, spark, self.catalog)
        return text if sql == text.sql else read(sql)

    def _answered(self, text: Text, where: Session) -> Text:
        """The statement with what it asks about the groups of its user answered."""
        if "_member" not in text.sql.lower():
            return text
        return read(with_memberships(text, where.user, self._is_member))

    def _known_here(self, where: Session) -> dict[str, str]:
        """Functions without arguments that the engine would answer otherwise, and their values."""
        user, schema = literal(where.user), literal(where.schema)
        return {
            **{"current_user": user, "session_user": user, "user": user},
            **{"current_schema": schema, "current_database": schema},
            "current_catalog": literal(where.catalog),
        }

    def _query(
        self, text: Text, where: Session, spark: SparkSession, arguments: Arguments
    ) -> Result:
        prechecks.require_query(text)
        sql = bound(self._prepared(text, where, spark), arguments)
        if text.words[0] not in _QUERIES:
            # Raises for what is no query: nothing that this class does not know is ever run.
            spark.analyze(sql)
        table = spark.run(recursion.with_rows(sql, spark) if self._spark.is_sail else sql)
        if has_calls(text, self._known_here(where)):
            # The columns are named after the calls, not after what stands in their place.
            asked = self._known_to_engine(bound(self._answered(text, where), arguments))
            names = [field.name for field in spark.analyze(asked).fields]
            table = table.rename_columns(names)
        return Result(table)

    def _known_to_engine(self, sql: str) -> str:
        """A query that is looked at, not run, without the recursion that Sail lacks."""
        return recursion.with_one_level(sql) if self._spark.is_sail else sql

    def _explain(
        self, text: Text, where: Session, spark: SparkSession, arguments: Arguments
    ) -> Result:
        prechecks.require_unique_ctes(text)
        query = query_of(text)
        try:
            prepared = self._prepared(read(query), where, spark) if query else None
            if prepared and prepared.starts("INSERT", "INTO"):
                prepared = read(inserts.complete_insert(prepared, spark, self.catalog))
        except SqlError as error:
            return explain.refused(text, error)
        asked, sent = "", self._known_to_engine(prepared.sql) if prepared else query
        if sent != query:
            asked = text.sql
            text = read(text.sql[: -len(query)] + sent)
        return explain.explain(read(bound(text, arguments)), spark, asked)

    def _describe(
        self, text: Text, where: Session, spark: SparkSession, arguments: Arguments
    ) -> Result:
        match text.words[1:2]:
            case ["HISTORY"]:
                return metadata.describe_history(text, spark, self.catalog)
            case ["DETAIL"]:
                return metadata.describe_detail(text, spark, self.catalog)
            case ["QUERY"] | ["SELECT"] | ["WITH"]:
                query = read(text.after(2 if text.words[1] == "QUERY" else 1))
                prepared = self._prepared(query, where, spark)
                sent = self._known_to_engine(bound(prepared, arguments))
                return explain.describe_query(sent, spark)
        return metadata.describe_table(text, spark, self.catalog)

    def _show(self, text: Text, where: Session, spark: SparkSession) -> Result:
        if text.words[1:2] == ["GRANTS"]:
            return access.shown(text, where, self.grants)
        answer = metadata.show(text, spark, self.catalog)
        if answer is None:
            raise unsupported(" ".join(text.words[:2]))
        return answer

    def _define(self, text: Text, where: Session, spark: SparkSession) -> Result:
        tree = tables.parse(text)
        if isinstance(tree, exp.Drop):
            name = tables.drop(text, tree, spark, self.catalog)
            self.grants.forget("TABLE", name)
            return EMPTY
        if isinstance(tree, exp.Create) and tree.args.get("kind") == "TABLE":
            return tables.create_table(tree, spark, self.catalog, where.user)
        if isinstance(tree, exp.Create) and tree.args.get("kind") == "VIEW":
            return tables.create_view(text, tree, spark, self.catalog, where.user)
        if isinstance(tree, exp.Alter):
            return tables.alter_table(tree, spark, self.catalog)
        raise unsupported(" ".join(text.words[:3]))

    def _change_schemas(self, text: Text, where: Session) -> Result:
        if text.words[0] == "CREATE":
            namespaces.create_schema(text, where, self.catalog)
            return EMPTY
        self.grants.forget(*namespaces.drop(text, where, self.catalog))
        return EMPTY

    def _change_catalogs(self, text: Text, where: Session) -> Result:
        """Sail takes its catalogs' names at its start only: it starts anew when nothing runs."""
        with self._gate.alone():
            if text.words[0] == "DROP":
                self.grants.forget(*namespaces.drop(text, where, self.catalog))
                return EMPTY
            made = namespaces.new_catalog(text, self.catalog)
            if made is None:
                return EMPTY
            # The engine first: what it refuses must not stand in the store, which it starts from.
            if self._spark.is_sail and not self._spark.restart([*self.catalog.catalogs(), made[0]]):
                raise unsupported(f"A catalog named {made[0]!r}")
            self.catalog.add_catalog(*made)
        return EMPTY


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _settings(text: Text, where: Session) -> Result:
    """SET and RESET: kept with the session. Raises SqlError for what would change results."""
    if text.words[0] == "RESET":
        where.settings.clear()
        return EMPTY
    if text.words[1:2] == ["VARIABLE"] or text.words[1:2] == ["VAR"]:
        raise unsupported("SET VARIABLE")
    key, equals, value = (part.strip() for part in text.after(1).partition("="))
    if key.upper().startswith("TIME ZONE"):
        key, equals, value = "timezone", "=", key[len("TIME ZONE") :].strip()
    if equals:
        value = value.strip("'\"")
        if key.lower() in ("timezone", "spark.sql.session.timezone") and value.upper() not in (
            *("UTC", "ETC/UTC", "GMT", "Z"),
        ):
            raise unsupported(f"A session's time zone other than UTC ({value})")
        if key.lower() in ("ansi_mode", "spark.sql.ansi.enabled") and value.lower() != "true":
            raise unsupported("Switching ANSI mode off")
        where.settings[key] = value
        return texts(["key", "value"], [[key, value]])
    found = sorted((name, held) for name, held in where.settings.items() if key in ("", name))
    return texts(["key", "value"], found)

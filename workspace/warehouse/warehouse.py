"""The SQL warehouse: takes a statement, answers rows, in the manner of Databricks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlglot import exp

from workspace.warehouse import explain, metadata, tables
from workspace.warehouse.catalog import Catalog
from workspace.warehouse.errors import SqlError, unsupported
from workspace.warehouse.names import literal
from workspace.warehouse.qualify import qualified
from workspace.warehouse.result import EMPTY, Result
from workspace.warehouse.sessions import Spark, SparkSession
from workspace.warehouse.text import Text, bound, read, replace_calls, words_of

DEFAULT_CATALOGS = ("main", "dev", "prod")
_COMMIT_ATTEMPTS = 10
_DML = {"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE"}


@dataclass
class Session:
    """Where a client stands: its user, current catalog and schema."""

    user: str
    catalog: str = "main"
    schema: str = "default"
    settings: dict[str, str] = field(default_factory=dict)


class Warehouse:
    """A SQL warehouse whose tables live below `data_dir`.

    `spark_url` (sc://host:port) puts a Spark Connect server in Sail's place. `execute` may be
    called by many threads at once.
    """

    def __init__(self, data_dir: Path, spark_url: str | None = None) -> None:
        self.catalog = Catalog(data_dir, DEFAULT_CATALOGS)
        self._spark = Spark(self.catalog, spark_url)

    def start(self) -> None:
        """Start the engine and register every table."""
        self._spark.start()
        self._spark.session("main", "default")

    def stop(self) -> None:
        """Stop the engine; tables stay on disk."""
        self._spark.stop()
        self.catalog.close()

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
    ) -> Result:
        """Run one statement. `parameters` are named (`:name`) or positional (`?`).

        Raises SqlError in Databricks' form.
        """
        where = session or self.new_session(user)
        arguments = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        text = read(sql)
        return self._dispatch(text, where, arguments or None)

    def _dispatch(self, text: Text, where: Session, arguments: explain.Arguments) -> Result:
        moved = self._stand(text, where)
        if moved is not None:
            return moved
        spark = self._spark.session(where.catalog, where.schema)
        first = text.words[0]
        if first == "EXPLAIN":
            prepared = self._prepared(text, where, spark)
            return explain.explain(read(bound(prepared, arguments)), spark, None)
        if text.starts("DESCRIBE", "QUERY") or text.starts("DESC", "QUERY"):
            query = read(self._prepared(text, where, spark).after(2))
            return explain.describe_query(query.sql, spark, arguments)
        if first in ("DESCRIBE", "DESC"):
            return self._describe(text, spark)
        if first == "SHOW":
            answer = metadata.show(text, spark, self.catalog)
            if answer is None:
                raise unsupported(" ".join(text.words[:2]))
            return answer
        if first in ("CREATE", "DROP", "ALTER"):
            return self._define(text, where, spark)
        if first in ("SET", "RESET", "OPTIMIZE", "VACUUM", "ANALYZE"):
            return EMPTY
        if first in _DML:
            return self._change(text, where, spark, arguments)
        if first in ("GRANT", "REVOKE", "COPY", "CALL", "REFRESH", "CACHE", "COMMENT"):
            raise unsupported(first)
        return self._query(self._prepared(text, where, spark), spark, arguments)

    def _stand(self, text: Text, where: Session) -> Result | None:
        """USE CATALOG, USE SCHEMA: kept by the session here, not in the engine."""
        if text.words[0] != "USE":
            return None
        named = text.words[1:2] in (["CATALOG"], ["SCHEMA"], ["DATABASE"])
        parts = [part.lower() for part in text.name_at(2 if named else 1)[0]]
        if text.words[1] == "CATALOG":
            parts.append("default")
        catalog, schema = parts if len(parts) > 1 else (where.catalog, parts[0])
        if catalog not in self.catalog.catalogs():
            raise SqlError(
                "NO_SUCH_CATALOG_EXCEPTION", f"Catalog '{catalog}' was not found.", "42704"
            )
        if not self.catalog.has_schema(catalog, schema):
            message = f"The schema `{catalog}`.`{schema}` cannot be found."
            raise SqlError("SCHEMA_NOT_FOUND", message, "42704")
        where.catalog, where.schema = catalog, schema
        return EMPTY

    def _prepared(self, text: Text, where: Session, spark: SparkSession) -> Text:
        """The statement with what only this workspace knows put in."""
        sql = replace_calls(
            text, {"current_user": literal(where.user), "session_user": literal(where.user)}
        )
        if "information_schema" in sql.lower() and "information_schema" in words_of(sql):
            sql = metadata.with_information_schema(sql, spark, self.catalog)
        if "qualify" in sql.lower():
            sql = qualified(sql)
        return text if sql == text.sql else read(sql)

    def _query(self, text: Text, spark: SparkSession, arguments: explain.Arguments) -> Result:
        return Result(spark.run(text.sql, arguments))

    def _describe(self, text: Text, spark: SparkSession) -> Result:
        match text.words[1:2]:
            case ["HISTORY"]:
                return metadata.describe_history(text, spark, self.catalog)
            case ["DETAIL"]:
                return metadata.describe_detail(text, spark, self.catalog)
        if text.words[1:2] in (["SELECT"], ["WITH"]):
            return explain.describe_query(text.after(1), spark, None)
        return metadata.describe_table(text, spark, self.catalog)

    def _define(self, text: Text, where: Session, spark: SparkSession) -> Result:
        if text.words[0] == "CREATE" and set(text.words[1:2]) & {"SCHEMA", "DATABASE", "CATALOG"}:
            return self._create_namespace(text, where)
        tree = tables.parse(text)
        if isinstance(tree, exp.Drop):
            return tables.drop(text, tree, spark, self.catalog)
        if isinstance(tree, exp.Create) and tree.args.get("kind") == "TABLE":
            return tables.create_table(tree, spark, self.catalog, where.user)
        if isinstance(tree, exp.Create) and tree.args.get("kind") == "VIEW":
            return tables.create_view(text, tree, spark, self.catalog, where.user)
        if isinstance(tree, exp.Alter):
            return tables.alter_table(tree, spark, self.catalog)
        raise unsupported(" ".join(text.words[:3]))

    def _create_namespace(self, text: Text, where: Session) -> Result:
        exists = text.words[2:5] == ["IF", "NOT", "EXISTS"]
        parts, _ = text.name_at(5 if exists else 2)
        name = parts[-1].lower()
        if text.words[1] == "CATALOG":
            if name in self.catalog.catalogs():
                if exists:
                    return EMPTY
                message = f"Catalog '{name}' already exists."
                raise SqlError("CATALOG_ALREADY_EXISTS", message, "42710")
            self.catalog.add_catalog(name)
            if self._spark.is_sail:
                self._spark.restart()
            return EMPTY
        catalog = parts[-2].lower() if len(parts) > 1 else where.catalog
        if catalog not in self.catalog.catalogs():
            raise SqlError(
                "NO_SUCH_CATALOG_EXCEPTION", f"Catalog '{catalog}' was not found.", "42704"
            )
        if self.catalog.has_schema(catalog, name) and not exists:
            message = f"Cannot create schema `{catalog}`.`{name}` because it already exists."
            raise SqlError("SCHEMA_ALREADY_EXISTS", message, "42P06")
        self.catalog.add_schema(catalog, name)
        return EMPTY

    def _change(
        self, text: Text, where: Session, spark: SparkSession, arguments: explain.Arguments
    ) -> Result:
        """INSERT, UPDATE, DELETE, MERGE. A blind INSERT never conflicts in Delta: it is retried."""
        prepared = read(bound(self._prepared(text, where, spark), arguments))
        sql, blind = prepared.sql, False
        if text.words[0] == "TRUNCATE":
            sql = f"DELETE FROM {prepared.after(2)}"
        elif text.starts("INSERT", "INTO"):
            sql, blind = tables.complete_insert(prepared, spark, self.catalog), True
        for attempt in range(1, _COMMIT_ATTEMPTS + 1):
            try:
                answer = spark.run(sql)
            except SqlError as error:
                if blind and attempt < _COMMIT_ATTEMPTS and error.sqlstate == "2D521":
                    continue
                raise
            count = answer.column(0)[0].as_py() if answer.num_rows and answer.num_columns else 0
            return Result(answer.rename_columns(["num_affected_rows"]), int(count))
        raise AssertionError("the last attempt returns or raises")

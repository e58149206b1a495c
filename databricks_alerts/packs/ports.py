"""What packs need of the world around them: a warehouse and the gold schema's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Warehouse(Protocol):
    """The part of sql.warehouse.SqlWarehouse that packs use; both raise AlertsError."""

    def query(
        self, sql: str, params: Mapping[str, Any] | None = None, /
    ) -> Sequence[Mapping[str, Any]]:
        """Rows of a statement; `params` are bound to its `:name` markers."""
        ...

    def execute(self, sql: str, params: Mapping[str, Any] | None = None, /) -> object:
        """Run a statement for its effect."""
        ...


class GoldSchema(Protocol):
    """Where the tables live: the part of rules.settings.Settings that packs use."""

    @property
    def catalog(self) -> str:
        """The catalog."""
        ...

    @property
    def gold_schema(self) -> str:
        """The schema in it."""
        ...


def table_name(schema: GoldSchema, table: str) -> str:
    """`catalog`.`schema`.`table`, quoted."""
    return ".".join(map(quoted, (schema.catalog, schema.gold_schema, table)))


def quoted(name: str) -> str:
    """The name in backticks."""
    return "`" + name.replace("`", "``") + "`"

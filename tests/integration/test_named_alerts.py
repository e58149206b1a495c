"""Which alerts a schema's rules name is asked again only when they changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

from databricks_alerts.local_workspace.evaluation.named_alerts import NamedAlerts
from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse


def test_a_table_is_asked_once_a_version(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.start()

    def run(sql: str) -> None:
        warehouse.execute(sql, user="admin@local.test")

    try:
        for schema in ("one", "two", "no_history", "a view"):
            run(f"CREATE SCHEMA main.`{schema}`")
            if schema != "no_history":
                run(f"CREATE TABLE main.`{schema}`.alert_history (evaluation_id STRING)")
            if schema != "a view":
                columns = "(alert_id STRING, databricks_alert_id STRING)"
                run(f"CREATE TABLE main.{schema}.alert_configurations {columns}")
        run(
            "CREATE VIEW main.`a view`.alert_configurations AS "
            "SELECT * FROM main.two.alert_configurations"
        )
        run("INSERT INTO main.one.alert_configurations VALUES ('A', 'first'), ('B', NULL)")
        named = NamedAlerts(warehouse, "admin@local.test")
        one, two, view = "`main`.`one`", "`main`.`two`", "`main`.`a view`"
        assert _keys(named) == {one: {"first"}, two: set(), view: set()}
        with mock.patch.object(warehouse, "execute", wraps=warehouse.execute) as asked:
            assert _keys(named) == {one: {"first"}, two: set(), view: set()}
            assert asked.call_count == 1, "the view alone has no version"
        run("INSERT INTO main.two.alert_configurations VALUES ('C', 'third')")
        run("UPDATE main.one.alert_configurations SET databricks_alert_id = 'second'")
        with (
            mock.patch.object(warehouse, "execute", wraps=warehouse.execute) as asked,
            ThreadPoolExecutor(4) as pool,
        ):
            answers = list(pool.map(lambda _: _keys(named), range(4)))
            assert answers == [answers[0]] * 4
            assert asked.call_count == 2 + 4, "two tables once, the view each time"
        with_column = NamedAlerts(warehouse, "admin@local.test", ("alert_id",))
        assert with_column.by_schema()[two] == {"third": ("C",)}
        assert _keys(named) == {one: {"second"}, two: {"third"}, view: {"third"}}
        run("CREATE OR REPLACE TABLE main.one.alert_configurations (alert_id STRING)")
        assert isinstance(named.by_schema()[one], SqlError)
        run("DROP TABLE main.two.alert_configurations")
        assert two not in named.by_schema()
    finally:
        warehouse.stop()


def _keys(named: NamedAlerts) -> dict[str, set[str]]:
    """By schema, the alerts; every schema can be asked."""
    found = named.by_schema()
    assert not any(isinstance(alerts, SqlError) for alerts in found.values()), found
    return {schema: set(alerts) for schema, alerts in found.items()}  # type: ignore[arg-type]

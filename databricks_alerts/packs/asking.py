"""Families whose members a statement answers: asked, and made rules of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from databricks_alerts.errors import ConfigurationError, WarehouseError
from databricks_alerts.evaluation import closed
from databricks_alerts.packs import variables
from databricks_alerts.packs.document import Problem, told
from databricks_alerts.packs.expansion import rules_of_family
from databricks_alerts.packs.model import Family, Pack
from databricks_alerts.packs.ports import GoldSchema, Warehouse
from databricks_alerts.rules.templates import render
from databricks_alerts.sql.literals import Value


def with_members(
    pack: Pack,
    warehouse: Warehouse,
    schema: GoldSchema,
    values: Mapping[str, Value],
    stack_variables: Mapping[str, Value],
) -> Pack:
    """The pack with a rule for each member of each family, those that a statement names too.

    `values` are the pack's variables. Raises ConfigurationError with all that is wrong with the
    members, and what the warehouse raises when it is not to be reached.
    """
    problems: list[Problem] = []
    rules = list(pack.rules)
    names = {"catalog": schema.catalog, "gold_schema": schema.gold_schema}
    for family in pack.asked:
        statement = _statement(family, values, names, stack_variables, problems)
        rows = _rows(warehouse, family, statement, problems) if statement else None
        if rows is not None:
            rules += rules_of_family(family, rows, pack.manifest, problems)
    if problems:
        raise ConfigurationError(told(problems))
    return replace(pack, rules=tuple(rules), asked=())


def _statement(
    family: Family,
    values: Mapping[str, Value],
    names: Mapping[str, str],
    stack_variables: Mapping[str, Value],
    problems: list[Problem],
) -> str:
    """The statement that answers the members, one more than allowed; empty if it has a gap."""
    each = family.for_each
    query = variables.render_query(each.query or "", values)
    query, unknown = render(query, names, stack_variables)
    for item in unknown:
        reason = item.problem or (
            "nobody sets it; set databricks-alerts:variables in the stack's settings"
        )
        text = f"{family.rule.id}: for_each.query has {item.text}: {reason}"
        problems.append(Problem(family.place(("for_each", "query")), text))
    return "" if unknown else f"SELECT * FROM (\n{closed(query)}\n) LIMIT {each.limit + 1}"


def _rows(
    warehouse: Warehouse, family: Family, statement: str, problems: list[Problem]
) -> list[Mapping[str, Value]] | None:
    """The members' values, NULL left out; None where the statement fails."""
    place = family.place(("for_each", "query"))
    try:
        rows = warehouse.query(statement)
        return [_fields(row) for row in rows]
    except WarehouseError as error:
        text = f"for_each.query fails, mend it or what it reads: {error}"
    except ValueError as error:
        text = f"for_each.query: {error}"
    problems.append(Problem(place, f"{family.rule.id}: {text}"))
    return None


def _fields(row: Mapping[str, Any]) -> dict[str, Value]:
    """A row's values by column; a row of one column is that value, too."""
    fields = {name: _value(name, value) for name, value in row.items() if value is not None}
    if len(row) == 1 and fields:
        fields.setdefault("value", next(iter(fields.values())))
        fields.setdefault("key", fields["value"])
    return fields


def _value(name: str, value: Any) -> Value:
    """Raises ValueError for a type that no literal of ours has."""
    match value:
        case bool() | int() | float() | str():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dt.date():
            return value.isoformat()
    kind = type(value).__name__
    raise ValueError(f"column {name} is a {kind}; CAST it to a text, a number or a BOOLEAN")

"""Runs the tests that stand under a pack's rules, on a warehouse, without touching a table.

The query is evaluated as an alert evaluates it, but for three substitutions made in its text: each
table becomes a common table expression made of the case's rows, `current_date()` and
`current_timestamp()` become the case's time, and variables the case's values (those of the stack,
`${name}`, have the stack's where the case gives none). A case must give rows for every table of the
query.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeGuard

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from databricks_alerts.errors import AlertsError
from databricks_alerts.evaluation import closed, evaluation_statement, plain, read_outcome, text_of
from databricks_alerts.packs import cases, variables
from databricks_alerts.packs.authored import Case, Columns, Manifest
from databricks_alerts.packs.evaluation import condition_of
from databricks_alerts.packs.model import LocatedRule, Pack
from databricks_alerts.packs.ports import Warehouse
from databricks_alerts.rules.templates import Unknown, render
from databricks_alerts.sql.literals import Value, literal

_DIALECT = "databricks"
_NAMES = MappingProxyType({"catalog": "test catalog", "gold_schema": "test schema"})
_SCHEMA = "`test catalog`.`test schema`"
_TOLERANCE = 1e-6
_CLOCK = {"current_date", "curdate", "current_timestamp", "now", "localtimestamp"}


@dataclass(frozen=True)
class CaseResult:
    """What was expected of a case, and what came of it."""

    rule_id: str
    case: str
    expected: str
    got: str
    passed: bool

    def report(self) -> str:
        """Rule and case, and what was expected and got under each other."""
        return f"{self.rule_id}: {self.case}\n    exp: {self.expected}\n    got: {self.got}"


def run_tests(
    warehouse: Warehouse,
    pack: Pack,
    *,
    rule_ids: Iterable[str] = (),
    stack_variables: Mapping[str, Value] | None = None,
    mapper: Callable[..., Iterable[CaseResult]] = map,
) -> list[CaseResult]:
    """Every case of the chosen rules (of all, if none is chosen), in the pack's order.

    `stack_variables` fill `${name}` where a case gives no value. `mapper` has the signature of
    `map`; a thread pool's runs cases side by side. A family's id chooses all its members, which
    stand in the pack already (packs.asking). Raises ConfigurationError for an unknown id.
    """
    chosen = [rule for rule_id in rule_ids for rule in pack.chosen(rule_id)] or pack.rules
    given = stack_variables or {}

    def run(item: tuple[LocatedRule, Case]) -> CaseResult:
        return run_case(warehouse, pack.manifest, *item, given)

    work = [(located, case) for located in chosen for case in located.tests]
    return list(mapper(run, work))


def run_case(
    warehouse: Warehouse,
    manifest: Manifest,
    located: LocatedRule,
    case: Case,
    stack_variables: Mapping[str, Value] = MappingProxyType({}),
) -> CaseResult:
    """One case."""
    rule = located.rule
    expected = _shown(case.expect.state, case.expect.value)
    try:
        condition = condition_of(rule)
        query = closed(case_query(manifest, located, case, stack_variables))
        rows = warehouse.query(evaluation_statement(query, condition))
    except AlertsError as error:
        return CaseResult(rule.id, case.name, expected, f"ERROR: {error}", passed=False)
    outcome = read_outcome(condition, rows[0] if rows else None)
    value = plain(outcome.value)
    passed = outcome.state == case.expect.state and _same(value, case.expect.value)
    return CaseResult(rule.id, case.name, expected, _shown(outcome.state, value), passed)


def case_query(
    manifest: Manifest,
    located: LocatedRule,
    case: Case,
    stack_variables: Mapping[str, Value] = MappingProxyType({}),
) -> str:
    """The statement that runs the case.

    Raises AlertsError if the query reads other tables, or has a variable without a value.
    """
    declared = {name: variable.default for name, variable in manifest.variables.items()}
    query = variables.render_query(located.rule.query, {**declared, **case.variables})
    query, unknown = render(query, _NAMES, {**stack_variables, **case.variables})
    if unknown:
        raise AlertsError(_without_value(unknown))
    rows = cases.expand(case, manifest.tables)
    _require_rows(query, rows)
    text = stopped_clock(_without_schema(query), cases.now_of(case))
    tables = ",\n".join(
        f"`{name}` AS (\n{_rows_as_query(rows[name], manifest.tables[name])}\n)" for name in rows
    )
    return _with(tables, text)


def _without_value(unknown: Sequence[Unknown]) -> str:
    names = ", ".join(dict.fromkeys(item.text for item in unknown))
    reasons = "; ".join(dict.fromkeys(item.problem for item in unknown if item.problem))
    return (
        f"{names}: {reasons}"
        if reasons
        else (
            f"{names} has no value; give it one under the case's `variables`, or under "
            "databricks-alerts:variables in the stack's settings"
        )
    )


def _require_rows(query: str, rows: Mapping[str, object]) -> None:
    try:
        tree = sqlglot.parse_one(query, dialect=_DIALECT)
    except SqlglotError as error:
        raise AlertsError(f"the query does not parse: {str(error).splitlines()[0]}") from None
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = list(tree.find_all(exp.Table))
    foreign = [t.sql(_DIALECT) for t in tables if not t.sql(_DIALECT).startswith(_SCHEMA)]
    foreign = [name for name in foreign if name.split(" ")[0].strip("`") not in own]
    if foreign:
        raise AlertsError(
            f"the query reads {', '.join(sorted(set(foreign)))}; a test can only stand in for "
            "tables of ${catalog}.${gold_schema}"
        )
    missing = {t.name for t in tables if t.db} - rows.keys()
    if missing:
        raise AlertsError(f"the case gives no rows for {', '.join(sorted(missing))} (`[]` is none)")


def stopped_clock(query: str, now: datetime) -> str:
    """The query with its `current_date()` and `current_timestamp()` standing still at `now`."""
    tokens = sqlglot.tokenize(query, dialect=_DIALECT)
    edits = []
    for index, token in enumerate(tokens):
        if _is_clock(tokens, index):
            end = tokens[index + 2].end if _called(tokens, index) else token.end
            edits.append((token.start, end, _stopped(token.text.lower(), now)))
    return _edited(query, edits)


def _without_schema(query: str) -> str:
    """The query with tables of the test schema as bare names."""
    tokens = sqlglot.tokenize(query, dialect=_DIALECT)
    names = [token.text for token in tokens]
    return _edited(
        query,
        [
            (token.start, tokens[index + 3].end, "")
            for index, token in enumerate(tokens)
            if names[index : index + 4] == ["test catalog", ".", "test schema", "."]
        ],
    )


def _edited(query: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """The query with texts put in from one place to another (both included), edits in order."""
    for start, end, text in reversed(edits):
        query = query[:start] + text + query[end + 1 :]
    return query


def _is_clock(tokens: Sequence[Token], index: int) -> bool:
    token = tokens[index]
    if token.token_type in {TokenType.STRING, TokenType.IDENTIFIER}:
        return False
    named = token.text.lower() in _CLOCK
    qualified = index > 0 and tokens[index - 1].token_type == TokenType.DOT
    bare = token.text.lower() in {"current_date", "current_timestamp"}
    return named and not qualified and (bare or _called(tokens, index))


def _called(tokens: Sequence[Token], index: int) -> bool:
    kinds = [token.token_type for token in tokens[index + 1 : index + 3]]
    return kinds == [TokenType.L_PAREN, TokenType.R_PAREN]


def _stopped(function: str, now: datetime) -> str:
    if function in {"current_date", "curdate"}:
        return f"DATE '{now:%Y-%m-%d}'"
    return f"TIMESTAMP '{now:%Y-%m-%dT%H:%M:%S}Z'"


def _rows_as_query(rows: Sequence[Mapping[str, Any]], columns: Columns) -> str:
    """The rows as a SELECT over one JSON literal: short to send, and typed in one place."""
    fields = ", ".join(f"`{name}` {_json_type(kind)}" for name, kind in columns.items())
    casts = ", ".join(f"CAST(`{name}` AS {kind}) AS `{name}`" for name, kind in columns.items())
    text = literal(json.dumps(rows, separators=(",", ":")))
    return f"SELECT {casts} FROM (SELECT inline(from_json({text}, 'ARRAY<STRUCT<{fields}>>')))"


def _json_type(kind: str) -> str:
    """Times and decimals travel as text: JSON has neither."""
    return "STRING" if kind in {"DATE", "TIMESTAMP"} or kind.startswith("DECIMAL") else kind


def _with(tables: str, query: str) -> str:
    first, *rest = sqlglot.tokenize(query, dialect=_DIALECT)
    if first.token_type != TokenType.WITH:
        return f"WITH {tables}\n{query}"
    last = rest[0] if rest and rest[0].token_type == TokenType.RECURSIVE else first
    return f"{query[: last.end + 1]} {tables},\n{query[last.end + 1 :]}"


def _same(got: object, expected: object) -> bool:
    if _is_number(got) and _is_number(expected):
        return math.isclose(got, expected, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return type(got) is type(expected) and got == expected


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(state: str, value: object) -> str:
    if value is None:
        return f"{state}, no value"
    if isinstance(value, str):
        return f"{state}, value {value!r}"
    return f"{state}, value {f'{value:g}' if _is_number(value) else text_of(value)}"

"""What an engine says of a failure, told as Databricks tells it.

Spark's own errors carry condition and SQLSTATE already and pass through. Sail's texts are mapped
by pattern; what no pattern knows keeps its text under INTERNAL_ERROR, so nothing is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from databricks_alerts.local_workspace.warehouse import conditions, gaps, reach
from databricks_alerts.local_workspace.warehouse.conditions import (
    Statement,
    analysis,
    at,
    at_offset,
)
from databricks_alerts.local_workspace.warehouse.errors import (
    SqlError,
    TailedSqlError,
    syntax_error,
    unsupported,
)
from databricks_alerts.local_workspace.warehouse.table_references import references
from databricks_alerts.local_workspace.warehouse.text import unbound

_SPARK = re.compile(r"^\s*\[([A-Z][A-Z0-9_.]+)\] (.*?)\s*SQLSTATE: (\w{5})(.*)$", re.DOTALL)
_SESSION_GONE = re.compile(r"\s*\[(NO_ACTIVE_SESSION|INVALID_HANDLE\.SESSION_\w+)\]")
# Conditions that Sail raises with Spark's words, but without their SQLSTATE.
_SQLSTATES = {
    "CAST_INVALID_INPUT": "22018",
    "INVALID_ARRAY_INDEX": "22003",
    "INVALID_ARRAY_INDEX_IN_ELEMENT_AT": "22003",
    "DIVIDE_BY_ZERO": "22012",
    "REMAINDER_BY_ZERO": "22012",
    "ARITHMETIC_OVERFLOW": "22003",
    "MERGE_CARDINALITY_VIOLATION": "23K01",
    "NUMERIC_VALUE_OUT_OF_RANGE": "22003",
    "USER_RAISED_EXCEPTION": "P0001",
}
_ARROW_TYPES = {
    "Int8": "TINYINT",
    "Int16": "SMALLINT",
    "Int32": "INT",
    "Int64": "BIGINT",
    "Float32": "FLOAT",
    "Float64": "DOUBLE",
    "Utf8": "STRING",
    "Date32": "DATE",
    "Boolean": "BOOLEAN",
}


def translate(message: str, statement: Statement) -> SqlError:
    """An engine's message as an error in Databricks' form."""
    if _SESSION_GONE.match(message):
        return _unavailable("it has another session now; run the statement again")
    spark = _SPARK.match(message)
    if spark:
        condition, text, sqlstate, tail = spark.groups()
        raised = condition.startswith(("PARSE_", "UNBOUND_", "DUPLICATED_CTE"))
        error = TailedSqlError(condition, text, sqlstate, tail.rstrip(), analysis=not raised)
        return gaps.of_any_spark(text) or error
    told = _of_sail(message, statement)
    return gaps.of_any_spark(told.message) or gaps.of_sail(told, statement.text) or told


def _of_sail(message: str, statement: Statement) -> SqlError:
    for pattern, make in _PATTERNS:
        found = re.search(pattern, message, re.DOTALL)
        if found:
            return make(found, statement)
    return SqlError("INTERNAL_ERROR", message.strip(), "XX000", analysis=True)


def _names(found: str) -> str:
    """`Identifier("a"), Identifier("b")` → `a.b`."""
    return ".".join(re.findall(r'Identifier\("((?:[^"\\]|\\.)*)"\)', found))


def _missing_table(found: re.Match[str], statement: Statement) -> SqlError:
    told = next(group for group in found.groups() if group)
    bare = told.replace("`", "").strip().rsplit(".", 1)[-1]
    named = [item for item in references(statement.text) if bare.lower() == item.parts[-1].lower()]
    parts = named[0].parts if named else (bare,)
    return conditions.table_not_found(parts, statement, named[0].start if named else None)


def _spoken(found: re.Match[str], statement: Statement) -> SqlError:
    """A text in which Sail names one of Spark's conditions itself."""
    return analysis(found[1], found[2].strip(), _SQLSTATES[found[1]])


def _routine(found: re.Match[str], statement: Statement) -> SqlError:
    return analysis(
        "UNRESOLVED_ROUTINE",
        f"Cannot resolve routine `{found[1]}` on search path [`system`.`builtin`, "
        f"`system`.`session`, `{statement.catalog}`.`{statement.schema}`].",
        "42883",
        at(statement, found[1]),
    )


def _qualified_routine(found: re.Match[str], statement: Statement) -> SqlError:
    called = re.search(r"((?:[\w`]+\.)+)([\w`]+)\s*\(", statement.text)
    name = (called[1] + called[2]).replace("`", "") if called else "?"
    return analysis(
        "UNRESOLVED_ROUTINE",
        f"Cannot resolve routine {conditions.tick(name)} on search path [`system`.`builtin`, "
        f"`system`.`session`, `{statement.catalog}`.`{statement.schema}`].",
        "42883",
        at(statement, name),
    )


def _table_function(found: re.Match[str], statement: Statement) -> SqlError:
    return analysis(
        "UNRESOLVABLE_TABLE_VALUED_FUNCTION",
        f"Could not resolve `{found[1]}` to a table-valued function. Please make sure that "
        f"`{found[1]}` is defined as a table-valued function and that all required parameters are "
        "provided correctly.",
        "42883",
        at(statement, found[1]),
    )


def _arguments(found: re.Match[str], statement: Statement) -> SqlError:
    return analysis(
        "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
        f"The `{found[1]}` requires {found[2]} parameters but the actual number is another. "
        "Please, refer to 'https://spark.apache.org/docs/latest/sql-ref-functions.html' for a fix.",
        "42605",
        at(statement, found[1]),
    )


def _signature(found: re.Match[str], statement: Statement) -> SqlError:
    return analysis(
        "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
        f"The `{found[1]}` was called with arguments in a number or of types that it does not "
        "take. Please, refer to 'https://spark.apache.org/docs/latest/sql-ref-functions.html' for "
        "a fix.",
        "42605",
        at(statement, found[1]),
    )


def _mismatch(found: re.Match[str], statement: Statement) -> SqlError:
    operation = reach.operands(statement.text, statement.columns)
    if operation is None:
        text = f"Cannot resolve the expression due to data type mismatch: {found[0]}."
        return analysis("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", text, "42K09")
    shown, left, right, offset = operation
    explained = len("EXPLAIN ") if statement.text[:8].upper() == "EXPLAIN " else 0
    return analysis(
        "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
        f'Cannot resolve "{shown}" due to data type mismatch: the left and right operands of the '
        f'binary operator have incompatible types ("{left}" and "{right}").',
        "42K09",
        at_offset(statement, offset + explained) if offset >= 0 else "",
    )


def _unexpected_type(found: re.Match[str], statement: Statement) -> SqlError:
    text = f"Cannot resolve an expression due to data type mismatch: {found[0].strip()}."
    return analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", text, "42K09")


def _not_boolean(found: re.Match[str], statement: Statement) -> SqlError:
    named = reach.filtered(statement.text)
    kind = reach.kind_of(statement.text, named, statement.columns) if named else ""
    shown = named or "the filter"
    return analysis(
        "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN",
        f'Cannot resolve "{shown}" due to data type mismatch: Filter expression "{shown}" of type '
        f'"{kind or found[1]}" is not a boolean.',
        "42K09",
        at(statement, "select"),
    )


def _cast(found: re.Match[str], statement: Statement) -> SqlError:
    return analysis(
        "CAST_INVALID_INPUT",
        f"The value '{found[1]}' of the type \"STRING\" cannot be cast to "
        f'"{_ARROW_TYPES.get(found[2], found[2].upper())}" because it is malformed. Correct the '
        "value as per the syntax, or change its target type. Use `try_cast` to tolerate malformed "
        "input and return NULL instead.",
        "22018",
    )


def _by_zero(
    condition: str, what: str, tolerant: str
) -> Callable[[re.Match[str], Statement], SqlError]:
    """`what` by zero, which the function `tolerant` answers with NULL."""
    return lambda found, statement: analysis(
        condition,
        f"{what} by zero. Use `{tolerant}` to tolerate divisor being 0 and return NULL instead. "
        'If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error.',
        "22012",
    )


def _parse(found: re.Match[str], statement: Statement) -> SqlError:
    start = min(int(found[1]), len(statement.text))
    before = statement.text[:start]
    near = re.match(r"\S+", statement.text[start:])
    line = before.count("\n") + 1
    position = len(before) - (before.rfind("\n") + 1)
    return syntax_error(near[0] if near else "", line, position, statement.text)


def _no_query(found: re.Match[str], statement: Statement) -> SqlError:
    word = statement.text.split(maxsplit=1)[0]
    return syntax_error(word, 1, 0, statement.text)


def _field(found: re.Match[str], statement: Statement) -> SqlError:
    return analysis("FIELD_NOT_FOUND", f"No such struct field `{found[1]}`.", "42704")


def _conflict(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "DELTA_CONCURRENT_APPEND.WITHOUT_HINT",
        "Transaction conflict detected. A concurrent transaction changed the table since this one "
        "began (ConcurrentAppendException). Please try the operation again.",
        "2D521",
    )


def _scalar(found: re.Match[str], statement: Statement) -> SqlError:
    inner = re.search(r"\(\s*(select)\b", statement.text, re.IGNORECASE)
    return analysis(
        "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
        f"Invalid subquery: Scalar subquery must return only one column, but got {found[1]}.",
        "42823",
        at_offset(statement, inner.start()) if inner else "",
    )


def _not_null(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "DELTA_NOT_NULL_CONSTRAINT_VIOLATED",
        f"NOT NULL constraint violated for column: {found[1]}.",
        "23502",
    )


def _no_version(found: re.Match[str], statement: Statement) -> SqlError:
    return analysis(
        "DELTA_VERSION_NOT_FOUND",
        f"Cannot time travel Delta table to version {found[1]}. Available versions: "
        f"[0, {found[2]}].",
        "22003",
    )


def _no_timestamp(found: re.Match[str], statement: Statement) -> SqlError:
    return analysis(
        "DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION",
        f"The provided timestamp ({found[1]}) is before the earliest version available to this "
        "table. Please use a later timestamp.",
        "42816",
    )


def _group(found: re.Match[str], statement: Statement) -> SqlError:
    grouped = re.search(r"\bgroup\s+by\b", statement.text, re.IGNORECASE)
    make = conditions.missing_aggregation if grouped else conditions.missing_group_by
    return make(statement)


def _crashed(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "INTERNAL_ERROR",
        "The local workspace's SQL engine could not plan this statement and broke off. A function "
        "that is called with too few arguments does that.",
        "XX000",
        analysis=True,
    )


def _unreachable(found: re.Match[str], statement: Statement) -> SqlError:
    """The engine's process is gone: the statement is not to blame."""
    return _unavailable(
        f"it is gone ({found[1]}). An Apache Spark of the workspace's own comes back by itself "
        "within a minute; else start the workspace, or the Spark Connect server it was given, anew"
    )


def _unavailable(why: str) -> SqlError:
    message = f"The SQL engine behind the local workspace does not answer: {why}."
    return SqlError("WAREHOUSE_UNAVAILABLE", message, "08001")


def _broken(found: re.Match[str], statement: Statement) -> SqlError:
    """The engine answers, and by what it says it is the one that is broken."""
    return SqlError("INTERNAL_ERROR", f"The SQL engine failed: {found[1]}", "XX000", analysis=True)


def _arity(found: re.Match[str], statement: Statement) -> SqlError:
    few = int(found[1]) < int(found[2])
    kind = "NOT_ENOUGH_DATA_COLUMNS" if few else "TOO_MANY_DATA_COLUMNS"
    return analysis(
        f"INSERT_COLUMN_ARITY_MISMATCH.{kind}",
        f"Cannot write to the table, the reason is {'not enough' if few else 'too many'} data "
        f"columns: Table columns: {found[2]}. Data columns: {found[1]}.",
        "21S01",
    )


def _of(
    condition: str, message: str, sqlstate: str
) -> Callable[[re.Match[str], Statement], SqlError]:
    """An error whose message is `message`, with the pattern's groups as {0}, {1}."""
    return lambda found, _: analysis(condition, message.format(*found.groups()), sqlstate)


_PATTERNS: list[tuple[str, Callable[[re.Match[str], Statement], SqlError]]] = [
    (
        r"Physical plan does not support logical expression (?:InSubquery|Exists|ScalarSubquery)",
        lambda *_: unsupported("A correlated subquery in UPDATE or DELETE"),
    ),
    (r"NOT NULL constraint violated for column: ([\w`]+)", _not_null),
    (
        r"\[TABLE_OR_VIEW_NOT_FOUND\] (?:The table or view (.+?) cannot|"
        r"Table or view not found: ([^\n]+))",
        _missing_table,
    ),
    (r"Table not found: ([^\n]+)", _missing_table),
    (rf"\[?({'|'.join(_SQLSTATES)})\]?:? (.*)", _spoken),
    (
        r"attribute ObjectName\(\[(.*?)\]\) is missing",
        lambda found, statement: conditions.unresolved_column(_names(found[1]), statement),
    ),
    (
        r"Cannot resolve \w+ target column `([^`]+)`",
        lambda found, statement: conditions.unresolved_column(found[1], statement),
    ),
    (
        r"ambiguous attribute: ObjectName\(\[(.*?)\]\)",
        lambda found, statement: conditions.ambiguous(_names(found[1]), statement),
    ),
    (r"unknown function: (\w+)", _routine),
    (r"unknown table function: (\w+)", _table_function),
    (r"^qualified function name", _qualified_routine),
    (r"input schema for INSERT has (\d+) fields, but table schema has (\d+)", _arity),
    (r"(\w+) (?:requires|expects|expected)(?: exactly)? ([\d or]+?) arguments?", _arguments),
    (r"Function '(\w+)' failed to match any signature", _signature),
    (r"invalid argument: expected query node", _no_query),
    (r"found .*? at (\d+):\d+ expected", _parse),
    (r"invalid argument: .*?at (\d+):\d+", _parse),
    (r"Placeholder ':(\w+)' was not provided", lambda found, _: unbound(found[1])),
    (r"Failed to commit transaction", _conflict),
    (r"expected final version (\d+), replay reached (\d+)", _no_version),
    (r"No version of the Delta table exists at or before timestamp (\S+)", _no_timestamp),
    (r"(?:Cannot coerce arithmetic expression|Cannot infer common argument type)[^\n]*", _mismatch),
    (r"Cannot create filter with non-boolean predicate '[^\n]*' returning (\w+)", _not_boolean),
    (r"Cannot cast (?:string )?'?([^']*?)'? to (?:value of )?(\w+)", _cast),
    (r"[Dd]ivide by zero|Division by zero", _by_zero("DIVIDE_BY_ZERO", "Division", "try_divide")),
    (r"Remainder by zero", _by_zero("REMAINDER_BY_ZERO", "Remainder", "try_mod")),
    (r"[Ss]calar subquery should only return one column, but found (\d+)", _scalar),
    (r"missing or ambiguous field: (\w+)", _field),
    (
        r"Unsupported CAST from|Cannot automatically convert|can only accept list|"
        r"should only be called with",
        lambda found, statement: _unexpected_type(
            re.search(r"[^\n]*", found.string) or found, statement
        ),
    ),
    (r"No field named [^\n]*\"?#\d+", _group),
    (
        r"Aggregate requires at least one grouping",
        lambda _, text: conditions.missing_group_by(text),
    ),
    (
        r"Physical plan does not support logical expression AggregateFunction",
        _of(
            "INVALID_WHERE_CONDITION",
            "The WHERE condition holds an aggregate function. Move it to a HAVING clause.",
            "42903",
        ),
    ),
    (
        r"Aggregate function calls cannot be nested",
        _of(
            "NESTED_AGGREGATE_FUNCTION",
            "It is not allowed to use an aggregate function in the argument of another aggregate "
            "function. Please use the inner aggregate function in a sub-query.",
            "42607",
        ),
    ),
    (
        r"different number of columns: left has (\d+) columns? whereas right has (\d+)",
        _of(
            "NUM_COLUMNS_MISMATCH",
            "UNION can only be performed on inputs with the same number of columns, but the first "
            "input has {0} columns and the second input has {1} columns.",
            "42826",
        ),
    ),
    (
        r"Cannot resolve column position (\d+)\. Valid positions are 1 to (\d+)",
        _of(
            "GROUP_BY_POS_OUT_OF_RANGE",
            "Position {0} of GROUP BY or ORDER BY is not in select list (valid range is [1, {1}]).",
            "42805",
        ),
    ),
    (
        r"cannot resolve wildcard: ObjectName\(\[Identifier\(\"(\w+)\"\)",
        _of(
            "CANNOT_RESOLVE_STAR_EXPAND",
            "Cannot resolve `{0}`.* given input columns. Please check that the specified table or "
            "struct exists and is accessible in the input columns.",
            "42704",
        ),
    ),
    (r"StatusCode\.CANCELLED", _crashed),
    (r"StatusCode\.(UNAVAILABLE|DEADLINE_EXCEEDED)", _unreachable),
    (r"status = StatusCode\.\w+\s+details = \"([^\n]*)\"", _broken),
    (
        r"(?:not implemented|unsupported|not supported|unsupported operation):? ?([^\n]*)",
        lambda found, _: unsupported(f"This statement ({found[1].strip()})"),
    ),
]

"""What an engine says of a failure, told as Databricks tells it.

Spark's own errors carry condition and SQLSTATE already and pass through. Sail's texts are mapped
by pattern; what no pattern knows keeps its text under INTERNAL_ERROR, so nothing is hidden.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workspace.warehouse.errors import SqlError, TailedSqlError, syntax_error, unsupported

_SPARK = re.compile(r"^\s*\[([A-Z][A-Z0-9_.]+)\] (.*?)\s*SQLSTATE: (\w{5})(.*)$", re.DOTALL)


@dataclass(frozen=True)
class Statement:
    """The text that failed and what a message may suggest: `columns` that were in reach."""

    text: str
    columns: Sequence[str] = ()
    catalog: str = "main"
    schema: str = "default"


def translate(message: str, statement: Statement) -> SqlError:
    """An engine's message as an error in Databricks' form."""
    spark = _SPARK.match(message)
    if spark:
        condition, text, sqlstate, tail = spark.groups()
        analysis = not condition.startswith(("PARSE_", "UNBOUND_", "DUPLICATED_CTE"))
        return TailedSqlError(condition, text, sqlstate, tail.rstrip(), analysis=analysis)
    for pattern, make in _PATTERNS:
        found = re.search(pattern, message, re.DOTALL)
        if found:
            return make(found, statement)
    return SqlError("INTERNAL_ERROR", message.strip(), "XX000", analysis=True)


def at(statement: Statement, word: str) -> str:
    """`; line 1 pos 7` for the first place where `word` stands as a name, as Spark writes it."""
    found = re.search(rf"(?<![\w`]){re.escape(word)}(?![\w])", statement.text, re.IGNORECASE)
    if found is None:
        return ""
    before = statement.text[: found.start()]
    return f"; line {before.count(chr(10)) + 1} pos {len(before) - (before.rfind(chr(10)) + 1)}"


def unresolved_column(name: str, statement: Statement) -> SqlError:
    """A name that no table in reach has, with the nearest that they have."""
    text = f"A column, variable, or function parameter with name {_tick(name)} cannot be resolved."
    near = _nearest(name, statement.columns)
    if not near:
        return TailedSqlError(
            "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
            text + " ",
            "42703",
            at(statement, name),
            analysis=True,
        )
    suggestion = ", ".join(_tick(item) for item in near)
    return TailedSqlError(
        "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        f"{text} Did you mean one of the following? [{suggestion}].",
        "42703",
        at(statement, name),
        analysis=True,
    )


def table_not_found(name: str, statement: Statement) -> SqlError:
    """A table or view that is not there; `name` as the statement spells it."""
    return TailedSqlError(
        "TABLE_OR_VIEW_NOT_FOUND",
        f"The table or view {_tick(name)} cannot be found. Verify the spelling and correctness of "
        "the schema and catalog.\nIf you did not qualify the name with a schema, verify the "
        "current_schema() output, or qualify the name with the correct schema and catalog.\n"
        "To tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS.",
        "42P01",
        at(statement, name),
        analysis=True,
    )


def missing_group_by(statement: Statement) -> SqlError:
    """Plain columns beside aggregates without GROUP BY."""
    return TailedSqlError(
        "MISSING_GROUP_BY",
        "The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window "
        "functions using OVER clauses.",
        "42803",
        "; line 1 pos 0",
        analysis=True,
    )


def _nearest(name: str, columns: Sequence[str]) -> list[str]:
    """Up to five columns, most alike first, as Spark suggests them."""
    last = name.rsplit(".", 1)[-1].lower()
    ranked = sorted(
        set(columns),
        key=lambda item: (-difflib.SequenceMatcher(None, last, item.lower()).ratio(), item),
    )
    return ranked[:5]


def _tick(name: str) -> str:
    return ".".join(f"`{part}`" for part in name.split("."))


def _names(found: str) -> str:
    """`Identifier("a"), Identifier("b")` → `a.b`."""
    return ".".join(re.findall(r'Identifier\("((?:[^"\\]|\\.)*)"\)', found))


def _unresolved(found: re.Match[str], statement: Statement) -> SqlError:
    return unresolved_column(_names(found[1]), statement)


def _missing_table(found: re.Match[str], statement: Statement) -> SqlError:
    bare = found[1].replace("`", "").strip().rsplit(".", 1)[-1]
    spelled = re.search(rf"[\w`.]*\b{re.escape(bare)}\b`?", statement.text, re.IGNORECASE)
    return table_not_found(spelled[0].replace("`", "") if spelled else bare, statement)


def _ambiguous(found: re.Match[str], statement: Statement) -> SqlError:
    name = _names(found[1])
    return TailedSqlError(
        "AMBIGUOUS_REFERENCE",
        f"Reference {_tick(name)} is ambiguous, it stands in more than one table of the query.",
        "42704",
        at(statement, name),
        analysis=True,
    )


def _routine(found: re.Match[str], statement: Statement) -> SqlError:
    return TailedSqlError(
        "UNRESOLVED_ROUTINE",
        f"Cannot resolve routine {_tick(found[1])} on search path [`system`.`builtin`, "
        f"`system`.`session`, `{statement.catalog}`.`{statement.schema}`].",
        "42883",
        at(statement, found[1]),
        analysis=True,
    )


def _arguments(found: re.Match[str], statement: Statement) -> SqlError:
    return TailedSqlError(
        "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
        f"The `{found[1]}` requires {found[2]} parameters but the actual number is another. "
        "Please, refer to 'https://spark.apache.org/docs/latest/sql-ref-functions.html' for a fix.",
        "42605",
        at(statement, found[1]),
        analysis=True,
    )


def _mismatch(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
        f"Cannot resolve the expression due to data type mismatch: {found[0]}.",
        "42K09",
        analysis=True,
    )


def _not_boolean(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN",
        f"Cannot resolve the filter due to data type mismatch: {found[0]}.",
        "42K09",
        analysis=True,
    )


def _cast(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "CAST_INVALID_INPUT",
        f"The value '{found[1]}' cannot be cast to {found[2]} because it is malformed. Correct the "
        "value as per the syntax, or change its target type. Use `try_cast` to tolerate malformed "
        "input and return NULL instead.",
        "22018",
        analysis=True,
    )


def _divide(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "DIVIDE_BY_ZERO",
        "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead.",
        "22012",
        analysis=True,
    )


def _unbound(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "UNBOUND_SQL_PARAMETER",
        f"Found the unbound parameter: {found[1]}. Please, fix `args` and provide a mapping of the "
        "parameter to either a SQL literal or collection constructor functions such as `map()`, "
        "`array()`, `struct()`.",
        "42P02",
    )


def _parse(found: re.Match[str], statement: Statement) -> SqlError:
    start = min(int(found[1]), len(statement.text))
    before = statement.text[:start]
    near = re.match(r"\S+", statement.text[start:])
    line = before.count("\n") + 1
    position = len(before) - (before.rfind("\n") + 1)
    return syntax_error(near[0] if near else "", line, position, statement.text)


def _field(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError("FIELD_NOT_FOUND", f"No such struct field: {found[0]}.", "42704", analysis=True)


def _conflict(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "DELTA_CONCURRENT_APPEND.WITHOUT_HINT",
        "Transaction conflict detected. A concurrent transaction changed the table since this one "
        "began (ConcurrentAppendException). Please try the operation again.",
        "2D521",
    )


def _duplicate_cte(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "DUPLICATED_CTE_NAMES",
        f"CTE definition can't have duplicate names: {_tick(found[1])}.",
        "42602",
    )


def _scalar(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
        "Invalid subquery: Scalar subquery must return only one column.",
        "42823",
        analysis=True,
    )


def _not_null(found: re.Match[str], statement: Statement) -> SqlError:
    return SqlError(
        "DELTA_NOT_NULL_CONSTRAINT_VIOLATED",
        f"NOT NULL constraint violated for column: {found[1]}.",
        "23502",
    )


def _unknown_feature(found: re.Match[str], statement: Statement) -> SqlError:
    return unsupported(f"This statement ({found[1].strip()})")


_PATTERNS: list[tuple[str, Callable[[re.Match[str], Statement], SqlError]]] = [
    (r"NOT NULL constraint violated for column: ([\w`]+)", _not_null),
    (
        r"\[TABLE_OR_VIEW_NOT_FOUND\] (?:The table or view|Table or view not found:) ([\w`.]+)",
        _missing_table,
    ),
    (r"Table not found: ([\w`.]+)", _missing_table),
    (r"attribute ObjectName\(\[(.*?)\]\) is missing", _unresolved),
    (r"ambiguous attribute: ObjectName\(\[(.*?)\]\)", _ambiguous),
    (r"unknown function: (\w+)", _routine),
    (r"(\w+) (?:requires|expects|expected)(?: exactly)? ([\d or]+?) arguments?", _arguments),
    (r"found .*? at (\d+):\d+ expected", _parse),
    (r"invalid argument: .*?at (\d+):\d+", _parse),
    (r"Placeholder ':(\w+)' was not provided", _unbound),
    (r"Failed to commit transaction", _conflict),
    (r"(?:Cannot coerce arithmetic expression|Cannot infer common argument type)[^\n]*", _mismatch),
    (r"Cannot create filter with non-boolean predicate[^\n]*", _not_boolean),
    (r"Cannot cast (?:string )?'?([^']*?)'? to (?:value of )?(\w+)", _cast),
    (r"[Dd]ivide by zero", _divide),
    (r"duplicate(?:d)? (?:CTE|cte|WITH)[^:]*: ?\W*(\w+)", _duplicate_cte),
    (r"(?:Scalar subquery|scalar subquery)[^\n]*(?:one column|columns)", _scalar),
    (r"(?:[Ff]ield|struct field)[^\n]*not found[^\n]*", _field),
    (r"No field named [^\n]*\"?#\d+", lambda _, statement: missing_group_by(statement)),
    (
        r"(?:not implemented|unsupported|not supported|unsupported operation):? ?([^\n]*)",
        _unknown_feature,
    ),
]

"""Types that Databricks refuses when it analyses, and Sail does not.

Only what is known to be of a wrong type is refused. The rules are those of ANSI mode:
https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-ansi-compliance and
https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import is_assignment
from databricks_alerts.local_workspace.warehouse.dialect.scopes import place
from databricks_alerts.local_workspace.warehouse.errors import SqlError, TailedSqlError

NUMBER, TEXT, DATE, STAMP, FLAG, MAP, NESTED, SPAN = (
    *("number", "text", "date", "timestamp", "boolean", "map", "nested", "interval"),
)
_KINDS = {
    **dict.fromkeys(exp.DataType.NUMERIC_TYPES, NUMBER),
    **dict.fromkeys(exp.DataType.TEXT_TYPES, TEXT),
    **dict.fromkeys((exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ), STAMP),
    exp.DType.TIMESTAMPLTZ: STAMP,
    exp.DType.DATE: DATE,
    exp.DType.BOOLEAN: FLAG,
    exp.DType.MAP: MAP,
    exp.DType.ARRAY: NESTED,
    exp.DType.STRUCT: NESTED,
    exp.DType.INTERVAL: SPAN,
}
_TIMES = frozenset({DATE, STAMP})
_COMPLEX = frozenset({MAP, NESTED})
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ)
# What an argument of these must not be.
_ARGUMENTS: dict[type[exp.Expr], frozenset[str]] = {
    exp.Sum: frozenset({DATE, STAMP, FLAG, MAP, NESTED}),
    exp.Avg: frozenset({DATE, STAMP, FLAG, MAP, NESTED}),
    exp.Median: frozenset({TEXT, DATE, STAMP, FLAG, MAP, NESTED}),
    exp.Stddev: frozenset({DATE, STAMP, FLAG, MAP, NESTED}),
    exp.Variance: frozenset({DATE, STAMP, FLAG, MAP, NESTED}),
    exp.Max: frozenset({MAP}),
    exp.Min: frozenset({MAP}),
    exp.Abs: frozenset({DATE, STAMP, FLAG, MAP, NESTED}),
    exp.Neg: frozenset({DATE, STAMP, FLAG, MAP, NESTED}),
    exp.Year: frozenset({NUMBER, FLAG, MAP, NESTED}),
    exp.Month: frozenset({NUMBER, FLAG, MAP, NESTED}),
    exp.Day: frozenset({NUMBER, FLAG, MAP, NESTED}),
    exp.MapKeys: frozenset({NUMBER, TEXT, DATE, STAMP, FLAG}),
    exp.Upper: _COMPLEX,
    exp.Lower: _COMPLEX,
}
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
_BRANCHES = (exp.Coalesce, exp.Greatest, exp.Least)


@dataclass(frozen=True)
class _Text:
    """What places are counted in, and where the statement begins there."""

    whole: str
    offset: int


def require(tree: exp.Expr, sql: str, before: str = "") -> None:
    """Raises SqlError DATATYPE_MISMATCH where an expression's types do not go together.

    `before` is what stands in front of the statement `sql` where places are counted.
    """
    text = _Text(before + sql, len(before))
    for node in tree.walk():
        for error in (*_operators(node, text), *_others(node, text), *_keys(node, text)):
            raise error


def kind_of(node: exp.Expr | None) -> str:
    """What an expression's type is a kind of; empty for one that is not known."""
    if node is None or node.type is None or isinstance(node, exp.Null):
        return ""
    if isinstance(node, exp.Paren):
        return kind_of(node.this)
    if node.find(exp.Null, exp.Parameter, exp.Placeholder) is node:
        return ""
    return _KINDS.get(node.type.this, "")


def _operators(node: exp.Expr, sql: _Text) -> Iterator[SqlError]:
    if is_assignment(node):
        return
    if isinstance(node, exp.Binary) and isinstance(node, _COMPARISONS):
        yield from _pair(node, node.left, node.right, sql)
    elif isinstance(node, exp.Between):
        for bound in (node.args["low"], node.args["high"]):
            yield from _pair(node, node.this, bound, sql)
    elif isinstance(node, exp.In):
        for item in node.expressions:
            yield from _pair(node, node.this, item, sql)
    elif isinstance(node, exp.Binary) and isinstance(node, _ARITHMETIC):
        yield from _arithmetic(node, sql)
    elif isinstance(node, exp.DPipe):
        yield from _pair(node, node.left, node.right, sql)


def _others(node: exp.Expr, sql: _Text) -> Iterator[SqlError]:
    if isinstance(node, exp.Case | exp.If):
        yield from _conditional(node, sql)
    elif isinstance(node, _BRANCHES):
        yield from _together(node, [node.this, *node.expressions], sql)
    elif isinstance(node, exp.Cast):
        yield from _cast(node, sql)
    elif type(node) in _ARGUMENTS and kind_of(node.this) in _ARGUMENTS[type(node)]:
        yield _input(node, sql)


def _pair(node: exp.Expr, left: exp.Expr, right: exp.Expr, sql: _Text) -> Iterator[SqlError]:
    kinds = {kind_of(left), kind_of(right)}
    if MAP in kinds or _are_apart(kinds):
        yield _mismatch(node, left, right, sql)


def _are_apart(kinds: Iterable[str]) -> bool:
    """Whether there is no type that all of these could be taken for."""
    known = {kind for kind in kinds if kind}
    if known & _TIMES and known & {NUMBER, FLAG}:
        return True
    return bool(known & _COMPLEX) and len(known) > 1


def _arithmetic(node: exp.Binary, sql: _Text) -> Iterator[SqlError]:
    left, right = kind_of(node.left), kind_of(node.right)
    kinds = {left, right}
    wrong = bool(kinds & (_COMPLEX | {FLAG}))
    if isinstance(node, exp.Mul | exp.Div | exp.Mod):
        wrong = wrong or bool(kinds & _TIMES)
    elif isinstance(node, exp.Add):
        wrong = wrong or (left in _TIMES and right in _TIMES)
    wrong = wrong or (STAMP in kinds and NUMBER in kinds)
    if isinstance(node, exp.Sub):
        wrong = wrong or (left == NUMBER and right in _TIMES)
    wrong = wrong or (DATE in kinds and _is_fraction(node.left, node.right))
    if wrong:
        yield _mismatch(node, node.left, node.right, sql)


def _is_fraction(*sides: exp.Expr) -> bool:
    whole = (*exp.DataType.INTEGER_TYPES,)
    return any(kind_of(side) == NUMBER and not side.is_type(*whole) for side in sides)


def _conditional(node: exp.Expr, sql: _Text) -> Iterator[SqlError]:
    simple = isinstance(node, exp.Case) and node.this is not None
    ifs = node.args["ifs"] if isinstance(node, exp.Case) else [node]
    if not simple and not (isinstance(node, exp.If) and isinstance(node.parent, exp.Case)):
        for branch in ifs:
            if kind_of(branch.this) not in ("", FLAG):
                yield _input(node, sql)
    if isinstance(node, exp.Case):
        results = [branch.args.get("true") for branch in ifs] + [node.args.get("default")]
        yield from _together(node, results, sql)
    elif not isinstance(node.parent, exp.Case):
        yield from _together(node, [node.args.get("true"), node.args.get("false")], sql)


def _together(node: exp.Expr, items: Iterable[exp.Expr | None], sql: _Text) -> Iterator[SqlError]:
    kinds = [kind_of(item) for item in items]
    if _are_apart(kinds):
        yield _input(node, sql, "DATATYPE_MISMATCH.DATA_DIFF_TYPES")


def _cast(node: exp.Cast, sql: _Text) -> Iterator[SqlError]:
    source, target = kind_of(node.this), _KINDS.get(node.to.this, "")
    wrong = source in _COMPLEX and target in (NUMBER, DATE, STAMP, FLAG)
    wrong = wrong or (source == DATE and target in (NUMBER, FLAG))
    wrong = wrong or (source in (NUMBER, FLAG) and target == DATE)
    if wrong:
        yield _input(node, sql, "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION")


def _keys(node: exp.Expr, sql: _Text) -> Iterator[SqlError]:
    """A MAP has no order, and is no key of groups."""
    held: list[exp.Expr] = []
    if isinstance(node, exp.Order):
        held = [item.this for item in node.expressions]
    elif isinstance(node, exp.Group):
        held = list(node.expressions)
    elif isinstance(node, exp.Select) and node.args.get("distinct"):
        held = [item.unalias() for item in node.expressions]
    for item in held:
        if kind_of(item) == MAP:
            yield _input(item, sql, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")


def _mismatch(node: exp.Expr, left: exp.Expr, right: exp.Expr, sql: _Text) -> SqlError:
    return TailedSqlError(
        "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
        f'Cannot resolve "({node.sql("spark")})" due to data type mismatch: the left and right '
        f'operands of the binary operator have incompatible types ("{_type(left)}" and '
        f'"{_type(right)}").',
        "42K09",
        _at(node, sql),
        analysis=True,
    )


def _input(
    node: exp.Expr, sql: _Text, condition: str = "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"
) -> SqlError:
    held = [child for child in node.iter_expressions() if child.type is not None] or [node]
    kinds = ", ".join(f'"{_type(child)}"' for child in held)
    return TailedSqlError(
        condition,
        f'Cannot resolve "{node.sql("spark")}" due to data type mismatch: it does not take the '
        f"type {kinds} here.",
        "42K09",
        _at(node, sql),
        analysis=True,
    )


def _type(node: exp.Expr) -> str:
    return node.type.sql("spark").upper() if node.type is not None else "UNKNOWN"


def _at(node: exp.Expr, sql: _Text) -> str:
    starts = [place(column) for column in node.find_all(exp.Column)]
    known = [start for start in starts if start >= 0]
    if not known:
        return ""
    before = sql.whole[: min(known) + sql.offset]
    column = len(before) - (before.rfind(chr(10)) + 1)
    return f"; line {before.count(chr(10)) + 1} pos {column}"

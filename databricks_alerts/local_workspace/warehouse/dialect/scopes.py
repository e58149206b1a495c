"""What the names of a statement mean: which column of which table, and of what type.

sqlglot finds the scopes and infers the types of expressions; a name's meaning follows
https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-name-resolution. What cannot be
known stays unknown: nothing is concluded from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import TypeAnnotator
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

# The columns of a table in the order of the table; None for one that is not known.
Columns = dict[str, exp.DataType]
Lookup = Callable[[Sequence[str]], Columns | None]

_UNKNOWN = exp.DType.UNKNOWN.into_expr()


@dataclass(frozen=True)
class Meaning:
    """A resolved name: the column that its part number `root` names, and that column's type."""

    root: int
    kind: exp.DataType


@dataclass
class Names:
    """The names of one statement by the place where they begin."""

    tree: exp.Expr
    meanings: dict[int, Meaning] = field(default_factory=dict)
    aliases: set[int] = field(default_factory=set)
    missing: list[exp.Column] = field(default_factory=list)
    # What each SELECT reads, by the SELECT's number in the walk; so for what each PIVOT turns.
    reads: dict[int, Mapping[str, Columns | None]] = field(default_factory=dict)
    turned: dict[int, Columns | None] = field(default_factory=dict)
    # The columns of the table that an INSERT writes into.
    written: Columns | None = None
    complete: bool = True


def place(column: exp.Expr) -> int:
    """Where a column begins in the statement; -1 for one that the statement does not hold."""
    first = column.parts[0] if isinstance(column, exp.Column) else column
    return int(first.meta.get("start", -1))


def path(column: exp.Column) -> list[exp.Identifier]:
    """The parts of a name, fields behind it included."""
    parts = [part for part in column.parts if isinstance(part, exp.Identifier)]
    node: exp.Expr = column
    while isinstance(node.parent, exp.Dot) and node.parent.this is node:
        node = node.parent
        if not isinstance(node.expression, exp.Identifier):
            break
        parts.append(node.expression)
    return parts


def resolved(tree: exp.Expr, lookup: Lookup) -> Names:
    """The meanings of a tree's names; its nodes are annotated with their types."""
    names = Names(tree)
    resolver = _Resolver(names, lookup)
    for number, select in enumerate(tree.find_all(exp.Select)):
        resolver.numbers[id(select)] = number
    for number, pivot in enumerate(tree.find_all(exp.Pivot)):
        resolver.numbers[id(pivot)] = number
    try:
        if isinstance(tree, exp.Insert):
            resolver.resolve_insert(tree)
        if isinstance(tree, _CHANGES):
            resolver.resolve_change(tree)
        for query in _queries(tree):
            resolver.resolve_query(query)
    except (SqlglotError, RecursionError):
        names.complete = False
    return names


_CHANGES = (exp.Update, exp.Delete, exp.Merge)


def _queries(tree: exp.Expr) -> list[exp.Query]:
    """The outermost queries of a statement."""
    nodes = tree.walk(prune=lambda node: isinstance(node, exp.Query))
    return [node for node in nodes if isinstance(node, exp.Query)]


class _Resolver:
    def __init__(self, names: Names, lookup: Lookup) -> None:
        self._names = names
        self._lookup = lookup
        self._outputs: dict[int, Columns | None] = {}
        self._sources: dict[int, dict[str, Columns | None]] = {}
        self._done: set[int] = set()
        self._of_queries: dict[int, Columns | None] = {}
        self._changed: dict[str, Columns | None] = {}
        self.numbers: dict[int, int] = {}
        self._annotator = TypeAnnotator(
            MappingSchema(dialect="databricks"), _metadata(), overwrite_types=False
        )

    def resolve_query(self, query: exp.Query) -> Columns | None:
        """The query's output columns."""
        if id(query) not in self._of_queries:
            columns: Columns | None = None
            for scope in traverse_scope(query):
                self._resolve(scope)
                columns = self._outputs[id(scope)]
            self._of_queries[id(query)] = columns
        return self._of_queries[id(query)]

    def resolve_insert(self, tree: exp.Insert) -> None:
        """The columns of the table that rows are inserted into."""
        table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        if isinstance(table, exp.Table):
            self._names.written = self._of_table(table)

    def resolve_change(self, tree: exp.Expr) -> None:
        """The names of an UPDATE, DELETE or MERGE that stand in none of its queries."""
        for table in (
            (tree.this, tree.args["using"]) if isinstance(tree, exp.Merge) else (tree.this,)
        ):
            if isinstance(table, exp.Table):
                columns = self._of_table(table)
            else:
                held = table.unnest() if isinstance(table, exp.Subquery) else None
                columns = self.resolve_query(held) if isinstance(held, exp.Query) else None
            self._changed[table.alias_or_name.lower()] = columns
        nodes = tree.walk(prune=lambda node: isinstance(node, exp.Query))
        for column in [node for node in nodes if isinstance(node, exp.Column)]:
            self._name(column, None, {})
        for node in tree.iter_expressions():
            if not isinstance(node, exp.Table | exp.Subquery):
                self._annotator.annotate_expression(node)

    def _resolve(self, scope: Scope) -> None:
        query = scope.expression
        sources = self._of(scope)
        if isinstance(query, exp.Select):
            self._names.reads[self.numbers[id(query)]] = sources
        groups: dict[int, list[exp.Column]] = {}
        for column in scope.columns:
            groups.setdefault(_clause(column, query), []).append(column)
        aliases: Columns = {}
        items = query.expressions if isinstance(query, exp.Select) else []
        for index, item in enumerate(items):
            for column in groups.pop(index, ()):
                self._name(column, scope, aliases)
            self._annotator.annotate_expression(item)
            if item.alias:
                aliases[item.alias.lower()] = item.type or _UNKNOWN
        for clause, columns in groups.items():
            for column in columns:
                self._name(column, scope, {} if clause == _WITHOUT_ALIASES else aliases)
        self._annotator.annotate_expression(query)
        self._outputs[id(scope)] = self._output(scope, sources)

    def _of(self, scope: Scope) -> dict[str, Columns | None]:
        found = self._sources.get(id(scope))
        if found is None:
            found = {
                alias.lower(): self._columns(scope, alias, source)
                for alias, source in scope.sources.items()
                if alias in scope.selected_sources or not _is_query_name(scope, alias)
            }
            if None not in found.values():
                self._sources[id(scope)] = found
        return found

    def _of_table(self, table: exp.Table) -> Columns | None:
        return self._lookup([part.name for part in table.parts])

    def _columns(self, scope: Scope, alias: str, source: exp.Table | Scope) -> Columns | None:
        node = scope.selected_sources.get(alias, (None, None))[0]
        columns = (
            self._of_table(source)
            if isinstance(source, exp.Table)
            else self._outputs.get(id(source))
        )
        for pivot in (node.args.get("pivots") or ()) if node is not None else ():
            self._names.turned[self.numbers[id(pivot)]] = columns
            columns = None
        named = node.args.get("alias") if node is not None else None
        renamed = [item.name.lower() for item in (named.columns if named else ())]
        if renamed and (columns is None or len(renamed) == len(columns)):
            kinds = list(columns.values()) if columns else [_UNKNOWN] * len(renamed)
            return dict(zip(renamed, kinds, strict=True))
        return columns

    def _output(self, scope: Scope, sources: Mapping[str, Columns | None]) -> Columns | None:
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            left = scope.set_operation_scopes[0] if scope.set_operation_scopes else None
            return self._outputs.get(id(left))
        if not isinstance(query, exp.Select):
            return _of_table_function(query)
        output: Columns = {}
        for item in query.expressions:
            if item.is_star:
                columns = expanded(item, sources)
                if columns is None:
                    return None
                output.update(columns)
            elif item.alias_or_name:
                output[item.alias_or_name.lower()] = item.type or _UNKNOWN
            elif isinstance(item, exp.Explode | exp.Aliases | exp.Anonymous):
                return None  # a generator has columns of its own names
        return self._renamed_by_cte(scope, output)

    def _renamed_by_cte(self, scope: Scope, output: Columns) -> Columns:
        parent = scope.expression.parent
        named = parent.args.get("alias") if isinstance(parent, exp.CTE) else None
        columns = [item.name.lower() for item in named.columns] if named else []
        if len(columns) != len(output):
            return output
        return dict(zip(columns, output.values(), strict=True))

    def _name(self, column: exp.Column, scope: Scope | None, aliases: Columns) -> None:
        if (
            column.is_star
            or not isinstance(column.this, exp.Identifier)
            or id(column) in self._done
        ):
            return
        self._done.add(id(column))
        parts = [part.name.lower() for part in path(column)]
        at: Scope | None = scope
        known = True
        while at is not None:
            sources = self._of(at)
            found = next(_meanings(parts, sources), None)
            if found:
                self._mean(column, found)
                return
            if at is scope and parts[0] in aliases:
                self._names.aliases.add(place(column))
                column.type = _kind(aliases[parts[0]], parts[1:])
                return
            known = known and None not in sources.values()
            at = at.parent if _sees_around(at) else None
        found = next(_meanings(parts, self._changed), None)
        if found:
            self._mean(column, found)
            return
        if known and None not in self._changed.values():
            self._names.missing.append(column)
        else:
            self._names.complete = False

    def _mean(self, column: exp.Column, meaning: Meaning) -> None:
        parts = [part.name.lower() for part in path(column)]
        self._names.meanings[place(column)] = meaning
        if _is_no_field(meaning.kind, parts[meaning.root + 1 :]):
            self._names.missing.append(column)
        top: exp.Expr = column
        column.type = _kind(meaning.kind, parts[meaning.root + 1 : len(column.parts)])
        for count in range(len(column.parts), len(parts)):
            top = top.parent or top
            top.type = _kind(meaning.kind, parts[meaning.root + 1 : count + 1])


def _metadata() -> dict[type[exp.Expr], dict[str, Any]]:
    """The rules of types that sqlglot has, save for arithmetic with times and intervals."""
    arithmetic = {"annotator": _annotate_arithmetic}
    known = Dialect.get_or_raise("databricks").EXPRESSION_METADATA
    return {**known, **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div), arithmetic)}


def _annotate_arithmetic(annotator: TypeAnnotator, node: exp.Binary) -> exp.Expr:
    """The difference of two times is an interval; an interval keeps its type by a number.

    https://docs.databricks.com/aws/en/sql/language-manual/functions/minussign
    """
    sides = [node.left.type or _UNKNOWN, node.right.type or _UNKNOWN]
    times = [side for side in sides if side.is_type(*_TIMES)]
    if isinstance(node, exp.Sub) and len(times) == len(sides):
        node.type = exp.DType.INTERVAL
    elif any(side.is_type(exp.DType.INTERVAL) for side in sides):
        node.type = exp.DType.INTERVAL if not times else _UNKNOWN
        node.type = times[0] if times and times[0].is_type(exp.DType.TIMESTAMP) else node.type
    elif any(side.is_type(exp.DType.UNKNOWN) for side in sides):
        node.type = _UNKNOWN
    elif isinstance(node, exp.Div):
        return annotator._annotate_div(node)
    else:
        return annotator._annotate_binary(node)
    return node


_TIMES = (exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ)
# The number of a SELECT item, or one of these.
_WITH_ALIASES, _WITHOUT_ALIASES = -1, -2


def _clause(column: exp.Expr, query: exp.Expr) -> int:
    """Which part of a query a column stands in."""
    node = column
    while node.parent is not None and node.parent is not query:
        node = node.parent
    if node.arg_key == "expressions" and isinstance(query, exp.Select):
        return next(i for i, item in enumerate(query.expressions) if item is node)
    late = ("group", "having", "order", "qualify", "windows", "distribute", "sort", "cluster")
    return _WITH_ALIASES if node.arg_key in late else _WITHOUT_ALIASES


def _sees_around(scope: Scope) -> bool:
    """Whether a query's names may be of the query around it."""
    return scope.can_be_correlated or scope.expression.find_ancestor(exp.Lateral) is not None


def _is_query_name(scope: Scope, alias: str) -> bool:
    return alias in scope.cte_sources


def _of_table_function(query: exp.Expr) -> Columns | None:
    named = query.args.get("alias")
    if isinstance(query, exp.Values | exp.Lateral | exp.Unnest) and named and named.columns:
        return {item.name.lower(): _UNKNOWN for item in named.columns}
    return None


def expanded(item: exp.Expr, sources: Mapping[str, Columns | None]) -> Columns | None:
    """The columns that a star stands for; None if a table is not known."""
    star = item.this if isinstance(item, exp.Column) else item
    chosen = [sources.get(item.table.lower())] if isinstance(item, exp.Column) else sources.values()
    left_out = {name.name.lower() for name in star.args.get("except_") or ()}
    output: Columns = {}
    for columns in chosen:
        if columns is None:
            return None
        output.update(columns)
    return {name: kind for name, kind in output.items() if name not in left_out}


def _meanings(parts: list[str], sources: Mapping[str, Columns | None]) -> Iterator[Meaning]:
    for index in range(len(parts) - 1, 0, -1):
        columns = sources.get(parts[index - 1])
        if columns and parts[index] in columns:
            yield Meaning(index, columns[parts[index]])
    for columns in sources.values():
        if columns and parts[0] in columns:
            yield Meaning(0, columns[parts[0]])


_WITHOUT_FIELDS = (
    *exp.DataType.NUMERIC_TYPES,
    *exp.DataType.TEXT_TYPES,
    *exp.DataType.TEMPORAL_TYPES,
    exp.DType.BOOLEAN,
)


def _is_no_field(kind: exp.DataType, fields: Sequence[str]) -> bool:
    """Whether a type surely has no such field."""
    for index in range(len(fields)):
        held = _kind(kind, fields[:index])
        if held.is_type(*_WITHOUT_FIELDS):
            return True
        names = {item.name.lower() for item in held.expressions}
        if held.is_type(exp.DType.STRUCT) and fields[index] not in names:
            return True
    return False


def _kind(kind: exp.DataType, fields: Sequence[str]) -> exp.DataType:
    """The type of a field of a struct, or of a map's value, some levels down."""
    for name in fields:
        if kind.is_type(exp.DType.MAP) and len(kind.expressions) > 1:
            kind = kind.expressions[1]
        elif kind.is_type(exp.DType.STRUCT):
            held = [item for item in kind.expressions if item.name.lower() == name]
            inner = held[0].args.get("kind") if held else None
            kind = inner if isinstance(inner, exp.DataType) else _UNKNOWN
        else:
            return _UNKNOWN
    return kind

"""Names on an engine that has our catalogs, such as Sail: they stay, with few exceptions.

- Sail tells cases apart where Databricks does not: names are sent in lower case, as Unity Catalog
  keeps them.
- Sail keeps the catalog `system` for itself: ours has another name there. It takes `json.t` for a
  file: a schema of a format's name is sent with its catalog.
- Sail writes a view's text anew without backticks, so a view with names that need them is not
  registered: its text stands in its place wherever it is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from databricks_alerts.local_workspace.warehouse.catalog import Catalog, Table
from databricks_alerts.local_workspace.warehouse.names import TableName, quote, resolve
from databricks_alerts.local_workspace.warehouse.paths import FORMATS
from databricks_alerts.local_workspace.warehouse.sent import Sent
from databricks_alerts.local_workspace.warehouse.table_references import (
    Edit,
    Reference,
    edited,
    references,
)
from databricks_alerts.local_workspace.warehouse.text import quoted_names, words_of

# Catalogs that Sail has itself: every statement fails where another of that name is set up.
_RESERVED = frozenset({"system"})
# No name of Unity Catalog's holds a slash, so that no catalog of ours can have this name.
_ASIDE = "local/"
_SPELLED: Mapping[str, str] = {_ASIDE + name: name for name in _RESERVED}
_NONE: Mapping[str, str] = {}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def engine_catalog(name: str) -> str:
    """Sail's name of a catalog: the same, unless Sail keeps that name for itself."""
    return _ASIDE + name if name in _RESERVED else name


class OwnNames:
    """The names of a workspace on an engine that has its catalogs."""

    outlive = False

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._odd: tuple[int, Mapping[TableName, str]] = (-1, {})

    def catalog(self, name: str) -> str:
        """The engine's name of a catalog, quoted."""
        return quote(engine_catalog(name))

    def database(self, catalog: str, schema: str) -> str:
        """The engine's name of a schema, quoted."""
        return f"{self.catalog(catalog)}.{quote(schema)}"

    def table(self, name: TableName) -> str:
        """The engine's name of a table, quoted."""
        return f"{self.database(name.catalog, name.schema)}.{quote(name.table)}"

    def is_registered(self, table: Table) -> bool:
        """Whether the engine is told of a table or view at all."""
        return table.name not in self._odd_views()

    def sent(self, sql: str, catalog: str, schema: str, words: frozenset[str]) -> Sent:
        """The statement in the engine's names; `words` are its names, which tell early."""
        lowered = {word.lower() for word in words}
        odd = self._odd_views()
        aside = bool(_RESERVED & lowered) or catalog in _RESERVED
        spelled = _SPELLED if aside else _NONE
        views = any(name.table in lowered for name in odd)
        known = self._catalog.names()
        cased = any(word.lower() in known for word in words if word != word.lower())
        if not (views or cased or (_RESERVED | FORMATS) & lowered):
            return Sent(sql, sql, spelled=spelled)
        edits = [
            Edit(item.start, item.end, self._written(item, sql, catalog, schema, odd))
            for item in references(sql, single=True)
        ]
        return Sent(edited(sql, edits), sql, tuple(edits), spelled=_SPELLED if views else spelled)

    def _written(
        self, item: Reference, sql: str, catalog: str, schema: str, odd: Mapping[TableName, str]
    ) -> str:
        name = resolve(list(item.table), catalog, schema)
        if name in odd:
            return self._expanded(item, name, odd[name])
        if len(item.parts) == 3 and name.catalog in _RESERVED:
            return self.table(name)
        if len(item.parts) == 2 and not item.qualifies and name.schema in FORMATS:
            return self.table(name)  # `json.t` is a file for Sail
        return sql[item.start : item.end].lower()

    def _expanded(self, item: Reference, name: TableName, text: str) -> str:
        """A view's query in the view's place; its columns are qualified by its last name."""
        if item.qualifies:
            return quote(name.table)
        words = frozenset(quoted_names(text)) | frozenset(re.findall(r"\w+", text))
        inner = self.sent(text, name.catalog, name.schema, words).sql
        return f"({inner})" + (f" AS {quote(name.table)}" if item.takes_alias else "")

    def _odd_views(self) -> Mapping[TableName, str]:
        """The views whose texts do not survive that their backticks are taken away.

        Those that read such a view are among them: its text stands in theirs.
        """
        version = self._catalog.version
        if self._odd[0] != version:
            self._odd = (version, _odd_among(self._catalog.views()))
        return self._odd[1]


@lru_cache(4096)
def _words(text: str) -> frozenset[str]:
    """The words of a view's text: texts stay the same while the catalog changes."""
    return frozenset(word.lower() for word in words_of(text))


def _odd_among(views: Sequence[Table]) -> Mapping[TableName, str]:
    found = {view.name: view.view_text for view in views if _is_odd(view.view_text)}
    rest = [(view, _words(view.view_text)) for view in views if found and view.name not in found]
    new = {name.table for name in found}
    while new:
        reading = [view for view, words in rest if words & new]
        found |= {view.name: view.view_text for view in reading}
        rest = [(view, words) for view, words in rest if view.name not in found]
        new = {view.name.table for view in reading}
    return found


@lru_cache(4096)
def _is_odd(text: str) -> bool:
    if not _RESERVED.isdisjoint(_words(text)):
        return True  # ours is called otherwise at the engine, by a name that needs its backticks
    return any(
        not _PLAIN.fullmatch(name) or name.lower() in _RESERVED or name.lower() in _KEYWORDS
        for name in quoted_names(text)
    )


# Words that do not parse as names without backticks (ANSI reserved words of Spark's grammar).
_RESERVED_WORDS = """
all and any as authorization both case cast check collate column constraint create cross
current_date current_time current_timestamp current_user distinct else end escape except false
fetch filter for foreign from full grant group having in inner intersect into is join lateral
leading left natural not null offset on only or order outer overlaps primary references right
select session_user some table then time to trailing true union unique unknown user using when
where with within anti semi minus values set limit
"""
_KEYWORDS = frozenset(_RESERVED_WORDS.split())

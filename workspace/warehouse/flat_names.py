"""Three-level names on a server that has two levels, such as Apache Spark's session catalog.

Every schema of ours is a database there, named by a digest: its names know letters, digits and
`_` only, and two workspaces on one server must not meet. Messages get the statement's own names
and positions back.
"""

from __future__ import annotations

import bisect
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from workspace.warehouse.catalog import Catalog
from workspace.warehouse.names import TableName, quote, resolve
from workspace.warehouse.table_references import Edit, Reference, edited, references

_DATABASE = re.compile(r"(?:`?spark_catalog`?\.)?(`?)(ws_[0-9a-f]{16})\1(\.?)")
_TABLE = re.compile(r"`?(t_[0-9a-f]{16})\b`?")
_PLACE = re.compile(r"(line )(\d+)(,? (?:pos|position) )(\d+)")
_PLAIN = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True)
class Sent:
    """A statement as it goes to the engine, and the way back for what the engine says of it."""

    sql: str
    original: str
    edits: tuple[Edit, ...] = ()
    # The server's names → as the statement spells them; `others` are those it does not name itself.
    names: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)

    def restored(self, message: str) -> str:
        """The engine's words with the statement's own names and positions."""
        known = {**self.others, **self.names}
        if not known:
            return message
        moved = _PLACE.sub(self._moved, message.replace(self.sql, self.original))

        def named(found: re.Match[str]) -> str:
            spelled = known.get(found[2], found[2])
            return spelled + found[3] if spelled else ""

        moved = _DATABASE.sub(named, moved)
        return _TABLE.sub(lambda found: known.get(found[1], found[0]), moved)

    def _moved(self, found: re.Match[str]) -> str:
        line, position = self._place(int(found[2]), int(found[4]), "position" in found[3])
        return f"{found[1]}{line}{found[3]}{position}"

    def _place(self, line: int, position: int, from_one: bool) -> tuple[int, int]:
        lines = self.sql.split("\n")
        if not 1 <= line <= len(lines):
            return line, position
        offset = sum(len(text) + 1 for text in lines[: line - 1]) + position - from_one
        before = self.original[: self._original(offset)]
        return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + from_one

    def _original(self, offset: int) -> int:
        """The offset in the original text of one in the text sent."""
        starts, shifts, shift = [], [], 0
        for edit in self.edits:
            starts.append(edit.start + shift)
            shifts.append(shift)
            shift += len(edit.text) - (edit.end - edit.start)
        index = bisect.bisect_right(starts, offset) - 1
        if index < 0:
            return offset
        edit = self.edits[index]
        if offset < starts[index] + len(edit.text):
            return edit.start
        return offset - shifts[index] - (len(edit.text) - (edit.end - edit.start))


class FlatNames:
    """The names of one workspace (`key` tells it from others) on a server with two levels."""

    # Whether names stay at the server when its sessions end.
    outlive = True

    def __init__(self, key: str) -> None:
        self._key = key
        self._databases: dict[str, str] = {}

    def database(self, catalog: str, schema: str) -> str:
        """The server's name of a schema."""
        name = f"ws_{self._digest(catalog, schema)}"
        self._databases[name] = f"{quote(catalog)}.{quote(schema)}"
        return name

    def table(self, name: TableName) -> str:
        """The server's name of a table, quoted."""
        return f"{quote(self.database(name.catalog, name.schema))}.{quote(self._bare(name))}"

    def sent(self, sql: str, catalog: str, schema: str, words: frozenset[str]) -> Sent:
        """A statement of a session that stands in `catalog`.`schema`, in the server's names."""
        edits: list[Edit] = []
        names: dict[str, str] = {}
        for item in references(sql):
            name = resolve(list(item.table), catalog, schema)
            edits.append(Edit(item.start, item.end, self._written(item, name)))
            spelled = ".".join(quote(part) for part in item.parts[:-1])
            names.setdefault(self.database(name.catalog, name.schema), spelled)
            names.setdefault(self._bare(name), quote(item.parts[-1]))
        return Sent(edited(sql, edits), sql, tuple(edits), names, self._databases)

    def _written(self, item: Reference, name: TableName) -> str:
        # A table that has another name there keeps its own one for columns qualified by it.
        alias = f" AS {quote(item.parts[-1])}"
        renamed = self._bare(name) != name.table
        return self.table(name) + (alias if renamed and item.takes_alias else "")

    def _bare(self, name: TableName) -> str:
        return name.table if _PLAIN.fullmatch(name.table) else f"t_{self._digest(name.table)}"

    def _digest(self, *parts: str) -> str:
        return hashlib.sha256("\0".join((self._key, *parts)).encode()).hexdigest()[:16]


class OwnNames:
    """An engine that has our catalogs: names stay, but in lower case as Unity Catalog keeps them.

    Sail tells cases apart where Databricks does not.
    """

    outlive = False

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def database(self, catalog: str, schema: str) -> str:
        """The engine's name of a schema, quoted."""
        return f"{quote(catalog)}.{quote(schema)}"

    def table(self, name: TableName) -> str:
        """The engine's name of a table, quoted."""
        return name.quoted

    def sent(self, sql: str, catalog: str, schema: str, words: frozenset[str]) -> Sent:
        """The statement with its tables in lower case; `words` are its names, which tell early."""
        known = self._catalog.names()
        if not any(word.lower() in known for word in words if word != word.lower()):
            return Sent(sql, sql)
        edits = [
            Edit(item.start, item.end, sql[item.start : item.end].lower())
            for item in references(sql, single=True)
        ]
        return Sent(edited(sql, edits), sql, tuple(edits))


Names = FlatNames | OwnNames

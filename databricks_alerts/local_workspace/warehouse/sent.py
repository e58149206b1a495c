"""A statement as an engine gets it, and the way back for what the engine says of it."""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from databricks_alerts.local_workspace.warehouse.dialect.places import placed
from databricks_alerts.local_workspace.warehouse.table_references import Edit

_DATABASE = re.compile(r"(?:`?spark_catalog`?\.)?(`?)(ws_[0-9a-f]{16})\1(\.?)")
_TABLE = re.compile(r"`?(t_[0-9a-f]{16})\b`?")
_PLACE = re.compile(r"(line )(\d+)(,? (?:pos|position) )(\d+)")


@dataclass(frozen=True)
class Sent:
    """A statement as it goes to the engine, and the way back for what the engine says of it."""

    sql: str
    original: str
    edits: tuple[Edit, ...] = ()
    # The server's names → as the statement spells them; `others` are those it does not name itself.
    names: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    # Texts of the server's that stand for texts of ours, wherever they stand.
    spelled: Mapping[str, str] = field(default_factory=dict)
    # The statement as it was before it was rewritten; empty where it was not.
    asked: str = ""

    @property
    def told(self) -> str:
        """The statement that messages are about."""
        return self.asked or self.original

    def restored(self, message: str) -> str:
        """The engine's words with the statement's own names and positions."""
        named = self._with_names(message)
        return placed(named, self.original, self.asked) if self.asked else named

    def _with_names(self, message: str) -> str:
        known = {**self.others, **self.names}
        if not known and not self.spelled:
            return message
        moved = _PLACE.sub(self._moved, message.replace(self.sql, self.original))
        for theirs, ours in self.spelled.items():
            moved = moved.replace(theirs, ours)

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

"""Whether what a rule names of its workspace is there: warehouse, folder, who it runs as.

Each is asked once, however many rules name it, and only where a row says it. What the workspace
does not let one see is no fault of the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.resources import home_of
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import ALERTS

# Column and value: False for what is not there, a text for what is in the way.
Answers = Mapping[tuple[str, str], bool | str | None]
Each = Callable[[Callable[[tuple[str, str]], Any], Sequence[tuple[str, str]]], list[Any]]

_FOLDERS = ("DIRECTORY", "REPO")


class Surroundings(Protocol):
    """What a workspace tells; None where it does not."""

    def has_warehouse(self, key: str) -> bool | None:
        """Whether there is a SQL warehouse of that id."""

    def has_identity(self, name: str) -> bool | None:
        """Whether there is a user of that name, or a service principal of that application id."""

    def kind_at(self, path: str) -> str | None:
        """The type of what stands at a path of the workspace, empty for nothing."""


def ask_surroundings(
    rules: Iterable[Rule], settings: Settings, around: Surroundings | None, each: Each
) -> Answers:
    """What the rules name, asked of the workspace, several at once by `each`."""
    if around is None:
        return {}
    wanted = sorted({item for rule in rules for item in _named(rule)})

    def ask(item: tuple[str, str]) -> bool | str | None:
        column, value = item
        match column:
            case "warehouse_id":
                return around.has_warehouse(value)
            case "run_as":
                return around.has_identity(value)
        return _in_the_way(value, settings, around)

    return dict(zip(wanted, each(ask, wanted), strict=True))


def check_surroundings(rule: Rule, answers: Answers) -> list[Finding]:
    """What is wrong with what a rule names."""
    return [
        Finding(
            key=rule.alert_id,
            check="row",
            what=what,
            where=f"{ALERTS}.{column}",
            remedy=remedy,
        )
        for column, value in _named(rule)
        if (told := _told(column, value, answers.get((column, value)))) is not None
        for what, remedy in [told]
    ]


def _named(rule: Rule) -> Iterator[tuple[str, str]]:
    for column in ("warehouse_id", "run_as", "folder"):
        value = getattr(rule, column, None)
        if value:
            yield column, value


def _told(column: str, value: str, answer: bool | str | None) -> tuple[str, str] | None:
    if column == "warehouse_id" and answer is False:
        return (
            f"the workspace has no SQL warehouse {value!r}",
            "name one by its id, or set warehouse_id to NULL for the stack's",
        )
    if column == "run_as" and answer is False:
        return (
            f"{value!r} is no user and no service principal of the workspace",
            "give a user's name or an application id, or set run_as to NULL for the stack's",
        )
    if column == "folder" and answer:
        return (
            f"the folder {value!r} cannot be made: {answer}",
            "name another folder, or set folder to NULL for parentPath itself",
        )
    return None


def _in_the_way(name: str, settings: Settings, around: Surroundings) -> str | None:
    """What stands where the folder, or one above it, should be."""
    parts = name.split("/")
    for count in range(len(parts), 0, -1):
        path = home_of("/".join(parts[:count]), settings)
        kind = around.kind_at(path)
        if kind == "":
            continue  # it will be made, if what is above it allows that
        return f"{path} is of type {kind}" if kind and kind not in _FOLDERS else None
    return None

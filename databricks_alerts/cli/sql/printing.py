"""Results on standard output: a table, JSON or CSV."""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from databricks_alerts.cli import console
from databricks_alerts.cli.sql.values import to_json, to_text
from databricks_alerts.sql.warehouse import Results

# What INSERT, UPDATE, DELETE and MERGE answer on Delta tables.
_AFFECTED = "num_affected_rows"
_NULL = "NULL"

Printer = Callable[[Results], None]


def print_table(most: int) -> Printer:
    """A printer of tables of up to `most` rows (0: all)."""

    def print_results(results: Results) -> None:
        if not results.columns:
            console.out.print("OK")
            return
        if results.columns[0] == _AFFECTED:
            _print_change(results)
            return
        shown = list(itertools.islice(results.rows, most or None))
        made = console.table(*results.columns)
        for row in shown:
            made.add_row(*(_cell(value) for value in row))
        console.out.print(made)
        more = most and next(iter(results.rows), None) is not None
        said = f"the first {len(shown)} rows; --limit 0 prints all" if more else _rows(len(shown))
        console.note(f"({said})")

    return print_results


def print_json(results: Results) -> None:
    """A list with an object for each row; nothing for a statement that answers none."""
    if not results.columns:
        return
    names = unique(results.columns)
    sys.stdout.write("[")
    for index, row in enumerate(results.rows):
        pairs = (
            f"{to_json(name)}: {to_json(value)}" for name, value in zip(names, row, strict=True)
        )
        sys.stdout.write((",\n " if index else "\n ") + "{" + ", ".join(pairs) + "}")
    sys.stdout.write("\n]\n")


def print_csv(results: Results) -> None:
    """Lines as RFC 4180 has them, with a header; NULL is empty, an empty text is quoted."""
    if not results.columns:
        return
    lines: Iterator[Sequence[Any]] = itertools.chain([results.columns], results.rows)
    for row in lines:
        sys.stdout.write(",".join(_field(to_text(value)) for value in row) + "\r\n")


def unique(columns: Sequence[str]) -> list[str]:
    """Names of which none stands twice: the second `a` is `a_2`."""
    taken, times = set(columns), Counter[str]()
    names = []
    for column in columns:
        times[column] += 1
        name = column
        while times[column] > 1 and (name in taken or name in names):
            name = f"{column}_{times[column]}"
            times[column] += name in taken or name in names
        names.append(name)
    return names


def _print_change(results: Results) -> None:
    for row in results.rows:
        console.out.print(f"{_rows(int(row[0] or 0))} changed", highlight=False)


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _cell(value: Any) -> Any:
    from rich.text import Text

    text = to_text(value)
    return Text(_NULL, style="dim") if text is None else Text(text)


def _field(text: str | None) -> str:
    if text is None:
        return ""
    if text == "" or any(sign in text for sign in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text

"""Types of columns, compared as types: what an aggregation takes and a threshold can meet.

Parsed from Spark's names, so that INTERVAL is no number although it begins with `int`. Sources:
docs.databricks.com, "SQL data type rules" (promotion, implicit crosscasting of strings in ANSI
mode) and the reference of each aggregate function. What this module does not know it does not
judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from databricks_alerts.evaluation.texts import (
    is_boolean,
    is_date,
    is_number,
    is_timestamp,
    is_whole_number,
)

Family = Literal[
    "integer",
    "fraction",
    "text",
    "boolean",
    "date",
    "timestamp",
    "interval",
    "binary",
    "nested",
    "map",
    "variant",
    "void",
]
_FAMILIES: dict[str, Family] = {
    **dict.fromkeys(("tinyint", "byte", "smallint", "short", "int", "integer"), "integer"),
    **dict.fromkeys(("bigint", "long"), "integer"),
    **dict.fromkeys(("float", "real", "double", "decimal", "dec", "numeric"), "fraction"),
    **dict.fromkeys(("string", "varchar", "char", "character"), "text"),
    "boolean": "boolean",
    "date": "date",
    **dict.fromkeys(("timestamp", "timestamp_ltz", "timestamp_ntz"), "timestamp"),
    "interval": "interval",
    "binary": "binary",
    **dict.fromkeys(("array", "struct"), "nested"),
    "map": "map",
    **dict.fromkeys(("variant", "object", "geometry", "geography"), "variant"),
    **dict.fromkeys(("void", "null"), "void"),
}
_NAME = re.compile(r"\s*([a-z_]+)\s*(?:$|[(<\s])", re.IGNORECASE)
_NUMBERS: tuple[Family, ...] = ("integer", "fraction", "void")
# What each aggregation takes; those that are not here take everything.
_TAKEN: dict[str, tuple[Family, ...]] = {
    "SUM": (*_NUMBERS, "interval"),
    "AVG": (*_NUMBERS, "interval"),
    "MEDIAN": (*_NUMBERS, "interval"),
    "STDDEV": _NUMBERS,
}
_WITHOUT_ORDER: tuple[Family, ...] = ("map", "variant")
_ORDERING = ("MIN", "MAX", "COUNT_DISTINCT")


@dataclass(frozen=True)
class Kind:
    """A type: its family, and its name as Spark wrote it."""

    family: Family
    name: str


@dataclass(frozen=True)
class Fit:
    """Whether a condition can be evaluated: True, False, or None where that cannot be told.

    `problem` says why it cannot, `instead` what would.
    """

    good: bool | None
    problem: str = ""
    instead: str = ""


_GOOD, _UNKNOWN = Fit(good=True), Fit(good=None)


def parse_kind(name: str) -> Kind | None:
    """The type that Spark calls `name`; None for one that is not known here."""
    found = _NAME.match(name)
    family = _FAMILIES.get(found[1].lower()) if found else None
    return Kind(family, name) if family else None


def fit(
    kind: Kind | None, aggregation: str | None, operator: str, threshold: float | str | bool | None
) -> Fit:
    """Whether `aggregation(column) operator threshold` evaluates for a column of this type.

    `operator` is the API's word; `threshold` is a number for DOUBLE, a text for STRING, a truth
    value for BOOLEAN. Every value of the type must evaluate, not just some.
    """
    if kind is None:
        return (
            _UNKNOWN
            if aggregation not in ("COUNT", "COUNT_DISTINCT")
            else _counted(operator, threshold)
        )
    refused = _refused(kind, aggregation)
    if refused is not None:
        return refused
    compared = aggregated(kind, aggregation)
    return _GOOD if operator.startswith("IS_") else compare(compared, threshold)


def aggregated(kind: Kind, aggregation: str | None) -> Kind:
    """The type of what is compared."""
    if aggregation in ("COUNT", "COUNT_DISTINCT"):
        return Kind("integer", "bigint")
    if aggregation in ("AVG", "MEDIAN", "STDDEV") and kind.family in ("integer", "void"):
        return Kind("fraction", "double")
    return kind


def compare(kind: Kind, threshold: float | str | bool | None) -> Fit:
    """Whether a value of this type can be compared with a threshold.

    All operators are alike: SQL orders whatever it can compare, false before true.
    """
    family = kind.family
    if family == "void":
        return _GOOD
    if isinstance(threshold, bool):
        return _GOOD if family == "boolean" else _unlike(kind, "BOOLEAN", family)
    if isinstance(threshold, str):
        return _with_text(kind, threshold)
    return _GOOD if family in _NUMBERS else _unlike(kind, "DOUBLE", family)


def compare_kinds(left: Kind, right: Kind) -> Fit:
    """Whether a value of one type can be compared with one of another, as two columns are."""
    families = {left.family, right.family}
    if "void" in families or families <= set(_NUMBERS) or families <= {"date", "timestamp"}:
        return _GOOD
    if families & set(_WITHOUT_ORDER):
        return _unlike_kinds(left, right)
    if len(families) == 1:  # of compounds and intervals the parts decide
        return _UNKNOWN if families & {"nested", "interval"} else _GOOD
    # A text is cast to the other's type, value by value.
    crosscast = "text" in families and not families & {"nested", "interval"}
    return _UNKNOWN if crosscast else _unlike_kinds(left, right)


def _unlike_kinds(left: Kind, right: Kind) -> Fit:
    return Fit(
        good=False,
        problem=f"{left.name} cannot be compared with {right.name}",
        instead="columns of types that can be compared (CAST one in the query)",
    )


def _refused(kind: Kind, aggregation: str | None) -> Fit | None:
    if aggregation in _TAKEN and kind.family not in _TAKEN[aggregation]:
        cast = " (CAST it in the query)" if kind.family == "text" else ""
        return Fit(
            good=False,
            problem=f"{aggregation} needs a number, the column is {kind.name}",
            instead=f"a numeric column{cast}, or another aggregation_type",
        )
    if aggregation in _ORDERING and kind.family in _WITHOUT_ORDER:
        return Fit(
            good=False,
            problem=f"{aggregation} cannot take {kind.name}",
            instead="a column with plain values, or another aggregation_type",
        )
    return None


def _counted(operator: str, threshold: float | str | bool | None) -> Fit:
    return _GOOD if operator.startswith("IS_") else compare(Kind("integer", "bigint"), threshold)


def _with_text(kind: Kind, text: str) -> Fit:
    """A STRING threshold is cast to the column's type before it is compared (crosscasting)."""
    match kind.family:
        case "text":
            return _GOOD
        case "integer":
            return _parsed(kind, text, "whole number", good=is_whole_number(text))
        case "fraction":
            return _parsed(kind, text, "number", good=is_number(text))
        case "boolean":
            return _parsed(kind, text, "truth value", good=is_boolean(text))
        case "date":
            return _parsed(kind, text, "date", good=is_date(text))
        case "timestamp":
            return _parsed(kind, text, "timestamp", good=is_timestamp(text))
        case "binary":
            return _UNKNOWN
    return _unlike(kind, "STRING", kind.family)


def _parsed(kind: Kind, text: str, wanted: str, *, good: bool) -> Fit:
    if good:
        return _GOOD
    return Fit(
        good=False,
        problem=f"the value compared is {kind.name}, "
        f"and threshold_value_string {text[:60]!r} is no {wanted}",
        instead="a threshold_value_type that fits it",
    )


def _unlike(kind: Kind, value_type: str, family: Family) -> Fit:
    if family in ("nested", "map", "variant", "binary"):
        return Fit(
            good=False,
            problem=f"the value is {kind.name}, which cannot be compared with {value_type}",
            instead="a column with plain values",
        )
    return Fit(
        good=False,
        problem=f"the value compared is {kind.name}, threshold_value_type is {value_type}",
        instead="a type that fits the column",
    )

"""`${name}` in queries and messages: a value stays one value, wherever it stands."""

from __future__ import annotations

import itertools
import math
import re

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from databricks_alerts.evaluation.lexical import pieces
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.templates import placeholders, render, render_message, render_query
from databricks_alerts.sql.literals import Value, literal

SETTINGS = Settings(
    catalog="c",
    gold_schema="g",
    warehouse_id="w",
    parent_path="/a",
    variables={"budget": 5000, "zone": "Europe/Berlin", "loud": True},
)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
NASTY = st.lists(
    st.sampled_from(["'", '"', "`", "\\", "--", "/*", "*/", "\n", "\r", "${", "}", ";", "x", " "]),
    max_size=12,
).map("".join)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.booleans(), st.integers(-(10**37), 10**37), st.floats(allow_nan=False, allow_infinity=False),
    TEXTS, NASTY,
)  # fmt: skip
# Each has one placeholder inside something that a value could end.
PLACES = [
    "SELECT '${v}' AS a",
    'SELECT "x ${v} y" AS a',
    "SELECT r'${v}' AS a, 1",
    'SELECT R"${v}" AS a, 1',
    "SELECT `${v}` FROM t",
    "SELECT 1 -- ${v}\n, 2",
    "SELECT 1 /* ${v} */, 2",
    "SELECT 1 /* a /* b */ ${v} */, 2",
]


@pytest.mark.parametrize("template", PLACES)
@given(VALUES)
def test_no_value_ends_what_it_stands_in(template: str, value: Value) -> None:
    query, unknown = render(template, {}, {"v": value})
    if unknown:
        assert unknown[0].problem
        return
    before, after = template.split("${v}")
    assert query.startswith(before)
    assert query.endswith(after)
    assert "${" not in query
    harmless, _ = render(template, {}, {"v": "x"})
    assert _kinds(query) == _kinds(harmless)


@given(VALUES)
def test_a_value_in_a_hint_is_a_literal(value: Value) -> None:
    query, unknown = render("SELECT /*+ REPARTITION(${v}) */ 1", {}, {"v": value})
    assert unknown == []
    assert query == f"SELECT /*+ REPARTITION({literal(value)}) */ 1"


def _kinds(query: str) -> list[str]:
    """The kinds in order; a doubled backtick goes on with the same name."""
    return [kind for kind, _ in itertools.groupby(piece.kind for piece in pieces(query))]


@given(VALUES)
def test_a_bare_variable_is_one_literal_of_its_type(value: Value) -> None:
    query, unknown = render("SELECT ${v} AS a, 1 AS b", {}, {"v": value})
    assert unknown == []
    first, second = sqlglot.parse_one(query, dialect="databricks").expressions
    assert (first.alias, second.alias) == ("a", "b")
    inner = first.this.unnest()
    match value:
        case bool():
            assert isinstance(inner, exp.Boolean)
        case int():
            assert int(inner.sql()) == value
        case float():
            number = inner.find(exp.Literal)
            assert float(number.this) == abs(value)
            kinds = [cast.to.this for cast in inner.find_all(exp.Cast)]
            assert exp.DataType.Type.DOUBLE in kinds
        case _:
            assert inner.is_string


@given(TEXTS | NASTY)
def test_a_text_comes_out_of_its_literal_as_it_went_in(value: str) -> None:
    query, _ = render("${v}", {}, {"v": value})
    assert _unescaped(query[1:-1]) == value


def _unescaped(text: str) -> str:
    """What Spark reads of the inside of a literal, as far as our literals need it."""
    return re.sub(
        r"\\(u0024|.)",
        lambda found: "$" if found[1] == "u0024" else found[1],
        text,
        flags=re.DOTALL,
    )


@pytest.mark.parametrize("value", [5, True, "", "a${b}"])
def test_what_is_no_name_cannot_stand_in_backticks(value: Value) -> None:
    query, (item,) = render("SELECT 1\nFROM `${v}`", {}, {"v": value})
    assert (item.text, item.line, item.position) == ("${v}", 2, 6)
    assert item.problem
    assert "${v}" in query


def test_a_text_in_backticks_is_one_name() -> None:
    assert render("SELECT 1 FROM `${raw}`.t", {}, {"raw": "a`b"})[0] == "SELECT 1 FROM `a``b`.t"


def test_names_win_over_variables_and_both_are_filled() -> None:
    query, unknown = render_query(
        "SELECT '${zone}' FROM ${catalog}.${gold_schema}.t WHERE x > ${budget}", SETTINGS
    )
    assert query == "SELECT 'Europe/Berlin' FROM `c`.`g`.t WHERE x > 5000"
    assert unknown == []


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("over ${budget} in ${zone}", "over 5000 in Europe/Berlin"),
        ("over $${budget}", "over $5000"),
        ("${catalog}.${gold_schema}", "c.g"),
        ("${{QUERY_RESULT_VALUE}} spent", "${{QUERY_RESULT_VALUE}} spent"),
        (r"echo \${HOME}", "echo ${HOME}"),
        ("it is ${loud}", "it is true"),
    ],
)
def test_a_message_has_variables_as_plain_text(template: str, text: str) -> None:
    assert render_message(template, SETTINGS) == (text, [])


def test_a_message_names_what_is_unknown_with_its_place() -> None:
    text, (item,) = render_message("one\ntwo ${bugdet}", SETTINGS)
    assert (text, item.name, item.line, item.position) == ("one\ntwo ${bugdet}", "bugdet", 2, 4)


def test_placeholders_are_found_wherever_they_stand() -> None:
    assert placeholders("SELECT ${a}, '${ b }' -- ${c}\n FROM `${d}`") == {"a", "b", "c", "d"}


def test_infinity_is_no_value() -> None:
    with pytest.raises(ValueError, match="is no finite number"):
        Settings(**{**SETTINGS.model_dump(), "variables": {"v": math.inf}})


@pytest.mark.parametrize("before", ["r", "R", "SELECT x, r"])
def test_a_text_right_behind_an_r_would_be_a_raw_literal_and_is_refused(before: str) -> None:
    """In `r'…'` no escape counts, so that a value with a quote would end it."""
    template = f"SELECT 1 WHERE a = {before}${{zone}}"
    query, [unknown] = render(template, SETTINGS.names, SETTINGS.variables)
    assert query == template
    assert "a space keeps them apart" in unknown.problem
    assert render("SELECT r${budget}", {}, SETTINGS.variables) == ("SELECT r5000", [])

"""Pack variables: which value counts, and how it gets into SQL."""

from __future__ import annotations

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.authored import Variable
from databricks_alerts.packs.variables import (
    parse,
    quoted_references,
    render_query,
    render_text,
    resolve,
)
from databricks_alerts.sql.literals import literal

BUDGET = Variable(description="money", type="number", default=100, minimum=1, maximum=1000)
URL = Variable(
    description="where to",
    type="string",
    default="{{secrets/scope/url}}",
    local="{{ workspace.host }}/inbox",
)
SWITCH = Variable(description="on or off", type="boolean", default=False)
COLOUR = Variable(description="which", type="string", default="red", allowed=("red", "blue"))
DECLARED = {"budget": BUDGET, "url": URL, "switch": SWITCH, "colour": COLOUR}


def test_a_real_workspace_gets_defaults() -> None:
    assert resolve(DECLARED, {}) == {
        "budget": 100,
        "url": "{{secrets/scope/url}}",
        "switch": False,
        "colour": "red",
    }


def test_the_local_workspace_gets_its_own_address() -> None:
    values = resolve(DECLARED, {}, local_host="http://127.0.0.1:9/")
    assert values["url"] == "http://127.0.0.1:9/inbox"


def test_an_override_comes_before_both() -> None:
    values = resolve(DECLARED, {"url": "x", "budget": 2.5}, local_host="http://127.0.0.1:9")
    assert (values["url"], values["budget"]) == ("x", 2.5)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("budget", 0, "budget: 0 is below the minimum 1"),
        ("budget", 1001, "1001 is above the maximum 1000"),
        ("budget", "100", "'100' is not a number"),
        ("budget", True, "True is not a number"),
        ("budget", float("nan"), "nan is not a finite number"),
        ("switch", 1, "1 is not a boolean"),
        ("url", 1, "1 is not a string"),
        ("colour", "green", "'green' is not one of red, blue"),
        ("bugdet", 1, "bugdet is unknown; the pack has: budget, colour, switch, url"),
    ],
)
def test_an_illegal_override_is_refused(name: str, value: object, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what):
        resolve(DECLARED, {name: value})  # type: ignore[dict-item]


def test_all_illegal_overrides_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve(DECLARED, {"budget": 0, "colour": "green", "bugdet": 1})
    assert len(str(caught.value).splitlines()) == 3


def test_a_command_line_value_takes_the_variables_type() -> None:
    assert parse(BUDGET, "12") == 12
    assert parse(BUDGET, "1.5") == 1.5
    assert parse(SWITCH, "True") is True
    assert parse(URL, "12") == "12"
    with pytest.raises(ValueError, match="not true or false"):
        parse(SWITCH, "yes")


def test_a_reference_is_replaced_by_a_literal_in_sql_and_by_text_elsewhere() -> None:
    values = {"name": "O'Hara", "limit": 5}
    query = "SELECT {{var.name}} WHERE n > {{  var.limit }} AND '{{ALERT}}' <> '{{secrets/a/b}}'"
    expected = "SELECT 'O\\'Hara' WHERE n > 5 AND '{{ALERT}}' <> '{{secrets/a/b}}'"
    assert render_query(query, values) == expected
    assert render_text("to {{ var.name }}", values) == "to O'Hara"


def test_a_value_that_looks_like_a_reference_is_not_replaced_again() -> None:
    assert render_text("{{ var.a }}", {"a": "{{ var.b }}", "b": "!"}) == "{{ var.b }}"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT '{{ var.x }}'",
        'SELECT "{{ var.x }}"',
        "SELECT `{{ var.x }}`",
        "SELECT 1 -- {{ var.x }}",
        "SELECT 1 /* \n {{ var.x }} */",
        r"SELECT 'it\'s {{ var.x }}'",
        "SELECT 'it''s {{ var.x }}'",
    ],
)
def test_a_reference_in_quotes_or_a_comment_is_found(query: str) -> None:
    assert list(quoted_references(query)) == ["x"]


@pytest.mark.parametrize("query", ["SELECT {{ var.x }}", "SELECT 'a', {{ var.x }}, 'b' -- c"])
def test_a_bare_reference_is_not(query: str) -> None:
    assert not list(quoted_references(query))


@given(st.text())
def test_a_text_survives_as_an_sql_literal(text: str) -> None:
    sql = literal(text)
    assert "${" not in sql
    parsed = sqlglot.parse_one(f"SELECT {sql}", dialect="databricks").selects[0]
    assert isinstance(parsed, exp.Literal)
    assert parsed.is_string
    assert parsed.this.replace("\\u0024", "$") == text.replace("\\u0024", "$")


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_as_an_sql_literal(number: float) -> None:
    text = literal(number).strip("()").removeprefix("CAST(").removesuffix(" AS DOUBLE")
    assert type(number)(text.removesuffix("D")) == number


def test_a_negative_number_cannot_become_a_comment() -> None:
    assert f"1-{literal(-1)}" == "1-(-1)"

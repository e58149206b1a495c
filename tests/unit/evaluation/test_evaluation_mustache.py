"""Notification templates: everything wrong is found, with its place, and nothing right is."""

from __future__ import annotations

import pystache
import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.evaluation.mustache import VARIABLES, check_template

COLUMNS = ("check_value", "today cost", "n")


def whats(template: str, columns: tuple[str, ...] | None = COLUMNS) -> list[str]:
    return [problem.what for problem in check_template(template, columns)]


@pytest.mark.parametrize("name", VARIABLES)
def test_every_documented_variable_is_known_in_every_form(name: str) -> None:
    for form in ("{{%s}}", "{{ %s }}", "{{{%s}}}", "{{&%s}}", "{{#%s}}x{{/%s}}", "{{^%s}}x{{/%s}}"):
        assert whats(form.replace("%s", name)) == []


@pytest.mark.parametrize(
    "template",
    [
        "no variables, { } or }} at all",
        "{{ALERT_STATUS}} {{{{",
        "{{#QUERY_RESULT_ROWS}}{{n}}, {{today cost}} of {{ALERT_NAME}}{{/QUERY_RESULT_ROWS}}",
        "{{#QUERY_RESULT_ROWS}}{{#n}}{{n}}{{/n}}{{^n}}none{{/n}}{{/QUERY_RESULT_ROWS}}",
        "{{#QUERY_RESULT_COLS}}{{name}}{{/QUERY_RESULT_COLS}}",
        "{{! a comment: {{ALERT_NAM }}",
        "{{QUERY_RESULT_ROWS.0.n}}",
        "{{#QUERY_RESULT_ROWS}}{{.}}{{/QUERY_RESULT_ROWS}}",
    ],
)
def test_what_is_right_is_left_alone(template: str) -> None:
    assert whats(template) == []


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ALERT_NAM}}", "{{ALERT_NAM}} is not a variable of alerts; did you mean ALERT_NAME?"),
        ("{{alert_name}}", "{{alert_name}} is not a variable of alerts; did you mean ALERT_NAME?"),
        ("{{xyz}}", "{{xyz}} is not a variable of alerts"),
        ("{{}}", "{{}} names nothing"),
        ("{{#QUERY_RESULT_ROWS}}{{n}}", "the section {{#QUERY_RESULT_ROWS}} is not closed"),
        ("{{/QUERY_RESULT_ROWS}}", "{{/QUERY_RESULT_ROWS}} closes a section that is not open"),
        (
            "{{#QUERY_RESULT_ROWS}}{{#n}}{{/QUERY_RESULT_ROWS}}{{/n}}",
            "{{/QUERY_RESULT_ROWS}} stands before {{/n}}, which was opened later",
        ),
        ("{{>header}}", "{{>header}} is a partial, which alerts do not have"),
        ("{{=<% %>=}}", "the template changes mustache's delimiters"),
        ("{{ALERT_NAME", "{{ALERT_NAME is not closed"),
        ("{{n}}", "{{n}} is a column, which only the result's rows have"),
        (
            "{{#QUERY_RESULT_ROWS}}{{chek_value}}{{/QUERY_RESULT_ROWS}}",
            "the result has no column chek_value; did you mean check_value?",
        ),
    ],
)
def test_what_is_wrong_is_found(template: str, said: str) -> None:
    assert whats(template)[0] == said


def test_an_aggregated_result_has_the_aggregated_column_only() -> None:
    template = "{{#QUERY_RESULT_ROWS}}{{cost}} {{sum(cost)}}{{/QUERY_RESULT_ROWS}}"
    [found] = check_template(template, ["sum(cost)"])
    assert (found.what.split(";")[0], found.line, found.position) == (
        "the result has no column cost",
        1,
        22,
    )


def test_columns_that_are_not_known_are_not_missed() -> None:
    assert whats("{{#QUERY_RESULT_ROWS}}{{anything}}{{/QUERY_RESULT_ROWS}}", None) == []


def test_all_problems_come_at_once_with_their_places() -> None:
    found = check_template("{{A}}\n  {{ALERT_URL}}{{B}}\n{{#QUERY_RESULT_ROWS}}", None)
    assert [(item.line, item.position) for item in found] == [(1, 0), (2, 15), (3, 0)]
    assert all(item.remedy for item in found)


TEMPLATES = st.lists(
    st.sampled_from(
        [
            "text ",
            "{{ALERT_NAME}}",
            "{{#QUERY_RESULT_ROWS}}",
            "{{/QUERY_RESULT_ROWS}}",
            "{{^ALERT_URL}}",
            "{{/ALERT_URL}}",
            "{{n}}",
            "{{!x}}",
            "{{{QUERY_RESULT_TABLE}}}",
            "\n",
        ]
    ),
    max_size=8,
).map("".join)


@given(TEMPLATES)
def test_a_template_without_findings_renders(template: str) -> None:
    """The checks agree with the library that renders in the local workspace."""
    if check_template(template, COLUMNS):
        return
    pystache.render(template, dict.fromkeys(VARIABLES, "x"))

"""Reports hold what they should, and nothing from outside breaks out of them."""

from __future__ import annotations

import datetime as dt
import json
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databricks_alerts.gate.model import GateReport, PropertyChange, StepChange, Violation
from databricks_alerts.gate.verdict import decide
from databricks_alerts.reports import RENDERERS
from databricks_alerts.reports.markdown import MOST
from databricks_alerts.reports.text import fenced, markdown, short
from databricks_alerts.rules.findings import Finding

HOSTILE = "x|`<img src=x onerror=alert(1)>` @everyone \x1b[31m</details> ]]> \u202e '\"&;--"


def report(text: str = "plain", count: int = 1, **changes: object) -> GateReport:
    """A report with the text in every place where text from outside may stand."""
    return GateReport(
        stack="prod",
        verdict="blocked",
        reasons=(text,),
        generated_at=dt.datetime(2026, 11, 23, tzinfo=dt.UTC),
        findings=(Finding(key=text, check="row", what=text, where=text, remedy=text),),
        violations=(
            Violation(policy="no-drift", level="mandatory", key=text, what=text, remedy=text),
        ),
        steps=tuple(
            StepChange(
                op="update",
                kind="AlertV2",
                key=text,
                changes=(PropertyChange(path=text, old=text, new=f"{text}\nmore"),),
            )
            for _ in range(count)
        ),
        warnings=(text,),
    ).model_copy(update=changes)


class _Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attrs)}


@pytest.mark.parametrize("name", RENDERERS)
def test_hostile_text_stays_text(name: str) -> None:
    rendered = RENDERERS[name]([report(HOSTILE)])
    assert "\x1b" not in rendered
    if name == "json":
        assert json.loads(rendered)["reasons"] == [HOSTILE]
        return
    assert "\u202e" not in rendered
    if name == "html":
        tags = _Tags()
        tags.feed(rendered)
        assert not tags.found & {"img", "script", "onerror", "src"}
    if name == "markdown":
        outside = "".join(rendered.split("```")[::2])
        assert "<img" not in outside
        assert "@everyone" not in outside


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=400))
def test_every_format_takes_every_text(text: str) -> None:
    made = {name: render([report(text)]) for name, render in RENDERERS.items()}
    json.loads(made["sarif"])
    json.loads(made["json"])
    ET.fromstring(made["junit"])
    assert len(made["markdown"]) <= MOST


def test_a_markdown_report_ends_before_a_comments_limit_with_a_pointer() -> None:
    text = RENDERERS["markdown"]([report("word " * 900, count=60)])
    assert len(text) <= MOST
    assert "left out here" in text
    assert text.count("<details>") == text.count("</details>")
    assert text.count("```diff") * 2 == text.count("```")


@given(st.text(alphabet="`a\n", max_size=60))
def test_a_fence_is_longer_than_what_it_holds(text: str) -> None:
    block = fenced(text)
    fence = block.split("\n", 1)[0]
    assert fence not in block[len(fence) : -len(fence)]


def test_several_stacks_verdicts_stand_before_what_may_be_cut() -> None:
    long = report("word " * 900, count=60)
    text = RENDERERS["markdown"]([long, report(stack="dev", verdict="unknown")])
    assert text.startswith("- prod: ⛔ **blocked**\n- dev: ❓ **could not tell**\n")


def test_many_warnings_do_not_push_the_verdict_out() -> None:
    text = RENDERERS["markdown"]([report(warnings=("w " * 100,) * 2000)])
    assert text.startswith("### Alerts on prod: ⛔ **blocked**")
    assert len(text) <= MOST


def test_a_name_in_a_folds_title_has_no_backslashes() -> None:
    text = RENDERERS["markdown"]([report("COST-001_<b>")])
    assert "<b>COST-001_&lt;b&gt;</b>" in text


def test_nobody_is_told_by_a_report() -> None:
    text = markdown("@everyone see #12 &#64;x")
    assert "@&#8203;everyone" in text
    assert "#&#8203;12" in text
    assert "&amp;" in text


def test_a_line_is_cut_and_escaped() -> None:
    assert short("a\nb  c") == "a b c"
    assert len(short("x" * 10_000)) == 300
    assert markdown("a|b") == "a\\|b"


def test_sarif_and_junit_say_that_it_could_not_tell() -> None:
    unknown = report(verdict="unknown", findings=(), violations=(), steps=())
    (run,) = json.loads(RENDERERS["sarif"]([unknown]))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    suite = ET.fromstring(RENDERERS["junit"]([unknown]))[0]
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")


def test_several_stacks_are_one_document() -> None:
    both = [report(), report(stack="dev")]
    assert len(json.loads(RENDERERS["json"](both))) == 2
    assert len(json.loads(RENDERERS["sarif"](both))["runs"]) == 2
    assert len(ET.fromstring(RENDERERS["junit"](both))) == 2


def test_a_verdict_has_every_reason() -> None:
    finding = Finding(key="A", check="row", what="w", where="c", remedy="r")
    broken = Violation(policy="p", level="mandatory", key="B", what="w", remedy="r")
    hint = Violation(policy="q", level="advisory", key="C", what="w", remedy="r")
    assert decide([], [hint], []) == ("pass", ())
    assert decide([finding], [broken, hint], ["too many deletes"]) == (
        "blocked",
        ("too many deletes", "1 findings make A invalid", "policy p is broken by B"),
    )

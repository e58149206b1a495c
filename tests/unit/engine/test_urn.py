"""URNs are taken apart in one place only: a name may itself hold `::`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.engine import urn as urns

ROOT = Path(__file__).parents[3]
# split, rsplit, partition … on the separator, in any quotes.
SPLITTING = re.compile(r"""\.r?(split|partition)\(\s*['"]::['"]""")
ALLOWED = {"databricks_alerts/engine/urn.py", "tests/unit/engine/test_urn.py"}


def test_nothing_else_splits_urns() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in (".", "bundle", "components", "databricks_alerts", "policy-pack", "tests")
        for path in (ROOT.glob("*.py") if folder == "." else (ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if SPLITTING.search(line)
        if str(path.relative_to(ROOT)) not in ALLOWED
    ]
    assert found == []


@pytest.mark.parametrize("line", ['urn.rsplit("::", 1)', "u.split('::')[-1]", 'x.rpartition("::")'])
def test_the_search_finds_what_it_forbids(line: str) -> None:
    assert SPLITTING.search(line)


@given(name=st.text(min_size=1), kinds=st.lists(st.sampled_from(["a:b:C", "d:e/f:G"]), min_size=1))
def test_a_name_of_any_text_is_found_again(name: str, kinds: list[str]) -> None:
    urn = urns.root("stack", "project")
    for kind in kinds[:-1]:
        urn = urns.make("stack", "project", urn, kind, "parent")
    urn = urns.make("stack", "project", urn, kinds[-1], name)
    assert urns.name_of(urn) == name
    assert urns.type_of(urn) == kinds[-1]
    assert urns.qualified_type(urn) == "$".join(kinds)

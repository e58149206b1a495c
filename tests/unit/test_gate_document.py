"""docs/gate.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from databricks_alerts.policies.configuration import BUILT_IN
from databricks_alerts.policies.from_resources import OF_ONE_ALERT, OF_THE_STACK
from databricks_alerts.reports import RENDERERS
from databricks_alerts.reports.prometheus import RuleStatus, to_prometheus

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")


def test_the_table_of_policies_is_that_of_the_code() -> None:
    rows = re.findall(
        r"^\| `([\w-]+)` \| (advisory|mandatory|off) \| (?:`(.*?)`)? ?\| (yes)? ?\|$", TEXT, re.M
    )
    in_pack = OF_ONE_ALERT | OF_THE_STACK
    assert rows == [
        (
            item.name,
            item.level,
            ", ".join(f"{name}: {value}" for name, value in item.options.items()),
            "yes" if item.name in in_pack else "",
        )
        for item in BUILT_IN
    ]


def test_every_format_is_named() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.M))
    assert rows >= set(RENDERERS)


def test_every_metric_is_named() -> None:
    import datetime as dt

    now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    written = to_prometheus("s", [RuleStatus(last_synced_at=now)], now)
    names = set(re.findall(r"^# TYPE (\w+)", written, re.M))
    assert names == set(re.findall(r"`(alerts_\w+)", TEXT))


def test_every_pipeline_is_named() -> None:
    for path in (ROOT / "pipelines" / "github").iterdir():
        assert f"`{path.name}`" in TEXT

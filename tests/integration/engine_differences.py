"""The table in docs/sql-engines.md of what the two SQL engines say differently.

Made of data/dialect_queries.json, which the tests hold each engine to: `told` is what is said on
Sail, `on_spark` on Apache Spark where that is something else. After a change there:
`.venv/bin/python tests/integration/engine_differences.py`
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "dialect_queries.json"
DOCUMENT = Path(__file__).parents[2] / "docs" / "sql-engines.md"
_BEGIN, _END = "<!-- differences: begin -->\n", "<!-- differences: end -->\n"
_HEAD = "| query | Databricks | on Sail | on Apache Spark |\n|---|---|---|---|\n"


def queries() -> list[dict[str, Any]]:
    """Each with `sql`, `valid` (whether Databricks takes it), `told`, maybe `on_spark`."""
    found: list[dict[str, Any]] = json.loads(DATA.read_text())
    return found


def told_on_spark(query: dict[str, Any]) -> str:
    """What is said of a query on Apache Spark."""
    return str(query.get("on_spark", query["told"]))


def document(text: str) -> str:
    """The document with the table of today's differences."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    rows = "".join(map(_row, (query for query in queries() if "on_spark" in query)))
    return f"{before}{_BEGIN}{_HEAD}{rows}{_END}{after}"


def _row(query: dict[str, Any]) -> str:
    sql = " ".join(query["sql"].split()).replace("|", "\\|")
    verdict = "takes it" if query["valid"] else "refuses it"
    return f"| `{sql}` | {verdict} | {query['told']} | {query['on_spark']} |\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text()))

"""What a row says of its last deployment, and a digest of what users say in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from databricks_alerts.rules.tables import is_written_back


class Recorded(BaseModel):
    """The written-back columns of one row."""

    model_config = ConfigDict(frozen=True)

    databricks_id: str | None = None
    status: str | None = None
    error: str | None = None


def recorded(row: Mapping[str, Any], id_column: str) -> Recorded:
    """What earlier deployments wrote into a row of a configuration table."""
    return Recorded(
        databricks_id=row.get(id_column),
        status=row.get("last_sync_status"),
        error=row.get("last_sync_error"),
    )


def digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """A SHA-256 of the rows' contents in any order, without what deployments write back.

    It changes exactly when a user changed something, while a table's Delta version also moves when
    an outcome is recorded. A column that is NULL is as good as one that is not there: `alerts init`
    adds such.
    """
    lines = sorted(
        json.dumps(
            {
                name: value
                for name, value in row.items()
                if value is not None and not is_written_back(name)
            },
            sort_keys=True,
            default=_plain,
        )
        for row in rows
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Arrays as lists, whatever else the connector answers (times, decimals) as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)

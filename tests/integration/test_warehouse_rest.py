"""A warehouse that rested answers as before: its engine's sessions end when nobody uses them."""

from __future__ import annotations

from pathlib import Path

import pytest

from databricks_alerts.local_workspace.warehouse import Warehouse, sessions


def test_a_session_that_the_engine_ended_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.start()
    try:
        warehouse.execute("CREATE TABLE main.default.kept (v INT)", user="u")
        warehouse.execute("INSERT INTO main.default.kept VALUES (1)", user="u")
        for session in warehouse._spark._sessions.values():
            session._spark.client.release_session()  # as the engine does after minutes
        monkeypatch.setattr(sessions, "_REST", -1.0)
        found = warehouse.execute("SELECT v FROM main.default.kept", user="u")
        assert found.table.to_pylist() == [{"v": 1}]
    finally:
        warehouse.stop()

"""Who asks for what was written since a revision misses nothing, and is told nothing twice."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from databricks_alerts.local_workspace.store import Store

KEYS = st.sampled_from(["a", "b", "c"])
STEPS = st.one_of(
    st.tuples(st.just("put"), KEYS, st.integers(0, 3)),
    st.tuples(st.just("delete"), KEYS, st.just(0)),
    st.tuples(st.just("fail"), KEYS, st.integers(0, 3)),  # a transaction that is undone
    st.tuples(st.just("read"), st.just(""), st.just(0)),
    st.tuples(st.just("reopen"), st.just(""), st.just(0)),
)


class _UndoneError(Exception):
    pass


def _fail(store: Store, key: str, value: int) -> None:
    with contextlib.suppress(_UndoneError), store.transaction():
        store.put("k", key, {"id": key, "v": value})
        store.delete("k", "a")
        raise _UndoneError


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEPS, max_size=25))
def test_a_reader_is_told_each_write_once(steps: list[tuple[str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store.sqlite")
        store.put("other", "a", {"id": "a"})
        mark = 0
        written: dict[str, Any] = {}  # since the last look
        for what, key, value in [*steps, ("read", "", 0)]:
            if what == "put":
                written[key] = {"id": key, "v": value}
                store.put("k", key, written[key])
            elif what == "delete":
                store.delete("k", key)
                written.pop(key, None)
            elif what == "fail":
                _fail(store, key, value)
            elif what == "reopen":
                store.close()
                store = Store(Path(folder) / "store.sqlite")
            else:
                found, mark = store.written_since("k", mark)
                assert {item["id"]: item for item in found} == written
                assert len(found) == len(written)
                written = {}
        store.close()


def test_a_store_of_an_older_version_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with sqlite3.connect(path) as old:
        old.execute(
            "CREATE TABLE documents (kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id))"
        )
        old.execute("INSERT INTO documents VALUES ('k', 'a', '{\"v\": 1}')")
    old.close()
    store = Store(path)
    assert store.get("k", "a") == {"v": 1}
    assert store.written_since("k", -1)[0] == [{"v": 1}]
    store.put("k", "a", {"v": 2})
    assert store.written_since("k", 0)[0] == [{"v": 2}]
    store.close()

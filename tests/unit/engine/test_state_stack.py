"""A stack's state on a folder or in an object store: saving, journals, locks, history."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databricks_alerts.engine.errors import (
    LockError,
    ProjectError,
    SecretsError,
    StateError,
    UnsupportedError,
)
from databricks_alerts.engine.state import secrets
from databricks_alerts.engine.state.backend import Backend, open_backend
from databricks_alerts.engine.state.checkpoint import Checkpoint
from databricks_alerts.engine.state.fold import fold
from databricks_alerts.engine.state.history import UpdateRecord
from databricks_alerts.engine.state.journal import Journal, parse
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.state.stack import StackStore
from databricks_alerts.engine.values import Secret

SALT = "v1:UWgco4FyGxc=:v1:yfMbD/RnSqulUQaz:pRTHGg142hkAnvxDbaVNSTUC5XEdhA=="
ROOT = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
PROVIDER = "urn:pulumi:dev::proj::pulumi:providers:databricks::default"
STATE = ".pulumi/stacks/proj/dev.json"
JOURNAL = ".pulumi/journal/proj/dev.ndjson"


def thing(name: str, id_: str = "", **changes: Any) -> ResourceState:
    urn = f"urn:pulumi:dev::proj::databricks:index/alertV2:AlertV2::{name}"
    type_ = "databricks:index/alertV2:AlertV2"
    state = ResourceState(urn, type_, True, id_, parent=ROOT, provider=f"{PROVIDER}::p")
    for key, value in changes.items():
        setattr(state, key, value)
    return state


def base() -> list[ResourceState]:
    return [
        ResourceState(ROOT, "pulumi:pulumi:Stack", False),
        ResourceState(PROVIDER, "pulumi:providers:databricks", True, "p"),
    ]


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    return open_backend("file://state", tmp_path, {})


@pytest.fixture
def store(backend: Backend) -> StackStore:
    return backend.stack("proj", "dev", passphrase="pw", salt=SALT)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "state"


def again(store: StackStore, root: Path) -> StackStore:
    """As another process sees it."""
    backend = open_backend(f"file://{root}", root, {})
    return backend.stack("proj", "dev", passphrase="pw", salt=SALT)


def loaded(store: StackStore) -> Checkpoint:
    found = store.load()
    assert found is not None
    return found


def saved(store: StackStore, *resources: ResourceState) -> Checkpoint:
    checkpoint = Checkpoint("proj", "dev", [*base(), *resources], secrets=store.new_secrets())
    store.save(checkpoint)
    return checkpoint


def names(checkpoint: Checkpoint) -> list[str]:
    return [item.name for item in checkpoint.resources[2:]]


# --- saving


def test_a_new_stack_has_no_state(store: StackStore, root: Path) -> None:
    assert store.load() is None
    assert not store.exists()
    assert not root.exists()


def test_the_layout_is_that_of_the_cli(store: StackStore, root: Path) -> None:
    saved(store, thing("a", "1"))
    saved(store, thing("a", "2"))
    assert (root / ".pulumi/meta.yaml").read_text() == "version: 1\n"
    assert json.loads((root / STATE).read_text())["checkpoint"]["stack"] == "organization/proj/dev"
    assert (root / f"{STATE}.bak").exists()


def test_saving_what_did_not_change_does_not_touch_the_file(store: StackStore, root: Path) -> None:
    saved(store, thing("a", "1", outputs={"s": Secret("x")}))
    before = (root / STATE).stat()
    store.save(loaded(store))
    assert (root / STATE).stat().st_mtime_ns == before.st_mtime_ns
    assert not (root / f"{STATE}.bak").exists()


def test_a_stale_checksum_of_the_cli_goes_with_the_file_it_was_of(
    store: StackStore, root: Path
) -> None:
    saved(store)
    sidecar = root / f"{STATE}.attrs"
    sidecar.write_text("{}")
    saved(store, thing("a", "1"))
    assert not sidecar.exists()


@pytest.mark.parametrize(("variable", "suffix"), [("GZIP", ".gz"), ("ZSTD", ".zst")])
def test_compressed_states_are_read_and_written(
    store: StackStore, root: Path, variable: str, suffix: str
) -> None:
    saved(store, thing("a", "1"))
    environment = {f"PULUMI_DIY_BACKEND_{variable}": "true"}
    packed = open_backend(f"file://{root}", root, environment).stack(
        "proj", "dev", passphrase="pw", salt=SALT
    )
    checkpoint = loaded(packed)
    checkpoint.resources.append(thing("b", "2"))
    packed.save(checkpoint)
    assert (root / f"{STATE}{suffix}").exists()
    assert not (root / STATE).exists()
    assert names(loaded(again(store, root))) == ["a", "b"]


def test_both_compressions_at_once_are_refused(tmp_path: Path) -> None:
    environment = {"PULUMI_DIY_BACKEND_GZIP": "1", "PULUMI_DIY_BACKEND_ZSTD": "1"}
    backend = open_backend("file://s", tmp_path, environment)
    with pytest.raises(ProjectError, match="both set"):
        backend.stack("proj", "dev", passphrase=None)


@pytest.mark.parametrize("cut", [0, 1, 50, -1])
def test_a_truncated_state_is_named_with_its_remedy_and_left_alone(
    store: StackStore, root: Path, cut: int
) -> None:
    saved(store)
    saved(store, thing("a", "1"))
    store.add_history(UpdateRecord("update", 1, 2, "succeeded"))
    broken = (root / STATE).read_bytes()[:cut]
    (root / STATE).write_bytes(broken)
    with pytest.raises(StateError, match=r"(?s)stacks/proj/dev\.json.*dev\.json\.bak or .*backups"):
        store.load()
    assert (root / STATE).read_bytes() == broken


def test_a_damaged_compressed_state_is_named(store: StackStore, root: Path) -> None:
    saved(store)
    (root / STATE).write_bytes(b"\x1f\x8bgarbage")
    with pytest.raises(StateError, match=r"dev\.json is damaged"):
        store.load()


def test_a_wrong_passphrase_stops_loading(store: StackStore, backend: Backend) -> None:
    saved(store, thing("a", "1", outputs={"s": Secret("x")}))
    with pytest.raises(SecretsError, match="PULUMI_CONFIG_PASSPHRASE"):
        backend.stack("proj", "dev", passphrase="wrong").load()


def test_a_state_under_another_salt_is_read_and_written_under_the_settings_one(
    store: StackStore, backend: Backend
) -> None:
    saved(store, thing("a", "1", outputs={"s": Secret("x")}))
    salt = secrets.new_salt("pw")
    moved = backend.stack("proj", "dev", passphrase="pw", salt=salt)
    moved.save(loaded(moved))
    checkpoint = loaded(moved)
    assert checkpoint.secrets.state == {"salt": salt}
    assert checkpoint.resources[2].outputs == {"s": Secret("x")}


# --- journal


def test_an_interrupted_update_is_folded_in_on_the_next_load(store: StackStore, root: Path) -> None:
    checkpoint = saved(store, thing("a", "1"), thing("b", "2"), thing("c", "3"))
    journal = store.journal(checkpoint)
    journal.end(journal.begin("creating", thing("new")), saved=thing("new", "9"))
    journal.end(journal.begin("updating", thing("a", "1")), saved=thing("a", "1", inputs={"x": 1}))
    journal.end(journal.begin("deleting", thing("b", "2")), removed=thing("b", "2"))
    journal.begin("creating", thing("unknown", inputs={"s": Secret("hidden")}))
    found = loaded(again(store, root))
    assert names(found) == ["a", "c", "new"]
    assert found.resources[2].inputs == {"x": 1}
    assert [(item.type, item.resource.name) for item in found.pending] == [("creating", "unknown")]
    assert found.pending[0].resource.inputs == {"s": Secret("hidden")}
    assert "hidden" not in (root / JOURNAL).read_text()


def test_saving_ends_the_journal(store: StackStore, root: Path) -> None:
    checkpoint = saved(store)
    journal = store.journal(checkpoint)
    journal.end(journal.begin("creating", thing("a")), saved=thing("a", "1"))
    checkpoint.resources.append(thing("a", "1"))
    store.save(checkpoint)
    assert not (root / JOURNAL).exists()
    assert list((root / ".pulumi/journal/proj").iterdir()) == []
    assert names(loaded(store)) == ["a"]


def test_an_update_without_a_change_writes_no_journal(store: StackStore, root: Path) -> None:
    store.save(loaded_after(store))
    assert not (root / ".pulumi/journal").exists()


def loaded_after(store: StackStore) -> Checkpoint:
    checkpoint = saved(store)
    store.journal(checkpoint)
    return checkpoint


def test_a_death_between_writing_the_state_and_removing_the_journal_folds_nothing_twice(
    store: StackStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = saved(store)
    journal = store.journal(checkpoint)
    journal.end(journal.begin("creating", thing("a")), saved=thing("a", "1"))
    checkpoint.resources.append(thing("a", "1"))
    monkeypatch.setattr(
        "databricks_alerts.engine.state.journal.JournalFile.remove", lambda _self: None
    )
    store.save(checkpoint)
    assert (root / JOURNAL).exists()
    assert names(loaded(again(store, root))) == ["a"]


def test_folding_makes_the_state_file_whole_for_who_reads_it_alone(
    store: StackStore, root: Path
) -> None:
    assert not store.fold()
    journal = store.journal(saved(store))
    journal.end(journal.begin("creating", thing("a")), saved=thing("a", "1"))
    journal.begin("creating", thing("b"))
    successor = again(store, root)
    assert successor.fold()
    assert not (root / JOURNAL).exists()
    document = json.loads((root / STATE).read_text())["checkpoint"]["latest"]
    assert [item["urn"].rsplit(":", 1)[1] for item in document["resources"]][-1] == "a"
    assert [item["type"] for item in document["pending_operations"]] == ["creating"]
    assert not successor.fold()


def test_the_next_update_takes_a_left_over_journal_into_the_state_first(
    store: StackStore, root: Path
) -> None:
    journal = store.journal(saved(store))
    journal.end(journal.begin("creating", thing("a")), saved=thing("a", "1"))
    journal.begin("creating", thing("b"))
    successor = again(store, root)
    checkpoint = loaded(successor)
    successor.journal(checkpoint)
    assert not (root / JOURNAL).exists()
    document = json.loads((root / STATE).read_text())["checkpoint"]["latest"]
    assert len(document["resources"]) == 3
    assert document["pending_operations"][0]["type"] == "creating"


def test_a_state_that_the_cli_changed_meanwhile_is_never_folded_over(
    store: StackStore, root: Path
) -> None:
    journal = store.journal(saved(store))
    journal.end(journal.begin("creating", thing("a")), saved=thing("a", "1"))
    other = json.loads((root / STATE).read_text())
    other["checkpoint"]["latest"]["manifest"]["time"] = "2030-01-01T00:00:00Z"
    (root / STATE).write_text(json.dumps(other))
    with pytest.raises(StateError, match=r"(?s)journal.*dev\.ndjson.*changed since.*2 records"):
        again(store, root).load()
    again(store, root).discard_journal()
    assert names(loaded(again(store, root))) == []


def test_the_first_update_of_a_stack_has_a_journal_too(store: StackStore, root: Path) -> None:
    checkpoint = Checkpoint("proj", "dev", secrets=store.new_secrets())
    journal = store.journal(checkpoint)
    for item in [*base(), thing("a", "1")]:
        journal.end(journal.begin("creating", item), saved=item)
    assert names(loaded(again(store, root))) == ["a"]


def test_a_replacement_keeps_the_old_one_until_it_is_deleted(store: StackStore, root: Path) -> None:
    old = thing("a", "1")
    journal = store.journal(saved(store, old))
    token = journal.begin("creating", thing("a"))
    old.delete = True
    journal.end(None, saved=old)
    journal.end(token, saved=thing("a", "2"))
    both = loaded(again(store, root)).resources[2:]
    assert {(item.id, item.delete) for item in both} == {("1", True), ("2", False)}
    journal.end(journal.begin("deleting", old), removed=old)
    assert [item.id for item in loaded(again(store, root)).resources[2:]] == ["2"]


def test_a_resource_under_an_alias_is_not_left_behind_under_its_old_name(
    store: StackStore, root: Path
) -> None:
    child = thing("child", "2", dependencies=[thing("old").urn])
    journal = store.journal(saved(store, thing("old", "1"), child))
    journal.end(journal.begin("updating", thing("new", "1")), saved=thing("new", "1"))
    found = loaded(again(store, root))
    assert names(found) == ["new", "child"]
    assert found.resources[3].dependencies == [thing("new").urn]


def test_a_resource_that_now_depends_on_a_new_one_stands_after_it(
    store: StackStore, root: Path
) -> None:
    journal = store.journal(saved(store, thing("a", "1")))
    journal.end(None, saved=thing("new", "2"))
    journal.end(None, saved=thing("a", "1", dependencies=[thing("new").urn]))
    assert names(loaded(again(store, root))) == ["new", "a"]


def test_pending_operations_are_those_that_never_ended(store: StackStore) -> None:
    journal = store.journal(saved(store))
    open_ = journal.begin("creating", thing("a"))
    journal.end(journal.begin("updating", thing("b", "1")))
    assert [item.resource.name for item in journal.pending()] == ["a"]
    journal.end(open_)
    assert journal.pending() == []


def test_many_threads_record_without_losing_a_line(store: StackStore, root: Path) -> None:
    journal = store.journal(saved(store))

    def record(number: int) -> None:
        for index in range(20):
            item = thing(f"{number}-{index}", f"{number}.{index}")
            journal.end(journal.begin("creating", item), saved=item)

    threads = [threading.Thread(target=record, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(loaded(again(store, root)))) == 160


def test_a_journal_that_cannot_be_written_stops_the_update_for_good(
    store: StackStore, root: Path
) -> None:
    journal = store.journal(saved(store))
    (root / ".pulumi/journal").write_text("in the way")
    with pytest.raises(StateError, match="cannot write"):
        journal.begin("creating", thing("a"))
    (root / ".pulumi/journal").unlink()
    with pytest.raises(StateError, match="journal is broken"):
        journal.begin("creating", thing("b"))


# --- a journal cut off at every byte


class _Lines:
    """Keeps a journal's bytes, and how much of it was promised to be durable."""

    location = key = "memory"

    def __init__(self) -> None:
        self.data = b""

    def append(self, data: bytes) -> None:
        self.data += data


def _write_journal(moves: list[tuple[str, int]]) -> tuple[bytes, list[tuple[int, Any]]]:
    """A journal, and after each record: its length by then and what a reader must find."""
    lines = _Lines()
    checkpoint = Checkpoint("proj", "dev", base())
    journal = Journal(lines, checkpoint.codec, "hash")  # type: ignore[arg-type]
    there: dict[str, str] = {}
    promises: list[tuple[int, Any]] = [(0, ({}, []))]

    def promise() -> None:
        pending = sorted((op.type, op.resource.name) for op in journal.pending())
        promises.append((len(lines.data), (dict(there), pending)))

    for kind, number in moves:
        name = f"r{number}"
        item = thing(name, there.get(name, ""))
        token = journal.begin(kind, item)
        promise()
        if kind == "deleting":
            there.pop(name, None)
            journal.end(token, removed=item)
        else:
            there[name] = there.get(name) or f"id-{number}"
            journal.end(token, saved=thing(name, there[name]))
        promise()
    return lines.data, promises


_moves = st.lists(
    st.tuples(st.sampled_from(["creating", "updating", "deleting"]), st.integers(0, 3)), max_size=6
)


@pytest.mark.slow
@given(_moves)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_journal_cut_off_at_any_byte_holds_all_that_was_promised(
    moves: list[tuple[str, int]],
) -> None:
    data, promises = _write_journal(moves)
    lengths = [length for length, _ in promises]
    for cut in range(len(data) + 1):
        reached = max(index for index, length in enumerate(lengths) if length <= cut)
        checkpoint = Checkpoint("proj", "dev", base())
        content = parse(data[:cut], "journal")
        if content is not None:
            fold(checkpoint, content)
        there = {item.name: item.id for item in checkpoint.resources[2:]}
        pending = sorted((op.type, op.resource.name) for op in checkpoint.pending)
        # A line that lacks only its newline is not counted: it was not promised yet.
        assert (there, pending) == promises[reached][1]


def test_a_journal_damaged_in_the_middle_is_refused_with_its_line() -> None:
    data, _ = _write_journal([("creating", 1), ("creating", 2)])
    lines = data.split(b"\n")
    lines[2] = b'{"end"'
    with pytest.raises(StateError, match=r"j\.ndjson, line 3.*damaged"):
        parse(b"\n".join(lines), "j.ndjson")


@pytest.mark.parametrize("data", [b"[]\n", b'{"journal":9}\n', b'{"begin":1}\n'])
def test_what_is_no_journal_is_refused(data: bytes) -> None:
    with pytest.raises(StateError):
        parse(data, "j")


# --- locks


def test_a_lock_names_its_holder_and_how_to_remove_it(store: StackStore, root: Path) -> None:
    with store.lock():
        held = store.locks()
        assert len(held) == 1
        with (
            pytest.raises(LockError, match=rf"(?s){held[0].pid}.*since 20.*alerts stack unlock"),
            again(store, root).lock(),
        ):
            pass
    assert store.locks() == []


def test_a_lock_is_the_file_that_the_cli_expects(store: StackStore, root: Path) -> None:
    with store.lock():
        (file,) = (root / ".pulumi/locks/organization/proj/dev").glob("*.json")
        theirs = {"pid", "username", "hostname", "timestamp"}
        assert set(json.loads(file.read_text())) == {*theirs, "life"}


def test_unlocking_removes_every_lock_even_an_unreadable_one(store: StackStore, root: Path) -> None:
    folder = root / ".pulumi/locks/organization/proj/dev"
    folder.mkdir(parents=True)
    (folder / "x.json").write_text("cut off")
    with pytest.raises(LockError, match="unreadable lock file"), store.lock():
        pass
    assert len(store.unlock_all()) == 1
    with store.lock():
        pass


def test_the_lock_of_a_killed_process_falls_by_itself(store: StackStore, root: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from databricks_alerts.engine.state.backend import open_backend\n"
        "store = open_backend('file://state', Path(sys.argv[1]), {}).stack(\n"
        "    'proj', 'dev', passphrase='pw', salt=sys.argv[2])\n"
        "held = store.lock(); held.__enter__(); os._exit(9)"
    )
    command = [sys.executable, "-c", script, str(root.parent), SALT]
    died = subprocess.run(command, check=False, cwd=Path(__file__).parents[3])
    assert died.returncode == 9
    (left,) = store.locks()
    assert left.dead
    with store.lock():
        assert [lock.pid for lock in store.locks()] == [os.getpid()]


@pytest.mark.parametrize("change", [{"life": ""}, {"life": "another-boot/pid:[1]/7-7"}])
def test_a_lock_that_may_be_of_a_live_process_stays(
    store: StackStore, root: Path, change: dict[str, str]
) -> None:
    with store.lock():
        (file,) = (root / ".pulumi/locks/organization/proj/dev").glob("*.json")
        file.write_text(json.dumps({**json.loads(file.read_text()), "pid": 2**22 + 1, **change}))
        with pytest.raises(LockError), again(store, root).lock():
            pytest.fail("it was taken")


def test_a_lock_goes_when_the_update_fails(store: StackStore) -> None:
    with pytest.raises(ValueError, match="x"), store.lock():
        raise ValueError("x")
    assert store.locks() == []


def test_of_two_that_come_at_once_never_both_go_on(
    store: StackStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = again(store, root)
    write = type(store._locks._bucket).write

    def write_both(bucket: Any, key: str, data: bytes) -> None:
        write(bucket, key, data)
        if "/locks/" in key:
            write(bucket, key.replace(".json", "-other.json"), data)

    monkeypatch.setattr(type(store._locks._bucket), "write", write_both)
    with pytest.raises(LockError), other.lock():
        pass


# --- history, export, import


def test_history_is_kept_newest_first_with_the_state_of_its_time(
    store: StackStore, root: Path
) -> None:
    saved(store)
    for number in range(3):
        store.add_history(
            UpdateRecord("update", number, number + 1, "succeeded", resource_changes={"create": 1})
        )
    assert [item.start_time for item in store.history()] == [2, 1, 0]
    assert len(store.history(1)) == 1
    folder = root / ".pulumi/history/proj/dev"
    assert len(list(folder.glob("dev-*.checkpoint.json"))) == 3
    assert len(list((root / ".pulumi/backups/proj/dev").iterdir())) == 3


def test_an_export_can_be_imported(store: StackStore) -> None:
    saved(store, thing("a", "1", outputs={"s": Secret("x")}))
    exported = store.export()
    assert exported["version"] == 3
    saved(store)
    with store.lock():
        store.import_(exported)
    assert loaded(store).resources[2].outputs == {"s": Secret("x")}


def test_an_export_with_secrets_shown_can_be_imported_too(store: StackStore, root: Path) -> None:
    saved(store, thing("a", "1", outputs={"s": Secret("x")}))
    shown = store.export(show_secrets=True)
    assert '\\"x\\"' in json.dumps(shown)
    assert '\\"x\\"' not in json.dumps(store.export())
    store.import_(shown)
    assert '\\"x\\"' not in (root / STATE).read_text()
    assert loaded(store).resources[2].outputs == {"s": Secret("x")}


def test_an_import_of_another_stack_needs_force(store: StackStore, backend: Backend) -> None:
    saved(store, thing("a", "1"))
    other = backend.stack("proj", "prod", passphrase="pw", salt=SALT)
    with pytest.raises(StateError, match=r"another stack.*proj-dev.*force"):
        other.import_(store.export())
    assert not other.exists()
    other.import_(store.export(), force=True)
    assert other.exists()


@pytest.mark.parametrize("document", [[], {}, {"version": 3}, {"version": 0, "deployment": {}}])
def test_what_is_no_export_is_refused(store: StackStore, document: Any) -> None:
    with pytest.raises(StateError, match="the imported deployment"):
        store.import_(document)


def test_a_stack_without_a_state_cannot_be_exported(store: StackStore) -> None:
    with pytest.raises(StateError, match=r"no state at .*dev\.json"):
        store.export()


def test_a_removed_stack_leaves_a_bak(store: StackStore, root: Path) -> None:
    saved(store)
    store.remove()
    assert not store.exists()
    assert (root / f"{STATE}.bak").exists()


# --- backends


def test_stacks_are_listed(store: StackStore, backend: Backend) -> None:
    saved(store)
    saved(store, thing("a", "1"))
    backend.stack("other", "x.y", passphrase=None).save(Checkpoint("other", "x.y"))
    assert backend.stacks() == [("other", "x.y"), ("proj", "dev")]
    assert backend.stacks("proj") == [("proj", "dev")]


def test_a_home_folder_and_relative_paths_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    home = open_backend("file://~/x", tmp_path / "p", {}).stack("p", "s", passphrase=None)
    assert home.location == str(tmp_path / "x/.pulumi/stacks/p/s.json")
    relative = open_backend("file://../y?no_tmp_dir=true", tmp_path / "p", {})
    assert str(tmp_path / "y") in relative.stack("p", "s", passphrase=None).location


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "PULUMI_BACKEND_URL"),
        ("ftp://x", "is not a backend URL"),
        ("/tmp/x", "is not a backend URL"),
    ],
)
def test_what_is_no_backend_url_is_refused(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        open_backend(url, tmp_path, {})


def test_the_pulumi_cloud_is_left_to_the_cli(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="only the pulumi CLI"):
        open_backend("https://api.pulumi.com", tmp_path, {})


@pytest.mark.parametrize(
    ("url", "package"),
    [("s3://b/p", "s3fs"), ("gs://b", "gcsfs"), ("azblob://c", "adlfs"), ("abfss://c@a", "adlfs")],
)
def test_a_missing_library_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, package: str
) -> None:
    def missing(*_args: Any, **_options: Any) -> Any:
        raise ImportError(package)

    monkeypatch.setattr(fsspec, "filesystem", missing)
    with pytest.raises(UnsupportedError, match=f"pip install {package}"):
        open_backend(url, tmp_path, {})


def test_the_layout_without_projects_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ".pulumi/stacks"
    folder.mkdir(parents=True)
    (folder / "dev.json").write_text("{}")
    with pytest.raises(UnsupportedError, match="pulumi state upgrade"):
        open_backend(f"file://{tmp_path}", tmp_path, {})


@pytest.mark.parametrize(
    ("meta", "error", "message"),
    [
        ("version: 0", UnsupportedError, "state upgrade"),
        ("version: 7", UnsupportedError, "version 7"),
        ("x: 1", StateError, "no version"),
        ("{", StateError, "damaged"),
    ],
)
def test_other_layouts_are_refused(
    tmp_path: Path, meta: str, error: type[Exception], message: str
) -> None:
    (tmp_path / ".pulumi").mkdir()
    (tmp_path / ".pulumi/meta.yaml").write_text(meta)
    with pytest.raises(error, match=message):
        open_backend(f"file://{tmp_path}", tmp_path, {})


@pytest.mark.parametrize("name", ["a/b", "..", "", "ä", "x" * 101])
def test_names_that_cannot_be_files_are_refused(backend: Backend, name: str) -> None:
    with pytest.raises(ProjectError, match="cannot be the name of a stack"):
        backend.stack("proj", name, passphrase=None)


@pytest.fixture
def objects() -> Iterator[None]:
    filesystem = fsspec.filesystem("memory")
    filesystem.store.clear()
    yield
    filesystem.store.clear()


@pytest.mark.usefixtures("objects")
def test_an_object_store_holds_states_journals_locks_and_history(tmp_path: Path) -> None:
    def opened() -> StackStore:
        backend = open_backend("memory://bucket/folder", tmp_path, {})
        return backend.stack("proj", "dev", passphrase="pw", salt=SALT)

    store = opened()
    with store.lock():
        with pytest.raises(LockError), opened().lock():
            pass
        journal = store.journal(saved(store))
        journal.end(journal.begin("creating", thing("a")), saved=thing("a", "1"))
        journal.begin("creating", thing("b"))
        left = loaded(opened())
        assert (names(left), len(left.pending)) == (["a"], 1)
        store.save(left)
        store.add_history(UpdateRecord("update", 1, 2, "succeeded"))
    assert store.locks() == []
    assert names(loaded(opened())) == ["a"]
    assert len(opened().history()) == 1
    assert open_backend("memory://bucket/folder", tmp_path, {}).stacks() == [("proj", "dev")]

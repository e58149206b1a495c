"""What people do to a state between runs of two engines, and whoever comes next takes it up."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
from pathlib import Path

import pytest
from parity_comparison import state_of, steps_of, store_of
from parity_differences import plain_state, plain_steps
from parity_engines import STACK, Embedded, EngineUnderTest, Real, Run
from parity_stage import Stage

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.options import DeploymentOptions
from databricks_alerts.engine.state.resource import PendingOperation
from databricks_alerts.local_workspace.process import Running

pytestmark = pytest.mark.real_engine

ALERT = "urn:pulumi:test::parity::databricks:index/alertV2:AlertV2::"
TWO = 'alert("one"); alert("two")'


@pytest.fixture
def stage(tmp_path: Path, local_workspace: Running, embedded: Embedded) -> Stage:
    """Two alerts, deployed by the embedded engine."""
    made = Stage(tmp_path / "stage", local_workspace)
    made.write(TWO)
    assert embedded.run(made.folder, "up", DeploymentOptions()).status == 0
    return made


def ops(run: Run) -> list[str]:
    """The steps that do something."""
    assert run.status == 0, run.said
    lines = plain_steps(steps_of(run))
    return [line for line in lines if line.split()[0] not in ("same", "refresh")]


def both(stage: Stage, embedded: Embedded, attached: Real, operation: str) -> list[str]:
    """What both engines would do, which must be the same."""
    shown = [
        ops(engine.run(stage.folder, operation, DeploymentOptions()))
        for engine in (embedded, attached)
    ]
    assert shown[0] == shown[1]
    return shown[0]


def test_a_state_is_exported_by_one_and_imported_by_the_other(
    stage: Stage, embedded: Embedded, attached: Real
) -> None:
    before = plain_state(state_of(stage.folder))
    exported = stage.folder / "export.json"
    exported.write_text(json.dumps(store_of(stage.folder).export()))
    done = attached.pulumi(stage.folder, "stack", "import", "-s", STACK, "--file", str(exported))
    assert done.status == 0, done.said
    assert plain_state(state_of(stage.folder)) == before
    assert both(stage, embedded, attached, "preview") == []

    back = stage.folder / "back.json"
    done = attached.pulumi(stage.folder, "stack", "export", "-s", STACK, "--file", str(back))
    assert done.status == 0, done.said
    store_of(stage.folder).import_(json.loads(back.read_text()))
    assert plain_state(state_of(stage.folder)) == before
    assert both(stage, embedded, attached, "preview") == []


def test_a_resource_that_was_deleted_from_the_state_is_made_again(
    stage: Stage, embedded: Embedded, attached: Real
) -> None:
    stage.trash("one")
    done = attached.pulumi(stage.folder, "state", "delete", f"{ALERT}one", "-s", STACK, "--yes")
    assert done.status == 0, done.said
    shown = both(stage, embedded, attached, "preview")
    assert shown == ["create databricks:index/alertV2:AlertV2::one"]
    assert ops(embedded.run(stage.folder, "up", DeploymentOptions())) == shown
    assert both(stage, embedded, attached, "preview") == []


def test_a_resource_that_was_renamed_in_the_state_keeps_its_alert(
    stage: Stage, embedded: Embedded, attached: Real
) -> None:
    before = stage.id_of("one")
    done = attached.pulumi(
        stage.folder, "state", "rename", f"{ALERT}one", "three", "-s", STACK, "--yes"
    )
    assert done.status == 0, done.said
    stage.write('alert("three", title="one"); alert("two")')
    assert both(stage, embedded, attached, "preview") == []
    assert stage.id_of("three") == before


def test_a_resource_that_was_moved_to_another_stack_is_gone_from_this_one(
    stage: Stage, embedded: Embedded, attached: Real
) -> None:
    for name in ("Pulumi.test.yaml", "Pulumi.other.yaml"):
        (stage.folder / name).write_text((stage.folder / "Pulumi.test.yaml").read_text())
    made = attached.pulumi(stage.folder, "stack", "init", "other")
    assert made.status == 0, made.said
    moved = attached.pulumi(
        stage.folder, "state", "move", "--source", STACK, "--dest", "other", "--yes", f"{ALERT}one"
    )
    assert moved.status == 0, moved.said
    stage.write('alert("two")')
    assert both(stage, embedded, attached, "preview") == []


def test_a_resource_that_was_unprotected_in_the_state_can_go(
    stage: Stage, embedded: Embedded, attached: Real
) -> None:
    stage.write('alert("one", protect=True); alert("two")')
    assert embedded.run(stage.folder, "up", DeploymentOptions()).status == 0
    stage.write('alert("two")')
    for engine in (embedded, attached):
        assert engine.run(stage.folder, "preview", DeploymentOptions()).status == 1
    done = attached.pulumi(stage.folder, "state", "unprotect", f"{ALERT}one", "-s", STACK, "--yes")
    assert done.status == 0, done.said
    deleted = ["delete databricks:index/alertV2:AlertV2::one"]
    assert both(stage, embedded, attached, "preview") == deleted
    assert ops(attached.run(stage.folder, "up", DeploymentOptions())) == deleted


def test_operations_that_a_killed_run_left_pending_stop_neither(
    stage: Stage, embedded: Embedded, attached: Real
) -> None:
    store = store_of(stage.folder)
    checkpoint = store.load()
    assert checkpoint is not None
    resource = next(item for item in checkpoint.resources if item.name == "one")
    checkpoint.pending = [PendingOperation(resource, "updating")]
    store.save(checkpoint)
    assert both(stage, embedded, attached, "preview") == []
    for engine in (attached, embedded):
        run = engine.run(stage.folder, "up", DeploymentOptions(refresh=True))
        assert run.status == 0, run.said
    assert both(stage, embedded, attached, "preview") == []


@pytest.mark.parametrize("first", ["real", "embedded"])
def test_a_killed_run_is_taken_up_by_the_other(
    stage: Stage, embedded: Embedded, attached: Real, first: str
) -> None:
    many = "\n".join(f'alert("many-{number}")' for number in range(12))
    stage.write(f"{TWO}\n{many}")
    command = (
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "-s", STACK]
        if first == "real"
        else ["python", "-c", _EMBEDDED]
    )
    environment = {**attached.environment, "PYTHONPATH": str(Path.cwd())}
    state = stage.folder / "state"
    with subprocess.Popen(
        [*command, *(["--parallel", "1"] if first == "real" else [])],
        cwd=stage.folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            if "many-" in written(state):
                process.send_signal(signal.SIGKILL)
                break
    assert process.wait() == -signal.SIGKILL
    other: EngineUnderTest = embedded if first == "real" else attached
    store = store_of(stage.folder)
    store.unlock_all()
    if other is attached:
        with store.lock():
            store.fold()  # as `alerts stack unlock` does
    run = other.run(stage.folder, "up", DeploymentOptions(continue_on_error=True))
    names = {urns.name_of(item["urn"]) for item in state_of(stage.folder)["resources"]}
    failed = {
        line[line.rindex("::") + 2 :].split()[0] for line in steps_of(run) if "FAILED" in line
    }
    # What was on its way exists already, unknown to the state; it is told, and nothing is lost.
    assert names | failed >= {"one", "two", *(f"many-{number}" for number in range(12))}


def written(folder: Path) -> str:
    """What stands in a folder's files at the moment; they come and go."""
    found = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            found.append(path.read_text(errors="replace"))
    return "".join(found)


_EMBEDDED = """
import pathlib
from databricks_alerts.engine.engine import Engine
from databricks_alerts.engine.options import DeploymentOptions
engine = Engine(pathlib.Path.cwd(), "test", passphrase="")
engine.up(DeploymentOptions(parallel=1), lambda event: None)
"""


def test_the_lock_of_one_holds_the_other_back(
    stage: Stage, embedded: Embedded, attached: Real
) -> None:
    with store_of(stage.folder).lock():
        run = attached.run(stage.folder, "up", DeploymentOptions())
        assert run.status == 1
        assert "locked" in run.said
        done = attached.pulumi(stage.folder, "cancel", "--yes", STACK)
        assert done.status == 0, done.said
        assert attached.run(stage.folder, "up", DeploymentOptions()).status == 0


@pytest.fixture
def pack(stage: Stage) -> Path:
    """A policy pack that forbids an alert's name in its own words, and needs no packages."""
    folder = stage.folder / "pack"
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("description: x\nruntime: python\n")
    (folder / "__main__.py").write_text(_PACK)
    return folder


_PACK = """
import os, threading
from concurrent.futures import ThreadPoolExecutor
import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2 as pb, analyzer_pb2_grpc, plugin_pb2

class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    def GetAnalyzerInfo(self, request, context):
        policy = pb.PolicyInfo(name="names", enforcementLevel=pb.MANDATORY)
        return pb.AnalyzerInfo(name="pack", version="1.0.0", policies=[policy])
    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="1.0.0")
    def Configure(self, request, context):
        return empty_pb2.Empty()
    def Analyze(self, request, context):
        told = [] if request.name != "bad" else [pb.AnalyzeDiagnostic(
            policyName="names", policyPackName="pack", policyPackVersion="1.0.0", urn=request.urn,
            message="bad in " + os.environ["PULUMI_STACK"], enforcementLevel=pb.MANDATORY)]
        return pb.AnalyzeResponse(diagnostics=told)
    def AnalyzeStack(self, request, context):
        return pb.AnalyzeResponse()

server = grpc.server(ThreadPoolExecutor(4))
analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(), server)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
threading.Event().wait()
"""


def test_a_policy_pack_stops_what_it_forbids(
    stage: Stage, embedded: Embedded, real: Real, pack: Path
) -> None:
    checked = ("--policy-pack", str(pack), "-s", STACK)
    done = real.pulumi(stage.folder, "preview", *checked)
    assert done.status == 0, done.said
    stage.write(f'{TWO}; alert("bad")')
    done = real.pulumi(stage.folder, "up", "--yes", "--skip-preview", *checked)
    assert done.status != 0
    assert "bad in test" in done.said
    assert "bad" not in {urns.name_of(item["urn"]) for item in state_of(stage.folder)["resources"]}
    (pack / "__main__.py").write_text("raise SystemExit('the pack is broken')\n")
    done = real.pulumi(stage.folder, "preview", *checked)
    assert done.status != 0
    assert "did not start" in done.said


def test_every_command_of_the_cli_that_the_project_needs(stage: Stage, real: Real) -> None:
    commands = {
        "about": "This project is written in python",
        "config": "configFile",
        "stack": "Current stack resources",
        "stack ls": "test",
        "stack history": "up",
        "stack output --json": "{",
        "logs": "",
        "install": "Finished installing dependencies",
        "plugin ls --project": "databricks",
    }
    for command, said in commands.items():
        known = () if command.split()[0] in ("about", "install", "plugin") else ("-s", STACK)
        arguments = command.split() + ([] if command == "stack ls" else list(known))
        done = real.pulumi(stage.folder, *arguments)
        assert done.status == 0, (command, done.said)
        assert said in done.said, command


def test_an_alert_that_exists_is_imported_by_command(
    stage: Stage, embedded: Embedded, attached: Real
) -> None:
    stage.make("made")
    made = json.loads((stage.folder / "ids.json").read_text())["made"]
    done = attached.pulumi(
        stage.folder,
        *("import", "databricks:index/alertV2:AlertV2", "made", made, "-s", STACK, "--yes"),
        "--protect=false",
        "--skip-preview",
    )
    assert done.status == 0, done.said
    assert stage.id_of("made") == made
    stage.write(f'{TWO}; alert("made")')
    shown = both(stage, embedded, attached, "preview")
    assert [line.split()[0] for line in shown] in ([], ["update"])

"""The databricks provider as a plugin: what it adds to a run of the pulumi CLI."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from databricks_alerts.engine import wire
from tests.benchmarks.measurement import Measurement, report

ROOT = Path(__file__).parents[2]
ALERT = "databricks:index/alertV2:AlertV2"
SIZE = 1000
PARALLEL = 16  # what the CLI sends at a time


def measure(folder: Path) -> Iterator[Measurement]:
    """From its start to its port, and Check and Diff of 1,000 alerts as a preview sends them."""
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "databricks_alerts.engine.providers.serve"],
        cwd=ROOT,
        env={**os.environ, "PULUMI_HOME": str(folder), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield report("plugin: start to ready", time.perf_counter() - started, 1)
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                seconds = _preview(provider_pb2_grpc.ResourceProviderStub(channel))
        finally:
            process.terminate()
    yield report(f"plugin: Check and Diff of {SIZE} alerts", seconds, 3)


def _preview(stub: provider_pb2_grpc.ResourceProviderStub) -> float:
    config = wire.to_struct({"host": "http://127.0.0.1:9", "token": "t"})
    stub.Configure(provider_pb2.ConfigureRequest(args=config, acceptSecrets=True))
    started = time.perf_counter()
    with ThreadPoolExecutor(PARALLEL) as pool:
        unchanged = sum(pool.map(lambda number: _unchanged(stub, number), range(SIZE)))
    seconds = time.perf_counter() - started
    if unchanged != SIZE:
        sys.exit(f"{SIZE - unchanged} of {SIZE} unchanged alerts have differences")
    return seconds


def _unchanged(stub: provider_pb2_grpc.ResourceProviderStub, number: int) -> bool:
    urn = f"urn:pulumi:s::p::{ALERT}::a{number}"
    inputs = _alert(number)
    checked = stub.Check(provider_pb2.CheckRequest(urn=urn, olds=inputs, news=inputs))
    found = stub.Diff(
        provider_pb2.DiffRequest(
            id=str(number), urn=urn, olds=inputs, old_inputs=inputs, news=checked.inputs
        )
    )
    return not checked.failures and found.changes == provider_pb2.DiffResponse.DIFF_NONE


def _alert(number: int) -> object:
    return wire.to_struct(
        {
            "displayName": f"rule {number}",
            "queryText": f"SELECT {number} AS value " + "-- as long as most are\n" * 40,
            "warehouseId": "w",
            "parentPath": "/Workspace/Shared/bench",
            "evaluation": {
                "source": {"name": "value", "aggregation": "MAX"},
                "comparisonOperator": "GREATER_THAN",
                "emptyResultState": "OK",
                "threshold": {"value": {"doubleValue": 1.5}},
                "notification": {
                    "notifyOnOk": True,
                    "subscriptions": [{"destinationId": "d1"}, {"userEmail": "a@b.test"}],
                },
            },
            "schedule": {"quartzCronSchedule": "0 0 8 * * ?", "timezoneId": "UTC"},
        }
    )

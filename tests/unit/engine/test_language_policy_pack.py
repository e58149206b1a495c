"""The server in front of a policy pack: what it says when the pack ends by itself."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto import analyzer_pb2

from databricks_alerts.engine.language_runtime.policy_pack import PolicyPack
from databricks_alerts.engine.language_runtime.toolchain import Toolchain

_CONFIGURE = "/pulumirpc.Analyzer/ConfigureStack"


@pytest.mark.parametrize("attempt", range(5))
def test_a_request_that_waits_for_a_pack_that_ends_hears_that_it_did_not_start(
    tmp_path: Path, attempt: int
) -> None:
    (tmp_path / "__main__.py").write_text("raise SystemExit('the pack is broken')\n")
    toolchain = Toolchain("pip", tmp_path, tmp_path, Path(sys.executable))
    pack = PolicyPack(["127.0.0.1:9", str(tmp_path)], toolchain, {})
    said: list[bytes] = []

    def hear() -> None:
        for _, line in iter(pack.output.get, None):
            said.append(line)

    reader = threading.Thread(target=hear)
    reader.start()
    with grpc.insecure_channel(f"127.0.0.1:{pack.listen()}") as channel:
        call = channel.unary_unary(_CONFIGURE)
        with pytest.raises(grpc.RpcError) as refused:
            call(analyzer_pb2.AnalyzerStackConfigureRequest().SerializeToString(), timeout=60)
    pack.stop()
    reader.join()
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "did not start" in refused.value.details()
    assert b"the pack is broken" in b"".join(said)

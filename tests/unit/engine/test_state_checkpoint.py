"""Checkpoints of every version and feature, read and written."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from databricks_alerts.engine.errors import SecretsError, StateError, UnsupportedError
from databricks_alerts.engine.state import secrets
from databricks_alerts.engine.state.checkpoint import Checkpoint, decode, encode
from databricks_alerts.engine.state.integrity import magic
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.state.statefile import to_text
from databricks_alerts.engine.values import Secret

SALT = "v1:UWgco4FyGxc=:v1:yfMbD/RnSqulUQaz:pRTHGg142hkAnvxDbaVNSTUC5XEdhA=="
CIPHERTEXT = "v1:UxVkZiZRF31mUeY/:5uXgCfj5j0CAcd+KnQxiXyg4cA=="
SECRET = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    "ciphertext": CIPHERTEXT,
}
ROOT = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
PROVIDER = "urn:pulumi:dev::proj::pulumi:providers:databricks::default_1_118_0"
ALERT = "urn:pulumi:dev::proj::databricks:index/alertV2:AlertV2::A"
DESTINATION = (
    "urn:pulumi:dev::proj::databricks:index/notificationDestination:NotificationDestination::D"
)


def resources() -> list[dict[str, Any]]:
    """As the CLI with the real databricks provider writes them."""
    return [
        {"urn": ROOT, "custom": False, "type": "pulumi:pulumi:Stack", "outputs": {"n": 1}},
        {
            "urn": PROVIDER,
            "custom": True,
            "id": "0b1c",
            "type": "pulumi:providers:databricks",
            "inputs": {"__internal": {}, "version": "1.118.0"},
            "outputs": {"version": "1.118.0"},
        },
        {
            "urn": DESTINATION,
            "custom": True,
            "id": "d-1",
            "type": "databricks:index/notificationDestination:NotificationDestination",
            "inputs": {"__defaults": [], "config": {"slack": {"url": SECRET}}},
            "outputs": {
                "__meta": '{"schema_version":"0"}',
                "__pulumi_raw_state_delta": {"obj": {"ps": {}}},
                "config": {"slack": {"url": SECRET}},
            },
            "parent": ROOT,
            "provider": f"{PROVIDER}::0b1c",
            "propertyDependencies": {"config": []},
            "additionalSecretOutputs": ["config"],
            "created": "2026-11-01T10:00:00.123456789Z",
            "modified": "2026-11-01T10:00:00.123456789Z",
            "sourcePosition": "project:///__main__.py#3",
            "stackTrace": [{"sourcePosition": "project:///__main__.py#3"}, {}],
        },
        {
            "urn": ALERT,
            "custom": True,
            "id": "1",
            "type": "databricks:index/alertV2:AlertV2",
            "inputs": {"displayName": "Ä <b>", "threshold": 2.5},
            "outputs": {"displayName": "Ä <b>"},
            "parent": ROOT,
            "protect": True,
            "dependencies": [DESTINATION],
            "provider": f"{PROVIDER}::0b1c",
            "propertyDependencies": {"displayName": [DESTINATION]},
            "customTimeouts": {"create": 60},
            "retainOnDelete": True,
            "ignoreChanges": ["schedule"],
            "replaceOnChanges": ["parentPath"],
        },
    ]


def document(**latest: Any) -> dict[str, Any]:
    return {
        "version": 3,
        "checkpoint": {
            "stack": "organization/proj/dev",
            "latest": {
                "manifest": {
                    "time": "2026-11-01T10:00:00Z",
                    "magic": magic("v3.259.0"),
                    "version": "v3.259.0",
                },
                "secrets_providers": {"type": "passphrase", "state": {"salt": SALT}},
                "resources": resources(),
                "metadata": {},
                **latest,
            },
        },
    }


def read(document: Any, passphrase: str | None = "pw") -> Checkpoint:
    return decode(
        copy.deepcopy(document),
        lambda kind, state: secrets.open_secrets(kind, state, passphrase),
        project="proj",
        stack="dev",
        source="dev.json",
    )


def changed(change: dict[str, Any], index: int = 3) -> list[dict[str, Any]]:
    found = resources()
    found[index] |= change
    return found


def with_features(features: list[str], **latest: Any) -> dict[str, Any]:
    made = document(**latest)
    return {"version": 4, "features": features, "checkpoint": made["checkpoint"]}


_PENDING = [{"resource": resources()[3], "type": "updating", "newField": 1}]
_UNKNOWN = {
    "version": 3,
    "checkpoint": {
        "stack": "organization/proj/dev",
        "config": {"a:b": "c"},
        "newInCheckpoint": [1],
        "latest": {
            **document()["checkpoint"]["latest"],
            "resources": changed({"newInResource": {"x": None}}),
            "newInDeployment": True,
        },
    },
    "newInFile": "kept",
}

GOLDEN: dict[str, dict[str, Any]] = {
    "version 3": document(),
    "pending operations": document(pending_operations=_PENDING),
    "hooks": with_features(["hooks"], resources=changed({"resourceHooks": {"onError": ["h"]}})),
    "taint": with_features(["taint"], resources=changed({"taint": True}, 0)),
    "replaceWith": with_features(
        ["replaceWith"], resources=changed({"replaceWith": [DESTINATION]})
    ),
    "views": with_features(["views"], resources=changed({"viewOf": DESTINATION})),
    "refresh before update": with_features(
        ["refreshBeforeUpdate"], resources=changed({"refreshBeforeUpdate": True})
    ),
    "snippets": with_features(
        ["snippets-prototype"],
        resources=changed({"snippetID": "s-1"}),
        snippets=[{"uuid": "s-1", "name": "n", "type": "t", "code": "c", "descriptor": {}}],
    ),
    "extensions": with_features(
        ["extensionParameterization"],
        resources=changed({"extensionRef": "e"}),
        extensions={"e": {"blob": "AA=="}},
    ),
    "byte strings": with_features(
        ["byteString"],
        resources=changed(
            {
                "outputs": {
                    "raw": {
                        "4dabf18193072939515e22adb298388d": "803fd3297a5875dc03ca845dda5d2a98",
                        "value": "/w==",
                    }
                }
            }
        ),
    ),
    "a replacement trigger that is secret": document(
        resources=changed({"replacementTrigger": {"a": SECRET}})
    ),
    "marked for deletion": document(
        resources=[*resources(), {**resources()[3], "delete": True, "id": "0"}]
    ),
    "pending replacement": document(resources=changed({"pendingReplacement": True})),
    "an imported resource": document(resources=changed({"importID": "1"})),
    "an external one": document(resources=changed({"external": True})),
    "deleted with another": document(resources=changed({"deletedWith": DESTINATION})),
    "init errors": document(resources=changed({"initErrors": ["half done"]})),
    "hidden diffs": document(resources=changed({"hideDiff": [["a", 0]]})),
    "integrity metadata": document(metadata={"integrity_error": {"version": "v1"}}),
    "unknown fields": _UNKNOWN,
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_document_is_written_as_it_was_read(name: str) -> None:
    assert encode(read(GOLDEN[name])) == GOLDEN[name]


def test_a_document_of_the_cli_is_written_byte_for_byte() -> None:
    assert to_text(encode(read(document()))) == to_text(document())


def test_what_a_resource_holds_is_decoded() -> None:
    alert = read(document()).resources[3]
    assert (alert.id, alert.protect, alert.dependencies) == ("1", True, [DESTINATION])
    assert alert.custom_timeouts == {"create": 60}
    destination = read(document()).resources[2]
    assert destination.inputs["config"] == {"slack": {"url": Secret("q")}}


def test_null_property_dependencies_are_none() -> None:
    found = read(document(resources=changed({"propertyDependencies": {"displayName": None}})))
    assert found.resources[3].property_dependencies == {"displayName": []}


@pytest.mark.parametrize("version", [0, 1, 2])
def test_old_versions_are_brought_up_to_version_3(version: int) -> None:
    old = document(
        resources=[
            {"urn": ROOT, "custom": False, "type": "pulumi:pulumi:Stack", "defaults": {"a": 1}},
            {
                "urn": ALERT,
                "custom": True,
                "id": "1",
                "type": "t",
                "inputs": {"a": 1, "b": 2},
                "dependencies": [ROOT],
            },
        ]
    )
    written = {"version": version, **old} if version else old["checkpoint"]
    written["version"] = version
    new = encode(read(written))
    assert new["version"] == 3
    root, alert = new["checkpoint"]["latest"]["resources"]
    assert alert["propertyDependencies"] == {"a": [ROOT], "b": [ROOT]}
    assert ("defaults" in root) == (version == 2)


def test_a_stack_without_a_deployment_is_empty() -> None:
    found = read({"version": 3, "checkpoint": {"stack": "organization/proj/dev"}})
    assert found.resources == []


def test_a_new_checkpoint_has_the_magic_of_its_version() -> None:
    manifest = Checkpoint("proj", "dev").manifest
    assert manifest["magic"] == magic(manifest["version"]) != ""


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ([], "no JSON object"),
        ({"version": "3"}, "its version is '3'"),
        ({"version": 3}, "no `checkpoint`"),
        (document(manifest={"version": "v1", "magic": "x"}), "magic"),
        (document(resources=[{"type": "t"}]), "without `urn`"),
        (document(resources=[{"urn": "u"}]), "u has no `type`"),
        (document(resources=changed({"id": "1"}, 0)), "component .* has an id"),
        (document(resources=changed({"provider": f"{PROVIDER}::x"})), "unknown provider"),
        (document(resources=changed({"parent": "urn:gone"})), "A: its parent urn:gone is missing"),
        (document(resources=changed({"dependencies": ["urn:gone"]})), "dependency urn:gone"),
        (document(resources=changed({"deletedWith": "urn:gone"})), "deletedWith urn:gone"),
        (document(resources=changed({"dependencies": [ALERT]}, 2)), "comes after it"),
        (document(resources=[*resources(), resources()[3]]), "stands there twice"),
        (document(pending_operations=[{"type": 1}]), "pending operation"),
        (document(resources=["x"]), "not a JSON object"),
    ],
)
def test_a_broken_document_is_refused_with_file_and_resource(broken: Any, message: str) -> None:
    with pytest.raises(StateError, match=f"dev.json.*{message}"):
        read(broken)


@pytest.mark.parametrize(
    ("newer", "message"),
    [
        ({**document(), "version": 5}, "version 5"),
        (with_features(["hooks", "teleport"]), "needs features .* teleport"),
    ],
)
def test_a_document_of_a_newer_cli_is_refused(newer: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        read(newer)


def test_a_wrong_passphrase_is_refused() -> None:
    with pytest.raises(SecretsError, match="PULUMI_CONFIG_PASSPHRASE"):
        read(document(), "wrong")


def test_another_passphrase_encrypts_every_secret_anew() -> None:
    checkpoint = read(document(resources=changed({"replacementTrigger": SECRET})))
    checkpoint.use(secrets.PassphraseSecrets(secrets.new_salt("new"), "new"))
    written = encode(checkpoint)
    assert CIPHERTEXT not in json.dumps(written)
    assert read(written, "new").resources == checkpoint.resources


def test_a_secret_without_a_provider_is_refused_rather_than_written_in_the_clear() -> None:
    checkpoint = Checkpoint(
        "proj", "dev", [ResourceState(ROOT, "t", False, outputs={"a": Secret(1)})]
    )
    with pytest.raises(SecretsError, match="no secrets provider"):
        encode(checkpoint)

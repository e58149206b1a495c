"""The schema that the plugin tells is of the package that programs import."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import pulumi_databricks
import pytest
from plugin_client import VERSION
from pulumi_databricks import _inputs, outputs

from databricks_alerts.engine.providers.databricks.package_schema import package_schema
from databricks_alerts.engine.providers.databricks.resources import all_resources

SCHEMA = package_schema(VERSION)


def sdk_names(kind: type) -> dict[str, str]:
    """Properties of one of the SDK's classes: Pulumi's name by Python's."""
    found = {}
    for name, member in inspect.getmembers(kind):
        if isinstance(member, property):
            found[name] = getattr(member.fget, "_pulumi_name", name)
    return found


@pytest.mark.parametrize("token", sorted(SCHEMA["resources"]))
def test_resources_have_the_tokens_and_properties_of_the_sdk(token: str) -> None:
    spec = SCHEMA["resources"][token]
    kind = getattr(
        pulumi_databricks, token.rpartition(":")[2][:1].upper() + token.rpartition(":")[2][1:]
    )
    assert kind.pulumi_type == token
    assert set(spec["properties"]) <= set(sdk_names(kind).values())
    arguments = sdk_names(getattr(pulumi_databricks, f"{kind.__name__}Args"))
    assert set(spec["inputProperties"]) <= set(arguments.values())
    # What the SDK wants of a program, the schema does.
    wanted = inspect.signature(getattr(pulumi_databricks, f"{kind.__name__}Args").__init__)
    required = {
        arguments[name]
        for name, parameter in wanted.parameters.items()
        if name in arguments and parameter.default is inspect.Parameter.empty
    }
    assert required & set(spec["inputProperties"]) <= set(spec["requiredInputs"])


@pytest.mark.parametrize("token", sorted(SCHEMA["types"]))
def test_types_have_the_names_and_properties_of_the_sdk(token: str) -> None:
    name = token.rpartition(":")[2]
    known = {*sdk_names(getattr(_inputs, f"{name}Args")).values()}
    known |= {*sdk_names(getattr(outputs, name)).values()}
    assert set(SCHEMA["types"][token]["properties"]) <= known


def test_the_alert_is_known_whole() -> None:
    """No property of an alert is refused that the SDK lets a program set."""
    arguments = sdk_names(pulumi_databricks.AlertV2Args)
    token = pulumi_databricks.AlertV2.pulumi_type
    computed = {"effectiveRunAs", "lifecycleState"}
    assert set(arguments.values()) - computed <= set(SCHEMA["resources"][token]["inputProperties"])


def test_every_reference_is_there_and_every_type_is_used() -> None:
    text = json.dumps(SCHEMA)
    for token in SCHEMA["types"]:
        assert f'"#/types/{token}"' in text
    for reference in _references(SCHEMA):
        assert reference.removeprefix("#/types/") in SCHEMA["types"]


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(_references, value.values()))
    if isinstance(value, list):
        return set().union(*map(_references, value))
    return set()


def test_secrets_of_the_schema_are_those_of_the_provider() -> None:
    marked = {
        f"{token.rpartition(':')[2]}.{name}"
        for token, spec in SCHEMA["types"].items()
        for name, item in spec["properties"].items()
        if item.get("secret")
    }
    secrets = set().union(*(resource.secrets for resource in all_resources().values()))
    assert len(marked) == len(secrets) > 0


def test_settings_are_those_of_the_sdks_provider() -> None:
    settings = set(SCHEMA["provider"]["inputProperties"])
    known = set(sdk_names(pulumi_databricks.ProviderArgs).values())
    assert settings <= known
    secret = {key for key, item in SCHEMA["config"]["variables"].items() if item.get("secret")}
    source = inspect.getsource(pulumi_databricks.Provider)
    told = re.search(r"additional_secret_outputs=\[(.*?)\]", source)
    assert told is not None
    assert secret == set(re.findall(r'"(\w+)"', told[1]))

"""docs/fields.md names every field that databricks-sdk and pulumi_databricks give an alert."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path

from databricks.sdk.service import settings as workspace_settings
from databricks.sdk.service import sql
from databricks.sdk.service.settings import Config
from pulumi_databricks import AlertV2Args

from databricks_alerts.destinations.targets import KINDS
from databricks_alerts.local_workspace.destinations.models import BLOCKS
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.tables import ALERTS, definition

PAGE = (Path(__file__).parents[3] / "docs/fields.md").read_text(encoding="utf-8")
# Only of the provider: which workspace, and what a delete does.
OF_THE_PROVIDER = {"provider_config", "purge_on_delete"}


def fields_of(kind: type, before: str = "") -> Iterator[str]:
    hints = typing.get_type_hints(kind, vars(sql))
    for item in dataclasses.fields(kind):
        path = f"{before}{item.name}"
        inner = [
            part for part in typing.get_args(hints[item.name]) if dataclasses.is_dataclass(part)
        ]
        inner += [hints[item.name]] if dataclasses.is_dataclass(hints[item.name]) else []
        told = f"`{path}`" in PAGE
        if not inner or told:
            yield path
        else:
            for part in inner:
                yield from fields_of(typing.cast(type, part), f"{path}.")


def test_every_field_of_the_sdk_is_told() -> None:
    found = set(fields_of(sql.AlertV2))
    assert len(found) > 25
    assert {name for name in found if f"`{name}`" not in PAGE} == set()


def test_every_argument_of_the_provider_is_told() -> None:
    arguments = set(inspect.signature(AlertV2Args.__init__).parameters) - {"__self__"}
    assert {
        name for name in arguments - OF_THE_PROVIDER if not re.search(rf"`{name}[`.]", PAGE)
    } == set()


def test_every_block_and_key_of_a_destination_is_told_and_known() -> None:
    kinds = {kind.block: (name, kind) for name, kind in KINDS.items()}
    blocks = typing.get_type_hints(Config, vars(workspace_settings))
    assert set(blocks) == set(kinds)
    for block, hint in blocks.items():
        [shape] = [part for part in typing.get_args(hint) if dataclasses.is_dataclass(part)]
        keys = {item.name for item in dataclasses.fields(shape) if not item.name.endswith("_set")}
        name, kind = kinds[block]
        assert set(kind.keys) == keys
        [line] = [
            line for line in PAGE.splitlines() if line.startswith(f"| `{name}` | `{block}` |")
        ]
        assert keys <= set(re.findall(r"`(\w+)`", line))
        assert kind.api_type in {item.value for item in workspace_settings.DestinationType}
        local = BLOCKS[block]
        assert (local.type, local.fields) == (kind.api_type, frozenset(keys))
        assert {frozenset(choice) for choice in kind.one_of} == set(local.one_of)
        assert local.secret == (frozenset() if block == "email" else local.fields)


def test_every_column_of_a_rule_stands_in_the_table() -> None:
    columns = {column.name for column in definition(ALERTS).columns}
    assert set(Rule.model_fields) - {"name_prefix"} <= columns  # that one is the stack's

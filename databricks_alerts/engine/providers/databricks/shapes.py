"""Properties to the API's JSON and back, and back to what a program would have written."""

from __future__ import annotations

from typing import Any

from databricks_alerts.engine.providers.databricks.schema import Field, absent, equal, snake
from databricks_alerts.engine.values import UNKNOWN, Properties

_RAW_STATE = "__pulumi_raw_state_delta"


def to_api(spec: Field, value: Any) -> Any:
    """Inputs as the API takes them. False and zero are sent, None and computed are not."""
    if isinstance(value, dict):
        return {
            snake(name): to_api(item, value[name])
            for name, item in spec.fields.items()
            if value.get(name) is not None and not item.computed and not item.local
        }
    if isinstance(value, list) and spec.item is not None:
        return [to_api(spec.item, item) for item in value]
    return value


def from_api(spec: Field, value: Any) -> Any:
    """The API's JSON with Pulumi's names, as far as the type knows them."""
    if isinstance(value, dict):
        return {
            name: from_api(item, value[snake(name)])
            for name, item in spec.fields.items()
            if value.get(snake(name)) is not None
        }
    if isinstance(value, list) and spec.item is not None:
        return [from_api(spec.item, item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and spec.kind == "integer" and value.lstrip("-").isdigit():
        return int(value)  # int64 is a string in protobuf's JSON
    return value


def inputs_from(spec: Field, remote: Properties, old: Properties) -> Properties:
    """What a program would write to have `remote`, spelled as in `old` where that means the same.

    What the workspace assumes by itself is left out. With empty `old` it is an import.
    """
    found = _project(spec, remote, old, importing=not old)
    return found if isinstance(found, dict) else {}


def _project(spec: Field, remote: Any, old: Any, *, importing: bool) -> Any:
    if spec.computed:
        return None
    if spec.local:
        return old
    if old is None or (absent(spec, old) and spec.kind != "object"):
        if spec.follows and not (importing and spec.imported):
            return old
        if absent(spec, remote):
            return old
    elif equal(spec, remote, old):
        return old
    if isinstance(remote, dict):
        return _project_object(spec, remote, old, importing=importing)
    if isinstance(remote, list) and spec.item is not None:
        olds = old if isinstance(old, list) else []
        return [
            _project(spec.item, item, olds[i] if i < len(olds) else None, importing=importing)
            for i, item in enumerate(remote)
        ]
    return remote


def _project_object(
    spec: Field, remote: dict[str, Any], old: Any, *, importing: bool
) -> dict[str, Any]:
    olds = old if isinstance(old, dict) else {}
    result = {name: value for name, value in olds.items() if name not in spec.fields}
    for name, item in spec.fields.items():
        if item.secret:
            # The API tells only whether there is one.
            value = olds.get(name) if remote.get(f"{name}Set") else None
        else:
            value = _project(item, remote.get(name), olds.get(name), importing=importing)
        if value is not None:
            result[name] = value
    return result


def outputs_from(spec: Field, remote: Properties, inputs: Properties) -> Properties:
    """What is recorded of a resource: its inputs, and what the workspace computed.

    Defaults that the workspace filled into what the program left open stay out, as they would look
    like a change to Terraform's plan.
    """
    found = _outputs(spec, remote, inputs)
    return found if isinstance(found, dict) else {}


def _outputs(spec: Field, remote: Any, inputs: Any) -> Any:
    if not isinstance(inputs, dict):
        if isinstance(inputs, list) and spec.item is not None:
            return [_outputs(spec.item, None, item) for item in inputs]
        return inputs
    remotes = remote if isinstance(remote, dict) else {}
    result: dict[str, Any] = {}
    for name, item in spec.fields.items():
        if item.computed:
            value = remotes.get(name)
        else:
            value = _outputs(item, remotes.get(name), inputs.get(name))
        if value is not None:
            result[name] = value
    return result


def with_unknown_kept(spec: Field, outputs: Properties, old: Properties) -> Properties:
    """New outputs with what the old ones have and the type does not know.

    Another version of Pulumi's provider wrote it. Its description of Terraform's raw state alone is
    dropped: it would be of other outputs, and that is an error to Pulumi's provider.
    """
    kept = {key: value for key, value in old.items() if key not in spec.fields}
    kept.pop(_RAW_STATE, None)
    inner = {
        key: with_unknown_kept(item, outputs[key], old[key])
        for key, item in spec.fields.items()
        if isinstance(outputs.get(key), dict) and isinstance(old.get(key), dict)
    }
    return {**outputs, **inner, **kept}


def planned(spec: Field, inputs: Properties) -> Properties:
    """The outputs of a resource that is not there yet: what is computed is unknown."""
    found = _planned(spec, inputs)
    return found if isinstance(found, dict) else {}


def _planned(spec: Field, inputs: Any) -> Any:
    if isinstance(inputs, list) and spec.item is not None:
        return [_planned(spec.item, item) for item in inputs]
    if not isinstance(inputs, dict):
        return inputs
    result: dict[str, Any] = {}
    for name, item in spec.fields.items():
        value = UNKNOWN if item.computed else _planned(item, inputs.get(name))
        if value is not None:
            result[name] = value
    return result


def with_defaults_key(value: Any) -> Any:
    """Inputs with a `__defaults` key in every object, as Pulumi's bridge has them.

    It does so for resources made with Terraform's older SDK; the key lists the properties that the
    bridge filled in itself, which here are none.
    """
    if isinstance(value, dict):
        inner = {k: with_defaults_key(v) for k, v in value.items() if not k.startswith("__")}
        return {"__defaults": [], **inner}
    if isinstance(value, list):
        return [with_defaults_key(item) for item in value]
    return value

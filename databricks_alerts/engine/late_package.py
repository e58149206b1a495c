"""A package whose `__init__` runs only when somebody needs it: SDKs import hundreds of modules.

Needs nothing of the engine, so that the launcher, in another interpreter, can load it by path.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

Homes = Callable[[str], tuple[str, ...]]


def install(package: str, homes: Homes = lambda _: ()) -> None:
    """Put `package` in place without running its `__init__`.

    A name that is not there yet is looked for as a submodule, then in the submodules that `homes`
    gives for it, and at last by running `__init__`. A package that is imported already, or is not
    installed, is left alone: a plain import then says what is missing.
    """
    if package in sys.modules:
        return
    spec = importlib.util.find_spec(package)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    vars(module)["__getattr__"] = lambda name: _late(module, name, homes)
    sys.modules[package] = module
    parent, _, child = package.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)  # as an import does


def _late(module: ModuleType, name: str, homes: Homes) -> Any:
    if name.startswith("__") and name != "__all__":
        raise AttributeError(name)
    for inner in (name, *homes(name)):
        found = _submodule(module.__name__, inner)
        if found is not None and name in getattr(found, "__all__", ()):
            vars(module)[name] = getattr(found, name)  # over a submodule of the same name
            return vars(module)[name]
        if found is not None and inner == name:
            return found
    _run(module)
    try:
        return vars(module)[name]
    except KeyError:
        text = f"module {module.__name__!r} has no attribute {name!r}"
        raise AttributeError(text, name=name, obj=module) from None


def _run(module: ModuleType) -> None:
    """Run `__init__` once; it may have run since a caller found a name missing."""
    if vars(module).pop("__getattr__", None) is not None:
        assert module.__spec__ is not None
        assert module.__spec__.loader is not None
        module.__spec__.loader.exec_module(module)


def _submodule(package: str, name: str) -> ModuleType | None:
    if name.startswith("__") or importlib.util.find_spec(f"{package}.{name}") is None:
        return None
    return importlib.import_module(f"{package}.{name}")


def pulumi_homes(name: str) -> tuple[str, ...]:
    """Where Pulumi's SDKs define a name: `AlertV2` in alert_v2, nested Args in _inputs."""
    if name.endswith(("Args", "ArgsDict")):
        return "_inputs", _snake(name.removesuffix("Dict").removesuffix("Args"))
    return (_snake(name),)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()

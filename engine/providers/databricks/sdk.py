"""databricks-sdk without its 1.3 seconds of import.

`databricks/sdk/__init__.py` imports the clients of all services, of which authentication needs
none. `config_class` puts a package module in its place that runs that file only when somebody asks
for a name in it (`from databricks.sdk import WorkspaceClient`), and costs a fifth of the time.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from databricks.sdk.config import Config

_PACKAGE = "databricks.sdk"


def config_class() -> type[Config]:
    """The SDK's `Config`, which finds credentials (unified authentication)."""
    if _PACKAGE not in sys.modules:
        _install()
    from databricks.sdk.config import Config

    return Config


def _install() -> None:
    """Put the package in place without running its `__init__`."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.loader is None:  # a plain import then says what is missing
        return
    module = importlib.util.module_from_spec(spec)
    vars(module)["__getattr__"] = lambda name: _late(module, name)
    sys.modules[_PACKAGE] = module
    parent, _, child = _PACKAGE.rpartition(".")
    setattr(sys.modules[parent], child, module)  # as an import does


def _late(module: ModuleType, name: str) -> Any:
    """A name that is not there yet: a submodule, or else something of `__init__`."""
    if name.startswith("__"):
        raise AttributeError(name)
    if importlib.util.find_spec(f"{_PACKAGE}.{name}") is not None:
        return importlib.import_module(f"{_PACKAGE}.{name}")
    if "__getattr__" in vars(module):
        del vars(module)["__getattr__"]
        assert module.__spec__ is not None
        assert module.__spec__.loader is not None
        module.__spec__.loader.exec_module(module)
    return getattr(module, name)

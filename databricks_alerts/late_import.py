"""Packages that others import for what we never ask of them."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any


def late(name: str) -> None:
    """Put a package in place that is run only when something of it is used.

    A package that is imported already, or is not installed, is left alone. Unlike importlib's
    LazyLoader, which in Python 3.11 runs a package at the next `import` of it, used or not.
    """
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    vars(module)["__getattr__"] = lambda attribute: _late(module, attribute)
    sys.modules[name] = module


def _late(module: ModuleType, attribute: str) -> Any:
    if attribute.startswith("__") and attribute != "__version__":  # asked for by importing alone
        raise AttributeError(attribute)
    if vars(module).pop("__getattr__", None) is not None:
        assert module.__spec__ is not None
        assert module.__spec__.loader is not None
        module.__spec__.loader.exec_module(module)
    return getattr(module, attribute)

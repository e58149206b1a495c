"""One module a resource type; a module with a `RESOURCE` is all that a new type needs."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from databricks_alerts.engine.providers.databricks.resource import Resource


@lru_cache(maxsize=1)
def all_resources() -> dict[str, Resource]:
    """Every resource type by its token."""
    modules = (
        importlib.import_module(f"{__name__}.{info.name}")
        for info in pkgutil.iter_modules(__path__)
    )
    found = [module.RESOURCE for module in modules if hasattr(module, "RESOURCE")]
    return {resource.token: resource for resource in found}

"""databricks-sdk without its 1.3 seconds of import.

`databricks/sdk/__init__.py` imports the clients of all services, of which authentication needs
none: put in place late, the package costs a fifth of the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from databricks_alerts.engine import late_package

if TYPE_CHECKING:
    from databricks.sdk.config import Config


def config_class() -> type[Config]:
    """The SDK's `Config`, which finds credentials (unified authentication)."""
    late_package.install("databricks.sdk")
    from databricks.sdk.config import Config

    return Config

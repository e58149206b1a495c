"""Start the plugin, or the vendor's in its place: `python -m` this package."""

from __future__ import annotations

import os
import sys
from importlib import metadata

from databricks_alerts.engine.providers.serve import vendor

_DISTRIBUTION = "pulumi_databricks"


def main() -> None:
    """Serve until the engine goes away, or says so by a signal."""
    try:
        version = metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        sys.exit(f"the Python package {_DISTRIBUTION} is not installed beside this plugin")
    theirs = vendor.installed(version, os.environ)
    if theirs is not None:
        os.execv(theirs, [str(theirs), *sys.argv[1:]])  # noqa: S606 - the plugin that PATH hid
    from databricks_alerts.engine.providers.serve.process import run

    run(version, sys.argv[1:])


if __name__ == "__main__":
    main()

"""The real pulumi CLI, built from the Go module proxy, and the two plugins that it needs.

Pulumi's downloads are out of reach behind many companies' proxies, but the CLI is a Go module.
What that lacks, ours stand in for: the Python language host (engine.language_runtime) and the
databricks provider (engine.providers.serve). `pulumi-cli/go.mod` pins the CLI to the version of
the Python SDK in requirements.txt.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from databricks_alerts.errors import ConfigurationError

MODULE = "github.com/pulumi/pulumi/pkg/v3"
# The language host belongs to the CLI that it stands beside, as Pulumi's own belongs to theirs.
_LANGUAGE_HOST = ("pulumi-language-python", "databricks_alerts.engine.language_runtime")
_PROVIDER = ("pulumi-resource-databricks", "databricks_alerts.engine.providers.serve")
_GO_INSTALLER = "/usr/local/go/bin"


@dataclass(frozen=True, slots=True)
class Tools:
    """Where a project's pulumi is: everything that is made stands under `build`."""

    module: Path

    @property
    def build(self) -> Path:
        """All that is made; `make clean` removes it."""
        return self.module / "build"

    @property
    def cli(self) -> Path:
        """The CLI."""
        return self.build / "bin" / "pulumi"

    @property
    def plugins(self) -> Path:
        """The folder of the provider's script."""
        return self.build / "plugins"

    @property
    def stamp(self) -> Path:
        """What the CLI was built from."""
        return self.build / "built-from"

    def fingerprint(self) -> str:
        """Of what goes into the CLI: a build is current when its stamp says the same."""
        digest = hashlib.sha256()
        for name in ("go.mod", "go.sum"):
            digest.update((self.module / name).read_bytes())
        return digest.hexdigest()

    def current(self) -> bool:
        """Whether the CLI is there, built from what is pinned now."""
        stamp = self.stamp.read_text(encoding="utf-8") if self.stamp.is_file() else ""
        return self.cli.is_file() and stamp == self.fingerprint()

    def version(self) -> str:
        """The CLI's version that go.mod pins, as `3.259.0`. Raises ConfigurationError."""
        text = (self.module / "go.mod").read_text(encoding="utf-8")
        match = re.search(rf"{re.escape(MODULE)} v(\S+)", text)
        if match is None:
            raise ConfigurationError(f"{self.module / 'go.mod'} does not pin {MODULE}")
        return match[1]


def tools_of(project_dir: Path) -> Tools:
    """The tools of a project. Raises ConfigurationError where a folder has none."""
    module = project_dir / "pulumi-cli"
    if not (module / "go.mod").is_file():
        raise ConfigurationError(
            f"there is no {module / 'go.mod'}: run this in a clone, or in a project that "
            "`alerts new` made"
        )
    return Tools(module)


def find_go(environment: Mapping[str, str]) -> str | None:
    """Go on PATH, or where its installer puts it."""
    path = os.pathsep.join([environment.get("PATH", ""), _GO_INSTALLER])
    return shutil.which("go", path=path)


def write_plugins(tools: Tools, python: str = sys.executable) -> None:
    """Make the scripts that start our plugins, in this Python."""
    for folder, (name, module) in ((tools.cli.parent, _LANGUAGE_HOST), (tools.plugins, _PROVIDER)):
        folder.mkdir(parents=True, exist_ok=True)
        # -P: what stands in the folder that the CLI starts it in is not to be imported.
        command = f'exec {shlex.quote(python)} -P -m {module} "$@"'
        (folder / name).write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        (folder / name).chmod(0o755)


def shell_environment(tools: Tools, environment: Mapping[str, str]) -> dict[str, str]:
    """What has to be set for `pulumi` to be ours.

    The CLI goes before others on PATH; the provider goes behind everything, so that Pulumi's own is
    found first where it is on PATH. Raises ConfigurationError when it is not built.
    """
    if not tools.cli.is_file():
        raise ConfigurationError("the pulumi CLI is not built yet: run `make pulumi`")
    ours = (str(tools.cli.parent), str(tools.plugins))
    others = [part for part in environment.get("PATH", "").split(os.pathsep) if part not in ours]
    return {
        "PATH": os.pathsep.join([ours[0], *others, ours[1]]),
        # What is not here would be asked for on Pulumi's servers.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # `pulumi install --no-plugins`: it installs requirements, the plugins are here.
        "PULUMI_OPTION_NO_PLUGINS": "true",
    }

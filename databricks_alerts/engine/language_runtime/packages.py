"""What is installed beside a program, asked of the program's own interpreter."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from typing import Any

from databricks_alerts.engine.errors import ProgramError
from databricks_alerts.engine.language_runtime.toolchain import Toolchain

# Runs in the program's interpreter, which knows nothing of ours.
_LIST = """
import importlib.metadata, json, os, platform, re, sys

def plugin(distribution):
    # Taking a list of thousands of files apart takes long, and few packages have this one.
    lists = ("RECORD", "installed-files.txt", "SOURCES.txt")
    if not any("pulumi-plugin.json" in (distribution.read_text(name) or "") for name in lists):
        return None
    for path in distribution.files or ():
        if path.name == "pulumi-plugin.json":
            with open(distribution.locate_file(path), encoding="utf-8") as file:
                return json.load(file)

def needs(distribution, metadata):
    for line in metadata.get_all("Requires-Dist") or distribution.requires or ():
        if "extra ==" not in line:
            yield re.match(r"[A-Za-z0-9._-]+", line)[0]

found = [
    {"name": metadata["Name"], "version": metadata["Version"], "plugin": plugin(one),
     "needs": list(needs(one, metadata))}
    # Read once: each look at a property of a distribution parses its metadata again.
    for one, metadata in ((one, one.metadata) for one in importlib.metadata.distributions())
    if metadata["Name"]
]
print(json.dumps({"executable": sys.executable, "version": platform.python_version(),
                  "packages": found}))
"""
# Pulumi packages that stand for no resource plugin.
_WITHOUT_PLUGIN = frozenset({"pulumi", "pulumi-policy", "pulumi-esc-sdk"})
_PRE_RELEASE = {"a": "alpha", "b": "beta", "rc": "rc"}
_VERSION = re.compile(
    r"(?P<release>\d+(?:\.\d+)*)(?:(?P<pre>a|b|rc)(?P<number>\d+))?"
    r"(?:\.?(?P<post>post\d+))?(?:\.?(?P<dev>dev\d+))?"
)


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution: its normalised name, its version, its pulumi-plugin.json."""

    name: str
    version: str
    plugin: dict[str, Any] | None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Installed:
    """An interpreter and what is installed for it."""

    executable: str
    version: str
    packages: tuple[Package, ...]

    def direct(self) -> tuple[Package, ...]:
        """The packages that no other needs."""
        needed = {name for package in self.packages for name in package.needs}
        return tuple(package for package in self.packages if package.name not in needed)


@dataclass(frozen=True, slots=True)
class Plugin:
    """A resource plugin that a package of the program needs."""

    name: str
    version: str
    server: str = ""
    parameterization: dict[str, Any] | None = None


def installed(toolchain: Toolchain) -> Installed:
    """Ask the interpreter. Raises ProgramError when it does not answer."""
    try:
        answer = subprocess.run(
            [str(toolchain.interpreter), "-P", "-c", _LIST],
            cwd=toolchain.program,
            env=toolchain.environment(os.environ),
            capture_output=True,
            text=True,
            check=True,
        )
    except OSError as error:
        raise ProgramError(f"cannot run {toolchain.interpreter}: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        raise ProgramError(
            f"{toolchain.interpreter} cannot tell what is installed: {error.stderr.strip()}"
        ) from error
    document = json.loads(answer.stdout)
    found = {
        normalised(one["name"]): Package(
            normalised(one["name"]),
            one["version"],
            one["plugin"],
            tuple(normalised(name) for name in one["needs"]),
        )
        # The first of a name is the one that an import finds.
        for one in reversed(document["packages"])
    }
    packages = tuple(sorted(found.values(), key=lambda package: package.name))
    return Installed(document["executable"], document["version"], packages)


def plugins(packages: tuple[Package, ...]) -> list[Plugin]:
    """The resource plugins of those packages that have one."""
    return [plugin for package in packages if (plugin := _plugin(package)) is not None]


def _plugin(package: Package) -> Plugin | None:
    about = package.plugin
    if package.name in _WITHOUT_PLUGIN:
        return None
    if about is None and not package.name.startswith("pulumi-"):
        return None
    about = about or {"resource": True}
    version = about.get("version") or plugin_version(package.version)
    if not about.get("resource") or version is None:
        return None
    return Plugin(
        about.get("name") or package.name.removeprefix("pulumi-"),
        f"v{version.removeprefix('v')}",
        about.get("server") or "",
        about.get("parameterization"),
    )


def plugin_version(version: str) -> str | None:
    """A Python version as the semantic version of the plugin; None where there is no such.

    `1.2` is `1.2.0`, `1.2.3rc4` is `1.2.3-rc.4`, `1.2.3.post4.dev5` is `1.2.3+post4dev5`.
    """
    match = _VERSION.fullmatch(version)
    if match is None:
        return None
    numbers = [str(int(part)) for part in match["release"].split(".")]
    if len(numbers) > 3:
        return None
    text = ".".join([*numbers, "0", "0"][: max(3, len(numbers))])
    if match["pre"]:
        text += f"-{_PRE_RELEASE[match['pre']]}.{int(match['number'])}"
    build = (match["post"] or "") + (match["dev"] or "")
    return f"{text}+{build}" if build else text


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()

"""Finding a Java that Spark runs on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from databricks_alerts.local_workspace.apache_spark.pins import JAVA
from databricks_alerts.local_workspace.errors import WorkspaceProcessError

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')  # "17.0.15", before Java 9 "1.8.0_412"
_HOME = re.compile(r"^\s*java\.home = (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Java:
    """A Java: its program, its home as JAVA_HOME wants it, its version's first number."""

    program: str
    home: str
    version: int


def find_java(environment: Mapping[str, str] = os.environ) -> Java:
    """The Java of JAVA_HOME, else the one on PATH. Raises WorkspaceProcessError if neither will do.

    The error names what was looked at, and what to do.
    """
    seen: list[str] = []
    for where, program in _candidates(environment):
        found = _asked(program)
        if isinstance(found, Java) and found.version >= JAVA:
            return found
        seen.append(f"{where} {found if isinstance(found, str) else f'is Java {found.version}'}")
    raise WorkspaceProcessError(
        f"Apache Spark needs Java {JAVA} or newer; {'; '.join(seen)}. Install one, such as "
        f"`apt-get install openjdk-{JAVA}-jre-headless` or `brew install openjdk@{JAVA}`, or let "
        "JAVA_HOME name the folder of one that you have. Without Java: --sql-engine sail"
    )


def _candidates(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    home = environment.get("JAVA_HOME")
    if home:
        yield f"JAVA_HOME ({home})", str(Path(home) / "bin" / "java")
    found = shutil.which("java", path=environment.get("PATH", os.defpath))
    yield (f"java on PATH ({found})", found) if found else ("java on PATH", "")


def _asked(program: str) -> Java | str:
    """What this program says it is, or what is wrong with it."""
    if not program or not Path(program).exists():
        return "does not exist"
    command = [program, "-XshowSettings:properties", "-version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not run ({error})"
    version, home = _VERSION.search(answer.stderr), _HOME.search(answer.stderr)
    if answer.returncode or not version or not home:
        return "does not say its version"  # macOS has a `java` that only says where to get one
    return Java(program, home[1].strip(), int(version[1]))

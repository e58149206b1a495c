"""Spark and what it needs, in a cache folder that all workspaces of a user share."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from databricks_alerts.local_workspace.apache_spark.java import Java, find_java
from databricks_alerts.local_workspace.apache_spark.maven import fetch_jar, repository
from databricks_alerts.local_workspace.apache_spark.pins import JARS, SPARK
from databricks_alerts.local_workspace.errors import WorkspaceProcessError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_STAMP = "requirements.installed"  # a copy of what is installed, written when all of it is


@dataclass(frozen=True)
class Installation:
    """Where Spark is, the Java that runs it, and the jars that it is given."""

    spark_home: Path
    java: Java
    jars: tuple[Path, ...]


def install(
    tell: Callable[[str], None] = lambda text: None,
    *,
    environment: Mapping[str, str] = os.environ,
) -> Installation:
    """What is installed, after installing what is missing; `tell` hears what takes long.

    Raises WorkspaceProcessError with the remedy. Java comes first: without it the download, half a
    gigabyte, would be for nothing.
    """
    java = find_java(environment)
    folder = cache_folder(environment)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        home = _installed_pyspark(folder / "venv", tell)
        jars = tuple(_fetched_jars(folder / "jars", tell, environment))
    return Installation(home, java, jars)


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where it all is; may be deleted at any time that no workspace uses it."""
    caches = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", "~")) / ".cache"
    return Path(caches).expanduser() / "databricks-alerts" / f"spark-{SPARK}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two workspaces that start at once do not install into one folder at once."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        yield


def _installed_pyspark(venv: Path, tell: Callable[[str], None]) -> Path:
    stamp, wanted = venv / _STAMP, REQUIREMENTS.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        tell(f"Installing Apache Spark {SPARK} into {venv} (half a gigabyte, minutes, once)")
        shutil.rmtree(venv, ignore_errors=True)  # of an attempt that was broken off, or older pins
        _run([sys.executable, "-m", "venv", str(venv)])
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install"]
        _run([*pip, "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)])
        stamp.write_text(wanted)
    # lib64 may be a link to lib, whose pyspark is the same.
    found = sorted(venv.glob("lib/python3.*/site-packages/pyspark/bin/spark-submit"))
    if not found:
        raise WorkspaceProcessError(
            f"{venv} holds no Apache Spark; delete that folder: rm -r {venv}"
        )
    return found[0].parents[1]


def _fetched_jars(
    folder: Path, tell: Callable[[str], None], environment: Mapping[str, str]
) -> Iterator[Path]:
    base_url = repository(environment)
    for jar in JARS:
        if not (folder / jar.file_name).exists():
            tell(f"Downloading {jar.file_name}")
        yield fetch_jar(jar, folder, base_url)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-10:])
        raise WorkspaceProcessError(
            f"Apache Spark cannot be installed: `{' '.join(command)}` ended with exit status "
            f"{done.returncode}:\n{said}"
        )

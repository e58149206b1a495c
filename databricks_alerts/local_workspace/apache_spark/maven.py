"""Jars from a Maven repository: Maven Central, or the mirror that a company has in its place."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from xml.etree import ElementTree

from databricks_alerts.local_workspace.apache_spark.pins import Jar
from databricks_alerts.local_workspace.errors import WorkspaceProcessError

VARIABLE = "ALERTS_MAVEN_URL"
CENTRAL = "https://repo.maven.apache.org/maven2"
_SCHEMES = ("https://", "http://", "file://")
_FROM_ENVIRONMENT = re.compile(r"\$\{env\.(\w+)\}")
_SILENCE = 60.0  # seconds without a byte


def repository(environment: Mapping[str, str] = os.environ) -> str:
    """The URL to take jars from.

    That of ALERTS_MAVEN_URL; else that of the first mirror of Maven Central in Maven's settings,
    the user's before the machine's; else Maven Central itself. Raises WorkspaceProcessError for a
    setting that cannot be read.
    """
    url, source = environment.get(VARIABLE, ""), VARIABLE
    for path in () if url else _settings_files(environment):
        url, source = _mirror(path, environment), str(path)
        if url:
            break
    if not url:
        return CENTRAL
    if not url.startswith(_SCHEMES):
        raise WorkspaceProcessError(
            f"{source} gives {url!r} for a Maven repository; give a URL that begins with "
            + ", ".join(_SCHEMES)
        )
    return url.rstrip("/")


def fetch_jar(jar: Jar, folder: Path, base_url: str) -> Path:
    """The jar in `folder`, downloaded where it is not there whole. Raises WorkspaceProcessError."""
    target = folder / jar.file_name
    if target.exists() and _sha256(target) == jar.sha256:
        return target
    url = f"{base_url}/{jar.path}"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as beside:
        part = Path(beside) / jar.file_name
        _download(url, part, target)
        found = _sha256(part)
        if found != jar.sha256:
            raise WorkspaceProcessError(
                f"{url} is not the file that was expected: its SHA-256 is {found}, not "
                f"{jar.sha256}. It was not kept. The repository answers something else than "
                f"Maven Central has, or the download was changed on its way; name another "
                f"repository in {VARIABLE}"
            )
        part.replace(target)
    return target


def _download(url: str, part: Path, target: Path) -> None:
    try:
        # The environment's proxies apply, as to pip.
        with urllib.request.urlopen(url, timeout=_SILENCE) as answer, part.open("wb") as file:  # noqa: S310 - `repository` looked at the scheme
            shutil.copyfileobj(answer, file)
    except (OSError, HTTPException) as error:
        raise WorkspaceProcessError(
            f"{url} cannot be downloaded: {error}. Name a Maven repository that this machine "
            f"reaches in {VARIABLE}, or put the file to {target} by hand; it is checked there"
        ) from error


def _settings_files(environment: Mapping[str, str]) -> Iterator[Path]:
    """Maven's settings: the user's, then those of the Maven that is installed."""
    yield Path(environment.get("HOME", "~")).expanduser() / ".m2" / "settings.xml"
    homes = [environment[name] for name in ("MAVEN_HOME", "M2_HOME") if environment.get(name)]
    program = shutil.which("mvn", path=environment.get("PATH", os.defpath))
    if program:
        homes.append(str(Path(program).resolve().parents[1]))
    for home in homes:
        yield Path(home) / "conf" / "settings.xml"


def _mirror(path: Path, environment: Mapping[str, str]) -> str:
    """The URL of this file's mirror of Maven Central; "" if it names none."""
    try:
        root = ElementTree.fromstring(path.read_bytes())  # noqa: S314 - the user's own settings
    except FileNotFoundError:
        return ""
    except (OSError, ElementTree.ParseError) as error:
        raise WorkspaceProcessError(
            f"{path} cannot be read ({error}); mend it, or name a repository in {VARIABLE}"
        ) from error
    for mirror in root.iterfind("{*}mirrors/{*}mirror"):
        said = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in mirror}
        if _mirrors_central(said.get("mirrorOf", "")) and said.get("blocked") != "true":
            return _FROM_ENVIRONMENT.sub(
                lambda found: environment.get(found[1], found[0]), said.get("url", "")
            )
    return ""


def _mirrors_central(pattern: str) -> bool:
    """Whether a `mirrorOf` is for Maven Central ("Using Mirrors for Repositories" in its guide)."""
    parts = {part.strip() for part in pattern.split(",")}
    return "!central" not in parts and bool(parts & {"*", "central", "external:*"})


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

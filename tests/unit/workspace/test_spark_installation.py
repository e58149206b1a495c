"""What a managed Apache Spark needs from the machine, found or named as missing; no network."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from databricks_alerts.local_workspace import apache_spark, sql_engines
from databricks_alerts.local_workspace.apache_spark import installation, maven, pins
from databricks_alerts.local_workspace.apache_spark.java import find_java
from databricks_alerts.local_workspace.errors import WorkspaceProcessError

JAR = pins.Jar("org.corp", "thing_2.13", "1.0", hashlib.sha256(b"a jar").hexdigest())
MIRROR = "<mirror><mirrorOf>{of}</mirrorOf><url>{url}</url></mirror>"
SETTINGS = (
    '<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0"><mirrors>{}</mirrors></settings>'
)


def _java(folder: Path, version: str) -> Path:
    """A program that says of itself what a Java of this version does."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    said = f'    java.home = {folder}\nopenjdk version "{version}" 2025-04-15'
    program.write_text(f"#!/bin/sh\nif [ \"$2\" = -version ]; then echo '{said}' >&2; fi\n")
    program.chmod(0o755)
    return program


def test_java_is_that_of_java_home_before_the_one_on_path(tmp_path: Path) -> None:
    _java(tmp_path / "home", "21.0.3")
    path = str(_java(tmp_path / "path", "17.0.15").parent)
    home = str(tmp_path / "home")
    assert find_java({"JAVA_HOME": home, "PATH": path}).version == 21
    assert find_java({"PATH": path}).home == str(tmp_path / "path")


@pytest.mark.parametrize("version", ["1.8.0_412", "11.0.2"])
def test_a_java_home_that_is_too_old_does_not_hide_a_java_that_will_do(
    tmp_path: Path, version: str
) -> None:
    _java(tmp_path / "old", version)
    path = str(_java(tmp_path / "path", "25").parent)
    assert find_java({"JAVA_HOME": str(tmp_path / "old"), "PATH": path}).version == 25


def test_without_a_java_it_is_said_what_was_looked_at_and_what_to_do(tmp_path: Path) -> None:
    _java(tmp_path, "1.8.0_412")
    with pytest.raises(WorkspaceProcessError) as told:
        find_java({"JAVA_HOME": str(tmp_path), "PATH": str(tmp_path / "nothing")})
    for part in (f"JAVA_HOME ({tmp_path}) is Java 8", "java on PATH does not exist"):
        assert part in str(told.value)
    assert "apt-get install openjdk-17" in str(told.value)


def test_nothing_is_downloaded_where_java_is_missing(tmp_path: Path) -> None:
    heard: list[str] = []
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    with pytest.raises(WorkspaceProcessError, match="needs Java 17"):
        apache_spark.install(heard.append, environment=environment)
    assert heard == []
    assert list(tmp_path.iterdir()) == []


def _published(folder: Path, content: bytes) -> str:
    """A repository in this folder that holds the jar with this content."""
    path = folder / JAR.path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return folder.as_uri()


def test_a_jar_is_taken_from_a_repositorys_layout_once(tmp_path: Path) -> None:
    url = _published(tmp_path / "repository", b"a jar")
    assert JAR.path == "org/corp/thing_2.13/1.0/thing_2.13-1.0.jar"
    found = maven.fetch_jar(JAR, tmp_path / "cache", url)
    assert found.read_bytes() == b"a jar"
    assert maven.fetch_jar(JAR, tmp_path / "cache", "file:///nowhere") == found


def test_a_jar_that_is_another_file_is_not_kept(tmp_path: Path) -> None:
    url = _published(tmp_path / "repository", b"another jar")
    with pytest.raises(WorkspaceProcessError, match=f"not {JAR.sha256}") as told:
        maven.fetch_jar(JAR, tmp_path / "cache", url)
    assert "ALERTS_MAVEN_URL" in str(told.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_damaged_jar_in_the_cache_is_fetched_anew(tmp_path: Path) -> None:
    url = _published(tmp_path / "repository", b"a jar")
    cached = tmp_path / "cache" / JAR.file_name
    cached.parent.mkdir()
    cached.write_bytes(b"a j")
    assert maven.fetch_jar(JAR, tmp_path / "cache", url).read_bytes() == b"a jar"


def test_a_repository_that_is_not_reached_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceProcessError, match="ALERTS_MAVEN_URL") as told:
        maven.fetch_jar(JAR, tmp_path / "cache", "http://127.0.0.1:9")
    assert f"http://127.0.0.1:9/{JAR.path}" in str(told.value)
    assert str(tmp_path / "cache" / JAR.file_name) in str(told.value)


def _with_settings(home: Path, *mirrors: str) -> dict[str, str]:
    (home / ".m2").mkdir()
    (home / ".m2" / "settings.xml").write_text(SETTINGS.format("".join(mirrors)))
    return {"HOME": str(home), "PATH": str(home)}


@pytest.mark.parametrize("of", ["*", "central", "external:*", "internal, central", "*,!other"])
def test_the_mirror_of_mavens_settings_is_used(tmp_path: Path, of: str) -> None:
    mirror = MIRROR.format(of=of, url="https://mirror.corp.example/maven/")
    found = maven.repository(_with_settings(tmp_path, mirror))
    assert found == "https://mirror.corp.example/maven"


@pytest.mark.parametrize("of", ["other", "*,!central", "external:http:*", ""])
def test_a_mirror_of_something_else_is_not(tmp_path: Path, of: str) -> None:
    mirror = MIRROR.format(of=of, url="https://mirror.corp.example/maven")
    assert maven.repository(_with_settings(tmp_path, mirror)) == maven.CENTRAL


def test_the_environment_comes_before_mavens_settings(tmp_path: Path) -> None:
    environment = _with_settings(tmp_path, MIRROR.format(of="*", url="https://no.example"))
    environment[maven.VARIABLE] = "https://jars.corp.example"
    assert maven.repository(environment) == "https://jars.corp.example"


def test_a_mirrors_url_may_come_from_the_environment(tmp_path: Path) -> None:
    environment = _with_settings(tmp_path, MIRROR.format(of="*", url="https://${env.PLACE}/m"))
    assert maven.repository(environment | {"PLACE": "h.example"}) == "https://h.example/m"


def test_a_mirror_of_the_installed_maven_is_used_after_the_users(tmp_path: Path) -> None:
    (tmp_path / "maven" / "conf").mkdir(parents=True)
    mirror = SETTINGS.format(MIRROR.format(of="central", url="https://all.corp.example"))
    (tmp_path / "maven" / "conf" / "settings.xml").write_text(mirror)
    environment = {"MAVEN_HOME": str(tmp_path / "maven")} | _with_settings(tmp_path)
    assert maven.repository(environment) == "https://all.corp.example"


@pytest.mark.parametrize(("text", "said"), [("ftp://x", "ftp://x"), ("corp.example", "https://")])
def test_a_repository_that_is_no_url_is_refused(text: str, said: str) -> None:
    with pytest.raises(WorkspaceProcessError, match="ALERTS_MAVEN_URL") as told:
        maven.repository({maven.VARIABLE: text})
    assert said in str(told.value)


def test_settings_that_do_not_parse_are_named(tmp_path: Path) -> None:
    environment = _with_settings(tmp_path)
    (tmp_path / ".m2" / "settings.xml").write_text("<settings>")
    with pytest.raises(WorkspaceProcessError, match=r"settings\.xml cannot be read"):
        maven.repository(environment)


def test_pins_agree_with_each_other() -> None:
    pinned = installation.REQUIREMENTS.read_text()
    assert f"pyspark[connect]=={pins.SPARK}\n" in pinned
    assert all("==" in line for line in pinned.splitlines() if line and not line.startswith("#"))
    series = pins.SPARK.rpartition(".")[0]
    assert f"delta-spark_{series}_2.13" in {jar.artifact for jar in pins.JARS}
    assert len({jar.version for jar in pins.JARS}) == 1
    assert replace(JAR, group="io.delta").path.startswith("io/delta/")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("duckdb", None, None), "sail, spark"),
        (("spark", None, "sc://h:1"), "give either"),
        ((None, "2g", None), "--sql-engine spark"),
        (("spark", "100m", None), "512m or more"),
        (("spark", "lots", None), "512m or more"),
    ],
)
def test_engines_that_cannot_be_are_refused(
    options: tuple[str | None, str | None, str | None], said: str
) -> None:
    with pytest.raises(WorkspaceProcessError, match=said):
        sql_engines.chosen(*options)


def test_engines_are_told_by_their_name_or_address() -> None:
    assert sql_engines.chosen(None, None, None).shown == "sail"
    assert sql_engines.chosen("spark", "3G", None).memory == "3g"
    assert sql_engines.chosen(None, None, "sc://h:1").shown == "sc://h:1"

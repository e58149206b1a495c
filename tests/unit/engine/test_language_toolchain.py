"""Which Python the language host takes, and what it finds installed there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.engine import language_host
from databricks_alerts.engine.errors import ProjectError
from databricks_alerts.engine.language_runtime.installation import install
from databricks_alerts.engine.language_runtime.packages import (
    Package,
    installed,
    normalised,
    plugin_version,
    plugins,
)
from databricks_alerts.engine.language_runtime.toolchain import find_toolchain

pytestmark = pytest.mark.slow


def test_without_a_virtualenv_it_is_the_hosts_own_python_as_in_the_embedded_engine(
    tmp_path: Path,
) -> None:
    found = find_toolchain(tmp_path, tmp_path, {}, {})
    assert found.interpreter == language_host.interpreter(tmp_path, "") == Path(sys.executable)
    assert found.environment({"A": "b"}) == {"A": "b"}


@pytest.mark.parametrize("virtualenv", [".venv", "../shared/venv"])
def test_a_virtualenv_stands_relative_to_the_project(tmp_path: Path, virtualenv: str) -> None:
    project = tmp_path / "project"
    (project / virtualenv).mkdir(parents=True)
    found = find_toolchain(project, project / "app", {"virtualenv": virtualenv}, {})
    assert found.interpreter == language_host.interpreter(project, virtualenv)
    active = found.environment({"PATH": "/bin", "PYTHONHOME": "/wrong"})
    assert active == {
        "PATH": f"{project / virtualenv / 'bin'}{os.pathsep}/bin",
        "VIRTUAL_ENV": str(project / virtualenv),
    }


def test_a_missing_virtualenv_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="pulumi install"):
        find_toolchain(tmp_path, tmp_path, {"virtualenv": ".venv"}, {}).require()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"toolchain": "conda"}, "pip, uv, poetry"),
        ({"toolchain": 3.0}, "must be text"),
        ({"virtualenv": ["x"]}, "must be text"),
        ({"typechecker": "mypy"}, "runs no type checker"),
        ({"toolchain": "poetry"}, "no poetry on PATH"),
    ],
)
def test_wrong_options_are_refused(tmp_path: Path, options: dict[str, object], said: str) -> None:
    with pytest.raises(ProjectError, match=said):
        find_toolchain(tmp_path, tmp_path, options, {"PATH": str(tmp_path)})


def test_uv_is_told_by_its_lock_file_above_the_program(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").touch()
    program = tmp_path / "app"
    program.mkdir()
    found = find_toolchain(tmp_path, program, {}, {})
    assert (found.name, found.virtualenv) == ("uv", tmp_path / ".venv")
    moved = find_toolchain(tmp_path, program, {}, {"UV_PROJECT_ENVIRONMENT": "other"})
    assert moved.virtualenv == tmp_path / "other"


def test_another_python_can_be_named_as_pulumi_does(tmp_path: Path) -> None:
    python = tmp_path / "python-of-mine"
    python.symlink_to(sys.executable)
    environment = {"PULUMI_PYTHON_CMD": "python-of-mine", "PATH": str(tmp_path)}
    assert find_toolchain(tmp_path, tmp_path, {}, environment).interpreter == python
    with pytest.raises(ProjectError, match="not on PATH"):
        find_toolchain(tmp_path, tmp_path, {}, {**environment, "PATH": ""})


def test_what_is_installed_here_needs_the_databricks_plugin(tmp_path: Path) -> None:
    found = installed(find_toolchain(tmp_path, tmp_path, {}, {}))
    versions = {package.name: package.version for package in found.packages}
    assert found.executable == sys.executable
    assert [(one.name, one.version) for one in plugins(found.packages)] == [
        ("databricks", f"v{versions['pulumi-databricks']}")
    ]
    direct = {package.name for package in found.direct()}
    assert "databricks-alerts" in direct  # which needs the others
    assert "pulumi" not in direct


@pytest.mark.parametrize(
    ("package", "found"),
    [
        (Package("pulumi-aws", "6.1", None), [("aws", "v6.1.0")]),
        (Package("pulumi", "3.259.0", None), []),
        (Package("pulumi-policy", "1.21.0", None), []),
        (Package("requests", "2.0.0", None), []),
        (Package("pulumi-lib", "1.0.0", {"resource": False}), []),
        (
            Package("corp", "9.9", {"resource": True, "name": "x", "version": "1.2.3"}),
            [("x", "v1.2.3")],
        ),
        (Package("pulumi-odd", "1!2.0", None), []),
    ],
)
def test_a_package_stands_for_a_plugin_where_it_says_so_or_its_name_does(
    package: Package, found: list[tuple[str, str]]
) -> None:
    assert [(one.name, one.version) for one in plugins((package,))] == found


_NUMBERS = st.lists(st.integers(0, 999), min_size=1, max_size=3)


@given(
    _NUMBERS,
    st.sampled_from([("", ""), ("a", "alpha"), ("b", "beta"), ("rc", "rc")]),
    st.integers(0, 99),
    st.sampled_from(["", ".post1", ".dev2", ".post1.dev2"]),
)
def test_a_python_version_is_a_semantic_one(
    release: list[int], pre: tuple[str, str], number: int, tail: str
) -> None:
    text = ".".join(map(str, release)) + (f"{pre[0]}{number}" if pre[0] else "") + tail
    made = plugin_version(text)
    assert made is not None
    core, _, build = made.partition("+")
    core, _, before = core.partition("-")
    assert [int(part) for part in core.split(".")] == [*release, 0, 0][:3]
    assert before == (f"{pre[1]}.{number}" if pre[0] else "")
    assert build == tail.replace(".", "")


@pytest.mark.parametrize("version", ["", "x", "1.2.3.4", "1!2.0", "1.0+local", "v1", "1.2.3-4"])
def test_what_is_no_plugins_version_names_none(version: str) -> None:
    assert plugin_version(version) is None


@given(st.text("aB-_.", min_size=1))
def test_names_are_normalised_once(name: str) -> None:
    assert normalised(normalised(name)) == normalised(name)
    assert not set(normalised(name)) & set("B_.")


def test_installing_makes_the_virtualenv_and_reports_a_failure(tmp_path: Path) -> None:
    toolchain = find_toolchain(tmp_path, tmp_path, {"virtualenv": "venv"}, {})
    lines = list(install(toolchain))
    assert toolchain.require().exists
    assert lines[-1] == "Finished installing dependencies\n"
    (tmp_path / "requirements.txt").write_text("./no-such-package\n")
    with pytest.raises(ProjectError, match="failed with exit status 1"):
        list(install(toolchain))

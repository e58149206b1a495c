"""A package put in place late gives what the real one gives, and imports only what it must."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from databricks_alerts.engine import late_package


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package shaped like a generated SDK; `whole` is set once its `__init__` ran."""
    home = tmp_path / "late_sdk"
    home.mkdir()
    (home / "__init__.py").write_text(
        "from .alert_v2 import *\nfrom .get_alert import *\nfrom ._inputs import *\n"
        "from .odd_place import *\nwhole = True\n"
    )
    (home / "alert_v2.py").write_text("__all__ = ['AlertV2Args', 'AlertV2']\n")
    with (home / "alert_v2.py").open("a") as file:
        file.write("class AlertV2: ...\nclass AlertV2Args: ...\n")
    (home / "get_alert.py").write_text("__all__ = ['get_alert']\ndef get_alert(): return 'got'\n")
    (home / "_inputs.py").write_text("__all__ = ['PartArgs']\nclass PartArgs: ...\n")
    (home / "odd_place.py").write_text("__all__ = ['Hidden']\nclass Hidden: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "late_sdk"
    for name in [name for name in sys.modules if name.split(".")[0] == "late_sdk"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ("AlertV2", {"alert_v2"}),
        ("PartArgs", {"_inputs"}),
        ("AlertV2Args", {"_inputs", "alert_v2"}),
    ],
)
def test_a_name_is_taken_from_its_own_module(package: str, name: str, imported: set[str]) -> None:
    late_package.install(package, late_package.pulumi_homes)
    module = importlib.import_module(package)
    assert getattr(module, name).__name__ == name
    assert "whole" not in vars(module)
    loaded = {key.split(".")[1] for key in sys.modules if key.startswith(f"{package}.")}
    assert loaded == imported


def test_a_function_hides_the_module_of_its_name(package: str) -> None:
    late_package.install(package, late_package.pulumi_homes)
    module = importlib.import_module(package)
    assert module.get_alert() == "got"
    assert module.get_alert() == "got"


def test_what_is_nowhere_to_be_expected_is_found_by_running_the_package(package: str) -> None:
    late_package.install(package, late_package.pulumi_homes)
    module = importlib.import_module(package)
    assert module.Hidden.__name__ == "Hidden"
    assert module.whole is True


def test_what_is_not_there_is_said_as_python_says_it(package: str) -> None:
    late_package.install(package, late_package.pulumi_homes)
    module = importlib.import_module(package)
    for _ in range(2):
        with pytest.raises(AttributeError, match="module 'late_sdk' has no attribute 'Nothing'"):
            _ = module.Nothing


def test_a_star_import_gets_everything(package: str) -> None:
    late_package.install(package, late_package.pulumi_homes)
    names: dict[str, object] = {}
    exec(f"from {package} import *", names)
    assert {"AlertV2", "get_alert", "PartArgs", "Hidden"} <= set(names)


def test_a_package_that_is_not_installed_is_left_to_the_import() -> None:
    late_package.install("no_such_package_at_all")
    assert "no_such_package_at_all" not in sys.modules


def test_the_real_sdk_gives_the_same_names_late() -> None:
    """Every resource and its arguments; in a process of its own, as the import is big."""
    script = (
        "from databricks_alerts.engine import late_package as late\n"
        "late.install('pulumi_databricks', late.pulumi_homes)\n"
        "import pulumi_databricks as p\n"
        "for name in ('AlertV2', 'NotificationDestination', 'Permissions', 'Grant', 'Grants'):\n"
        "    assert getattr(p, name).__name__ == name\n"
        "assert p.AlertV2EvaluationArgs.__name__ == 'AlertV2EvaluationArgs'\n"
        "assert callable(p.get_alert_v2)\n"
        "assert 'Cluster' not in vars(p)\n"
        "assert p.config.vars is not None\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[3])

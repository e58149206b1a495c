"""Nested types of an SDK, made when they are asked for, are those of a plain import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]

# What a program can see of some resources' types: fields, and of what type each is.
DUMP = """
import importlib, json, sys, typing
sys.path.insert(0, {root!r})
import pulumi
if {late}:
    from databricks_alerts.engine import late_classes, late_package
    late_package.install("pulumi_databricks", late_package.pulumi_homes)
    late_classes.install("pulumi_databricks")
from pulumi import _types
def name(kind):
    return f"{{kind.__module__}}.{{kind.__qualname__}}" if isinstance(kind, type) else str(kind)
def nested(kind, read, seen):
    for inner in [kind, *typing.get_args(kind)]:
        if _types.is_input_type(inner) or _types.is_output_type(inner):
            if name(inner) not in seen:
                seen[name(inner)] = fields = {{}}
                for key, value in read(inner).items():
                    fields[key] = str(value)
                    nested(value, read, seen)
        elif inner is not kind:
            nested(inner, read, seen)
found = {{}}
for module_name in {modules!r}:
    module = importlib.import_module(f"pulumi_databricks.{{module_name}}")
    kind = getattr(module, module.__all__[1])
    arguments = getattr(module, module.__all__[0])
    seen = {{}}
    for key, value in _types.input_type_types(arguments).items():
        seen[key] = str(value)
        nested(value, _types.input_type_types, seen)
    for key, value in _types.resource_types(kind).items():
        seen[f"output {{key}}"] = str(value)
        nested(value, _types.output_type_types, seen)
    found[module_name] = seen
print(json.dumps([found, len(vars(sys.modules["pulumi_databricks._inputs"]))]))
"""
MODULES = [
    "alert_v2",
    "notification_destination",
    "permissions",
    "grant",
    "grants",
    "job",  # the largest
    "cluster",
    "dashboard",
    "pipeline",
    "quality_monitor",
    "query",
    "sql_table",
]


def dump(late: bool) -> tuple[dict[str, Any], int]:
    script = DUMP.format(root=str(ROOT), late=late, modules=MODULES)
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    found, classes = json.loads(answer.stdout)
    return found, classes


@pytest.mark.slow
def test_types_are_those_of_a_plain_import() -> None:
    (late, few), (plain, all_of_them) = dump(late=True), dump(late=False)
    assert late == plain
    assert any("AlertV2EvaluationThreshold" in key for key in late["alert_v2"])
    assert few < all_of_them / 3


def run(tmp_path: Path, statements: str) -> Any:
    """What `answer` is after statements in a fresh interpreter with a late package `sdk`."""
    script = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}]\n"
        "from databricks_alerts.engine import late_classes, late_package\n"
        "late_package.install('sdk', late_package.pulumi_homes); late_classes.install('sdk')\n"
        f"{statements}\nimport json; print(json.dumps(answer))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


HEAD = "import pulumi\nMADE = []\n\n"
A = """@pulumi.input_type
class AArgs:
    MADE.append('A')
    inner: 'BArgs'
    def line(self): raise KeyError

"""
B = "class BArgs(dict):\n    MADE.append('B')\n\n"
C = "class CArgs:\n    MADE.append('C')\n"
ALL = "__all__ = [\n    'AArgs',\n    'BArgs',\n    'CArgs',\n]\n\n"


def package(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "sdk"
    folder.mkdir()
    (folder / "__init__.py").write_text("from .thing import *\nfrom ._inputs import *\n")
    (folder / "_inputs.py").write_text(text)
    (folder / "thing.py").write_text(
        "from ._inputs import *\n__all__ = ['Thing']\nclass Thing:\n    a: 'AArgs'\n"
    )
    (tmp_path / "pulumi.py").write_text("def input_type(kind): return kind\n")


def test_a_resource_gets_what_it_names_and_what_that_names(tmp_path: Path) -> None:
    package(tmp_path, HEAD + ALL + A + B + C)
    made = run(tmp_path, "import sdk\nsdk.Thing\nanswer = sdk._inputs.MADE")
    assert made == ["A", "B"]
    assert run(tmp_path, "import sdk\nsdk.CArgs\nanswer = sdk._inputs.MADE") == ["C"]


def test_a_class_that_is_in_use_stays_the_same_when_all_are_made(tmp_path: Path) -> None:
    package(tmp_path, HEAD + ALL + A + B + C)
    statements = (
        "import sdk\nfirst = sdk.AArgs\n"
        "from sdk.thing import Thing\n"
        "late_package._run(sdk)\n"  # as when somebody asks for a name that only it has
        "answer = [sdk.AArgs is first, sdk._inputs.AArgs is first, sdk.CArgs.__name__]"
    )
    assert run(tmp_path, statements) == [True, True, "CArgs"]


def test_a_traceback_tells_the_line_of_the_file(tmp_path: Path) -> None:
    package(tmp_path, HEAD + ALL + A + B + C)
    statements = (
        "import sdk, traceback\ntry:\n    sdk.AArgs().line()\n"
        "except KeyError as error:\n    answer = traceback.extract_tb(error.__traceback__)[-1].line"
    )
    assert "raise KeyError" in run(tmp_path, statements)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + ALL + A + B + C + "AArgs.more = 1\n",
        HEAD + ALL + A + B,
        HEAD + A + B + C + ALL,
        HEAD + A + B + C,
        HEAD + ALL + A + B + C + "class DArgs: pass\n",
        HEAD + ALL + "if True:\n    x = 1\n" + A + B + C,
        "",
    ],
    ids=["statement", "less", "all last", "no all", "more", "condition", "nothing"],
)
def test_a_module_built_otherwise_is_left_to_a_plain_import(tmp_path: Path, text: str) -> None:
    package(tmp_path, text)
    statements = "answer = 'sdk._inputs' in sys.modules"
    assert run(tmp_path, statements) is False

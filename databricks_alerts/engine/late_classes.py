"""Of an SDK's modules of nested types, only the classes that a program uses.

Pulumi's generated Python packages keep the nested types of all their resources in two modules,
`_inputs` and `outputs`; pulumi_databricks' hold 5,000 classes, which take 65 MB and most of the
time of importing a single resource. They are regular: a head, `__all__`, then one class after
another. Here a class is compiled when it is asked for, with those that it names; a module that is
built otherwise is left to a plain import.

Needs nothing of the engine, as late_package.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

MODULES = ("_inputs", "outputs")
_CLASS = re.compile(rb"^(?:@pulumi\.(?:in|out)put_type\n)?class (\w+)[(:]", re.MULTILINE)
_ALL = re.compile(rb"^__all__ = \[\n(?:    '\w+',\n)*\]\n", re.MULTILINE)
_TOP_LEVEL = re.compile(rb"^[^\s#]", re.MULTILINE)
_WORD = re.compile(r"\w+")
# Where a class begins and ends in its file, in bytes, and the line before it.
_Places = dict[str, tuple[int, int, int]]


def install(package: str) -> None:
    """Put the package's modules of nested types in place, where they are as described."""
    for name in MODULES:
        full = f"{package}.{name}"
        spec = importlib.util.find_spec(full) if full not in sys.modules else None
        if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
            continue
        text = Path(spec.origin).read_bytes()
        places = _places(text)
        if places is None:
            continue
        module = LateClasses(full, package, places)
        module.__spec__, module.__loader__ = spec, spec.loader
        module.__file__, module.__package__ = spec.origin, package
        sys.modules[full] = module
        setattr(sys.modules[package], name, module)  # as an import does
        head = text[: min(start for start, _, _ in places.values())]
        exec(compile(_ALL.sub(b"", head), spec.origin, "exec"), vars(module))  # noqa: S102


def _places(text: bytes) -> _Places | None:
    """Where each class of a module stands; None if there is more than a head and classes."""
    declared = _ALL.search(text)
    starts = list(_CLASS.finditer(text, declared.end() if declared else 0))
    if declared is None or not starts:
        return None
    names = [match[1].decode() for match in starts]
    # Each class has one line at the top level, or two with its decorator.
    decorated = sum(match[0].startswith(b"@") for match in starts)
    if len(_TOP_LEVEL.findall(text, declared.end())) != len(starts) + decorated:
        return None
    if sorted(names) != sorted(re.findall(r"'(\w+)'", declared[0].decode())):
        return None
    places: _Places = {}
    line, counted = 0, 0
    for match, name, following in zip(starts, names, [*starts[1:], None], strict=True):
        line += text.count(b"\n", counted, match.start())
        counted = match.start()
        places[name] = (counted, following.start() if following else len(text), line)
    return places


class LateClasses(ModuleType):
    """A module of which a class is made when it is first asked for."""

    def __init__(self, name: str, package: str, places: _Places) -> None:
        super().__init__(name)
        vars(self)["_late_places"] = places
        vars(self)["_late_lock"] = threading.RLock()
        vars(self)["_late_package"] = package

    @property
    def __all__(self) -> list[str]:
        """All names; to a resource's module that imports them all, those that it uses."""
        caller = sys._getframe(1)
        module = str(caller.f_globals.get("__name__"))
        package = vars(self)["_late_package"]
        if caller.f_code.co_name == "<module>" and module == package:
            self._late_run()
        elif caller.f_code.co_name == "<module>" and module.startswith(f"{package}."):
            words = _WORD.findall(Path(caller.f_globals["__file__"]).read_text(encoding="utf-8"))
            return self._late_names(words)
        return list(vars(self)["_late_places"])

    def __getattr__(self, name: str) -> Any:
        places: _Places = vars(self)["_late_places"]
        if name not in places:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        with vars(self)["_late_lock"]:
            self._late_make(name, places)
        return vars(self)[name]

    def _late_make(self, name: str, places: _Places) -> None:
        """Compile a class, and those that it names: annotations find them in the dictionary."""
        wanted = [name]
        with Path(str(self.__file__)).open("rb") as file:
            while wanted:
                current = wanted.pop()
                if current in vars(self):
                    continue
                start, end, line = places[current]
                file.seek(start)
                source = file.read(end - start).decode()
                code = compile("\n" * line + source, str(self.__file__), "exec")
                exec(code, vars(self))  # noqa: S102 - the package's own code
                wanted.extend(self._late_names(_WORD.findall(source)))

    def _late_names(self, words: Iterable[str]) -> list[str]:
        places: _Places = vars(self)["_late_places"]
        return [word for word in dict.fromkeys(words) if word in places]

    def _late_run(self) -> None:
        """Make all classes at once, from compiled code: the package itself wants them."""
        with vars(self)["_late_lock"]:
            if vars(self).get("_late_complete"):
                return
            vars(self)["_late_complete"] = True
            places = vars(self)["_late_places"]
            made = {name: vars(self)[name] for name in places if name in vars(self)}
            assert self.__loader__ is not None
            self.__loader__.exec_module(self)  # type: ignore[attr-defined]
            vars(self).pop("__all__", None)
            vars(self).update(made)  # what is in use already stays the class that it is

"""What is wrong with a page's HTML: nesting, ids, captions, labels, names of pictures, headings.

A stand-in for a browser where there is none: it sees the structure, not the looks.
"""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = {"meta", "input", "br", "hr", "img", "link"}
_DRAWN = {"rect", "line", "circle", "path", "polyline"}  # of SVG, closed in themselves
_HEADINGS = ("h1", "h2", "h3", "h4")


def problems(page: str) -> list[str]:
    """Every problem found, in the order of the page; none is good."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.result()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.inputs: list[str] = []
        self.references: list[str] = []
        self.headings: list[str] = []
        self.captioned: list[bool] = []
        self.named: list[bool] = []  # of links and buttons that are open

    def result(self) -> list[str]:
        found = [*self.found, *(f"<{tag}> is never closed" for tag in self.open)]
        found += [f"id {key} is there twice" for key in set(self.ids) if self.ids.count(key) > 1]
        found += [f"#{key} has no label" for key in self.inputs if key not in self.labels]
        found += [f"nothing has the id {key}" for key in self.references if key not in self.ids]
        if self.headings.count("h1") != 1:
            found.append("there is not one h1")
        for before, after in zip(self.headings, self.headings[1:], strict=False):
            if int(after[1]) > int(before[1]) + 1:
                found.append(f"{after} follows {before}")
        return found

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _DRAWN:
            self.found.append(f"<{tag}/> closes itself")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if len(given) < len(attrs):
            self.found.append(f"<{tag}> has an attribute twice")
        self._note(tag, given)
        self._judge(tag, given)
        if tag not in _VOID:
            self.open.append(tag)

    def _note(self, tag: str, given: dict[str, str]) -> None:
        if "id" in given:
            self.ids.append(given["id"])
        for name in ("aria-labelledby", "aria-describedby"):
            self.references += given.get(name, "").split()
        if tag == "label":
            self.labels.append(given.get("for", ""))
            self.references.append(given.get("for", ""))
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden":
            self.inputs.append(given.get("id", "nameless"))
        if tag in _HEADINGS:
            self.headings.append(tag)
        if tag == "table":
            self.captioned.append(False)
        if tag == "caption":
            self.captioned[-1] = True
        if tag in ("a", "button"):
            self.named.append(False)

    def _judge(self, tag: str, given: dict[str, str]) -> None:
        if tag == "svg" and "aria-hidden" not in given and not given.get("aria-label"):
            self.found.append("an svg has no name")
        if tag == "th" and "scope" not in given:
            self.found.append("a th has no scope")
        if given.get("role") == "region" and not {"aria-label", "aria-labelledby"} & given.keys():
            self.found.append("a region has no name")
        if tag == "script" or any(name.startswith("on") for name in given):
            self.found.append(f"<{tag}> has a script")
        for name in ("href", "src", "action"):
            value = given.get(name, "/")
            if not value.startswith(("/", "#")) or value.startswith("//"):
                self.found.append(f"<{tag}> leads out to {value}")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.named = [True] * len(self.named)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.found.append(f"</{tag}> closes {self.open[-1:] or 'nothing'}")
            return
        self.open.pop()
        if tag == "table" and not self.captioned.pop():
            self.found.append("a table has no caption")
        if tag in ("a", "button") and not self.named.pop():
            self.found.append(f"a <{tag}> has no name")

"""ruamel.yaml's parser in pure Python, bounded, and short-cut where it spends its time: same nodes, same errors.

The parser in C is another one: it takes another dialect, and places errors elsewhere. It is never used.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from ruamel.yaml import YAML, nodes
from ruamel.yaml.composer import Composer
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner

from iot_jobs.document import UNREADABLE
from iot_jobs.finding import Finding, Place
from iot_jobs.jsontext import too_deep
from iot_jobs.limits import MAX_DOCUMENT_DEPTH

MAX_NODES = 30_000
"""How many keys and values a file may hold as it stands, each of which takes up to 60 microseconds to read. 400 job
templates with every block have 24,000."""


class TooLargeError(Exception):
    """There are more nodes, or more levels of them, than are read; `finding` says where."""

    def __init__(self, finding: Finding) -> None:
        """Keep the finding."""
        self.finding = finding
        super().__init__(str(finding))


def compose(text: str) -> nodes.Node | None:
    """The root node of a YAML text, None where it is empty. Raises `YAMLError` or `TooLargeError`."""
    reader = YAML(typ="safe", pure=True)
    reader.Reader, reader.Scanner, reader.Parser, reader.Composer = _Reader, _Scanner, _Parser, _Composer
    root: nodes.Node | None = reader.compose(text)
    return root


# ruamel looks its parts up through properties, hundreds of thousands of times in a large file.


class _Reader(Reader):
    def forward(self, length: int = 1) -> None:
        """Go on by so many characters; many at a time where none of them ends a line."""
        end = self.pointer + length
        if end + 1 >= len(self.buffer) or not self.buffer[self.pointer : end].isprintable():
            super().forward(length)
        else:
            self.pointer = end
            self.index += length
            self.column += length


class _Scanner(Scanner):
    reader: Any = None

    def __init__(self, loader: Any = None) -> None:
        self.reader = loader.reader
        super().__init__(loader)

    def need_more_tokens(self) -> bool:
        return not self.tokens and not self.done if not self.possible_simple_keys else super().need_more_tokens()


class _Parser(Parser):
    scanner: Any = None

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self.scanner = loader.scanner


class _Composer(Composer):
    """Nodes from events, up to a number and depth. An anchor may be given anew without a warning on stderr."""

    parser: Any = None
    resolver: Any = None

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.parser, self.resolver = loader.parser, loader.resolver
        self.warn_double_anchors = False
        self.count = 0
        self.path: list[str | int] = []

    def compose_node(self, parent: Any, index: Any) -> Any:
        """`index` is the position in a list, or the key's node; None for a key and for the root."""
        if index is not None:
            self.path.append(index if isinstance(index, int) else str(index.value))
        self.count += 1
        if self.count > MAX_NODES:
            allowed = f"a readable file; up to {MAX_NODES} keys and values in YAML"
            finding = UNREADABLE.finding(
                given=f"more than {MAX_NODES}", allowed=allowed, fix="split the file, or write it as JSON"
            )
            raise self._here(finding)
        if len(self.path) > MAX_DOCUMENT_DEPTH:
            raise self._here(too_deep())
        node = super().compose_node(parent, index)
        if index is not None:
            self.path.pop()
        return node

    def _here(self, finding: Finding) -> TooLargeError:
        mark = self.parser.peek_event().start_mark
        place = Place("", line=mark.line + 1, column=mark.column + 1)
        return TooLargeError(dataclasses.replace(finding, loc=tuple(self.path), place=place))

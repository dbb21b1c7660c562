"""ruamel.yaml's parser in pure Python, bounded, and short-cut where it spends its time: same nodes, same errors.

The parser in C is another one: it takes another dialect, and places errors elsewhere. It is never used.
"""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML, events, nodes, tokens
from ruamel.yaml.composer import Composer
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.resolver import VersionedResolver
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
    reader = _Yaml(typ="safe", pure=True)
    reader.Reader, reader.Scanner, reader.Parser, reader.Composer = _Reader, _Scanner, _Parser, _Composer
    reader.Resolver = _Resolver
    root: nodes.Node | None = reader.compose(text)
    return root


# ruamel looks its parts up through properties, hundreds of thousands of times in a large file, and goes on by single
# characters.

_BLANK = re.compile(r"(?: *(?:#[^\0\r\n\x85\u2028\u2029\ufeff]*)?\n)* *")
# In a flow collection: a key or an item.
_FLOW_WORD = r"[A-Za-z0-9_./$-]++"
_FLOW_PLAIN = re.compile(rf"({_FLOW_WORD}(?: ++{_FLOW_WORD})*+)()(?=[,\]}}]|:[ \n])")
# Outside of one: a key, or a value and the blanks up to the first text of another line.
_WORD = r"(?:[!\"$-9;-~]|:(?=[!-~]))++"
_PLAIN = re.compile(rf"({_WORD}(?: ++{_WORD})*+)(?:(?=:[ \n])|(\n(?: *\n)* *)(?!---|\.\.\.)(?=[!\"$-~]))")

# A key of one word with its colon, in any context.
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./$-]{0,99}+(?=:[ \n])")


class _Yaml(YAML):
    def official_plug_ins(self) -> list[str]:
        """None: there are none for what is read here, and a search of the file system would find that out each time."""
        return []


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

    def go_to(self, end: int) -> bool:
        """Go on to a place, over characters of which a line feed alone ends a line. Whether there was one."""
        length, lines = end - self.pointer, self.buffer.count("\n", self.pointer, end)
        self.column = end - self.buffer.rfind("\n", self.pointer, end) - 1 if lines else self.column + length
        self.pointer = end
        self.index += length
        self.line += lines
        return lines > 0


class _Scanner(Scanner):
    reader: Any = None

    def __init__(self, loader: Any = None) -> None:
        self.reader = loader.reader
        super().__init__(loader)

    def fetch_more_tokens(self) -> Any:
        """Take a plain key and its colon at once, where a key may stand."""
        if self.allow_simple_key:
            self.scan_to_next_token()
            found = _KEY.match(self.reader.buffer, self.reader.pointer)
            if found:
                return self._fetch_key(found)
        return super().fetch_more_tokens()

    def _fetch_key(self, found: re.Match[str]) -> None:
        reader = self.reader
        self.stale_possible_simple_keys()
        self.unwind_indent(reader.column)
        self.remove_possible_simple_key()
        start = reader.get_mark()
        if not self.flow_context and self.add_indent(reader.column):
            self.tokens.append(tokens.BlockMappingStartToken(start, start))
        reader.go_to(found.end())
        end = reader.get_mark()
        self.tokens += (tokens.KeyToken(start, start), tokens.ScalarToken(found[0], True, start, end))
        reader.go_to(found.end() + 1)
        self.tokens.append(tokens.ValueToken(end, reader.get_mark()))
        self.allow_simple_key = False
        # A plain value on the same line can't be a key, so that it needs none of the questions about those.
        if reader.peek() == " " and reader.peek(1).isalnum():
            reader.go_to(reader.pointer + 1)
            self.stale_possible_simple_keys()
            token = self._plain()
            self.tokens += () if token is None else (token,)

    def scan_to_next_token(self) -> Any:
        """Skip blanks, comments and ends of lines at once, as far as they are plain ones."""
        reader = self.reader
        found = _BLANK.match(reader.buffer, reader.pointer)
        if found and reader.go_to(found.end()) and not self.flow_context:
            self.allow_simple_key = True
        return super().scan_to_next_token()

    def scan_plain(self) -> Any:
        """Take a scalar of plain words at once, where it ends on its line."""
        return self._plain() or super().scan_plain()

    def _plain(self) -> Any:
        reader = self.reader
        found = (_FLOW_PLAIN if self.flow_context else _PLAIN).match(reader.buffer, reader.pointer)
        # A line that is indented further goes on with the scalar.
        if found is None or (found[2] and len(found[2]) - found[2].rfind("\n") - 1 > self.indent):
            return None
        start = reader.get_mark()
        reader.go_to(found.end(1))
        token = tokens.ScalarToken(found[1], True, start, reader.get_mark())
        self.allow_simple_key = reader.go_to(found.end())
        return token

    def check_token(self, *choices: Any) -> bool:
        if not self.tokens or self.possible_simple_keys:
            while self.need_more_tokens():
                self.fetch_more_tokens()
        return bool(self.tokens) and (not choices or isinstance(self.tokens[0], choices))

    def need_more_tokens(self) -> bool:
        return not self.tokens and not self.done if not self.possible_simple_keys else super().need_more_tokens()


class _Parser(Parser):
    scanner: Any = None

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self.scanner = loader.scanner

    def parse_node(self, block: bool = False, indentless_sequence: bool = False) -> Any:
        """Take a scalar without anchor and tag at once."""
        token = self.scanner.peek_token()
        if not isinstance(token, tokens.ScalarToken):
            return super().parse_node(block, indentless_sequence)
        self.scanner.get_token()
        self.state = self.states.pop()
        implicit = (True, False) if token.plain else (False, True)
        return events.ScalarEvent(
            None, None, implicit, token.value, token.start_mark, token.end_mark, token.style, token.comment
        )


class _Resolver(VersionedResolver):
    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """The kind of a value, asked once for each scalar: keys and words come again and again."""
        if kind is not nodes.ScalarNode or len(value) > _WORD_LENGTH:
            return super().resolve(kind, value, implicit)
        tag = _TAGS.get((value, implicit))
        if tag is None:
            if len(_TAGS) == MAX_NODES:
                _TAGS.clear()
            tag = _TAGS[value, implicit] = super().resolve(kind, value, implicit)
        return tag


_WORD_LENGTH = 60
_TAGS: dict[tuple[str, tuple[bool, bool]], Any] = {}
"""Of scalars, whatever the file: there is one version of YAML."""


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
        event = self.parser.peek_event()
        plain = isinstance(event, events.ScalarEvent) and event.anchor is None
        node = self.compose_scalar_node(None) if plain else super().compose_node(parent, index)
        if index is not None:
            self.path.pop()
        return node

    def _here(self, finding: Finding) -> TooLargeError:
        mark = self.parser.peek_event().start_mark
        place = Place("", line=mark.line + 1, column=mark.column + 1)
        return TooLargeError(finding._replace(loc=tuple(self.path), place=place))

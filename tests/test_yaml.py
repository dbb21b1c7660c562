"""YAML is read by ruamel.yaml's own parser, short-cut: it gives the nodes and errors of the one that is not."""

import random
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML, nodes
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from iot_jobs.files import yamlnodes

ROOT = Path(__file__).parent.parent
FILES = [path for folder in ("stacks", "tests/examples") for path in sorted((ROOT / folder).rglob("*.yaml"))]
PIECES = [
    *(
        "a",
        "b",
        "é",
        "\U0001f600",
        "0",
        "-",
        "- ",
        "? ",
        ": ",
        ":",
        ", ",
        "[",
        "]",
        "{",
        "}",
        "#",
        " #",
        "&a ",
        "*a",
        "!b ",
    ),
    *(
        "|\n",
        ">-\n",
        "'",
        '"',
        "\\",
        "\\n",
        "%",
        "@",
        "`",
        "---\n",
        "...\n",
        "\n",
        "\n  ",
        "\n    ",
        "\r\n",
        "\r",
        "\t",
        " ",
    ),
    *("\x85", "\u2028", "\ufeff", "\x07", "<<", "~", "true", "1.5", "key: value\n", "- item\n"),
]


def seen(node: Any, above: tuple[int, ...] = ()) -> Any:
    """A node with all that is in it, and where it stands; what holds itself is told by its level."""
    if node is None or id(node) in above:
        return node and above.index(id(node))
    marks = [(mark.line, mark.column, mark.index) for mark in (node.start_mark, node.end_mark)]
    value, here = node.value, (*above, id(node))
    if isinstance(node, nodes.MappingNode):
        value = [(seen(key, here), seen(item, here)) for key, item in node.value]
    elif isinstance(node, nodes.SequenceNode):
        value = [seen(item, here) for item in node.value]
    return str(node.tag), value, marks


def stock(text: str) -> Any:
    """The root node as ruamel.yaml composes it, but for the warning about an anchor that is given anew."""
    reader = YAML(typ="safe", pure=True)
    reader.composer.warn_double_anchors = False
    return reader.compose(text)


def outcome(compose: Any, text: str) -> Any:
    try:
        return seen(compose(text))
    except MarkedYAMLError as error:
        marks = [mark and (mark.line, mark.column, mark.index) for mark in (error.context_mark, error.problem_mark)]
        return type(error), error.context, error.problem, marks
    except (YAMLError, RecursionError) as error:
        return type(error), str(error)


def test_files() -> None:
    """Every YAML file of this repository reads as ruamel.yaml reads it."""
    for path in FILES:
        text = path.read_text(errors="replace")
        assert outcome(yamlnodes.compose, text) == outcome(stock, text), path


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=30))
def test_any_text(text: str) -> None:
    """Any text reads as ruamel.yaml reads it, or fails with the same words at the same place."""
    assert outcome(yamlnodes.compose, text) == outcome(stock, text)


WORDS = ["a", "b c", "d1  e", "x-y", "-x", ":x", "a:b", "a#b", "http://x/y?z=1", "${aws:x}", "1.5", "é", "\u2028", "\x85", "\ufeff",
         "a\tb", '"q: r"', "'it''s'", '"a\n  b"', "---", "...", "...b", "|", ">-", "[", "}", ",", "-", "?", "k" * 1024, "k" * 1025,
         "&a b", "*a", "!t x", "a]", "a,b", "w " * 520]  # fmt: skip
ENDS = ["\n"] * 8 + [
    "\r\n",
    "\r",
    "\n\n",
    " \n",
    "\t\n",
    "  # c\n",
    " #c\u2028d\n",
    "\n   \n",
    "\n# c\n",
    "\n   # c\n",
    "\u2028",
    "",
]


class Author:
    """Writes YAML as people do, well and badly, from a number."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def scalar(self) -> str:
        common = self.random.choice(["a", "b", "key", "e_f", "g.h"])
        words = (
            self.random.choice(WORDS) if self.random.random() < 0.3 else common
            for _ in range(self.random.choice([1, 1, 2]))
        )
        return self.random.choice([" ", " ", "  ", "\t"]).join(words)

    def flow(self, depth: int = 0) -> str:
        if depth > 2 or self.random.random() < 0.5:
            return self.scalar()
        ends = self.random.choice([", ", ",", " , ", ",\n   ", ", # c\n  ", ",\r\n "])
        items = [self.flow(depth + 1) for _ in range(self.random.randrange(4))]
        if self.random.random() < 0.5:
            return "[" + ends.join(items) + "]"
        return (
            "{"
            + ends.join(f"{self.scalar()}{self.random.choice([': ', ': ', ':', ' : ', ''])}{item}" for item in items)
            + "}"
        )

    def block(self, indent: int = 0, depth: int = 0) -> str:
        is_list = self.random.random() < 0.3
        return "".join(self.entry(indent, depth, is_list=is_list) for _ in range(self.random.randrange(1, 4)))

    def entry(self, indent: int, depth: int, *, is_list: bool) -> str:
        shift = self.random.choice([-1, 1, 2]) if self.random.random() < 0.03 else 0
        start = " " * max(0, indent + shift) + ("-" if is_list else f"{self.scalar()}:")
        kind, end = self.random.random(), self.random.choice(ENDS)
        if kind < 0.45:
            return f"{start} {self.scalar()}{end}"
        if kind < 0.6:
            return f"{start} {self.flow()}{end}"
        if kind < 0.7:
            more = " " * (indent + self.random.choice([0, 1, 2, 4]))
            return f"{start} {self.random.choice(['', '|', '>-'])}{self.scalar()}\n{more}{self.scalar()}{end}"
        return start + end + (self.block(indent + self.random.choice([0, 1, 2, 2, 4]), depth + 1) if depth < 4 else "")


@given(st.integers(0, 2**32))
@settings(max_examples=200)
def test_what_people_write(seed: int) -> None:
    """YAML with comments, blank lines, long keys, flow in blocks and bad indentation reads as ruamel.yaml reads it."""
    text = Author(seed).block()
    assert outcome(yamlnodes.compose, text) == outcome(stock, text)

"""YAML is read by ruamel.yaml's own parser, short-cut: it gives the nodes and errors of the one that is not."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files(path: Path) -> None:
    """Every YAML file of this repository reads as ruamel.yaml reads it."""
    text = path.read_text(errors="replace")
    assert outcome(yamlnodes.compose, text) == outcome(stock, text)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=30))
def test_any_text(text: str) -> None:
    """Any text reads as ruamel.yaml reads it, or fails with the same words at the same place."""
    assert outcome(yamlnodes.compose, text) == outcome(stock, text)

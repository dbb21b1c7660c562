"""Tables: columns side by side while they fit, a block for each row where they don't, and no word ever cut."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_jobs.render.table import Column, folded, table

COLUMNS = (Column("template"), Column("harmed at most", right=True), Column("windows", prose=True))
ROWS = [
    ("reboot", "1,000", "any time"),
    ("firmware-update-abcdefghij", "250,000", "cron(0 2 ? * TUE-THU *) for 180 min\ncron(0 4 ? * SAT *) for 60 min"),
]
AT_79 = """\
template                    harmed at most  windows
───────────────────────────────────────────────────────────────────────────────
reboot                               1,000  any time
firmware-update-abcdefghij         250,000  cron(0 2 ? * TUE-THU *) for 180 min
                                            cron(0 4 ? * SAT *) for 60 min
"""
AT_78 = """\
template                    harmed at most  windows
──────────────────────────────────────────────────────────────────────────────
reboot                               1,000  any time
firmware-update-abcdefghij         250,000  cron(0 2 ? * TUE-THU *) for 180
                                            min
                                            cron(0 4 ? * SAT *) for 60 min
"""
# The heading gives way too, and sentences do down to 16 characters.
AT_53 = """\
                             harmed
template                    at most  windows
─────────────────────────────────────────────────────
reboot                        1,000  any time
firmware-update-abcdefghij  250,000  cron(0 2 ? *
                                     TUE-THU *) for
                                     180 min
                                     cron(0 4 ? * SAT
                                     *) for 60 min
"""
AT_52 = """\
reboot
  harmed at most  1,000
  windows         any time

firmware-update-abcdefghij
  harmed at most  250,000
  windows         cron(0 2 ? * TUE-THU *) for 180
                  min
                  cron(0 4 ? * SAT *) for 60 min
"""


@pytest.mark.parametrize(("width", "expected"), [(200, AT_79), (79, AT_79), (78, AT_78), (53, AT_53), (52, AT_52)])
def test_widths(width: int, expected: str) -> None:
    """A table is as narrow as it must be: first sentences are broken, then headings, and then rows become blocks."""
    assert table(COLUMNS, ROWS, width) == expected.replace("─" * 79, "─" * min(width, 79))


def test_no_rows() -> None:
    """Without rows there are the headings."""
    assert table(COLUMNS, [], 80) == "template  harmed at most  windows\n─────────────────────────────────\n"


WORDS = st.text(st.sampled_from("ab1,-_[]é日"), min_size=1, max_size=70)
SENTENCES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)


@given(rows=st.lists(st.tuples(SENTENCES, SENTENCES, SENTENCES), min_size=1, max_size=3), width=st.integers(1, 250))
def test_nothing_is_cut(rows: list[tuple[str, str, str]], width: int) -> None:
    """Whatever the width, each word is there whole, and where there is room for columns, so is each cell but prose."""
    written = table(COLUMNS, rows, width)
    words = written.split()
    assert all(word in words for row in rows for cell in row for word in cell.split())
    if "──" in written:
        assert all(cell in written for row in rows for cell in row[:2])
        assert max(map(len, written.splitlines())) <= width


HOSTILE = [
    ("markup is none", "[red]a[/red]", "[red]a[/red]  1\nx             2\n"),
    ("what can't be seen is escaped", "a\x1b[31m\u200b", "a\\u001b[31m\\u200b  1\nx                  2\n"),
    ("wide characters take two columns", "日本", "日本  1\nx     2\n"),
]


@pytest.mark.parametrize(("cell", "written"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_cells(cell: str, written: str) -> None:
    """A cell is only text."""
    heading, _, rest = table([Column("a"), Column("b")], [(cell, "1"), ("x", "2")], 80).partition("─\n")
    assert heading.split()[:2] == ["a", "b"]
    assert rest == written


FOLDED = [
    ("", "-\n"),
    ("a", "- a\n"),
    ("aaaa bbb", "- aaaa bbb\n"),
    ("aaaa bbbb", "- aaaa\n  bbbb\n"),
    ("aaaa bbbbbbbbbbbb-bb c", "- aaaa\n  bbbbbbbbbbbb-bb\n  c\n"),
]


@pytest.mark.parametrize(("line", "expected"), FOLDED)
def test_folded(line: str, expected: str) -> None:
    """A line is broken only at blanks; a word that is too long has a line of its own, unbroken."""
    assert folded(line, 10, first="- ", others="  ") == expected


TERMINALS = [(59, 60), (60, 60), (61, 61), (80, 80), (200, 200)]
TEXT_WIDTH = "from iot_jobs.render.table import text_width; print(text_width())"


@pytest.mark.parametrize(("columns", "width"), TERMINALS)
def test_as_wide_as_the_terminal(columns: int, width: int) -> None:
    """Text is as wide as the terminal, and no narrower than 60 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    try:
        subprocess.run([sys.executable, "-c", TEXT_WIDTH], stdout=theirs, env=environ, check=True)
        assert os.read(ours, 100).split() == [str(width).encode()]
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("columns", ["40", "300"])
def test_without_a_terminal(columns: str) -> None:
    """Where the text goes elsewhere it has 100 columns, whatever the terminal that it is not written to."""
    environ = {**os.environ, "COLUMNS": columns}
    ended = subprocess.run([sys.executable, "-c", TEXT_WIDTH], capture_output=True, env=environ, check=True)
    assert ended.stdout == b"100\n"

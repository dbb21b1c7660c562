"""Rules and findings as data: the wrong value, its place, what is allowed, and the fix."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, dataclass_transform

Severity = Literal["error", "warning"]
Evidence = Literal["measured", "documented", "schema", "assumed", "own"]
"""What a rule rests on.

- measured: what the service did when it was tried; the rule's source quotes its message, or describes the response
- documented: a page, or the published source code of an agent or of CloudFormation's handler
- schema: CloudFormation's schema of the resource type, or the API's model
- assumed: none of these; AWS may accept what the rule objects to
- own: not AWS's; this tool's files and options require it, or you stated it there, such as a budget
"""
Location = tuple[str | int, ...]
"""The keys and list indexes that lead from the top of the input to a value."""

SHOWN_CHARACTERS = 100
"""Number of characters of a given value that an error text repeats."""
LONGEST_TEXT = 500
"""Number of characters of a path, and of the words about what is allowed and how to fix it."""
MOST_FINDINGS = 1000
"""Number of findings of one file that are kept: nobody reads more."""
_MOST_BYTES = 1_500_000
"""Size of all findings of a report as text. As JSON or SARIF they are up to three times as large."""


@dataclass_transform(kw_only_default=True, frozen_default=True)
class _Named:
    """Keyword-only values. Type checkers see a frozen dataclass; a real one costs half a millisecond at every start."""

    if not TYPE_CHECKING:

        def __init__(self, **values):
            self.__dict__.update(values)


class Rule(_Named):
    """A requirement, under a code that is never reused.

    `title` states the requirement, `why` the consequence of breaking it, `source` the page or response behind it, and
    `evidence` what kind of source that is. An error is something that AWS refuses, or is assumed to refuse. A warning
    is advice.
    """

    code: str
    title: str
    why: str
    source: str
    evidence: Evidence
    severity: Severity = "error"

    @property
    def can_be_acknowledged(self) -> bool:
        """Whether an author may keep what the rule objects to, with a reason: advice, and errors that are assumed."""
        return self.severity == "warning" or self.evidence == "assumed"

    @property
    def citation(self) -> str:
        """The source, after the evidence where that is no page: `measured: ...` or `assumed: ...`."""
        return f"{self.evidence}: {self.source}" if self.evidence in ("measured", "assumed") else self.source

    def replace(self, **changes: Any) -> Self:
        """Return the rule with some values replaced."""
        return type(self)(**{**self.__dict__, **changes})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.code}>"

    def __eq__(self, other: object) -> bool:
        """Compare codes: a rule with replaced values is still the same rule."""
        return isinstance(other, Rule) and self.code == other.code

    def __hash__(self) -> int:
        return hash(self.code)

    def finding(
        self,
        *,
        loc: Location = (),
        given: object = None,
        allowed: str,
        fix: str,
        edit: "Edit | None" = None,
        related: tuple[Location, ...] = (),
    ) -> "Finding":
        """Return a breach of this rule. `loc` is relative to the value that the caller checks, like those in `related`.

        None as `given` means that there is no value.
        """
        allowed, fix = shortened(allowed, LONGEST_TEXT), shortened(fix, LONGEST_TEXT)
        return Finding(rule=self, loc=loc, given=given, allowed=allowed, fix=fix, related_locs=related, edit=edit)


class Place(NamedTuple):
    """A line of a file, and the value there: `loc` is its location in the file's spelling, `path` the same as text.

    Line and column count from 1. `literal` says that the value is or could be written at `loc`: it is not made by a
    function, nor part of a text.
    """

    path: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    loc: Location = ()
    literal: bool = True

    def __str__(self) -> str:
        """Return `file:line:column`, without the parts that are unknown."""
        parts = (None if self.file is None else one_line(self.file), self.line, self.column)
        return ":".join(str(part) for part in parts if part is not None)


class Edit(NamedTuple):
    """A fix as data: what to do at the place of a finding.

    - value: write `new` there; the last key of the place may be missing so far
    - key: rename the last key of the place to `new`
    - remove: remove that key or list item; `new` is True
    """

    kind: Literal["value", "key", "remove"]
    new: Any


REMOVE = Edit("remove", True)


class Finding(NamedTuple):
    """A breach of a rule, as data.

    `loc` and `related_locs` use the model's names; `place` and `related` use the file's, and are filled in by the
    reader that knows them. `acknowledged` is the author's reason for keeping the value, if any. `edit` is the fix as
    data, None if it leaves something to the author. `when` says under which conditions of a CloudFormation template it
    holds, None for always.
    """

    rule: Rule
    allowed: str
    fix: str
    edit: Edit | None = None
    loc: Location = ()
    given: object = None
    related_locs: tuple[Location, ...] = ()
    place: Place | None = None
    related: tuple[Place, ...] = ()
    acknowledged: str | None = None
    when: str | None = None

    @property
    def code(self) -> str:
        """The rule's code, such as JT203."""
        return self.rule.code

    @property
    def severity(self) -> Severity:
        """The rule's severity."""
        return self.rule.severity

    @property
    def path(self) -> str:
        """The value's path in the file's spelling, or in the model's if there is no file."""
        return self.place.path if self.place else dotted(self.loc)

    def under(self, prefix: Location) -> Self:
        """Return the finding with `prefix` before each of its locations."""
        related_locs = self.related_locs and tuple(prefix + other for other in self.related_locs)
        # By position: `_replace` takes five times as long, and this runs once per level of nesting.
        return type(self)(*self[:4], prefix + self.loc, self.given, related_locs, *self[7:9], *self[9:])

    def __str__(self) -> str:
        """Return the text block that users see, in a terminal and in a Python error alike."""
        others = self.related or tuple(Place(dotted(loc)) for loc in self.related_locs)
        where = f"{self.place}: " if self.place and self.place.file else ""
        lines = [f"{where}{self.severity} {self.code} {self.path}".rstrip(), f"  {self.rule.title}"]
        lines += [] if self.given is None else [f"  given    {shown(self.given)}"]
        lines += [] if self.when is None else [f"  when     {self.when}"]
        lines += [f"  allowed  {self.allowed}"]
        lines += [f"  see      {f'{place}: ' if place.file else ''}{place.path}" for place in others]
        lines += [f"  source   {self.rule.citation}", f"  fix      {self.fix}"]
        if self.acknowledged is not None:
            lines.append(f"  accepted {shown(self.acknowledged)}")
        # A lone surrogate, from "\\ud800" in JSON, can be neither printed nor handed to pydantic.
        return "\n".join(lines).encode("utf-8", "backslashreplace").decode()


class FindingsError(ValueError):
    """All wrong values of an input at once: `findings` holds them, the text lists them.

    `rest` is the input with each wrong value marked unknown, so that the others can still be checked; None if there is
    no such value. `where` names an input that is in no file, such as a construct by its path.
    """

    def __init__(self, findings: Iterable[Finding], *, rest: Any = None, where: str | None = None) -> None:
        """Keep the findings in the order in which they were found."""
        self.findings = tuple(findings)
        self.rest = rest
        self.where = where
        super().__init__(self.findings)

    def __str__(self) -> str:
        start = "" if self.where is None else f"{one_line(self.where)}: "
        return "\n".join(f"{start}{finding}" for finding in self.findings)


class Findings(list[Finding]):
    """Distinct findings, in order: a family's mistake recurs in every environment that uses it. They are added by `+=`.

    Of each file `MOST_FINDINGS` are kept, then one that says so; the rest of a file in `full` needn't be checked. Of
    all files as many are kept as fit into a report; `left_out` counts the others by rule.
    """

    def __init__(self) -> None:
        """Keep nothing yet."""
        self.full: set[str | None] = set()
        self.left_out: Counter[Rule] = Counter()
        self._known: set[object] = set()
        self._of_file: Counter[str | None] = Counter()
        self._bytes = 0

    def __iadd__(self, findings: Iterable[Finding]) -> Self:  # type: ignore[override,misc]  # list + list is a list
        for finding in findings:
            file = finding.place.file if finding.place else None
            content = (finding.code, finding.place, shown(finding.given), finding.allowed)
            key = (*content, finding.acknowledged, finding.when)
            if key in self._known or (file in self.full and finding.rule != INTERNAL_ERROR):
                continue
            self._of_file[file] += 1
            kept = finding
            if self._of_file[file] > MOST_FINDINGS and finding.rule != INTERNAL_ERROR:
                self.full.add(file)
                most = f"up to {MOST_FINDINGS} findings in a file; the rest of it was not checked"
                kept = TOO_MANY.finding(allowed=most, fix="correct these, and check again")
                kept = kept._replace(place=Place("", file))
            self._bytes += len(str(kept).encode())
            if self._bytes > _MOST_BYTES:
                self.left_out[kept.rule] += 1
            else:
                self._known.add(key)
                self.append(kept)
        return self


TOO_MANY = Rule(
    code="JT013",
    title=f"a file has at most {MOST_FINDINGS} findings",
    why="Nobody reads more, and a report has to fit into memory and into a log. The rest of the file is not checked.",
    source="the limits of a report: docs/cli.md",
    evidence="own",
)
INTERNAL_ERROR = Rule(
    code="JT014",
    title="the check of a file ends without an internal error",
    why="A bug in this tool stopped the check of this file, so findings may be missing. The exit code is 2.",
    source="the exit codes: docs/cli.md",
    evidence="own",
)


@contextmanager
def guarded(file: str | None) -> Iterator[list[Finding]]:
    """Catch whatever nobody expects, so that other files are checked: the list then has the finding for it."""
    crashed: list[Finding] = []
    try:
        yield crashed
    except Exception as error:  # noqa: BLE001  # whatever it is
        finding = INTERNAL_ERROR.finding(
            given=f"{type(error).__name__}: {error}",
            allowed="no internal error",
            fix="please report it, with the file",
        )
        crashed.append(finding._replace(place=Place("", file)))


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the known word closest to `word`, ignoring case; None if none is close."""
    import difflib  # slow to load, and only needed for mistakes

    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word[:255].lower(), names, n=1, cutoff=cutoff)
    return names[near[0]] if near else None


def nearest_key(key: str, known: Iterable[str]) -> str | None:
    """Return the known key that `key` most likely means, in whatever spelling; None if none is near.

    Whole words count, and letters only within a word: `RolloutConfig` means `JobExecutionsRolloutConfig`, and not
    `TimeoutConfig`.
    """
    likeness = {name: _likeness(key[:255], name) for name in known}
    near = max(likeness, key=likeness.__getitem__, default=None)
    return near if near is not None and likeness[near] >= 0.6 else None


_WORD = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+"
_ANYWHERE = {"config", "execution", "executions", "list"}
"""Words that AWS adds to any name."""


def _words(key: str) -> list[str]:
    import re  # only needed for mistakes

    words = [word.lower() for word in re.findall(_WORD, key)][:10]
    return [word for word in words if word not in _ANYWHERE] or words


@lru_cache(maxsize=4096)  # asked twice for each unknown key, and many templates have the same mistake
def _likeness(given: str, known: str) -> float:
    """Return 1 for the same words, 0 for none in common. A word too many in `given` counts twice."""
    letters = _ratio(given.lower(), known.lower())
    if letters >= 0.85:  # a slip, perhaps between words
        return letters
    words, others = _words(given), _words(known)
    length = 2 * len("".join(words)) + len("".join(others))
    common = 0.0
    for word in words:
        best = max(others, key=lambda other: _in_common(word, other), default="")
        if best and _in_common(word, best):
            common += _in_common(word, best)
            others.remove(best)
    return 3 * common / length if length else 0


def _in_common(word: str, other: str) -> float:
    """Return the number of letters that two words share if one is the other, shortened or misspelt; else 0."""
    shorter = min(len(word), len(other))
    if shorter >= 3 and word[:shorter] == other[:shorter]:
        return shorter
    ratio = _ratio(word, other) if abs(len(word) - len(other)) <= 2 else 0
    return ratio * (len(word) + len(other)) / 2 if ratio >= 0.65 else 0


def _ratio(text: str, other: str) -> float:
    import difflib  # slow to load, and only needed for mistakes

    return difflib.SequenceMatcher(None, text, other).ratio()


def dotted(loc: Location) -> str:
    """Return a location as one string, such as `abort.criteria[0].threshold_percentage`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{key_in_path(part)}" if text else key_in_path(part)
    return shortened(text, LONGEST_TEXT)


def key_in_path(key: str) -> str:
    """Return a key as a path shows it: on one line, and shortened if it is long."""
    return shortened(one_line(key[: LONGEST_TEXT + 1]), LONGEST_TEXT)


def one_line(text: str) -> str:
    """Return a text with line breaks and other invisible characters escaped."""
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def shown(value: object, *, most: int = SHOWN_CHARACTERS) -> str:
    """Return a value as a user wrote it, on one line of at most `most` characters."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        value = value[: most + 1]
    text = ""
    try:
        if isinstance(value, dict | list | tuple):
            for part in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):  # no more than is shown
                text += part
                if len(text) > most:
                    break
        else:
            text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return shortened(one_line(text[: most + 1]), most)


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters, with an ellipsis in place of the rest."""
    return text if len(text) <= most else text[: most - 1] + "…"

"""Rules and findings as data: what was wrong, where, what is allowed, and how to mend it."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, dataclass_transform

Severity = Literal["error", "warning"]
Location = tuple[str | int, ...]
"""The way to a value from the top of what was read: keys and list indexes."""

SHOWN_CHARACTERS = 100
"""How much of a given value is repeated in an error text."""


@dataclass_transform(kw_only_default=True, frozen_default=True)
class _Named:
    """Frozen values by name: to type checkers a dataclass, of which each takes half a millisecond at every start."""

    if not TYPE_CHECKING:

        def __init__(self, **values):
            self.__dict__.update(values)


class Rule(_Named):
    """One thing that is checked, under a code that is never reused.

    `title` says what holds when the rule is kept, `why` what happens when it is not, `source` is the page or
    measurement that it rests on. An error is what AWS refuses, a warning is advice that can be acknowledged.
    """

    code: str
    title: str
    why: str
    source: str
    severity: Severity = "error"

    def replace(self, **changes: Any) -> Self:
        """The same rule with other values."""
        return type(self)(**{**self.__dict__, **changes})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.code}>"

    def __eq__(self, other: object) -> bool:
        """A code is of one rule, so that a copy is the same one."""
        return isinstance(other, Rule) and self.code == other.code

    def __hash__(self) -> int:
        return hash(self.code)

    def finding(
        self, *, loc: Location = (), given: object = None, allowed: str, fix: str, related: tuple[Location, ...] = ()
    ) -> "Finding":
        """One breach of this rule. `loc` is the value's way from where the caller stands, `related` a second place."""
        return Finding(rule=self, loc=loc, given=given, allowed=allowed, fix=fix, related_locs=related)


class Place(NamedTuple):
    """A line of a file, and the value there: `loc` is its location in that file's own words, `path` the same as text.

    Line and column count from 1.
    """

    path: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    loc: Location = ()

    def __str__(self) -> str:
        """`file:line:column`, as far as it is known."""
        parts = (None if self.file is None else one_line(self.file), self.line, self.column)
        return ":".join(str(part) for part in parts if part is not None)


class Finding(NamedTuple):
    """One breach of a rule: a value, never a printed line.

    `loc` and `related_locs` speak the model's words; `place` and `related` speak those of the file, and are filled
    by the reader that knows them. `acknowledged` is the reason the author gave for keeping a warning, if any.
    """

    rule: Rule
    allowed: str
    fix: str
    loc: Location = ()
    given: object = None
    related_locs: tuple[Location, ...] = ()
    place: Place | None = None
    related: tuple[Place, ...] = ()
    acknowledged: str | None = None

    @property
    def code(self) -> str:
        """The rule's code, such as JT203."""
        return self.rule.code

    @property
    def severity(self) -> Severity:
        """Error or warning, as the rule says."""
        return self.rule.severity

    @property
    def path(self) -> str:
        """The value's path in the words of the file, or of the model where there is no file."""
        return self.place.path if self.place else dotted(self.loc)

    def under(self, prefix: Location) -> Self:
        """The same finding, seen from further out."""
        related_locs = self.related_locs and tuple(prefix + other for other in self.related_locs)
        # By position: `_replace` takes five times as long, and every part that a finding passes through does this.
        return type(self)(*self[:3], prefix + self.loc, self.given, related_locs, *self[6:])

    def __str__(self) -> str:
        """The text block that users see, in a terminal and in a Python error alike."""
        where = f"{self.place}: " if self.place and self.place.file else ""
        lines = [f"{where}{self.severity} {self.code} {self.path}".rstrip(), f"  {self.rule.title}"]
        lines += [] if self.given is None else [f"  given    {shown(self.given)}"]
        lines += [f"  allowed  {self.allowed}"]
        lines += [f"  see      {f'{place}: ' if place.file else ''}{place.path}" for place in self._others()]
        lines += [f"  source   {self.rule.source}", f"  fix      {self.fix}"]
        if self.acknowledged is not None:
            lines.append(f"  accepted {shown(self.acknowledged)}")
        # A lone surrogate, from "\\ud800" in JSON, can be neither printed nor handed to pydantic.
        return "\n".join(lines).encode("utf-8", "backslashreplace").decode()

    def _others(self) -> tuple[Place, ...]:
        return self.related or tuple(Place(dotted(loc)) for loc in self.related_locs)


class FindingsError(ValueError):
    """Wrong values, all of them at once: `findings` holds them, the text lists them.

    `rest` is what the findings are about with all that is wrong in it unknown, so that the rest can be judged; None
    where there is no such value. `where` names what they are about where that is in no file, such as a construct by its
    path.
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


def unique(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, in order: a family's mistake is found again in every environment that has it."""
    return tuple({(one.code, one.place, shown(one.given), one.allowed): one for one in findings}.values())


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word that one is most likely meant to be, whatever its capitals; None where none is near."""
    import difflib  # slow to load, and only mistakes ask

    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word[:255].lower(), names, n=1, cutoff=cutoff)
    return names[near[0]] if near else None


def dotted(loc: Location) -> str:
    """A location as one string: `abort.criteria[0].threshold_percentage`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{one_line(part)}" if text else one_line(part)
    return text


def one_line(text: str) -> str:
    """A text with line breaks and other characters that can't be seen written as escapes."""
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def shown(value: object) -> str:
    """A value as a user wrote it, on one line and cut where it is long."""
    if value is None:
        return "nothing"
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    text = one_line(text[: SHOWN_CHARACTERS + 1])
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"

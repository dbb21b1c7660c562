"""The job document: the JSON text that a device receives, its canonical form, size and placeholders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

from iot_jobs import jsontext
from iot_jobs.documents import placeholders
from iot_jobs.finding import MOST_FINDINGS, Finding, FindingsError, Rule
from iot_jobs.limits import GUIDE, MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH, MAX_READ_DEPTH, QUOTAS
from iot_jobs.unresolved import Resolvable, between_tokens, holds_token, is_looked_up, is_resolvable

UNREADABLE = Rule(
    code="JT001",
    title="a file can be read as UTF-8 text",
    why="A file that can't be read can't be checked, and would be missing from the deployment.",
    source=GUIDE + "create-manage-jobs.html",
    evidence="documented",
)
TOO_LARGE = Rule(
    code="JT702",
    title=f"a job document has at most {MAX_DOCUMENT_BYTES} bytes",
    why="The API counts characters and the quota counts bytes; this limit covers both.",
    source=QUOTAS,
    evidence="documented",
)
KEY_TWICE = Rule(
    code="JT763",
    title="a job document has no duplicate keys",
    why="AWS accepts them. Parsers disagree on which of the two counts, so the device might do something other than "
    "the author meant.",
    source=jsontext.DUPLICATE_KEY.source,
    evidence="documented",
    severity="warning",
)
UNCHECKED = Rule(
    code="JT764",
    title=f"a job document is nested at most {MAX_READ_DEPTH} levels deep",
    why=f"AWS accepts {MAX_DOCUMENT_DEPTH} levels, but nothing in a deeper document is checked here, its placeholders "
    "included.",
    source="the depth to which this tool reads a document",
    severity="warning",
    evidence="own",
)


# A string, a word (such as a number, or one or more tokens), a mark, or a space between.
_ATOM = r'"(?:[^"\\]|\\.)*"|(?:[$#]\{Token\[[^\]]*\]\}|[^][{}:,"\s])+|[][{}:,"]|\s+'


@dataclass(frozen=True)
class JobDocument:
    """The instructions for a device, as JSON text. The text is emitted unchanged.

    `inline` and `from_file` make the text canonical (sorted keys, no whitespace, numbers as spelt), so that layout and
    key order don't matter; the constructor keeps any text, such as one read from a template. CDK tokens in the text
    don't count towards its size.
    """

    text: str
    unknown: bool = False
    """True if the text is known only at deployment, as a whole. Nothing in it can be checked."""

    @classmethod
    def inline(cls, value: Mapping[str, Any] | str | Resolvable) -> JobDocument:
        """Return a document from a mapping or from JSON text. Raises `FindingsError` with all errors in it.

        Values in it may be CDK tokens of any kind, and it may be one itself, such as a parameter's value or what
        `Stack.to_json_string` returns.
        """
        if is_resolvable(value):
            value = value.to_string()
        if isinstance(value, str):
            document = cls(value)
            if _is_token(value):
                return cls(value, unknown=True)
        elif holds_token(value):
            finding = jsontext.NOT_JSON.finding(
                allowed="a document's token as text or as an object, not as a number or a list",
                fix="use Token.as_string",
            )
            raise FindingsError([finding])
        else:
            if jsontext.depth(value) > MAX_READ_DEPTH:
                raise FindingsError([jsontext.too_deep()])
            try:
                document = cls(jsontext.canonical(value))
            except (ValueError, RecursionError) as error:
                finding = jsontext.NOT_JSON.finding(
                    given=value,
                    allowed=f"values that JSON can express; {error}",
                    fix="use text, numbers, lists and mappings",
                )
                raise FindingsError([finding]) from None
        return document._checked()

    def _checked(self) -> JobDocument:
        """Return the document in its canonical form. Raises `FindingsError` with all errors in it."""
        if errors := [finding for finding in self.problems() if finding.severity == "error"]:
            raise FindingsError(errors)
        # A token's text may become anything, and the canonical form has each key once.
        as_written = self.holds_token or not self.readable or self._parsed[1]
        return self if as_written else JobDocument(jsontext.canonical(self.value))

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> JobDocument:
        """Return a document from a JSON file in UTF-8. Raises `FindingsError`, also if the file can't be read."""
        try:
            text = Path(path).read_bytes().decode("utf-8-sig")
        except (OSError, ValueError) as error:
            allowed = f"a readable file in UTF-8; {unreadable(error)}"
            finding = UNREADABLE.finding(given=str(path), allowed=allowed, fix="check the path and the encoding")
            raise FindingsError([finding]) from None
        return cls(text)._checked()

    @cached_property
    def value(self) -> Any:
        """The parsed document, with the last of duplicate keys. Raises `JsonError` if it isn't JSON, or unknown."""
        return self._parsed[0]

    @cached_property
    def _parsed(self) -> tuple[Any, tuple[Finding, ...]]:
        """The value, and a finding for each duplicate key."""
        try:
            return jsontext.parse(self.text), ()
        except jsontext.JsonError as error:
            if error.value is None and self.holds_token:
                return jsontext.parse(_with_values(self.text)), ()
            if error.value is None:
                raise
            return error.value, tuple(finding._replace(rule=KEY_TWICE) for finding in error.findings)

    @cached_property
    def readable(self) -> bool:
        """True if the text is JSON that is neither nested too deep nor far too large to be checked."""
        try:
            return not self._far_too_large and jsontext.depth(self.value) <= MAX_READ_DEPTH
        except jsontext.JsonError:
            return False

    @cached_property
    def holds_token(self) -> bool:
        """True if the text holds a CDK token, so that its final bytes are not known yet."""
        return holds_token(self.text)

    @cached_property
    def size_in_bytes(self) -> int:
        """The length of the text in UTF-8, without values that are known only at deployment."""
        text = self.text
        if self.holds_token:
            text = "".join(part for part, token in between_tokens(text) if not token)
        return len(text.encode("utf-8", "surrogatepass"))

    @property
    def _far_too_large(self) -> bool:
        """True if nothing else in the document matters before it is much shorter."""
        return self.size_in_bytes > 2 * MAX_DOCUMENT_BYTES

    @cached_property
    def placeholders(self) -> tuple[placeholders.Placeholder, ...]:
        """The AWS placeholders, in the order of the document; none if it isn't readable."""
        return tuple(placeholders.placeholders(self.value)) if self.readable else ()

    def problems(self) -> tuple[Finding, ...]:
        """Return errors, for what AWS would refuse, and warnings; locations are in the document."""
        return self._problems

    @cached_property
    def _problems(self) -> tuple[Finding, ...]:
        return tuple(islice(self._check(), MOST_FINDINGS + 1))

    def _check(self) -> Iterator[Finding]:
        if self.unknown:
            return
        is_deep = not (self.readable or self._far_too_large)
        try:
            yield from self._parsed[1]
        except jsontext.JsonError as error:
            if error.findings[0].rule != jsontext.TOO_DEEP:
                yield from error.findings
                return
            is_deep = True
        if is_deep:
            deep = self._deep()
            yield deep
            if deep.rule == jsontext.TOO_DEEP:
                return
        if self.size_in_bytes > MAX_DOCUMENT_BYTES:
            unseen = ", plus the values resolved at deployment" if self.holds_token else ""
            unseen += "; nothing else was checked" if self._far_too_large else ""
            yield TOO_LARGE.finding(
                given=self.size_in_bytes,
                allowed=f"up to {MAX_DOCUMENT_BYTES} bytes in UTF-8{unseen}",
                fix="move data out of the document, or keep the document in S3 and name it as document_source",
            )
        if self._far_too_large:
            return
        yield from self._surrogates()
        yield from placeholders.problems(self.placeholders)

    def _deep(self) -> Finding:
        """Return the finding for a document that is nested too deep for AWS, or only for us."""
        levels = jsontext.levels(self.text)
        if levels > MAX_DOCUMENT_DEPTH:
            return jsontext.too_deep(self.text, most=MAX_DOCUMENT_DEPTH)
        return UNCHECKED.finding(given=levels, allowed=f"at most {MAX_READ_DEPTH} levels of nesting", fix="flatten it")

    def _surrogates(self) -> Iterator[Finding]:
        """Yield a finding for half a surrogate pair that isn't escaped."""
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            yield jsontext.NOT_JSON.finding(
                given=error.object[error.start : error.start + 1],
                allowed="text that UTF-8 can encode, without half a surrogate pair",
                fix="write the whole character, or an escape",
            )


def _with_values(text: str) -> str:
    """Return a text with JSON in place of each token outside of strings: a string that holds it where a value is due.

    Between the members of a mapping that is a member, and after a value nothing, because a comma may come first.
    """
    after_spaces = re.compile(r"\s*(.)")
    made: list[str] = []
    opened: list[str] = []
    before = ""
    for match in re.finditer(_ATOM, text):
        atom = match[0]
        if not atom.startswith('"') and holds_token(atom) and _may_be_value(atom):
            after = after_spaces.match(text, match.end())
            if opened[-1:] == ["{"] and before in ("{", ","):
                member = {":": "", '"': ":null,"}.get(after[1] if after else "", ":null")
                atom = json.dumps(atom) + member
            else:
                atom = json.dumps(atom) if before in ("", ":", "[", ",") else ""
        elif atom in ("{", "["):
            opened.append(atom)
        elif atom in ("}", "]"):
            del opened[-1:]
        made.append(atom)
        before = atom[-1:].strip() or before
    return "".join(made)


def _may_be_value(word: str) -> bool:
    """Return whether what stands around the tokens of a word is part of a number."""
    return all(token or re.fullmatch("[-+.0-9Ee]+", part) for part, token in between_tokens(word))


def _is_token(text: str) -> bool:
    """Return whether a text is a token, or several, and nothing else; or one that the CDK has yet to look up."""
    if is_looked_up(text):
        return True
    return holds_token(text) and all(token or part.isspace() for part, token in between_tokens(text))


def unreadable(error: OSError | ValueError) -> str:
    """Return the reason why a file can't be read as UTF-8 text."""
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

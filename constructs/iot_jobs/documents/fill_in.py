"""Text that somebody or something was to fill in before the deployment, such as `<bucket>` or `${Bucket}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from iot_jobs.documents.secrets import texts
from iot_jobs.finding import Finding, Location, Rule

UNFILLED = Rule(
    code="JT153",
    title="no part of a text is still to be filled in",
    why="AWS fills in ${aws:iot:...} in a document, and CloudFormation what is inside Fn::Sub. Anything else stays as "
    "it is written, on every device.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html",
    evidence="documented",
    severity="warning",
)

# Of AWS's own, with what it may hold: the local placeholders of an upload, or a signature.
_PLACEHOLDER = r"\$\{aws:(?:[^{}$]|\$(?!\{)|\$\{[^{}]*\})*\}"
# A token of the CDK has brackets in its braces, and ${!Name} is what becomes ${Name}.
_VARIABLE = r"\$\{(?!aws:)[A-Za-z_][A-Za-z0-9_.:-]*\}"
# Not names of AWS and MQTT, of versions, and of the environment that every device has.
_BARE = (
    r"(?<![\w$\\])\$(?!(?:aws|share|SYS|default|null|LATEST|latest|HOME|PATH|PWD|USER|SHELL|TMPDIR|HOSTNAME|LANG)\b)"
    r"[A-Za-z_]\w*\b(?!\$)"
)
# What no shell can expand: a name of CloudFormation's, or an attribute.
_OF_CLOUDFORMATION = r"\$\{[A-Za-z0-9]+(?:::|\.)[A-Za-z0-9.]+\}"
# Not a type's argument (List<int>), a named group ((?<name>...)), an address in mail, or a comparison.
_ANGLE = r"(?<![\w<\\?])<([A-Za-z][\w.:-]*(?: [\w.:-]+){0,11})>"
# Behind a blank, a shell reads from a file.
_ANGLE_IN_SHELL = r"(?<=[/:=@.-])<([A-Za-z][\w.:-]*)>"
_NOT_TO_FILL = re.compile(
    r"(?i)none|null|nil|unknown|empty|default|any|all|redacted|anonymous"
    r"|a|b|i|u|p|br|hr|ul|ol|li|div|span|html|head|body|table|tr|td|th|img|pre|code|strong|em|h[1-6]|.* (?:and|or) .*"
)
_SHELL = r"^#!|\$\(|`|&&|\|\||; | \| |\bsh[ ,]+-c\b|/(?:ba|da|z|k)?sh\b|\bfi\b|\bdone\b|\becho[ ,]"
_COMMAND = r"(?i)(?:command|cmd|script|shell|bash|exec)s?\Z"


def unfilled(document: Any) -> Iterator[Finding]:
    """Yield a finding for the first text that is left to be filled in, if a document has one.

    In a document that runs a shell, `$NAME` and `${NAME}` are the shell's.
    """
    found = list(texts(document))
    # A key, which has no word before it, may be $schema.
    candidates = [
        (loc, text)
        for loc, before, text in found
        if ("$" in text or "<" in text) and (before or text is document or not text.startswith("$"))
    ]
    if not candidates:
        return
    shell = any(_runs_shell(name, text) for _, name, text in found)
    findings = (_finding(text, loc, shell=shell) for loc, text in candidates)
    yield from islice(filter(None, findings), 1)


def unfilled_text(text: str, loc: Location) -> Finding | None:
    """Return a finding for a property that has text left to be filled in, None for any other."""
    return _finding(text, loc, shell=False)


def _finding(text: str, loc: Location, *, shell: bool) -> Finding | None:
    left = _left(text, shell=shell)
    if left is None:
        return None
    return UNFILLED.finding(
        loc=loc,
        given=left,
        allowed="final text, and ${aws:iot:...} in a document",
        fix="write its value" + (", or use Fn::Sub in CloudFormation" if left.startswith("${") else ""),
    )


def _left(text: str, *, shell: bool) -> str | None:
    """Return the first part of a text that is left to be filled in, None if there is none."""
    text = re.sub(_PLACEHOLDER, "", text)
    for pattern in (_OF_CLOUDFORMATION,) if shell else (_VARIABLE, _BARE):
        if match := re.search(pattern, text):
            return match[0]
    if "</" in text or "/>" in text:  # XML, HTML
        return None
    angles = re.finditer(_ANGLE_IN_SHELL if shell else _ANGLE, text)
    return next((match[0] for match in angles if not _NOT_TO_FILL.fullmatch(match[1])), None)


def _runs_shell(name: str, text: str) -> bool:
    """Return whether a text of a document is run by a shell; `name` is the word before it."""
    return re.search(_SHELL, text) is not None or (" " in text.strip() and re.search(_COMMAND, name) is not None)

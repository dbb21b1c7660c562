"""Tags and descriptions that change with each build, and so replace a template on every deployment."""

from __future__ import annotations

import re

from iot_jobs.finding import Finding, Rule

VOLATILE = Rule(
    code="JT151",
    title="description and tags stay the same from build to build",
    why="Every property is create-only, so a date or commit in one replaces the template on every deployment.",
    source=(
        "https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-iot/tree/main/aws-iot-jobtemplate"
    ),
    evidence="schema",
    severity="warning",
)

_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*[.]?"
# An id such as vpc-1a2b3c4d is no commit, a phone number no time since 2023, and "build 5 tools" no build.
_VOLATILE = (
    r"(?i)(?P<date>\bv?20[0-9]{2}[-./]?(?:0[1-9]|1[0-2])[-./]?(?:0[1-9]|[12][0-9]|3[01])(?:\b|T))"
    r"|(?P<day>\b(?:0?[1-9]|[12][0-9]|3[01])(?:(?:st|nd|rd|th)?[ -]+(?:of )?" + _MONTH + r"[ ,-]+|[./-](?:0?[1-9]|[12]"
    r"[0-9]|3[01])[./-])20[0-9]{2}\b|\b" + _MONTH + r" +(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?,? +20[0-9]{2}\b)"
    r"|(?P<commit>(?<![a-z]-)\bg?(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])(?:[0-9a-f]{7,12}|[0-9a-f]{40})\b)"
    r"|(?P<timestamp>\b1[7-9][0-9]{8}(?:[0-9]{3})?\b)"
    r"|(?P<build>\bbuild[ #:_-]*[0-9]+\b(?! +[a-z]+s\b))"
)
_LASTING = r"(?i)\b(?:expir[a-z]*|until|valid[ _-]to|end[ _-]of[ _-][a-z]+)\b[ :=a-z]{0,8}$"
"""What stands before a date that stays the same."""
_VOLATILE_TAGS = (
    r"(?i)(?:.*[_.:/-])?(?:commit|sha|git[_-]?(?:sha|commit|ref)|revision|timestamp"
    r"|build(?:[_-]?(?:id|no|nr|number|version|url|time|date))?|(?:deployed|updated|created|built)[_-]?(?:at|on)"
    r"|(?:pipeline|run|job|workflow)[_-]?(?:id|no|nr|number|url))"
)
# Each volatile key contains one of these; the check is cheaper than the pattern.
_TAG_WORDS = (
    *("commit", "sha", "git", "revision", "timestamp", "build", "built", "deployed", "updated", "created"),
    *("pipeline", "run", "job", "workflow"),
)


def volatile_description(description: str) -> Finding | None:
    """Return a finding for a description that changes with each build, None for any other."""
    match = _search(description)
    return match and VOLATILE.finding(
        loc=("description",),
        given=match[0],
        allowed=f"a description without a {'date' if match.lastgroup == 'day' else match.lastgroup}",
        fix="describe what the job does; the stack's tags can name the build that deployed it",
    )


def volatile_tag(key: str, value: str | None) -> Finding | None:
    """Return a finding for a tag that changes with each build, None for any other. An unknown value is None."""
    match = _search(value, key) if value is not None else None
    if not match and not (any(word in key.lower() for word in _TAG_WORDS) and re.fullmatch(_VOLATILE_TAGS, key)):
        return None
    return VOLATILE.finding(
        loc=("tags", key),
        given=match[0] if match else value,
        allowed="tags that stay the same from build to build",
        fix=f'keep it off job templates: Tags.of(app).add("{key}", ..., '
        'exclude_resource_types=["AWS::IoT::JobTemplate", "aws:cdk:stack"])',
    )


def _search(text: str, key: str = "") -> re.Match[str] | None:
    """Search for volatile text, with a cheap pattern first: the whole one is slow to compile and rarely needed."""
    if not re.search("(?i)20[0-9]{2}|[0-9a-f]{7}|build", text):
        return None
    found = re.finditer(_VOLATILE, text)
    return next((match for match in found if not re.search(_LASTING, f"{key} {text[: match.start()]}")), None)

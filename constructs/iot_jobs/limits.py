"""Every limit that AWS sets on job templates, each once: range, unit, source.

A limit stands in the model's type annotations (`Annotated[int, limits.TIMEOUT]`), and from there feeds the check, the
error text and the JSON Schema. Where the registry schema, the API model and the service's measured answers differ, the
strictest of them stands here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sized
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError, core_schema

from iot_jobs.finding import Finding, Rule

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

API = "https://docs.aws.amazon.com/iot/latest/apireference/API_"
GUIDE = "https://docs.aws.amazon.com/iot/latest/developerguide/"
QUOTAS = "https://docs.aws.amazon.com/general/latest/gr/iot_device_management.html"
TEMPLATE_REFERENCE = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-jobtemplate.html"
)
_MAX_INTEGER = 2**31 - 1
"""The API's integers have 32 bits."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Limit(Rule):
    """A rule about one value on its own. `fix` is what to do when it is broken."""

    fix: str

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        raise NotImplementedError

    def accepts(self, value: object) -> bool:
        """Whether a value keeps the limit; a value of another type does not."""
        raise NotImplementedError

    def json_schema(self) -> dict[str, Any]:
        """The limit as JSON Schema keywords, as far as JSON Schema can say it."""
        raise NotImplementedError

    def check(self, value: object) -> Finding | None:
        """The finding for a value that breaks the limit, else None."""
        return None if self.accepts(value) else self.finding(given=value, allowed=self.allowed, fix=self.fix)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Let pydantic run this limit in place of its own type check, so that one text says all."""

        def validate(value: object) -> object:
            if self.accepts(value):
                return value
            raise PydanticCustomError("finding", "{finding}", {"finding": self.check(value)})

        return core_schema.no_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(self, _: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The JSON Schema of a value under this limit."""
        return self.json_schema()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Range(Limit):
    """A number from `minimum` to `maximum`, both included unless `above` says that the minimum itself is refused.

    `digits` is how many may stand after the decimal point; 0 takes whole numbers only, and then a 5.0 is refused too,
    because the API refuses it. No maximum is None.
    """

    minimum: int | float
    maximum: int | float | None
    unit: str = ""
    digits: int = 0
    above: bool = False

    @property
    def allowed(self) -> str:
        """The range with its unit and digits."""
        low = f"above {self.minimum}" if self.above else f"{self.minimum}"
        if self.maximum is None:
            text = low if self.above else f"{low} or more"
        else:
            text = f"{low}, up to {self.maximum}" if self.above else f"{low} to {self.maximum}"
        count = {0: "a whole number", 1: "one digit", 2: "two digits", 6: "six digits"}[self.digits]
        return f"{text}{self.unit and ' ' + self.unit}, {count}{' after the decimal point' if self.digits else ''}"

    def accepts(self, value: object) -> bool:
        """Exact: a float counts as the shortest decimal that reads back as it, so 1.1 has one digit."""
        if isinstance(value, bool) or not isinstance(value, (int, float) if self.digits else int):
            return False
        if isinstance(value, float) and not math.isfinite(value):
            return False
        if value < self.minimum or (self.above and value == self.minimum):
            return False
        if self.maximum is not None and value > self.maximum:
            return False
        exponent = Decimal(repr(value)).normalize().as_tuple().exponent if isinstance(value, float) else 0
        return isinstance(exponent, int) and exponent >= -self.digits

    def check(self, value: object) -> Finding | None:
        """The fix depends on what is wrong: the kind of value, its digits, or its size."""
        if self.accepts(value):
            return None
        fix = self.fix
        if isinstance(value, bool) or not isinstance(value, int | float):
            fix = "write a number, without quotes and unit" if value is not None else f"write {self.allowed}"
            if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(?:[,.' ][0-9]{3})+", value):
                fix = f"write {re.sub('[^0-9]', '', value)}, without separators"
        elif isinstance(value, float) and not self.digits and value.is_integer():
            fix = f"write {int(value)}"
        elif isinstance(value, float) and math.isfinite(value) and self.accepts(round(value, self.digits)):
            fix = f"round it, to {round(value, self.digits)}"
        return self.finding(given=value, allowed=self.allowed, fix=fix)

    def json_schema(self) -> dict[str, Any]:
        """Type and bounds; the digits are not said, because binary fractions are no exact multiples."""
        schema: dict[str, Any] = {"type": "number" if self.digits else "integer"}
        schema["exclusiveMinimum" if self.above else "minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum
        return schema


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Minutes(Limit):
    """A time of 0 to `maximum` minutes, exact or spread: `5` is exactly 5, `"5:2"` a median and a factor.

    The factor is the geometric standard deviation of a lognormal distribution, above 1 and up to `spread`.
    """

    maximum: int
    spread: int

    @property
    def allowed(self) -> str:
        """Both forms."""
        return (
            f"0 to {self.maximum} minutes, or text such as 5:2, a median above 0 and a factor above 1, up to "
            f"{self.spread}"
        )

    def accepts(self, value: object) -> bool:
        """Whether it is a number in the range, or text with two of them."""
        if isinstance(value, str):
            match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?):([0-9]{1,3}(?:\.[0-9]{1,6})?)", value)
            return match is not None and 0 < float(match[1]) <= self.maximum and 1 < float(match[2]) <= self.spread
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= self.maximum

    def json_schema(self) -> dict[str, Any]:
        """A number, or text with a colon."""
        number = {"type": "number", "minimum": 0, "maximum": self.maximum}
        return {"anyOf": [number, {"type": "string", "pattern": r"^[0-9]+(?:\.[0-9]+)?:[0-9]+(?:\.[0-9]+)?$"}]}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Text(Limit):
    """Text of `minimum` to `maximum` characters that `pattern`, if any, matches whole. `words` says it in prose."""

    minimum: int
    maximum: int
    pattern: str | None = None
    words: str = ""

    @property
    def allowed(self) -> str:
        """Length and characters."""
        if self.minimum == self.maximum:
            return f"{self.minimum} characters{self.words and ', ' + self.words}"
        return f"text of {self.minimum} to {self.maximum} characters{self.words and ', ' + self.words}"

    def accepts(self, value: object) -> bool:
        """Whether length and pattern fit; the pattern must match the whole text."""
        if not isinstance(value, str) or not self.minimum <= len(value) <= self.maximum:
            return False
        return self.pattern is None or re.fullmatch(self.pattern, value) is not None

    def check(self, value: object) -> Finding | None:
        """The fix is quotes, where they are all that is missing."""
        if self.accepts(value):
            return None
        quoted = json.dumps(value) if isinstance(value, int | float) else ""
        fix = f'write "{quoted}", in quotes' if quoted and self.accepts(quoted) else self.fix
        return self.finding(given=value, allowed=self.allowed, fix=fix)

    def json_schema(self) -> dict[str, Any]:
        """Length and anchored pattern."""
        schema: dict[str, Any] = {"type": "string", "minLength": self.minimum, "maxLength": self.maximum}
        if self.pattern is not None:
            schema["pattern"] = f"^(?:{self.pattern})$"
        return schema


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Printable(Text):
    """Text without characters of the Unicode category C: control, format, private use, surrogate, unassigned."""

    def accepts(self, value: object) -> bool:
        """Whether length, pattern and characters fit. Python's Unicode tables stand in for those of AWS."""
        import unicodedata  # loaded only where there is text beyond ASCII to look at

        if not Text.accepts(self, value) or not isinstance(value, str):
            return False
        if value.isascii():
            return value.isprintable()
        return not any(unicodedata.category(character).startswith("C") for character in value)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Choice(Limit):
    """One of a few words, in exactly this spelling."""

    values: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """The words."""
        return ", ".join(self.values[:-1]) + (" or " if len(self.values) > 1 else "") + self.values[-1]

    def accepts(self, value: object) -> bool:
        """Whether it is one of the words."""
        return isinstance(value, str) and value in self.values

    def json_schema(self) -> dict[str, Any]:
        """The words as an enum."""
        return {"enum": list(self.values)}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Count(Limit):
    """How many items a list may have. The items are checked on their own."""

    minimum: int
    maximum: int | None
    items: str

    @property
    def allowed(self) -> str:
        """The number of items."""
        if self.maximum is None:
            return f"{self.minimum} or more {self.items}"
        return (
            f"{self.minimum} to {self.maximum} {self.items}" if self.minimum else f"up to {self.maximum} {self.items}"
        )

    def accepts(self, value: object) -> bool:
        """Whether the list or mapping is neither too short nor too long."""
        if not isinstance(value, Sized) or isinstance(value, str | bytes):
            return False
        return len(value) >= self.minimum and (self.maximum is None or len(value) <= self.maximum)

    def far_over(self, value: Sized) -> bool:
        """Whether there are so many items that none of them is worth a finding of its own."""
        return len(value) > 10 * (self.maximum or 100)

    def check(self, value: object) -> Finding | None:
        """A finding gives the number of items, not the items."""
        if self.accepts(value):
            return None
        given = len(value) if isinstance(value, Sized) and not isinstance(value, str | bytes) else value
        return self.finding(given=given, allowed=self.allowed, fix=self.fix)

    def json_schema(self) -> dict[str, Any]:
        """Bounds of the list's length."""
        schema: dict[str, Any] = {"minItems": self.minimum} if self.minimum else {}
        return schema | ({} if self.maximum is None else {"maxItems": self.maximum})


# Identity ------------------------------------------------------------------------------------------------------------

TEMPLATE_NAME = Text(
    code="JT101",
    title="a template's name and id are 1 to 64 letters, digits, underscores or hyphens",
    why="The service matches the whole id and refuses the rest; the published pattern is not anchored, so schema "
    "validators let dots and blanks pass.",
    source=API + "CreateJobTemplate.html",
    minimum=1,
    maximum=64,
    pattern="[A-Za-z0-9_-]+",
    words="letters, digits, _ and - only",
    fix="shorten the name, and replace what is neither letter, digit, _ nor -",
)
DESCRIPTION = Printable(
    code="JT102",
    title="a description is 1 to 2028 printable characters on one line",
    why="A description is required, and line breaks, tabs and invisible characters are refused by the service although "
    "schema validators let them pass.",
    source=API + "CreateJobTemplate.html",
    minimum=1,
    maximum=2028,
    words="no line breaks, tabs or other control characters",
    fix="write one line that says what the job does",
)
JOB_ARN = Text(
    code="JT103",
    title="a job ARN names a job in full",
    why="A template can copy an existing job, which is looked up when the template is created.",
    source=API + "CreateJobTemplate.html",
    minimum=1,
    maximum=2048,
    pattern=r"arn:aws[a-zA-Z-]*:iot:[a-z0-9-]+:[0-9]{12}:job/[A-Za-z0-9_-]{1,64}",
    words="arn:<partition>:iot:<region>:<12 digits>:job/<job id>",
    fix="write the ARN of an existing job in the stack's account and region",
)
DOCUMENT_SOURCE = Text(
    code="JT104",
    title="a document source is the https URL of an S3 object",
    why="The service reads the object when the template is created; it takes no s3:// address and no placeholder.",
    source=GUIDE + "create-manage-jobs.html",
    minimum=1,
    maximum=1350,
    # Assumed: the hosts of S3's path style and virtual-hosted style, in every partition.
    pattern=r"https://(?:s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
    r"|[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?)/(?![?#])[!#-;=?-\[\]^_a-z|~]+",
    words="https://<bucket>.s3.<region>.amazonaws.com/<key> or https://s3.<region>.amazonaws.com/<bucket>/<key>",
    fix="write the object's https URL, percent-encoded, without a placeholder around it",
)
PACKAGE_VERSION = Text(
    code="JT106",
    title="a destination package version is a package version's ARN",
    why="The job binds its placeholders to these versions, and refuses what is no package version.",
    source=API + "CreateJobTemplate.html",
    minimum=1,
    maximum=1600,
    pattern=r"arn:aws[a-zA-Z-]*:iot:[a-z0-9-]+:[0-9]{12}:package/[a-zA-Z0-9_.-]{1,128}/version/"
    r"(?:[a-zA-Z0-9_.-]{1,64}|\$default|\$null)",
    words="arn:<partition>:iot:<region>:<12 digits>:package/<name>/version/<version, $default or $null>",
    fix="write the ARN of a package version",
)
PACKAGE_VERSIONS = Count(
    code="JT107",
    title="a template has at most 25 destination package versions",
    why="The API's prose allows 25; no schema says so.",
    source=API + "CreateJobTemplate.html",
    minimum=0,
    maximum=25,
    items="package versions",
    fix="remove some, or split the template",
)
TAG_KEY = Text(
    code="JT110",
    title="a tag key is 1 to 128 letters, digits, blanks or _.:/=+-@, and doesn't begin with aws:",
    why="The service refuses other characters, and keeps the prefix aws: for itself.",
    source=TEMPLATE_REFERENCE + "#cfn-iot-jobtemplate-tags",
    minimum=1,
    maximum=128,
    # Assumed: \w stands for \p{L}, \p{N} and _, a blank for \p{Z}; both are the stricter side of the published classes.
    pattern=r"(?!(?i:aws:))[\w .:/=+\-@]*",
    words="letters, digits, blanks and _.:/=+-@, not beginning with aws:",
    fix="rename the tag",
)
TAG_VALUE = Printable(
    code="JT111",
    title="a tag value is 1 to 256 letters, digits, blanks or _.:/=+-@",
    why="CloudFormation requires a value, and the API takes at most 256 characters of the same kinds as in a key.",
    source=TEMPLATE_REFERENCE + "#cfn-iot-jobtemplate-tags",
    minimum=1,
    maximum=256,
    pattern=r"[\w .:/=+\-@]*",
    words="letters, digits, blanks and _.:/=+-@",
    fix="give the tag a value, or remove the tag",
)
TAGS = Count(
    code="JT112",
    title="a template has at most 50 tags",
    why="AWS allows 50 tags on a resource.",
    source=TEMPLATE_REFERENCE + "#cfn-iot-jobtemplate-tags",
    minimum=0,
    maximum=50,
    items="tags",
    fix="remove some",
)

# Rollout -------------------------------------------------------------------------------------------------------------

_ROLLOUT = API + "JobExecutionsRolloutConfig.html"
_EXPONENTIAL = API + "ExponentialRolloutRate.html"
MAXIMUM_PER_MINUTE = Range(
    code="JT201",
    title="the maximum rollout rate is 1 to 1000 things per minute",
    why="The service refuses more than 1000 unless the quota was raised; neither the registry schema nor the API model "
    "has this bound.",
    source=QUOTAS,
    minimum=1,
    maximum=1000,
    unit="things per minute",
    fix="lower the rate; to forbid everything, don't create the job",
)
BASE_RATE_PER_MINUTE = Range(
    code="JT202",
    title="the base rollout rate is 1 to 1000 things per minute",
    why="The API refuses more than 1000; the registry schema has no such bound.",
    source=_EXPONENTIAL,
    minimum=1,
    maximum=1000,
    unit="things per minute",
    fix="choose a rate in this range at which the rollout begins",
)
INCREMENT_FACTOR = Range(
    code="JT203",
    title="the increment factor is 1.1 to 5 with one digit after the decimal point",
    why="The registry schema takes 1 and any digits; the API takes 1.1 to 5 and refuses a second digit.",
    source=_EXPONENTIAL,
    minimum=1.1,
    maximum=5,
    digits=1,
    fix="lower the factor, or lower the criteria threshold to reach the same speed sooner",
)
NUMBER_OF_THINGS = Range(
    code="JT204",
    title="a rate increase criterion counts at least one thing",
    why="The count is how many things it takes for the rate to rise once.",
    source=API + "RateIncreaseCriteria.html",
    minimum=1,
    maximum=_MAX_INTEGER,
    unit="things",
    fix="write how many things it takes for the rate to rise",
)

# Abort ---------------------------------------------------------------------------------------------------------------

_ABORT = API + "AbortCriteria.html"
THRESHOLD_PERCENTAGE = Range(
    code="JT301",
    title="an abort threshold is above 0 and up to 100 percent, with two digits after the decimal point",
    why="No schema has a minimum, but the service refuses 0 and less, and more than two digits.",
    source=_ABORT,
    minimum=0,
    maximum=100,
    unit="percent",
    digits=2,
    above=True,
    fix="write the share of completed executions at which to stop, such as 2.5",
)
MIN_NUMBER_OF_EXECUTED_THINGS = Range(
    code="JT302",
    title="an abort criterion waits for at least one executed thing",
    why="The criterion isn't looked at before so many executions have completed.",
    source=_ABORT,
    minimum=1,
    maximum=_MAX_INTEGER,
    unit="things",
    fix="write after how many completed executions the criterion may act",
)
ABORT_FAILURE_TYPE = Choice(
    code="JT303",
    title="an abort criterion's failure type is FAILED, REJECTED, TIMED_OUT or ALL",
    why="It names the final statuses that count as failures.",
    source=_ABORT,
    values=("FAILED", "REJECTED", "TIMED_OUT", "ALL"),
    fix="choose one of these, in capitals",
)
ABORT_CRITERIA = Count(
    code="JT304",
    title="an abort configuration has at least one criterion",
    why="An empty list is refused.",
    source=API + "AbortConfig.html",
    minimum=1,
    maximum=None,
    items="criteria",
    fix="add a criterion, or leave the abort configuration out",
)
ABORT_ACTION = Choice(
    code="JT306",
    title="the action of an abort criterion is CANCEL",
    why="There is no other action.",
    source=_ABORT,
    values=("CANCEL",),
    fix="write CANCEL",
)

# Retry and timeout ---------------------------------------------------------------------------------------------------

_RETRY = API + "RetryCriteria.html"
NUMBER_OF_RETRIES = Range(
    code="JT401",
    title="a failure type is retried 0 to 10 times",
    why="AWS allows 10 retries for each device.",
    source=_RETRY,
    minimum=0,
    maximum=10,
    unit="retries",
    fix="lower the number",
)
RETRY_FAILURE_TYPE = Choice(
    code="JT402",
    title="a retry's failure type is FAILED, TIMED_OUT or ALL",
    why="A rejected execution is never retried: REJECTED is how a device says so.",
    source=_RETRY,
    values=("FAILED", "TIMED_OUT", "ALL"),
    fix="choose one of these, in capitals",
)
RETRY_CRITERIA = Count(
    code="JT403",
    title="a retry configuration has one or two criteria",
    why="The registry schema lets the list be missing; the API doesn't.",
    source=API + "JobExecutionsRetryConfig.html",
    minimum=1,
    maximum=2,
    items="criteria",
    fix="give one criterion for each failure type, or leave the retry configuration out",
)
IN_PROGRESS_TIMEOUT_IN_MINUTES = Range(
    code="JT410",
    title="the in-progress timeout is 1 to 10080 minutes",
    why="The service refuses anything else; the API model has no bound.",
    source=API + "TimeoutConfig.html",
    minimum=1,
    maximum=10080,
    unit="minutes (7 days)",
    fix="write how long a device may take from start to end",
)

# Presigned URLs ------------------------------------------------------------------------------------------------------

_PRESIGNED = API + "PresignedUrlConfig.html"
ROLE_ARN = Text(
    code="JT501",
    title="the presign role is an IAM role's ARN",
    why="AWS IoT assumes this role to sign URLs, and refuses what is no role.",
    source=_PRESIGNED,
    minimum=20,
    maximum=2048,
    pattern=r"arn:aws[a-zA-Z-]*:iam::[0-9]{12}:role/[!-~]+",
    words="arn:<partition>:iam::<12 digits>:role/<name>",
    fix="write the ARN of a role that AWS IoT may assume",
)
EXPIRES_IN_SEC = Range(
    code="JT502",
    title="a presigned URL lives 60 to 3600 seconds",
    why="The service refuses anything else.",
    source=_PRESIGNED,
    minimum=60,
    maximum=3600,
    unit="seconds",
    fix="write how long a device may take from asking for the document to starting the download",
)

DEFAULT_EXPIRES_IN_SEC = 3600

# Maintenance windows -------------------------------------------------------------------------------------------------

_WINDOW = API + "MaintenanceWindow.html"
WINDOW_START_TIME = Text(
    code="JT601",
    title="a maintenance window starts at an AWS cron expression",
    why="Schema validators take any text of 1 to 256 characters; the service wants cron(...) with six fields, in UTC.",
    source=GUIDE + "jobs-configurations-details.html",
    minimum=1,
    maximum=256,
    words="cron(minutes hours day-of-month month day-of-week year), in UTC",
    fix="write it like cron(0 2 ? * TUE-THU *)",
)
DURATION_IN_MINUTES = Range(
    code="JT602",
    title="a maintenance window lasts 1 to 1430 minutes",
    why="AWS allows 23 hours and 50 minutes.",
    source=_WINDOW,
    minimum=1,
    maximum=1430,
    unit="minutes",
    fix="shorten the window, or split it",
)

WINDOWS = Count(
    code="JT605",
    title="a template has at most 100 maintenance windows",
    why="Assumed: 100 are enough; AWS publishes no greatest number of them.",
    source=_WINDOW,
    minimum=0,
    maximum=100,
    items="maintenance windows",
    fix="say the times with fewer cron expressions",
)

# Jobs ----------------------------------------------------------------------------------------------------------------

_JOB = API + "CreateJob.html"
JOB_ID = Text(
    code="JT801",
    title="a job's id is 1 to 64 letters, digits, underscores or hyphens",
    why="The service refuses anything else.",
    source=_JOB,
    minimum=1,
    maximum=64,
    pattern="[A-Za-z0-9_-]+",
    words="letters, digits, _ and - only",
    fix="shorten the id, and replace what is neither letter, digit, _ nor -",
)
TARGETS = Count(
    code="JT802",
    title="a job has 1 to 100 targets",
    why="The service refuses none and more than the quota.",
    source=QUOTAS,
    minimum=1,
    maximum=100,
    items="targets",
    fix="name at least one, and put many things into a thing group",
)
TARGET = Text(
    code="JT803",
    title="a target is the ARN of a thing or a thing group",
    why="The service refuses anything else.",
    source=_JOB,
    minimum=1,
    maximum=2048,
    pattern=r"arn:aws[a-zA-Z-]*:iot:[a-z0-9-]+:[0-9]{12}:thing(?:group)?/[a-zA-Z0-9:_-]{1,128}",
    words="arn:<partition>:iot:<region>:<12 digits>:thing/<name> or thinggroup/<name>",
    fix="write the ARN of a thing or a thing group",
)
JOB_TEMPLATE_ARN = Text(
    code="JT806",
    title="a job template's ARN names a template in full, or one that AWS manages",
    why="The service refuses the ARN of anything else.",
    source="measured: Resource type should be jobtemplate",
    minimum=1,
    maximum=1600,
    pattern=r"arn:aws[a-zA-Z-]*:iot:[a-z0-9-]+:(?:[0-9]{12}:jobtemplate/[A-Za-z0-9_-]{1,64}|:jobtemplate/[!-~]+)",
    words="arn:<partition>:iot:<region>:<12 digits, or none>:jobtemplate/<id>",
    fix="write the ARN of a job template",
)
PARAMETER_KEY = Text(
    code="JT807",
    title="a document parameter's key is 1 to 128 letters, digits, underscores or hyphens",
    why="The service refuses anything else.",
    source=_JOB,
    minimum=1,
    maximum=128,
    pattern="[a-zA-Z0-9_-]+",
    words="letters, digits, _ and - only",
    fix="write the key as the managed template spells it",
)
PARAMETER_VALUE = Printable(
    code="JT808",
    title="a document parameter's value is 1 to 30720 printable characters",
    why="The service refuses control characters and longer values.",
    source=_JOB,
    minimum=1,
    maximum=30720,
    words="no line breaks, tabs or other control characters",
    fix="shorten the value, and write it on one line",
)
TARGET_SELECTION = Choice(
    code="JT809",
    title="a job's target selection is CONTINUOUS or SNAPSHOT",
    why="The service refuses anything else.",
    source=_JOB,
    values=("CONTINUOUS", "SNAPSHOT"),
    fix="choose one of these, in capitals",
)
SCHEDULE_TIME = Text(
    code="JT810",
    title="a job's start and end are times to the minute, in UTC, without seconds and zone",
    why="The service refuses seconds and a Z.",
    source="measured: startTime and endTime are YYYY-MM-DDThh:mm",
    minimum=16,
    maximum=16,
    pattern="[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]",
    words="YYYY-MM-DDThh:mm in UTC",
    fix="write it like 2030-01-31T02:00",
)
END_BEHAVIOR = Choice(
    code="JT812",
    title="an end behavior is STOP_ROLLOUT, CANCEL or FORCE_CANCEL",
    why="The service refuses anything else.",
    source=API + "SchedulingConfig.html",
    values=("STOP_ROLLOUT", "CANCEL", "FORCE_CANCEL"),
    fix="choose one of these, in capitals",
)

# The job document ----------------------------------------------------------------------------------------------------

MAX_DOCUMENT_BYTES = 32768
MAX_PLACEHOLDERS = 10
MAX_DOCUMENT_DEPTH = 100

# Quotas of a region and of a stack -----------------------------------------------------------------------------------

CLOUDFORMATION_QUOTAS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
MAX_TEMPLATES_IN_REGION = 100  # QUOTAS
MAX_RESOURCES_IN_STACK = 500  # CLOUDFORMATION_QUOTAS
MAX_OUTPUTS_IN_STACK = 200  # CLOUDFORMATION_QUOTAS

# Environments --------------------------------------------------------------------------------------------------------

_CDK_ENVIRONMENTS = "https://docs.aws.amazon.com/cdk/v2/guide/environments.html"
ENVIRONMENT_NAME = Text(
    code="JT901",
    title="an environment's name is 1 to 64 letters, digits or hyphens, beginning with a letter",
    why="It becomes part of the stack's name.",
    source=_CDK_ENVIRONMENTS,
    minimum=1,
    maximum=64,
    pattern="[A-Za-z][A-Za-z0-9-]*",
    words="letters, digits and -, beginning with a letter",
    fix="rename the environment",
)
ACCOUNT = Text(
    code="JT902",
    title="an account is 12 digits in quotes",
    why="Without quotes YAML reads a number, and loses a leading zero.",
    source=_CDK_ENVIRONMENTS,
    minimum=12,
    maximum=12,
    pattern="[0-9]{12}",
    words="digits, in quotes",
    fix='write all 12 digits in quotes, such as "123456789012"',
)
REGION = Text(
    code="JT903",
    title="a region is an AWS region's code",
    why="The stack is deployed there.",
    source=_CDK_ENVIRONMENTS,
    minimum=9,
    maximum=25,
    pattern=r"[a-z]{2,3}(?:-[a-z]+)+-[0-9]{1,2}",
    words="such as eu-west-1",
    fix="write the region's code",
)
MAX_DURATION_HOURS = Range(
    code="JT906",
    title="the time that a rollout may take is at least one hour",
    why="A rollout that can't finish in it is reported.",
    source="the environment's own statement; a job ends at most two years after it starts",
    minimum=1,
    maximum=17520,
    unit="hours",
    fix="write the hours in which a rollout should be done",
)
THINGS = Range(
    code="JT904",
    title="a fleet has at least one thing",
    why="The forecast and the rules about abort criteria need the fleet's size.",
    source=GUIDE + "iot-thing-management.html",
    minimum=1,
    maximum=None,
    unit="things",
    fix="write how many things the job's targets hold",
)
RATE = Range(
    code="JT907",
    title="a rate that is assumed of devices is a fraction from 0 to 1",
    why="It is the share of executions that fail, are rejected or hang, or of things that are offline.",
    source="the forecast's own: docs/forecast.md",
    minimum=0,
    maximum=1,
    digits=6,
    fix="write a fraction, such as 0.02 for 2 percent",
)
DURATION = Minutes(
    code="JT908",
    title="a time that is assumed of devices is up to 7 days, exact or spread",
    why="The longest timeout is 7 days; a spread time is lognormal, which has no median of 0 and no factor of 1.",
    source="the forecast's own: docs/forecast.md",
    maximum=10080,
    spread=10,
    fix="write minutes, such as 5, or a median and a factor in quotes, such as 5:2",
)
MAX_HARMED = Range(
    code="JT909",
    title="the number of things that a bad release may fail on is 0 or more",
    why="A rollout whose abort comes later is reported.",
    source="the environment's own statement",
    minimum=0,
    maximum=None,
    unit="things",
    fix="write how many things may be harmed before the rollout stops on its own",
)

"""Every limit that AWS sets on job templates, declared once: range, unit, source.

Where CloudFormation's schema, the API model and what the service was observed to accept differ, the strictest counts.
"""

from __future__ import annotations

from typing import Literal, get_args

from iot_jobs.limits.kinds import Choice as Choice
from iot_jobs.limits.kinds import Count as Count
from iot_jobs.limits.kinds import Limit as Limit
from iot_jobs.limits.kinds import Minutes as Minutes
from iot_jobs.limits.kinds import Printable as Printable
from iot_jobs.limits.kinds import Range as Range
from iot_jobs.limits.kinds import Text as Text
from iot_jobs.limits.s3 import OBJECT

API = "https://docs.aws.amazon.com/iot/latest/apireference/API_"
GUIDE = "https://docs.aws.amazon.com/iot/latest/developerguide/"
QUOTAS = "https://docs.aws.amazon.com/general/latest/gr/iot_device_management.html"
TEMPLATE_REFERENCE = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-jobtemplate.html"
)
_MAX_INTEGER = 2**31 - 1
"""The API's integers have 32 bits."""

# Identity ------------------------------------------------------------------------------------------------------------

TEMPLATE_NAME = Text(
    code="JT101",
    title="a template's name and id are 1 to 64 letters, digits, underscores or hyphens",
    why="The service matches the whole id; the published pattern is not anchored, so schema validators let dots and "
    "spaces through.",
    source=API + "CreateJobTemplate.html",
    evidence="schema",
    minimum=1,
    maximum=64,
    pattern="[A-Za-z0-9_-]+",
    words="letters, digits, _ and - only",
    fix="write a name of letters, digits, _ and - only",
)
DESCRIPTION = Printable(
    code="JT102",
    title="a description is 1 to 2028 printable characters on one line",
    why="The service requires a description, and refuses line breaks, tabs and invisible characters; schema validators "
    "let these through.",
    source=API + "CreateJobTemplate.html",
    evidence="schema",
    minimum=1,
    maximum=2028,
    words="no line breaks, tabs or other control characters",
    fix="write one line that says what the job does",
)
JOB_ARN = Text(
    code="JT103",
    title="a job ARN is the full ARN of a job",
    why="A template can copy an existing job, which is looked up when the template is created.",
    source=API + "CreateJobTemplate.html",
    evidence="documented",
    minimum=1,
    maximum=2048,
    pattern=r"arn:aws[a-zA-Z-]*:iot:[a-z0-9-]+:[0-9]{12}:job/[A-Za-z0-9_-]{1,64}",
    words="arn:<partition>:iot:<region>:<12 digits>:job/<job id>",
    fix="write the ARN of an existing job in the stack's account and region",
)
DOCUMENT_SOURCE = Text(
    code="JT104",
    title="a document source is the https URL or the s3:// address of an S3 object",
    why="The service reads the object when the template is created; it accepts no other address and no placeholder.",
    source=API + "CreateJobTemplate.html",
    evidence="documented",
    minimum=1,
    maximum=1350,
    pattern=OBJECT,
    words="https://<bucket>.s3.<region>.amazonaws.com/<key>, https://s3.<region>.amazonaws.com/<bucket>/<key> or "
    "s3://<bucket>/<key>",
    fix="write the object's percent-encoded https URL, without a placeholder around it",
)
PACKAGE_VERSION = Text(
    code="JT106",
    title="a destination package version is the ARN of a package version",
    why="AWS fills the job's placeholders from these versions, and refuses any other ARN.",
    source=API + "CreateJobTemplate.html",
    evidence="documented",
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
    why="The API's documentation allows 25; no schema states this limit.",
    source=API + "CreateJobTemplate.html",
    evidence="documented",
    minimum=0,
    maximum=25,
    items="package versions",
    if_large="remove some package versions, or split the template",
)
TAG_KEY = Text(
    code="JT110",
    title="a tag key is 1 to 128 letters, digits, spaces or _.:/=+-@, and does not start with aws:",
    why="The service refuses other characters, and reserves the prefix aws: for itself.",
    source=TEMPLATE_REFERENCE + "#cfn-iot-jobtemplate-tags",
    evidence="schema",
    minimum=1,
    maximum=128,
    # The published class [\p{L}\p{Z}\p{N}_.:/=+\-@], with \w for letters, digits and _, and all blanks written out.
    pattern=r"(?![aA][wW][sS]:)[\w \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000.:/=+\-@]*",
    words="letters, digits, spaces and _.:/=+-@, not starting with aws:",
    fix="rename the tag",
)
TAG_VALUE = Text(
    code="JT111",
    title="a tag value is text of at most 256 characters",
    why="AWS refuses longer values, and tags with no Value at all. A value may hold any character.",
    source=API + "Tag.html",
    evidence="schema",
    minimum=0,
    maximum=256,
    fix="write text, or remove the tag",
)
TAGS = Count(
    code="JT112",
    title="a template has at most 50 tags",
    why="AWS allows 50 tags on a resource.",
    source=TEMPLATE_REFERENCE + "#cfn-iot-jobtemplate-tags",
    evidence="schema",
    minimum=0,
    maximum=50,
    items="tags",
    if_large="remove some tags",
)

# Rollout -------------------------------------------------------------------------------------------------------------

_EXPONENTIAL = API + "ExponentialRolloutRate.html"
DEFAULT_MAXIMUM_PER_MINUTE = 1000
"""Things that AWS notifies per minute, with or without a rollout, if the quota was not raised (QUOTAS)."""
MAXIMUM_PER_MINUTE = Range(
    code="JT201",
    title="the maximum rollout rate is 1 thing per minute up to the quota: 1000, or the quota that you state",
    why="The service refuses more than the quota, which AWS raises on request; neither CloudFormation's schema nor the "
    "API model has this bound.",
    source=QUOTAS,
    evidence="documented",
    minimum=1,
    maximum=DEFAULT_MAXIMUM_PER_MINUTE,
    unit="things per minute",
    if_small="; to notify nothing, don't create the job",
)
BASE_RATE_PER_MINUTE = Range(
    code="JT202",
    title="the base rollout rate is 1 to 1000 things per minute",
    why="The API refuses more than 1000; CloudFormation's schema has no such bound.",
    source=_EXPONENTIAL,
    evidence="schema",
    minimum=1,
    maximum=1000,
    unit="things per minute",
)
INCREMENT_FACTOR = Range(
    code="JT203",
    title="the increment factor is 1.1 to 5, with at most one digit after the decimal point",
    why="CloudFormation's schema accepts 1 and any number of digits; the API accepts 1.1 to 5 and refuses a second "
    "digit.",
    source=_EXPONENTIAL,
    evidence="documented",
    minimum=1.1,
    maximum=5,
    digits=1,
    if_large="; to speed up earlier, lower the number in rate_increase_criteria",
)
NUMBER_OF_THINGS = Range(
    code="JT204",
    title="a rate increase criterion counts at least one thing",
    why="The rate rises each time this many more things are notified or have succeeded.",
    source=API + "RateIncreaseCriteria.html",
    evidence="schema",
    minimum=1,
    maximum=_MAX_INTEGER,
    unit="things",
)

# Abort ---------------------------------------------------------------------------------------------------------------

_ABORT = API + "AbortCriteria.html"
THRESHOLD_PERCENTAGE = Range(
    code="JT301",
    title="an abort threshold is above 0 and at most 100 percent, with at most two digits after the decimal point",
    why="No schema has a minimum, but the service refuses 0, negative numbers, and more than two digits.",
    source=_ABORT,
    evidence="documented",
    minimum=0,
    maximum=100,
    unit="percent",
    digits=2,
    above=True,
)
MIN_NUMBER_OF_EXECUTED_THINGS = Range(
    code="JT302",
    title="an abort criterion waits for at least one executed thing",
    why="The criterion is not evaluated until this many executions have completed.",
    source=_ABORT,
    evidence="schema",
    minimum=1,
    maximum=_MAX_INTEGER,
    unit="things",
)
AbortFailureType = Literal["FAILED", "REJECTED", "TIMED_OUT", "ALL"]
ABORT_FAILURE_TYPE = Choice(
    code="JT303",
    title="an abort criterion's failure type is FAILED, REJECTED, TIMED_OUT or ALL",
    why="It names the final statuses that count as failures.",
    source=_ABORT,
    evidence="schema",
    values=get_args(AbortFailureType),
)
ABORT_CRITERIA = Count(
    code="JT304",
    title="an abort configuration has at least one criterion",
    why="The service refuses an empty list.",
    source=API + "AbortConfig.html",
    evidence="schema",
    minimum=1,
    maximum=None,
    items="criteria",
    if_small="add a criterion, or remove the abort configuration",
)
AbortAction = Literal["CANCEL"]
ABORT_ACTION = Choice(
    code="JT306",
    title="the action of an abort criterion is CANCEL",
    why="There is no other action.",
    source=_ABORT,
    evidence="schema",
    values=get_args(AbortAction),
)

# Retry and timeout ---------------------------------------------------------------------------------------------------

_RETRY = API + "RetryCriteria.html"
NUMBER_OF_RETRIES = Range(
    code="JT401",
    title="a failure type is retried 0 to 10 times",
    why="AWS allows 10 retries for each device.",
    source=_RETRY,
    evidence="schema",
    minimum=0,
    maximum=10,
    unit="retries",
)
RetryFailureType = Literal["FAILED", "TIMED_OUT", "ALL"]
RETRY_FAILURE_TYPE = Choice(
    code="JT402",
    title="a retry's failure type is FAILED, TIMED_OUT or ALL",
    why="AWS never retries a rejected execution: with REJECTED the device declines the job.",
    source=_RETRY,
    evidence="schema",
    values=get_args(RetryFailureType),
)
RETRY_CRITERIA = Count(
    code="JT403",
    title="a retry configuration has one or two criteria",
    why="The list is optional in CloudFormation's schema, and required by the API.",
    source=API + "JobExecutionsRetryConfig.html",
    evidence="schema",
    minimum=1,
    maximum=2,
    items="criteria",
    if_small="add a criterion, or remove the retry configuration",
    if_large="remove criteria: one for each failure type is enough",
)
IN_PROGRESS_TIMEOUT_IN_MINUTES = Range(
    code="JT410",
    title="the in-progress timeout is 1 to 10080 minutes",
    why="The service refuses anything else; the API model has no bound.",
    source=API + "TimeoutConfig.html",
    evidence="documented",
    minimum=1,
    maximum=10080,
    unit="minutes (7 days)",
)

# Presigned URLs ------------------------------------------------------------------------------------------------------

_PRESIGNED = API + "PresignedUrlConfig.html"
ROLE_ARN = Text(
    code="JT501",
    title="the role of a presigned URL configuration is the ARN of an IAM role",
    why="AWS IoT assumes this role to sign URLs, and refuses any other ARN.",
    source=_PRESIGNED,
    evidence="schema",
    minimum=20,
    maximum=2048,
    pattern=r"arn:aws[a-zA-Z-]*:iam::[0-9]{12}:role/[!-~]+",
    words="arn:<partition>:iam::<12 digits>:role/<name>",
    fix="write the ARN of a role that AWS IoT may assume",
)
EXPIRES_IN_SEC = Range(
    code="JT502",
    title="a presigned URL is valid for 60 to 3600 seconds",
    why="The service refuses anything else.",
    source=_PRESIGNED,
    evidence="schema",
    minimum=60,
    maximum=3600,
    unit="seconds",
)

DEFAULT_EXPIRES_IN_SEC = 3600

# Maintenance windows -------------------------------------------------------------------------------------------------

_WINDOW = API + "MaintenanceWindow.html"
WINDOW_START_TIME = Text(
    code="JT601",
    title="a maintenance window's start time is an AWS cron expression",
    why="Schema validators accept any 1 to 256 characters; the service requires cron(...) with six fields, in UTC.",
    source=GUIDE + "jobs-configurations-details.html",
    evidence="documented",
    minimum=1,
    maximum=256,
    words="cron(minutes hours day-of-month month day-of-week year), in UTC",
    may_be_number=False,
    fix="write it like cron(0 2 ? * TUE-THU *)",
)
DURATION_IN_MINUTES = Range(
    code="JT602",
    title="a maintenance window lasts 1 to 1430 minutes",
    why="AWS allows 23 hours and 50 minutes.",
    source=_WINDOW,
    evidence="schema",
    minimum=1,
    maximum=1430,
    unit="minutes",
    if_large=", or split the window",
)

WINDOWS = Count(
    code="JT605",
    title="a template has at most 100 maintenance windows",
    why="AWS publishes no maximum; this tool, which compares every pair of windows, sets one.",
    source=_WINDOW,
    evidence="assumed",
    minimum=0,
    maximum=100,
    items="maintenance windows",
    if_large="combine windows into fewer cron expressions",
)

# Jobs ----------------------------------------------------------------------------------------------------------------

_JOB = API + "CreateJob.html"
JOB_ID = Text(
    code="JT801",
    title="a job's id is 1 to 64 letters, digits, underscores or hyphens",
    why="The service refuses anything else.",
    source=_JOB,
    evidence="schema",
    minimum=1,
    maximum=64,
    pattern="[A-Za-z0-9_-]+",
    words="letters, digits, _ and - only",
    fix="write an id of letters, digits, _ and - only",
)
TARGETS = Count(
    code="JT802",
    title="a job has 1 to 100 targets",
    why="The service refuses an empty list, and more targets than the quota.",
    source=QUOTAS,
    evidence="documented",
    minimum=1,
    maximum=100,
    items="targets",
    if_small="add at least one target",
    if_large="remove targets: put many things into a thing group",
)
TARGET = Text(
    code="JT803",
    title="a target is the ARN of a thing or a thing group",
    why="The service refuses anything else.",
    source=_JOB,
    evidence="documented",
    minimum=1,
    maximum=2048,
    pattern=r"arn:aws[a-zA-Z-]*:iot:[a-z0-9-]+:[0-9]{12}:thing(?:group)?/[a-zA-Z0-9:_-]{1,128}",
    words="arn:<partition>:iot:<region>:<12 digits>:thing/<name> or thinggroup/<name>",
    fix="write the ARN of a thing or a thing group",
)
JOB_TEMPLATE_ARN = Text(
    code="JT806",
    title="a job template ARN is the full ARN of a custom or an AWS managed template",
    why="The service refuses the ARN of anything else.",
    source="Resource type should be jobtemplate",
    evidence="measured",
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
    evidence="schema",
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
    evidence="schema",
    minimum=1,
    maximum=30720,
    words="no line breaks, tabs or other control characters",
    fix="write text on one line",
)
TargetSelection = Literal["CONTINUOUS", "SNAPSHOT"]
TARGET_SELECTION = Choice(
    code="JT809",
    title="a job's target selection is CONTINUOUS or SNAPSHOT",
    why="The service refuses anything else.",
    source=_JOB,
    evidence="schema",
    values=get_args(TargetSelection),
)
SCHEDULE_TIME = Text(
    code="JT810",
    title="a job's start and end are times to the minute, in UTC, without seconds or time zone",
    why="The service refuses seconds and a Z.",
    source="startTime and endTime are YYYY-MM-DDThh:mm",
    evidence="measured",
    minimum=16,
    maximum=16,
    pattern="[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]",
    words="YYYY-MM-DDThh:mm in UTC",
    fix="write it like 2030-01-31T02:00",
)
TIME_FORMAT = "%Y-%m-%dT%H:%M"
"""The format of `SCHEDULE_TIME`, in which all times in UTC are read and written."""
EndBehavior = Literal["STOP_ROLLOUT", "CANCEL", "FORCE_CANCEL"]
END_BEHAVIOR = Choice(
    code="JT812",
    title="an end behavior is STOP_ROLLOUT, CANCEL or FORCE_CANCEL",
    why="The service refuses anything else.",
    source=API + "SchedulingConfig.html",
    evidence="schema",
    values=get_args(EndBehavior),
)

# The job document ----------------------------------------------------------------------------------------------------

MAX_DOCUMENT_BYTES = 32768
MAX_PLACEHOLDERS = 10
MAX_DOCUMENT_DEPTH = 1000
MAX_READ_DEPTH = 100
"""Levels of a file that are read, and of a document in it that are checked: nobody nests deeper."""

# Quotas of a region and of a stack -----------------------------------------------------------------------------------

CLOUDFORMATION_QUOTAS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
MAX_TEMPLATES_IN_REGION = 100  # QUOTAS, if it was not raised
MAX_RESOURCES_IN_STACK = 500  # CLOUDFORMATION_QUOTAS
MAX_OUTPUTS_IN_STACK = 200  # CLOUDFORMATION_QUOTAS
MAX_LOGICAL_ID = 255  # CLOUDFORMATION_QUOTAS
MAX_TEMPLATE_BYTES = 1_000_000  # CLOUDFORMATION_QUOTAS. Assumed: its 1 MB is the smaller one

# Environments --------------------------------------------------------------------------------------------------------

_CDK_ENVIRONMENTS = "https://docs.aws.amazon.com/cdk/v2/guide/environments.html"
PARAMETER_NAME = Text(
    code="JT911",
    title="the name of a published parameter is a path that SSM accepts",
    why="SSM refuses other names, and those that begin with aws or ssm, which it reserves.",
    source="https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html",
    evidence="documented",
    minimum=2,
    maximum=1011,
    pattern="/(?![aA][wW][sS]|[sS][sS][mM])[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+){0,14}",
    words="a / and up to 15 parts of letters, digits, ., _ and -, of which the first doesn't begin with aws or ssm",
    fix="choose another parameter_prefix, such as /iot-jobs, or another environment",
)
ENVIRONMENT_NAME = Text(
    code="JT901",
    title="an environment's name is 1 to 64 letters, digits or hyphens, starting with a letter",
    why="It becomes part of the stack's name.",
    source=_CDK_ENVIRONMENTS,
    evidence="own",
    minimum=1,
    maximum=64,
    pattern="[A-Za-z][A-Za-z0-9-]*",
    words="letters, digits and -, starting with a letter",
    fix="rename the environment",
)
ACCOUNT = Text(
    code="JT902",
    title="an account is 12 digits in quotes",
    why="Without quotes YAML reads a number, and loses a leading zero.",
    source=_CDK_ENVIRONMENTS,
    evidence="own",
    minimum=12,
    maximum=12,
    pattern="[0-9]{12}",
    words="digits, in quotes",
    fix='write all 12 digits in quotes, such as "123456789012"',
)
REGION = Text(
    code="JT903",
    title="a region is the code of an AWS region",
    why="The stack is deployed there.",
    source=_CDK_ENVIRONMENTS,
    evidence="own",
    minimum=9,
    maximum=25,
    pattern=r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}",
    words="such as eu-west-1",
    fix="write the region's code",
)
MAX_DURATION_HOURS = Range(
    code="JT906",
    title="a rollout's time budget is 1 to 17520 hours",
    why="A rollout that can't finish within it is reported.",
    source="the environment's own budget; a job ends at most two years after it starts",
    evidence="own",
    minimum=1,
    maximum=17520,
    unit="hours",
)
THINGS = Range(
    code="JT904",
    title="a fleet has at least one thing",
    why="The forecast and the rules about abort criteria need the fleet's size.",
    source=GUIDE + "iot-thing-management.html",
    evidence="own",
    minimum=1,
    maximum=None,
    unit="things",
)
RATE = Range(
    code="JT907",
    title="an assumed rate is a fraction from 0 to 1",
    why="It is the share of executions that fail, are rejected or hang, or of things that are offline or keep failing.",
    source="the forecast's assumptions: docs/forecast.md",
    evidence="own",
    minimum=0,
    maximum=1,
    digits=6,
    if_large="; it is a fraction, such as 0.02 for 2 percent",
)
DURATION = Minutes(
    code="JT908",
    title="an assumed time is at most 7 days: an exact time, or a median and a factor",
    why="The longest timeout is 7 days; a median and a factor describe a lognormal distribution, whose median is above "
    "0 and whose factor is above 1.",
    source="the forecast's assumptions: docs/forecast.md",
    evidence="own",
    maximum=10080,
    spread=10,
    fix='write minutes, such as 5, or a median and a factor in quotes, such as "5:2"',
)
STATED_QUOTA = Range(
    code="JT912",
    title="a stated quota is a whole number, 1 or more",
    why="It takes the place of AWS's default, where AWS raised the quota of an account.",
    source="the environment's own quotas, or the option --quota",
    evidence="own",
    minimum=1,
    maximum=_MAX_INTEGER,
)
MAX_HARMED = Range(
    code="JT909",
    title="the number of things that a bad release may fail on is 0 or more",
    why="A rollout that is stopped only after more things have failed is reported.",
    source="the environment's own budget",
    evidence="own",
    minimum=0,
    maximum=None,
    unit="things",
)

"""Every limit at its boundaries. The numbers are repeated here on purpose, as AWS states them."""

import math
from dataclasses import dataclass, field
from typing import Any

import jsonschema
import pytest

from iot_jobs import limits
from iot_jobs.finding import Edit
from iot_jobs.limits import Choice, Count, Limit, Printable, Range, Text
from tests.oracles import ecma

ARN = "arn:aws:iot:eu-west-1:123456789012"
GOV_ARN = "arn:aws-us-gov:iot:us-gov-west-1:123456789012"


@dataclass(frozen=True)
class Row:
    """One limit: what it takes, what it refuses, and its words."""

    name: str
    allowed: str
    accepted: list[Any]
    refused: list[Any] = field(default_factory=list)

    @property
    def limit(self) -> Limit:
        limit = getattr(limits, self.name)
        assert isinstance(limit, Limit)
        return limit


NAME = (["a", "Z", "0", "_", "-", "firmware-update_2", "a" * 64], ["", "a" * 65, "a.b", "a b", "a/b", "a\n", "é", "٣"])

WHOLE_NUMBERS = [
    Row("MAXIMUM_PER_MINUTE", "1 to 1000 things per minute, a whole number", [1, 2, 999, 1000], [-1, 0, 1001]),
    Row("BASE_RATE_PER_MINUTE", "1 to 1000 things per minute, a whole number", [1, 2, 999, 1000], [-1, 0, 1001]),
    Row("NUMBER_OF_THINGS", "1 to 2147483647 things, a whole number", [1, 2, 2**31 - 1], [-1, 0, 2**31]),
    Row("MIN_NUMBER_OF_EXECUTED_THINGS", "1 to 2147483647 things, a whole number", [1, 2, 2**31 - 1], [-1, 0, 2**31]),
    Row("NUMBER_OF_RETRIES", "0 to 10 retries, a whole number", [0, 1, 9, 10], [-1, 11]),
    Row("IN_PROGRESS_TIMEOUT_IN_MINUTES", "1 to 10080 minutes (7 days), a whole number", [1, 10079, 10080], [0, 10081]),
    Row("EXPIRES_IN_SEC", "60 to 3600 seconds, a whole number", [60, 61, 3599, 3600], [0, 59, 3601]),
    Row("DURATION_IN_MINUTES", "1 to 1430 minutes, a whole number", [1, 1429, 1430], [0, 1431]),
    Row("THINGS", "1 or more things, a whole number", [1, 2, 10**12], [-1, 0]),
    Row("STATED_QUOTA", "1 to 2147483647, a whole number", [1, 1000, 2**31 - 1], [-1, 0, 2**31]),
    Row("MAX_HARMED", "0 or more things, a whole number", [0, 1, 10**12], [-1]),
    Row("MAX_DURATION_HOURS", "1 to 17520 hours, a whole number", [1, 2, 17520], [-1, 0, 17521]),
]
DECIMALS = [
    Row(
        "RATE",
        "0 to 1, six digits after the decimal point",
        [0, 0.0, 0.000001, 0.5, 0.999999, 1, 1.0],
        [-1, -0.000001, 0.0000001, 1.000001, 2],
    ),
    Row(
        "INCREMENT_FACTOR",
        "1.1 to 5, one digit after the decimal point",
        [1.1, 1.2, 2, 2.0, 3.7, 4.9, 5, 5.0, 1.1000000000000001],
        [0, 1, 1.0, 1.05, 1.09, 1.11, 1.15, 2.25, 4.99, 5.05, 5.1, 6, -1.1, 0.1 + 1.1],
    ),
    Row(
        "THRESHOLD_PERCENTAGE",
        "above 0, up to 100 percent, two digits after the decimal point",
        [0.01, 0.1, 1, 2.5, 33.33, 99.99, 100, 100.0, 1e-2],
        [0, 0.0, -0.0, -0.01, 0.001, 0.015, 1e-3, 33.333, 99.999, 100.01, 101, 0.1 + 0.2],
    ),
]
TEXTS = [
    Row("TEMPLATE_NAME", "text of 1 to 64 characters, letters, digits, _ and - only", *NAME),
    Row("JOB_ID", "text of 1 to 64 characters, letters, digits, _ and - only", *NAME),
    Row(
        "DESCRIPTION",
        "text of 1 to 2028 characters, no line breaks, tabs or other control characters",
        ["x", " ", "Install a signed image", "é", "日本", "😀", "a\u00a0b", "x" * 2027, "x" * 2028, "é" * 2028],
        [
            "",
            "x" * 2029,
            "a\nb",
            "a\tb",
            "a\r",
            "\x00",
            "\x7f",
            "\x9b",
            "zero\u200bwidth",
            "\ue000",
            "\u0378",
            "\ud800",
        ],
    ),
    Row(
        "JOB_ARN",
        "text of 1 to 2048 characters, arn:<partition>:iot:<region>:<12 digits>:job/<job id>",
        [f"{ARN}:job/a", f"{GOV_ARN}:job/{'a' * 64}"],
        [
            "",
            "foo",
            f"{ARN}:job/",
            f"{ARN}:job/{'a' * 65}",
            f"{ARN}:job/a.b",
            f"{ARN}:job/a\n",
            f"{ARN}:jobtemplate/a",
            f"{ARN}:job/a/b",
            "arn:aws:iot:eu-west-1::job/a",
            "arn:aws:iot:eu-west-1:12345678901:job/a",
            "arn:aws:iot:eu-west-1:1234567890123:job/a",
            "arn:gcp:iot:eu-west-1:123456789012:job/a",
        ],
    ),
    Row(
        "DOCUMENT_SOURCE",
        "text of 1 to 1350 characters, https://<bucket>.s3.<region>.amazonaws.com/<key>, "
        "https://s3.<region>.amazonaws.com/<bucket>/<key> or s3://<bucket>/<key>",
        [
            "https://s3.eu-west-1.amazonaws.com/bucket/key.json",
            "https://s3.amazonaws.com/bucket/a/b.json?versionId=1",
            "https://s3-eu-west-1.amazonaws.com/bucket/key",
            "https://bucket.s3.eu-west-1.amazonaws.com/key",
            "https://bucket.s3.amazonaws.com/key",
            "https://bucket.s3.cn-north-1.amazonaws.com.cn/key",
            "https://s3.us-gov-west-1.amazonaws.com/bucket/key",
            "https://s3.eusc-de-east-1.amazonaws.eu/bucket/key",
            "https://bucket.s3.us-iso-east-1.c2s.ic.gov/key",
            "https://s3.us-isob-east-1.sc2s.sgov.gov/bucket/key",
            "https://bucket.s3.eu-isoe-west-1.cloud.adc-e.uk/key",
            "https://bucket.s3.us-isof-south-1.csp.hci.ic.gov/key",
            "https://my.bucket.s3.amazonaws.com/key",
            "https://1.2.3.4.b.s3.amazonaws.com/key",
            "s3://bucket/a/b.json",
            "https://s3.amazonaws.com/bucket/".ljust(1350, "k"),
        ],
        [
            "",
            "https://s3.amazonaws.com/bucket/".ljust(1351, "k"),
            "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/key",
            "s3://bucket",
            "s3://bucket/",
            "s3://bu/key",
            "s3://Bucket/key",
            "s3://my..bucket/key",
            "s3://1.2.3.4/key",
            "https://1.2.3.4.s3.amazonaws.com/key",
            "https://evilamazonaws.com/bucket/key",
            "https://s3.amazonaws.com.evil.com/bucket/key",
            "https://evil.com?x=.s3.amazonaws.com/key",
            "http://s3.amazonaws.com/bucket/key",
            "https://example.com/key",
            "https://s3.amazonaws.com/bucket",
            "https://s3.amazonaws.com/bucket/",
            "https://bucket.s3.amazonaws.com/",
            "https://s3.amazonaws.com/bucket/a b",
            "https://s3.amazonaws.com/bucket/é",
            "https://s3.amazonaws.com/bucket/key\n",
            "https://s3.amazonaws.com.example.com/bucket/key",
            "https://examples3.amazonaws.com/bucket/key",
            "${aws:iot:s3-presigned-url:https://s3.amazonaws.com/bucket/key}",
        ],
    ),
    Row(
        "PACKAGE_VERSION",
        "text of 1 to 1600 characters, "
        "arn:<partition>:iot:<region>:<12 digits>:package/<name>/version/<version, $default or $null>",
        [
            f"{ARN}:package/a/version/1.0.0",
            f"{ARN}:package/{'p' * 128}/version/{'v' * 64}",
            f"{ARN}:package/a/version/$default",
            f"{GOV_ARN}:package/A_b.c-d/version/$null",
        ],
        [
            "",
            "x",
            f"{ARN}:package/a",
            f"{ARN}:package/a/version/",
            f"{ARN}:package//version/1",
            f"{ARN}:package/{'p' * 129}/version/1",
            f"{ARN}:package/a/version/{'v' * 65}",
            f"{ARN}:package/a/version/1+2",
            f"{ARN}:package/a/version/$latest",
            f"{ARN}:package/a/version/1\n",
        ],
    ),
    Row(
        "TAG_KEY",
        "text of 1 to 128 characters, letters, digits, spaces and _.:/=+-@, not starting with aws:",
        [
            "a",
            "team",
            "é日٣",
            "a b",
            "a\u00a0b",
            "\u1680\u2000\u2028\u2029\u202f\u205f\u3000",
            "_.:/=+-@",
            "awsome",
            "aws",
            "xaws:",
            "k" * 128,
        ],
        ["", "k" * 129, "aws:team", "AWS:team", "Aws:", "a*b", "a\tb", "a\u200bb", "a\u180eb", "a\n", "a&b", "😀"],
    ),
    Row(
        "TAG_VALUE",
        "text of 0 to 256 characters",
        ["", "a", " ", "é日٣", "aws:team", "_.:/=+-@", "O'Brien", "a*b", "a\tb", "a\n", "😀", "v" * 256],
        ["v" * 257],
    ),
    Row(
        "ROLE_ARN",
        "text of 20 to 2048 characters, arn:<partition>:iam::<12 digits>:role/<name>",
        [
            "arn:aws:iam::123456789012:role/a",
            "arn:aws-cn:iam::123456789012:role/path/to/presign",
            "arn:aws:iam::123456789012:role/".ljust(2048, "r"),
        ],
        [
            "",
            "short",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/".ljust(2049, "r"),
            "arn:aws:iam::123456789012:user/presign",
            "arn:aws:iam::12345678901:role/presign",
            "arn:aws:iam:eu-west-1:123456789012:role/presign",
            "arn:aws:iam::123456789012:role/a b",
            "arn:aws:iam::123456789012:role/a\n",
        ],
    ),
    Row(
        "WINDOW_START_TIME",
        "text of 1 to 256 characters, cron(minutes hours day-of-month month day-of-week year), in UTC",
        ["x", "x" * 256],
        ["", "x" * 257],
    ),
    Row(
        "TARGET",
        "text of 1 to 2048 characters, arn:<partition>:iot:<region>:<12 digits>:thing/<name> or thinggroup/<name>",
        [f"{ARN}:thing/a", f"{ARN}:thinggroup/a:b_c-d", f"{ARN}:thing/{'t' * 128}"],
        ["", "a", f"{ARN}:thing/", f"{ARN}:thing/{'t' * 129}", f"{ARN}:thing/a\n", f"{ARN}:job/a", f"{ARN}:thing/a.b"],
    ),
    Row(
        "JOB_TEMPLATE_ARN",
        "text of 1 to 1600 characters, arn:<partition>:iot:<region>:<12 digits, or none>:jobtemplate/<id>",
        [f"{ARN}:jobtemplate/a", f"{ARN}:jobtemplate/{'a' * 64}", "arn:aws:iot:eu-west-1::jobtemplate/AWS-Reboot:1.0"],
        ["", f"{ARN}:job/a", f"{ARN}:jobtemplate/{'a' * 65}", f"{ARN}:jobtemplate/a:1.0", f"{ARN}:jobtemplate/a\n"],
    ),
    Row(
        "PARAMETER_KEY",
        "text of 1 to 128 characters, letters, digits, _ and - only",
        ["a", "pathToHandler", "k" * 128],
        ["", "k" * 129, "a.b", "a b", "a\n", "é"],
    ),
    Row(
        "PARAMETER_VALUE",
        "text of 1 to 30720 characters, no line breaks, tabs or other control characters",
        ["a", "é", "v" * 30720],
        ["", "v" * 30721, "a\n", "a\tb", "\u200b"],
    ),
    Row(
        "SCHEDULE_TIME",
        "16 characters, YYYY-MM-DDThh:mm in UTC",
        ["2030-01-31T02:00", "2030-12-01T23:59"],
        [
            "",
            "2030-01-31",
            "2030-01-31T02:00:00",
            "2030-01-31T02:00Z",
            "2030-01-31 02:00",
            "2030-13-01T02:00",
            "2030-00-01T02:00",
            "2030-01-32T02:00",
            "2030-01-31T24:00",
            "2030-01-31T02:60",
        ],
    ),
    Row(
        "PARAMETER_NAME",
        "text of 2 to 1011 characters, a / and up to 15 parts of letters, digits, ., _ and -, of which the first doesn't "
        "begin with aws or ssm",
        ["/a", "/iot-jobs/prod/reboot", "/a.b_c-1", "/fleet/aws", "/a" * 15, "/" + "a" * 1010, "/ss/m"],
        ["", "/", "a", "a/b", "/a/", "//a", "/a b", "/a\n", "/aws", "/AwSome/a", "/ssm/a", "/a" * 16, "/" + "a" * 1011],
    ),
    Row(
        "ENVIRONMENT_NAME",
        "text of 1 to 64 characters, letters, digits and -, starting with a letter",
        ["a", "prod", "Prod-2", "a" * 64],
        ["", "a" * 65, "2prod", "-prod", "a_b", "a.b", "a b", "prod\n", "é"],
    ),
    Row(
        "ACCOUNT",
        "12 characters, digits, in quotes",
        ["123456789012", "000000000000"],
        ["", "12345678901", "1234567890123", "12345678901a", "1234 5678 90", "12345678901\n", "١٢٣٤٥٦٧٨٩٠١٢"],
    ),
    Row(
        "REGION",
        "text of 9 to 25 characters, such as eu-west-1",
        ["eu-west-1", "ap-southeast-2", "us-gov-west-1", "mx-central-1", "us-isob-east-1", "eusc-de-east-1"],
        ["", "eu-west", "euwest1", "EU-WEST-1", "eu-west-1a", "eu_west_1", "eu-west-1\n", "europe-west-1"],
    ),
]
CHOICES = [
    Row("ABORT_FAILURE_TYPE", "FAILED, REJECTED, TIMED_OUT or ALL", ["FAILED", "REJECTED", "TIMED_OUT", "ALL"], ["XX"]),
    Row("ABORT_ACTION", "CANCEL", ["CANCEL"], ["ABORT", "NONE"]),
    Row("RETRY_FAILURE_TYPE", "FAILED, TIMED_OUT or ALL", ["FAILED", "TIMED_OUT", "ALL"], ["REJECTED", "CANCELED"]),
    Row("TARGET_SELECTION", "CONTINUOUS or SNAPSHOT", ["CONTINUOUS", "SNAPSHOT"], ["ALL"]),
    Row(
        "END_BEHAVIOR",
        "STOP_ROLLOUT, CANCEL or FORCE_CANCEL",
        ["STOP_ROLLOUT", "CANCEL", "FORCE_CANCEL"],
        ["STOP", "CANCELED"],
    ),
]
COUNTS = [
    Row("PACKAGE_VERSIONS", "up to 25 package versions", [[], ["a"] * 24, ("a",) * 25], [["a"] * 26]),
    Row("TAGS", "up to 50 tags", [{}, dict.fromkeys(range(49)), dict.fromkeys(range(50))], [dict.fromkeys(range(51))]),
    Row("ABORT_CRITERIA", "1 or more criteria", [["a"], ["a"] * 100], [[]]),
    Row("RETRY_CRITERIA", "1 to 2 criteria", [["a"], ("a", "a")], [[], ["a"] * 3]),
    Row("WINDOWS", "up to 100 maintenance windows", [[], ["a"], ["a"] * 100], [["a"] * 101]),
    Row("TARGETS", "1 to 100 targets", [["a"], ["a"] * 100], [[], ["a"] * 101]),
]
# Text such as 5:1, with a median or factor out of its bounds, is more than the JSON Schema says: see below.
TIMES = [
    Row(
        "DURATION",
        "0 to 10080 minutes, or text such as 5:2, a median above 0 and a factor above 1, up to 10",
        [0, 0.0, 0.25, 5, 10080, "5:2", "0.5:1.000001", "10080:10", "10080.0:10.0"],
        [-1, -0.5, 10080.5, 10081, "5", ":2", "5:", "5:2:1", "5 : 2", "5:2 ", "-5:2", "1e1:2"],
    )
]
ROWS = [*WHOLE_NUMBERS, *DECIMALS, *TEXTS, *CHOICES, *COUNTS, *TIMES]

# What is never taken, whatever the bounds.
OF_ANOTHER_TYPE: dict[str, list[Any]] = {
    "whole number": [None, True, False, 5.0, 100.0, math.nan, math.inf, "5", "", b"5", [], {}],
    "decimal": [None, True, False, math.nan, math.inf, -math.inf, "2.5", b"2", [], {}],
    "text": [None, True, 5, 5.0, b"aaa", ["a"], {"a": "a"}],
    "choice": [None, True, 1, "", b"ALL", ["ALL"], "all", "All", " ALL", "ALL ", "ALL\n"],
    "count": [None, True, 1, "", "a", b"a", iter("a")],
    "time": [None, True, False, math.nan, math.inf, -math.inf, b"5:2", [], {}, "", "5:2\n", "\u0665:2"],
}
GROUPS = {"whole number": WHOLE_NUMBERS, "decimal": DECIMALS, "text": TEXTS, "choice": CHOICES, "count": COUNTS,
          "time": TIMES}  # fmt: skip
WRONG_TYPES = [(row, OF_ANOTHER_TYPE[kind]) for kind, rows in GROUPS.items() for row in rows]


def test_every_limit_has_a_row() -> None:
    """A new limit comes with its boundaries."""
    declared = {name for name, value in vars(limits).items() if isinstance(value, Limit)}
    assert declared == {row.name for row in ROWS}
    assert len(declared) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_boundaries(row: Row) -> None:
    """Values at a boundary or inside are accepted, values just outside are not."""
    assert [value for value in row.accepted if not row.limit.accepts(value)] == []
    assert [value for value in row.refused if row.limit.accepts(value)] == []


@pytest.mark.parametrize(("row", "values"), WRONG_TYPES, ids=[row.name for row, _ in WRONG_TYPES])
def test_wrong_types(row: Row, values: list[Any]) -> None:
    """No value of another type is accepted: not True for 1, not 5.0 for 5, not text for a list of its letters."""
    assert [value for value in values if row.limit.accepts(value)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_words(row: Row) -> None:
    """The words say what is allowed, with its unit."""
    assert row.limit.allowed == row.allowed


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_findings(row: Row) -> None:
    """A finding has the value, or the number of items, with the words of the limit; a valid value has none."""
    assert [row.limit.check(value) for value in row.accepted] == [None] * len(row.accepted)
    for value in row.refused:
        finding = row.limit.check(value)
        assert finding is not None
        assert finding.rule is row.limit
        assert finding.given == (len(value) if isinstance(row.limit, Count) else value)
        assert (finding.loc, finding.allowed) == ((), row.allowed)
        assert finding.fix


NO_NUMBER = "write a number, without quotes or unit"
REMEDIES: list[tuple[Limit, Any, str, Any]] = [
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, 5.0, "write 5", 5),
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, 15.6, "round it to 16", 16),
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, 10080.4, "round it to 10080", 10080),
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, 0.4, "raise it to 1 or more", None),
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, "15", "write 15, without quotes", 15),
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, "0", "raise it to 1 or more", None),
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, "1,000", "write 1000, without separators", 1000),
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, "100'000", "lower it to 10080 or less", None),
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, "15 min", NO_NUMBER, None),
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, True, NO_NUMBER, None),
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, math.nan, NO_NUMBER, None),
    (limits.IN_PROGRESS_TIMEOUT_IN_MINUTES, math.inf, "lower it to 10080 or less", None),
    (limits.THINGS, math.inf, NO_NUMBER, None),
    (limits.THINGS, -math.inf, "raise it to 1 or more", None),
    (limits.MAXIMUM_PER_MINUTE, 0, "raise it to 1 or more; to notify nothing, don't create the job", None),
    (limits.INCREMENT_FACTOR, 1, "raise it to 1.1 or more", None),
    (limits.INCREMENT_FACTOR, 5.04, "round it to 5.0", 5.0),
    (limits.INCREMENT_FACTOR, 6,
     "lower it to 5 or less; to speed up earlier, lower the number in rate_increase_criteria", None),
    (limits.THRESHOLD_PERCENTAGE, 0, "raise it to 0.01 or more", None),
    (limits.THRESHOLD_PERCENTAGE, 0.001, "raise it to 0.01 or more", None),
    (limits.THRESHOLD_PERCENTAGE, "2.5", "write 2.5, without quotes", 2.5),
    (limits.RATE, 2, "lower it to 1 or less; it is a fraction, such as 0.02 for 2 percent", None),
    (limits.DURATION, -1, "raise it to 0 or more", None),
    (limits.DURATION, 10081, "lower it to 10080 or less", None),
    (limits.DURATION, "5 min", 'write minutes, such as 5, or a median and a factor in quotes, such as "5:2"', None),
    (limits.TEMPLATE_NAME, "", "write a name of letters, digits, _ and - only", None),
    (limits.TEMPLATE_NAME, "a" * 65, "shorten it to 64 or fewer characters", None),
    (limits.TEMPLATE_NAME, 5, 'write "5", in quotes', "5"),
    (limits.TEMPLATE_NAME, 5.5, "write a name of letters, digits, _ and - only", None),
    (limits.TAG_VALUE, True, 'write "true", in quotes', "true"),
    (limits.TAG_VALUE, [], "write text, or remove the tag", None),
    (limits.WINDOW_START_TIME, 2, "write it like cron(0 2 ? * TUE-THU *)", None),
    (limits.ABORT_FAILURE_TYPE, "failed", "write FAILED", "FAILED"),
    (limits.ABORT_FAILURE_TYPE, "TIMEOUT", "write TIMED_OUT", "TIMED_OUT"),
    (limits.ABORT_FAILURE_TYPE, "CANCELED", "choose one of these, in capitals", None),
    (limits.ABORT_FAILURE_TYPE, ["FAILED"], "choose one of these, in capitals", None),
    (limits.END_BEHAVIOR, "STOP", "write STOP_ROLLOUT", "STOP_ROLLOUT"),
    (limits.ABORT_ACTION, ["STOP"], "write CANCEL", "CANCEL"),
    (limits.RETRY_CRITERIA, [], "add a criterion, or remove the retry configuration", None),
    (limits.RETRY_CRITERIA, [1] * 3, "remove criteria: one for each failure type is enough", None),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "value", "fix", "new"), REMEDIES)
def test_remedies(limit: Limit, value: Any, fix: str, new: Any) -> None:
    """A fix is for the value's type, its digits or its size; if only one value can be meant, it is also data."""
    finding = limit.check(value)
    assert finding
    assert (finding.fix, finding.edit) == (fix, None if new is None else Edit("value", new))


@pytest.mark.parametrize("row", [row for row in ROWS if row.name != "TAGS"], ids=lambda row: row.name)
def test_json_schemas(row: Row) -> None:
    """An editor that reads the JSON Schema underlines nothing that is allowed, and what is out of its bounds."""
    valid = jsonschema.Draft202012Validator(ecma.in_python(row.limit.json_schema())).is_valid
    as_json = [list(value) if isinstance(value, tuple) else value for value in row.accepted]
    assert [value for value in as_json if not valid(value)] == []
    # Digits after the point and invisible characters are more than JSON Schema can say.
    if isinstance(row.limit, Range | Choice | Count):
        below_or_above = [value for value in row.refused if isinstance(value, int | list | str)]
        assert [value for value in below_or_above if valid(value)] == []
    elif not isinstance(row.limit, Printable):
        assert [value for value in row.refused if isinstance(value, str) and "\n" not in value and valid(value)] == []


def test_declarations() -> None:
    """Numbers that are in no limit of their own are those that AWS documents, or that were measured."""
    assert limits.MAX_DOCUMENT_BYTES == 32768
    assert limits.MAX_PLACEHOLDERS == 10
    assert limits.DEFAULT_EXPIRES_IN_SEC == 3600
    assert limits.DEFAULT_MAXIMUM_PER_MINUTE == 1000


def test_bounds_within_a_time() -> None:
    """A spread time has a median above 0 and a factor above 1, each up to its bound."""
    refused = ["0:2", "0.0:2", "10080.1:2", "10081:2", "5:1", "5:1.0", "5:0.5", "5:10.1", "5:11"]
    assert [text for text in refused if limits.DURATION.accepts(text)] == []


def test_text_without_a_pattern() -> None:
    """Without a pattern the length alone counts."""
    text = Text(code="JT998", title="t", why="w.", source="s", evidence="own", fix="f", minimum=0, maximum=2)
    assert [text.accepts(value) for value in ("", "\n\n", "abc")] == [True, True, False]
    assert text.allowed == "text of 0 to 2 characters"

"""Single values, valid and not, close to the limits that AWS sets."""

import json

ACCOUNT = "123456789012"
REGION = "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/presign"
JOB_ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}:job/basis"
BUCKET = "documents"
THING = f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/pump"
GROUP = f"arn:aws:iot:{REGION}:{ACCOUNT}:thinggroup/pumps"
MANAGED = f"arn:aws:iot:{REGION}::jobtemplate/AWS-Reboot:1.0"
TEMPLATE_ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}:jobtemplate/reboot"

URL = f"https://{BUCKET}.s3.{REGION}.amazonaws.com/job.json"
PATH_URL = f"https://s3.{REGION}.amazonaws.com/{BUCKET}/job.json"
PACKAGE = f"arn:aws:iot:{REGION}:{ACCOUNT}:package/firmware/version/"

# One character of each general category of Unicode (of C all five kinds), and the marks that placeholders know.
ODD_CHARACTERS = (
    'ǅʰア\u0301\u0903\u20dd\u0667Ⅷ²_-)«»*+$^¦\u00a0\u2028\u2029\n\x7f\u200b\ud800\ue000\uffff😀\U000e0001./:@=%{"<&~'
)
LENGTHS = (64, 65, 128, 129, 256, 257, 1350, 1351, 1600, 1601, 2028, 2029, 2048, 2049, 30720, 30721)
WHOLE_NUMBERS = (
    -1, 0, 1, 2, 4, 5, 6, 9, 10, 11, 59, 60, 61, 100, 999, 1000, 1001, 1429, 1430, 1431, 1440, 3599, 3600, 3601,
    10079, 10080, 10081, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**30,
)  # fmt: skip
NUMBERS = (
    -5.0, -0.0, 0.0, 1e-7, 0.001, 0.005, 0.01, 0.1, 0.29, 0.5, 0.99, 1.0, 1.05, 1.09, 1.1, 1.11, 1.15, 1.2, 1.3,
    2.5, 4.35, 4.9, 4.99, 5.0, 5.01, 5.1, 9.999, 33.33, 99.99, 99.995, 99.999, 100.0, 100.001, 100.01, 1e2, 1e16,
    1e300,
)  # fmt: skip


def sized(length: int, character: str = "x") -> str:
    """A document of that many characters."""
    return '{"a":"' + character * (length - 8) + '"}'


def deep(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def holding(*texts: str) -> str:
    return json.dumps({str(number): text for number, text in enumerate(texts)}, ensure_ascii=False)


PRESIGNED, PRESIGNED_V2 = f"${{aws:iot:s3-presigned-url:{URL}}}", f"${{aws:iot:s3-presigned-url-v2:{PATH_URL}}}"
PACKAGE_PLACEHOLDER = "${aws:iot:package:firmware:version:1.0:attributes:url}"

DOCUMENTS = (
    "{}", '{"a":1}', '{ "a" : [1, 2.50, 1e3, null, "\\u00e9"] }', sized(32767), sized(32768), sized(10922, "é"),
    holding(PRESIGNED), holding(PRESIGNED_V2), holding(PRESIGNED, PRESIGNED_V2), deep(60),
    holding(f"${{aws:iot:s3-presigned-url-upload:https://{BUCKET}.s3.{REGION}.amazonaws.com/${{thingName}}}}"),
    holding(PACKAGE_PLACEHOLDER),
)  # fmt: skip
ODD_DOCUMENTS = (
    "", " ", "hello", "1", "[]", "null", '"text"', "{}\ufeff", "\ufeff{}", "{} {}", '{"a":1,}', '{"a":NaN}',
    '{"a":-Infinity}', '{"a":1,"a":2}', "{'a':1}", '{"a":"\n"}', '{"a":"\ud800"}', '{"a":"\\ud800"}',
    '{"a":"\\udc00\\ud800"}', '{"a":01}', '{"a":"\x00"}', '{"a":"\\u0000"}', "\u00a0{}", "{}\n", "\x0b{}",
    sized(32769), sized(32768, "é"), sized(16388, "é"), deep(500), deep(900), deep(1001),
    deep(5000), "[" * 3000, '{"a":' + "9" * 5000 + "}",
    holding("${aws:iot:s3-presigned-url:https://example.com/a}"), holding("${aws:iot:s3-presigned-url:"),
    holding("${aws:iot:s3-presigned-url:s3://documents/job.json}"), holding("${aws:iot:s3-presigned-url:}"),
    holding(f"${{aws:iot:s3-presigned-url-v2:{PATH_URL}?versionId=1}}"),
    holding(f"${{aws:iot:s3-presigned-url-v2:{PATH_URL} b}}"),
    holding(f"${{aws:iot:s3-presigned-url:https://{BUCKET}.s3.amazonaws.com/}}"),
    holding(f"${{aws:iot:s3-presigned-url:https://{BUCKET}.s3.amazonaws.com/?versionId=1}}"),
    holding(f"${{aws:iot:s3-presigned-url:https://{BUCKET}.s3.notamazonaws.com/job.json}}"),
    holding(f"${{aws:iot:s3-presigned-url-v2:https://{BUCKET}.s3.dualstack.{REGION}.amazonaws.com/job.json}}"),
    holding(f"${{aws:iot:s3-presigned-url-v2:https://s3.amazonaws.com/{BUCKET}/}}"),
    holding("${aws:iot:parameter:version}"), holding("${aws:iot:unknown:x}"), holding("${aws:other}"),
    holding("${aws:iot:package:other:version:1.0:attributes:url}"),
    holding("${aws:iot:package::version::attributes:url}"),
    holding("${aws:iot:package:firmware:version:$null:attributes:url}"),
    holding("a${aws:iot:package:firmware:version:1.0:attributes}"),
    holding(*[PRESIGNED] * 10), holding(*[PRESIGNED] * 11),
    holding("${aws:iot:s3-presigned-url:${aws:iot:s3-presigned-url:x}}"),
    holding(f"${{aws:iot:s3-presigned-url-upload:https://{BUCKET}.s3.{REGION}.amazonaws.com/{'${jobId}' * 3}}}"),
    json.dumps({PRESIGNED: 1}),
)  # fmt: skip
SOURCES = (
    URL, PATH_URL, f"https://s3.amazonaws.com/{BUCKET}/job.json", f"https://{BUCKET}.s3.amazonaws.com/job.json",
    f"https://{BUCKET}.s3-{REGION}.amazonaws.com/a/b%20c.json",
)  # fmt: skip
ODD_SOURCES = (
    f"s3://{BUCKET}/job.json", f"http://{BUCKET}.s3.amazonaws.com/job.json", "https://example.com/job.json",
    f"${{aws:iot:s3-presigned-url:{URL}}}", f"https://{BUCKET}.s3.amazonaws.com/",
    f"https://{BUCKET}.s3.amazonaws.com", f"https://s3.amazonaws.com/{BUCKET}",
    f"https://s3.amazonaws.com/{BUCKET}/", f"https://s3.amazonaws.com/{BUCKET}/?versionId=1",
    f"https://{BUCKET}.s3.amazonaws.com/?versionId=1", f"https://{BUCKET}.s3.amazonaws.com/#a",
    "https://s3.notamazonaws.com/documents/job.json", "https://documents.s3.notamazonaws.com/job.json",
    "https://documents.s3-.amazonaws.com/job.json",
    f"https://{BUCKET}.s3.dualstack.{REGION}.amazonaws.com/job.json",
    f"https://{BUCKET}.s3.cn-north-1.amazonaws.com.cn/job.json", f"https://{BUCKET}.s3.amazonaws.com/a b",
    f"https://{BUCKET}.s3.amazonaws.com/é", f"https://{BUCKET}.s3.amazonaws.com:443/job.json",
    f"https://user@{BUCKET}.s3.amazonaws.com/job.json", f"HTTPS://{BUCKET}.s3.amazonaws.com/job.json",
    f"{URL}?versionId=1",
)  # fmt: skip
CRONS = (
    "cron(0 2 ? * MON *)", "cron(0 2 ? * WED *)", "cron(30 12 1 1 ? 2027)", "cron(0 0 ? * 3#2 *)",
    "cron(0 22 L * ? *)", "cron(*/30 * * * ? *)", "cron(* * * * ? *)",
)  # fmt: skip
ODD_CRONS = (
    "cron(0 2 * * * *)", "cron(0 2 * * ?)", "cron(60 2 ? * MON *)", "rate(1 day)", "2027-01-01T02:00:00Z",
    "0 2 ? * MON *", "cron(0 2 30 2 ? *)", "cron(0 2 ? * mon *)", " cron(0 2 ? * MON *)", "CRON(0 2 ? * MON *)", "",
    "cron()", "garbage",
)  # fmt: skip
ARNS = (
    ROLE, JOB_ARN, THING, GROUP, MANAGED, TEMPLATE_ARN, f"{PACKAGE}1.0", f"{PACKAGE}$default", f"{PACKAGE}$null",
    f"arn:aws-us-gov:iam::{ACCOUNT}:role/path/to/role", f"arn:aws:iam::{ACCOUNT}:user/somebody",
    "arn:aws:iam::1:role/x", "arn:aws:s3:::a", "arn:", "short", f"{PACKAGE}",
    f"arn:aws:iot:{REGION}:{ACCOUNT}:job/", f"arn:aws:iot:{REGION}:{ACCOUNT}:job/a.b",
    f"arn:aws:iam::{ACCOUNT}:role/", f"arn:aws:iam::{ACCOUNT}:role/a b", f"arn:AWS:iam::{ACCOUNT}:role/presign",
    f"arn:aws:iot::{ACCOUNT}:thing/pump",
)  # fmt: skip
TIMES = (
    "2030-01-01T00:00", "2030-01-01T00:29", "2030-01-01T00:30", "2031-12-31T00:00", "2031-12-31T23:59",
    "2032-01-01T00:01",
)  # fmt: skip
ODD_TIMES = ("2030-01-01T00:00:00", "2030-01-01T00:00Z", "2030-01-01", "2030-02-30T00:00", "2030-1-1T0:0", "now", "")

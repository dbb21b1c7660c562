"""The placeholders of a job document: which are found, and what is wrong with them."""

from typing import Any

import pytest

from iot_jobs.documents.placeholders import Placeholder, placeholders, problems
from iot_jobs.finding import Location
from iot_jobs.limits import MAX_PLACEHOLDERS

URL = "https://s3.eu-west-1.amazonaws.com/bucket"
V2 = "${aws:iot:s3-presigned-url-v2:" + URL + "/%s}"
UPLOAD = "${aws:iot:s3-presigned-url-upload:" + URL + "/%s}"
PACKAGE = "${aws:iot:package:%s}"


def codes(value: object) -> list[tuple[str, Location]]:
    return [(finding.code, finding.loc) for finding in problems(tuple(placeholders(value)))]


FOUND: list[tuple[str, Any, list[tuple[str, str, Location]]]] = [
    ("none", {"a": "plain", "b": 5, "c": None, "d": ["${SHELL}", "$name", "{{m}}", "${}"]}, []),
    ("one", {"a": V2 % "k"}, [("s3-presigned-url-v2", URL + "/k", ("a",))]),
    ("inside text", "x ${aws:iot:parameter:p} y", [("parameter", "p", ())]),
    (
        "two in a text",
        ["${aws:iot:parameter:a}-${aws:iot:parameter:b}"],
        [("parameter", "a", (0,)), ("parameter", "b", (0,))],
    ),
    ("in a key", {"${aws:iot:parameter:k}": 1}, [("parameter", "k", ("${aws:iot:parameter:k}",))]),
    (
        "in the document's order",
        {"b": ["${aws:iot:parameter:1}"], "a": {"c": "${aws:iot:parameter:2}"}},
        [("parameter", "1", ("b", 0)), ("parameter", "2", ("a", "c"))],
    ),
    (
        "outer before inner",
        "${aws:iot:code-sign-signature:${aws:iot:parameter:k}}",
        [("code-sign-signature", "${aws:iot:parameter:k}", ()), ("parameter", "k", ())],
    ),
    (
        "braces of others inside",
        UPLOAD % "${thingName}/${jobId}.log",
        [("s3-presigned-url-upload", URL + "/${thingName}/${jobId}.log", ())],
    ),
    ("without an argument", "${aws:iot:package}", [("package", "", ())]),
    ("of another service", "${aws:s3:bucket}", [("s3:bucket", "", ())]),
    ("not closed", "${aws:iot:parameter:p", [("parameter", "p", ())]),
]


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
def test_found(value: object, expected: list[tuple[str, str, Location]]) -> None:
    """Every ${aws:...} is found with kind, argument and place, in keys too; what others wrote in braces is text."""
    found = [(one.kind, one.argument, one.loc) for one in placeholders(value)]
    assert [(kind, argument if kind != "s3:bucket" else "", loc) for kind, argument, loc in found] == expected


def test_flags() -> None:
    """A placeholder knows whether it is all of its text, whether it is inside another, and whether it is closed."""
    inside, alone, outer, inner, cut = placeholders(
        ["x${aws:iot:parameter:a}", "${aws:iot:parameter:b}", "${aws:iot:x:${aws:iot:y}}", "${aws:iot:z"]
    )
    assert [(one.whole, one.inner, one.closed) for one in (inside, alone, outer, inner, cut)] == [
        (False, False, True),
        (True, False, True),
        (True, False, True),
        (False, True, True),
        (True, False, False),
    ]


PRESIGNED = [
    (V2 % "k", True),
    ("${aws:iot:s3-presigned-url:" + URL + "/k}", True),
    ("${aws:iot:s3-presigned-url-v1:" + URL + "/k}", True),
    (UPLOAD % "k", True),
    (PACKAGE % "p:version:1:artifact:s3-presigned-url", True),
    (PACKAGE % "p:version:1:artifact-location:s3-presigned-url", True),
    (PACKAGE % "p:version:1:attributes:s3", False),
    ("${aws:iot:parameter:p}", False),
    ("${aws:iot:code-sign-signature:s3://a/b@3}", False),
]


@pytest.mark.parametrize(("text", "expected"), PRESIGNED)
def test_presigned(text: str, expected: bool) -> None:
    """URLs of downloads, uploads and package artifacts are signed, and need a role."""
    (placeholder,) = placeholders(text)
    assert placeholder.presigned is expected


PACKAGES = [
    (PACKAGE % "p:version:1.0:attributes:url", ("p", "1.0")),
    (PACKAGE % "p:version:1.0:attributes", ("p", "1.0")),
    (PACKAGE % "p:version:$default:attributes:url", ("p", "$default")),
    (PACKAGE % ":version::attributes:url", ("", "")),
    (PACKAGE % "p:version:1:artifact:s3-presigned-url", ("p", "1")),
    (PACKAGE % "p", None),
    (PACKAGE % "p:version:1", None),
    ("${aws:iot:parameter:p}", None),
]


@pytest.mark.parametrize(("text", "expected"), PACKAGES)
def test_package(text: str, expected: tuple[str, str] | None) -> None:
    """A package placeholder names package and version, or leaves both empty."""
    (placeholder,) = placeholders(text)
    assert placeholder.package == expected


SOUND = [
    "plain text",
    "${SHELL} and ${thingName}",
    "${aws:iot:s3-presigned-url:https://s3.amazonaws.com/bucket/a key with blanks}",
    "${aws:iot:s3-presigned-url-v1:https://bucket.s3.amazonaws.com/key}",
    V2 % "key",
    V2 % "a/b/c-._~!*'().bin",
    V2 % "a%20b%2Bc%3FversionId%3D1",
    "${aws:iot:s3-presigned-url-v2:https://bucket.s3.cn-north-1.amazonaws.com.cn/key}",
    "curl '" + V2 % "key" + "'",
    UPLOAD % "${thingName}/${jobId}/${executionNumber}.log",
    UPLOAD % "${thingName}/${thingName}",
    "${aws:iot:s3-presigned-url-upload:" + URL + "}",
    "${aws:iot:s3-presigned-url-upload:" + URL + "/}",
    "${aws:iot:s3-presigned-url:s3://bucket/key}",
    "${aws:iot:s3-presigned-url-v2:https://s3.us-iso-east-1.c2s.ic.gov/bucket/key}",
    "${aws:iot:s3-presigned-url-upload:s3://bucket/${jobId}}",
    "${aws:iot:s3-presigned-url-upload:https://bucket.s3.eusc-de-east-1.amazonaws.eu}",
    "${aws:iot:s3-presigned-url:" + URL + "/${board}.img}",
    "${aws:iot:code-sign-signature:s3://eu-west-1.bucket/key@3}",
    "${aws:iot:parameter:pathToHandler}",
    PACKAGE % "p:version:1.0.0:attributes:url",
    PACKAGE % "p:version:1.0.0:attributes",
    PACKAGE % "p:version:$default:attributes:url",
    PACKAGE % "p:version:1.0.0:attributes:fw:url",
    PACKAGE % ":version::attributes",
    "at " + PACKAGE % "p:version:1:attributes:url",
    PACKAGE % "p:version:1:artifact:s3-presigned-url",
    PACKAGE % "p:version:1:artifact-location:s3-presigned-url",
    "${aws:iot:s3-presigned-url-v2:${Token[TOKEN.1]}}",
    V2 % "${Token[TOKEN.1]}",
]


@pytest.mark.parametrize("text", SOUND)
def test_nothing_to_report(text: str) -> None:
    """What AWS documents is accepted, and the value of a token is not checked."""
    assert codes({"a": text}) == []


WRONG = [
    # not closed
    ("${aws:iot:parameter:p", ["JT510"]),
    ("${aws:", ["JT510"]),
    (V2 % "k" + " ${aws:iot:parameter:${p}", ["JT510"]),
    # unknown
    ("${aws:iot:s3-presigned-url-v3:" + URL + "/k}", ["JT561"]),
    ("${aws:iot:thingName}", ["JT561"]),
    ("${aws:region}", ["JT561"]),
    # URLs
    ("${aws:iot:s3-presigned-url:http://s3.amazonaws.com/bucket/key}", ["JT513"]),
    ("${aws:iot:s3-presigned-url:s3://bucket/}", ["JT513"]),
    ("${aws:iot:s3-presigned-url:s3://bucket}", ["JT513"]),
    ("${aws:iot:s3-presigned-url:https://evilamazonaws.com/bucket/key}", ["JT513"]),
    ("${aws:iot:s3-presigned-url:https://evil.com?x=.s3.amazonaws.com/key}", ["JT513"]),
    ("${aws:iot:s3-presigned-url:https://s3.amazonaws.com.evil.com/bucket/key}", ["JT513"]),
    ("${aws:iot:s3-presigned-url:https://s3.amazonaws.com/My BUCKET!/key}", ["JT513"]),
    ("${aws:iot:s3-presigned-url:https://s3.amazonaws.com/${bucket}/key}", ["JT513"]),
    ("${aws:iot:s3-presigned-url-upload:https://evilamazonaws.com/x}", ["JT513"]),
    ("${aws:iot:s3-presigned-url-upload:https://evil.com?x=.s3.amazonaws.com/key}", ["JT513"]),
    ("${aws:iot:s3-presigned-url-upload:https://s3.amazonaws.com//key}", ["JT513"]),
    ("${aws:iot:s3-presigned-url-upload:https://s3.amazonaws.com/My_BUCKET}", ["JT513"]),
    ("${aws:iot:s3-presigned-url:" + URL + "}", ["JT513"]),
    ("${aws:iot:s3-presigned-url:" + URL + "/}", ["JT513"]),
    ("${aws:iot:s3-presigned-url}", ["JT513"]),
    ("${aws:iot:s3-presigned-url:https://example.com/bucket/key}", ["JT513"]),
    (V2 % "a b", ["JT513"]),
    (V2 % "a+b", ["JT513"]),
    (V2 % "a%2", ["JT513"]),
    (V2 % "a%2Fb", ["JT513"]),
    (V2 % "a%2fb", ["JT513"]),
    (V2 % "a%3FversionId%3D", ["JT513"]),
    (V2 % "key?versionId=1", ["JT513"]),
    (V2 % "\u00e9", ["JT513"]),
    ("${aws:iot:s3-presigned-url-upload:http://s3.amazonaws.com/bucket}", ["JT513"]),
    # local placeholders
    (UPLOAD % "${thingName}/${thingName}/${thingName}", ["JT517"]),
    (UPLOAD % "${deviceName}.log", ["JT517"]),
    (UPLOAD % "${thingName}/${}", ["JT517"]),
    ("${aws:iot:s3-presigned-url-upload:https://s3.amazonaws.com/logs-${deviceName}/a}", ["JT517"]),
    ("${aws:iot:s3-presigned-url-upload:https://${thingName}.s3.amazonaws.com/a}", ["JT517"]),
    ("${aws:iot:s3-presigned-url:" + URL + "/${thingName}}", ["JT517"]),
    ("${aws:iot:s3-presigned-url-upload:https://s3.amazonaws.com/${thingName}/${jobId}}", ["JT517"]),
    # packages
    (PACKAGE % "p", ["JT514"]),
    (PACKAGE % "p:version:1", ["JT514"]),
    (PACKAGE % "p:version:1:attribute:url", ["JT514"]),
    (PACKAGE % "p:version:1:attributes:", ["JT514"]),
    (PACKAGE % "p:version:$latest:attributes:url", ["JT514"]),
    (PACKAGE % "p:version:$null:attributes:url", ["JT514"]),
    (PACKAGE % "p:version::attributes:url", ["JT514"]),
    (PACKAGE % ":version:1:attributes:url", ["JT514"]),
    (PACKAGE % (("p" * 129) + ":version:1:attributes:url"), ["JT514"]),
    ("at " + PACKAGE % "p:version:1:attributes", ["JT514"]),
    (PACKAGE % ":version:$null:attributes" + ".", ["JT514", "JT514", "JT514"]),
    # one in another
    ("${aws:iot:parameter:${aws:iot:parameter:p}}", ["JT516"]),
    (V2 % "${aws:iot:parameter:p}", ["JT516"]),
]


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_problems(text: str, expected: list[str]) -> None:
    """Each error in a placeholder is reported at its place."""
    assert codes({"a": [text]}) == [(code, ("a", 0)) for code in expected]


def test_code_signature_inside_a_url() -> None:
    """A code signature is the only placeholder that may be inside a presigned URL."""
    text = "${aws:iot:s3-presigned-url:" + URL + "/${aws:iot:code-sign-signature:s3://a.b/c@3}}"
    assert "JT516" not in [code for code, _ in codes(text)]


@pytest.mark.parametrize(("count", "expected"), [(0, []), (9, []), (10, []), (11, ["JT511"]), (12, ["JT511"])])
def test_number_of_placeholders(count: int, expected: list[str]) -> None:
    """Ten placeholders are accepted, and the finding about too many is at the eleventh, however many follow."""
    found = codes({str(index): "${aws:iot:parameter:p}" for index in range(count)})
    assert found == [(code, (str(MAX_PLACEHOLDERS),)) for code in expected]


def test_placeholders_in_one_text_count() -> None:
    """Placeholders are counted one by one, also within one text."""
    assert codes("${aws:iot:parameter:p}" * 11) == [("JT511", ())]


FIXES = [
    (V2 % "a b+c\u00e9?versionId=1", "percent-encode the key: a%20b%2Bc%C3%A9%3FversionId%3D1"),
    (V2 % "a \ud800", "percent-encode the key"),  # half of a surrogate pair has no form in UTF-8
    ("${aws:iot:s3-presigned-url:https://example.com/a}", "write the object's https URL"),
    ("${aws:iot:parameter:p", "add the }"),
]


@pytest.mark.parametrize(("text", "fix"), FIXES)
def test_fixes(text: str, fix: str) -> None:
    """A fix says what to write, ready to be copied."""
    (finding,) = problems(tuple(placeholders(text)))
    assert (finding.given, finding.fix) == (text, fix)


@pytest.mark.parametrize(
    "key", ["a b+c\u00e9/d?versionId=1", "a%2Fb", "100%/a%20b", "a%", "a%3FversionId%3D", "a?versionId="]
)
def test_a_mended_key_is_taken(key: str) -> None:
    """The key that the fix proposes is accepted."""
    (finding,) = problems(tuple(placeholders(V2 % key)))
    better = finding.fix.removeprefix("percent-encode the key: ")
    assert codes(V2 % better) == []


def test_placeholder_is_a_value() -> None:
    """Two placeholders of the same text at the same place are equal."""
    assert list(placeholders("${aws:iot:parameter:p}")) == [Placeholder("${aws:iot:parameter:p}", "parameter", "p", ())]


NEAREST = [
    ("${aws:iot:s3-presignd-url:https://a}", "write ${aws:iot:s3-presigned-url"),
    ("${aws:iot:s3-presigned-url-v3:https://a}", "write ${aws:iot:s3-presigned-url-v2"),
    ("${aws:iot:code-sign-signatur:a}", "write ${aws:iot:code-sign-signature"),
    ("${aws:s3-presigned-url:https://a}", "write ${aws:iot:s3-presigned-url"),
    ("${aws:iott:s3-presigned-url:https://a}", "write ${aws:iot:s3-presigned-url"),
    ("${aws:iot:parametr:a}", "write ${aws:iot:parameter"),
    ("${aws:iot:thingName}", "correct the name, or remove aws: if it is plain text"),
    ("${aws:region}", "correct the name, or remove aws: if it is plain text"),
    ("${aws:}", "correct the name, or remove aws: if it is plain text"),
]


@pytest.mark.parametrize(("text", "fix"), NEAREST)
def test_nearest_kind(text: str, fix: str) -> None:
    """A misspelt placeholder names the kind that is most like it."""
    (finding,) = problems(tuple(placeholders({"a": text})))
    assert (finding.code, finding.given, finding.fix) == ("JT561", text, fix)

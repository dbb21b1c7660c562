"""Values set on the command line, merged into whole members."""

from __future__ import annotations

from typing import Any

import pytest

from iot_jobs.finding import FindingsError
from iot_jobs.jobs import ON_UPDATE, as_request, checked, merged, parse_setting, parse_target
from iot_jobs.jobs.targets import Target

EXPONENTIAL = {
    "base_rate_per_minute": 20,
    "increment_factor": 1.5,
    "rate_increase_criteria": {"number_of_succeeded_things": 500},
}
MEMBERS: dict[str, Any] = {
    "description": "Update",
    "rollout": {"maximum_per_minute": 500, "exponential_rate": EXPONENTIAL},
    "abort": {
        "criteria": [
            {"failure_type": "FAILED", "threshold_percentage": 2.5, "min_number_of_executed_things": 200},
            {"failure_type": "ALL", "threshold_percentage": 10, "min_number_of_executed_things": 100},
        ]
    },
    "timeout": {"in_progress_timeout_in_minutes": 60},
}


def setting(*texts: str) -> dict[str, Any]:
    return merged(MEMBERS, map(parse_setting, texts))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), {}),
        (
            ("rollout.maximum_per_minute=50",),
            {"rollout": {"maximum_per_minute": 50, "exponential_rate": EXPONENTIAL}},
        ),
        (("rollout.exponential_rate=null",), {"rollout": {"maximum_per_minute": 500}}),
        (
            ("rollout.exponential_rate=null", "rollout.maximum_per_minute=1"),
            {"rollout": {"maximum_per_minute": 1}},
        ),
        (('retry={"criteria": []}',), {"retry": {"criteria": []}}),
        (
            ("abort.criteria[ALL].threshold_percentage=5",),
            {
                "abort": {
                    "criteria": [MEMBERS["abort"]["criteria"][0], MEMBERS["abort"]["criteria"][1] | {"threshold_percentage": 5}]
                }
            },
        ),
        (("abort.criteria[ALL]=null",), {"abort": {"criteria": [MEMBERS["abort"]["criteria"][0]]}}),
        (("presigned_url.expires_in_sec=60",), {"presigned_url": {"expires_in_sec": 60}}),
        (("timeout=null",), {"timeout": None}),
        (("description=Update = all",), {"description": "Update = all"}),
        (("description=",), {"description": ""}),
    ],
)  # fmt: skip
def test_merged(texts: tuple[str, ...], expected: dict[str, Any]) -> None:
    """A member that is touched is whole, with what was there; others are left out, and nothing is changed in place."""
    before = repr(MEMBERS)
    assert setting(*texts) == expected
    assert repr(MEMBERS) == before


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("rollout", "rollout"),
        ("=5", "=5"),
        ("rolout.maximum_per_minute=5", "rolout"),
        ("rollout.maximum=5", "maximum"),
        ("targets=[]", "targets"),
        ("description.text=x", "description.text"),
        ("abort.criteria[TIMED_OUT].threshold_percentage=1", "abort.criteria[TIMED_OUT].threshold_percentage"),
    ],
)
def test_unknown_paths(text: str, given: str) -> None:
    """A path that doesn't exist is a finding that names what does."""
    with pytest.raises(FindingsError) as error:
        setting(text)
    (finding,) = error.value.findings
    assert (finding.given, bool(finding.allowed)) == (given, True)


def test_only_what_an_update_takes() -> None:
    """An update doesn't take package versions."""
    with pytest.raises(FindingsError):
        merged({}, [parse_setting("destination_package_versions=[]")], allowed=ON_UPDATE)


@pytest.mark.parametrize(
    ("members", "codes"),
    [
        ({"rollout": {"maximum_per_minute": 1}}, []),
        ({"rollout": {"maximum_per_minute": 0}}, ["JT201"]),
        ({"rollout": {}}, ["JT205"]),
        ({"timeout": {"in_progress_timeout_in_minutes": 10080}}, []),
        ({"timeout": {"in_progress_timeout_in_minutes": 10081}}, ["JT410"]),
        ({"description": "a\nb", "retry": {"criteria": []}}, ["JT102", "JT403"]),
        ({"timeout": None}, []),
        ({}, []),
    ],
)
def test_checked(members: dict[str, Any], codes: list[str]) -> None:
    """Whole members are checked by the rules of templates and jobs, all at once."""
    assert sorted(finding.code for finding in checked(members)) == codes


def test_request() -> None:
    """A member has the API's spelling of a job, and a removed one isn't sent."""
    assert as_request({"rollout": MEMBERS["rollout"], "retry": {"criteria": [{"failure_type": "FAILED", "number_of_retries": 0}]}}) == {
        "jobExecutionsRolloutConfig": {
            "maximumPerMinute": 500,
            "exponentialRate": {
                "baseRatePerMinute": 20,
                "incrementFactor": 1.5,
                "rateIncreaseCriteria": {"numberOfSucceededThings": 500},
            },
        },
        "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 0}]},
    }  # fmt: skip


ARN = "arn:aws:iot:eu-west-1:123456789012:"


@pytest.mark.parametrize(
    ("text", "target", "shown"),
    [
        ("gateway-1", Target("gateway-1"), "gateway-1"),
        ("thing/a:b", Target("a:b", "thing"), "thing a:b"),
        ("group/canary", Target("canary", "thinggroup"), "group canary"),
        ("thinggroup/canary", Target("canary", "thinggroup"), "group canary"),
        (f"{ARN}thing/x", Target("x", "thing", f"{ARN}thing/x"), "thing x"),
        (f"{ARN}thinggroup/x", Target("x", "thinggroup", f"{ARN}thinggroup/x"), "group x"),
        ("x" * 128, Target("x" * 128), "x" * 128),
    ],
)
def test_targets(text: str, target: Target, shown: str) -> None:
    """A target is a name, a name with its kind, or an ARN."""
    assert (parse_target(text), str(parse_target(text))) == (target, shown)


@pytest.mark.parametrize("text", ["", "a b", "x" * 129, "groups/x", "/x", "a/b/c", f"{ARN}job/x", "thing/"])
def test_no_targets(text: str) -> None:
    """Anything else is refused before AWS is asked."""
    with pytest.raises(FindingsError):
        parse_target(text)

"""Hypothesis strategies: valid job templates over every field, and values that only CloudFormation will know."""

import string
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from iot_jobs import (
    AbortConfig,
    AbortCriterion,
    ExponentialRate,
    JobDocument,
    JobTemplateSpec,
    MaintenanceWindow,
    PresignedUrlConfig,
    RateIncreaseCriteria,
    RetryConfig,
    RetryCriterion,
    RolloutConfig,
    TimeoutConfig,
    limits,
)

ACCOUNT = "123456789012"
WORD = string.ascii_letters + string.digits + "_-"
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
DAY = 24 * 60

regions = st.sampled_from(["eu-west-1", "us-east-1", "ap-southeast-2"])
names = st.text(WORD, min_size=1, max_size=64)
printable = st.text(st.characters(exclude_categories=["C"], exclude_characters="$"), min_size=1, max_size=40)
tag_text = st.text(string.ascii_letters + string.digits + " _.:/=+-@é日٣", min_size=1, max_size=20)
json_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="$"), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | json_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(json_text, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def package_versions(draw: DrawFn) -> str:
    """The ARN of a package version."""
    version = draw(st.sampled_from(["$default", "$null"]) | st.text(WORD + ".", min_size=1, max_size=64))
    package = draw(st.text(WORD + ".", min_size=1, max_size=20))
    return f"arn:aws:iot:{draw(regions)}:{ACCOUNT}:package/{package}/version/{version}"


@st.composite
def documents(draw: DrawFn, destinations: list[str], presigned: bool) -> JobDocument:
    """A document, with placeholders for these package versions, and for URLs where they can be signed."""
    placeholders = ["${SHELL}", "${aws:iot:code-sign-signature:s3://eu-west-1.bucket/key@3}"]
    for arn in destinations:
        package, _, version = arn.partition(":package/")[2].partition("/version/")
        if version != "$null":
            placeholders.append(f"${{aws:iot:package:{package}:version:{version}:attributes:url}}")
    if presigned:
        placeholders.append("${aws:iot:s3-presigned-url-v2:https://s3.eu-west-1.amazonaws.com/bucket/a%20b}")
        placeholders.append("${aws:iot:s3-presigned-url-upload:https://s3.amazonaws.com/bucket/${thingName}}")
    document = draw(st.dictionaries(json_text, json_values, max_size=4))
    return JobDocument.inline(document | {"placeholders": draw(st.lists(st.sampled_from(placeholders), max_size=5))})


@st.composite
def rollouts(draw: DrawFn) -> RolloutConfig:
    """A constant or exponential rollout."""
    maximum = draw(st.integers(1, 1000))
    if draw(st.booleans()):
        return RolloutConfig(maximum_per_minute=maximum)
    things = draw(st.integers(1, 10**7))
    criteria = draw(
        st.sampled_from(
            [
                RateIncreaseCriteria(number_of_notified_things=things),
                RateIncreaseCriteria(number_of_succeeded_things=things),
            ]
        )
    )
    factor = draw(st.integers(11, 50)) / 10
    return RolloutConfig(
        maximum_per_minute=maximum,
        exponential_rate=ExponentialRate(
            base_rate_per_minute=draw(st.integers(1, maximum)),
            increment_factor=int(factor) if factor.is_integer() and draw(st.booleans()) else factor,
            rate_increase_criteria=criteria,
        ),
    )


@st.composite
def aborts(draw: DrawFn) -> AbortConfig:
    """Abort criteria, each for a failure type of its own."""
    types = draw(st.lists(st.sampled_from(get_args(limits.AbortFailureType)), min_size=1, unique=True))
    return AbortConfig(
        criteria=[
            AbortCriterion(
                failure_type=failure_type,
                threshold_percentage=draw(st.integers(1, 100) | st.integers(1, 10_000).map(lambda count: count / 100)),
                min_number_of_executed_things=draw(st.integers(1, 10**7)),
            )
            for failure_type in types
        ]
    )


@st.composite
def retries(draw: DrawFn) -> RetryConfig:
    """One retry criterion, or two with at most 10 retries together."""
    first = draw(st.integers(0, 10))
    if draw(st.booleans()):
        failure_type = draw(st.sampled_from(get_args(limits.RetryFailureType)))
        return RetryConfig(criteria=[RetryCriterion(failure_type=failure_type, number_of_retries=first)])
    counts = (first, draw(st.integers(0, 10 - first)))
    both: list[limits.RetryFailureType] = ["FAILED", "TIMED_OUT"]
    types = draw(st.permutations(both))
    return RetryConfig(
        criteria=[
            RetryCriterion(failure_type=failure_type, number_of_retries=count)
            for failure_type, count in zip(types, counts, strict=True)
        ]
    )


@st.composite
def windows(draw: DrawFn) -> list[MaintenanceWindow]:
    """Windows on days of their own, none of them over midnight, so that none overlaps another."""
    found = []
    for day in draw(st.lists(st.sampled_from(DAYS), max_size=3, unique=True)):
        start = draw(st.integers(0, DAY - 1))
        duration = draw(st.integers(1, min(1430, DAY - start)))
        found.append(
            MaintenanceWindow(start_time=f"cron({start % 60} {start // 60} ? * {day} *)", duration_in_minutes=duration)
        )
    return found


@st.composite
def specs(draw: DrawFn) -> JobTemplateSpec:
    """A valid job template: any of its fields may be there, with any value that AWS takes."""

    def maybe(strategy: SearchStrategy[Any]) -> Any:
        return draw(st.none() | strategy)

    presigned_url = maybe(
        st.builds(
            PresignedUrlConfig,
            role_arn=names.map(lambda name: f"arn:aws:iam::{ACCOUNT}:role/{name}"),
            expires_in_sec=st.integers(60, 3600),
        )
    )
    packages = draw(st.lists(package_versions(), max_size=4, unique=True))
    job_arn = maybe(st.builds("arn:aws:iot:{}:{}:job/{}".format, regions, st.just(ACCOUNT), names))
    source = draw(st.sampled_from(["document", "document_source"] + ["none"] * (job_arn is not None)))
    tags = {
        key: value
        for key, value in draw(st.dictionaries(tag_text, tag_text, max_size=5)).items()
        if not key.lower().startswith("aws:")
    }
    document = documents(packages, presigned=presigned_url is not None or job_arn is not None)
    return JobTemplateSpec(
        template_name=draw(names),
        description=draw(printable),
        document=draw(document) if source == "document" else None,
        document_source=(
            draw(names.map("https://bucket.s3.eu-west-1.amazonaws.com/{}.json".format))
            if source == "document_source"
            else None
        ),
        job_arn=job_arn,
        rollout=maybe(rollouts()),
        abort=maybe(aborts()),
        retry=maybe(retries()),
        timeout=maybe(st.builds(TimeoutConfig, in_progress_timeout_in_minutes=st.integers(1, 10080))),
        presigned_url=presigned_url,
        maintenance_windows=draw(windows()),
        destination_package_versions=packages,
        tags=tags,
    )

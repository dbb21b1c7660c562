"""Applications read from files: overrides, and one clear finding at the place of each bad input."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from iot_jobs import FindingsError, JobDocument, JobTemplateSpec, PresignedUrlConfig
from iot_jobs.check import check, load_application
from iot_jobs.finding import Finding
from iot_jobs.limits import MAX_DOCUMENT_BYTES
from iot_jobs.presign import MADE_ROLE
from iot_jobs.sources import read_paths, root_of

FAMILY, DOCUMENT = "stacks/templates/reboot.yaml", "job_documents/reboot.json"
ROLE = "arn:aws:iam::123456789012:role/presign"
DEV, PROD = "stacks/environments/dev.yaml", "stacks/environments/prod.yaml"

Content = str | bytes | None | Callable[[Path], object]
"""A file's content, None where it is removed, or what makes it."""
Seen = tuple[str, str, str]
"""The place of a finding, its code, and the path of its value."""


def environment(name: str, templates: str = "{reboot: {}}", **more: str) -> str:
    lines = {
        "name": name,
        "account": '"123456789012"',
        "region": "eu-west-1",
        "fleet": "{things: 50}",
        **more,
        "templates": templates,
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


REBOOT = "description: Reboot a device\ndocument: reboot.json\n"
GOOD: Mapping[str, Content] = {
    FAMILY: REBOOT,
    DEV: environment("dev"),
    PROD: environment("prod"),
    DOCUMENT: '{"steps": []}\n',
    "outside.json": '{"steps": []}\n',
    "job_documents/other.json": '{"other": []}\n',
}


class Application:
    """An application in a folder, to be changed and read again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write(GOOD)

    def write(self, files: Mapping[str, Content]) -> "Application":
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if callable(content):
                content(path)
            elif content is not None:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self

    def findings(self, **options: Any) -> tuple[Finding, ...]:
        try:
            load_application(self.root, **options)
        except FindingsError as error:
            assert str(error) == "\n".join(map(str, error.findings))
            return error.findings
        return ()

    def seen(self) -> list[Seen]:
        return [(str(one.place), one.code, one.path) for one in self.findings()]

    def templates(self, name: str = "dev") -> dict[str, JobTemplateSpec]:
        (loaded,) = load_application(self.root, environment=name).environments
        return {str(spec.template_name): spec for spec in loaded.templates}


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Application:
    """A good application, which is also the working directory, so that files are named from it."""
    monkeypatch.chdir(tmp_path)
    return Application(tmp_path)


def dump(levels: int) -> str:
    """A short file whose aliases expand to ten to the power of so many values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def link(target: str) -> Content:
    return lambda path: path.symlink_to(target)


def folder(path: Path) -> None:
    path.mkdir()


# One finding each ----------------------------------------------------------------------------------------------------

BAD: list[tuple[str, Mapping[str, Content], Seen]] = [
    # files that can't be read
    ("a family that is a folder", {FAMILY: folder}, (FAMILY, "JT001", "")),
    ("a family in Latin-1", {FAMILY: "description: \u00e9\n".encode("latin-1")}, (FAMILY, "JT001", "")),
    ("an environment in UTF-16", {DEV: environment("dev").encode("utf-16")}, (DEV, "JT001", "")),
    ("a document in Latin-1", {DOCUMENT: '{"a": "\u00e9"}'.encode("latin-1")}, (DOCUMENT, "JT001", "")),
    ("a family of 3 MB", {FAMILY: REBOOT + "#" + "x" * 3_000_000}, (FAMILY, "JT001", "")),
    # malformed YAML
    ("a bracket without its end", {FAMILY: "description: [a\n"}, (f"{FAMILY}:1:14", "JT002", "")),
    ("a wrong indent", {FAMILY: "description: a\n  document: b\n"}, (f"{FAMILY}:2:11", "JT002", "")),
    ("a tab", {DEV: "name:\n\tdev\n"}, (f"{DEV}:2:1", "JT002", "")),
    ("a quote without its end", {DEV: "name: 'dev\n"}, (f"{DEV}:1:7", "JT002", "")),
    ("two documents in a file", {FAMILY: REBOOT + "---\n" + REBOOT}, (f"{FAMILY}:3:1", "JT002", "")),
    ("a control character", {FAMILY: "description: a\x07\n"}, (f"{FAMILY}:1:15", "JT002", "")),
    ("a merge key", {FAMILY: f"x: &a {{}}\n<<: *a\n{REBOOT}"}, (f"{FAMILY}:2:1", "JT002", "")),
    ("a key that is a list", {FAMILY: f"{REBOOT}? [a]\n: b\n"}, (f"{FAMILY}:3:3", "JT002", "")),
    ("a key twice", {FAMILY: f"{REBOOT}description: b\n"}, (f"{FAMILY}:3:1", "JT703", "description")),
    ("an alias of nothing", {FAMILY: "description: *a\n"}, (f"{FAMILY}:1:14", "JT002", "")),
    # aliases
    ("a bomb of aliases", {FAMILY: dump(9)}, (f"{FAMILY}:6:5", "JT007", "a5")),
    ("an alias of itself", {FAMILY: f"{REBOOT}tags: &t {{a: *t}}\n"}, (f"{FAMILY}:3:7", "JT007", "tags.a")),
    ("a list that holds itself", {DEV: environment("dev", tags="&a [*a]")}, (f"{DEV}:5:7", "JT007", "tags[0]")),
    ("brackets without end", {FAMILY: "description: " + "{a: " * 20_000},
     (f"{FAMILY}:1:414", "JT704", "description" + ".a" * 100)),
    # wrong kinds
    ("an empty family", {FAMILY: ""}, (f"{FAMILY}:1:1", "JT005", "")),
    ("a family that is a list", {FAMILY: "- a\n"}, (f"{FAMILY}:1:1", "JT005", "")),
    ("a family that is text", {FAMILY: "reboot\n"}, (f"{FAMILY}:1:1", "JT005", "")),
    ("an empty environment", {DEV: "# nothing\n"}, (f"{DEV}:1:1", "JT005", "")),
    ("an environment that is a list", {DEV: "- name: dev\n"}, (f"{DEV}:1:1", "JT005", "")),
    ("templates that are a list", {DEV: environment("dev", "[reboot]")}, (f"{DEV}:5:1", "JT005", "templates")),
    ("templates that are nothing", {DEV: environment("dev", "")}, (f"{DEV}:5:1", "JT005", "templates")),
    ("a null overlay", {DEV: environment("dev", "\n  reboot:")}, (f"{DEV}:6:3", "JT005", "templates.reboot")),
    ("an overlay that is a list", {DEV: environment("dev", "{reboot: []}")}, (f"{DEV}:5:13", "JT005", "templates.reboot")),
    ("tags of a family that are a list", {FAMILY: f"{REBOOT}tags: [a]\n"}, (f"{FAMILY}:3:1", "JT005", "tags")),
    ("tags of an environment that are text", {DEV: environment("dev", tags="a")}, (f"{DEV}:5:1", "JT005", "tags")),
    ("a timeout that is a number", {FAMILY: f"{REBOOT}timeout: 5\n"}, (f"{FAMILY}:3:1", "JT005", "timeout")),
    ("criteria that are a mapping", {FAMILY: f"{REBOOT}abort:\n  criteria: {{a: b}}\n"},
     (f"{FAMILY}:4:3", "JT005", "abort.criteria")),
    ("acknowledgements that are a list", {FAMILY: f"{REBOOT}acknowledge: [JT352]\n"}, (f"{FAMILY}:3:1", "JT005", "acknowledge")),
    ("a reason that is no text", {FAMILY: f"{REBOOT}acknowledge: {{JT352: true}}\n"}, (f"{FAMILY}:3:15", "JT012", "acknowledge.JT352")),
    # names
    ("acknowledgements of an environment", {DEV: environment("dev", acknowledged="[]")},
     (f"{DEV}:5:1", "JT003", "acknowledged")),
    ("an unknown key of a family", {FAMILY: f"{REBOOT}timeot: 5\n"}, (f"{FAMILY}:3:1", "JT003", "timeot")),
    ("an unknown key within", {FAMILY: f"{REBOOT}timeout:\n  in_progress_timeout_in_minutes: 5\n  unit: m\n"},
     (f"{FAMILY}:5:3", "JT003", "timeout.unit")),
    ("a name in a family", {FAMILY: f"{REBOOT}template_name: a\n"}, (f"{FAMILY}:3:1", "JT003", "template_name")),
    ("an unknown key of an environment", {DEV: environment("dev", acount="a")}, (f"{DEV}:5:1", "JT003", "acount")),
    ("an unknown key of an overlay", {DEV: environment("dev", "{reboot: {timeot: 5}}")},
     (f"{DEV}:5:22", "JT003", "templates.reboot.timeot")),
    ("an unknown family", {DEV: environment("dev", "{rebot: {}, reboot: {}}")}, (f"{DEV}:5:13", "JT008", "templates.rebot")),
    ("an environment's name twice", {PROD: environment("dev")}, (f"{PROD}:1:1", "JT009", "name")),
    ("a family's name twice", {"stacks/templates/reboot.yml": REBOOT}, ("stacks/templates/reboot.yml:1:1", "JT009", "")),
    ("a family's name with a blank", {"stacks/templates/a b.yaml": REBOOT},
     ("stacks/templates/a b.yaml:1:1", "JT101", "template_name")),
    # values
    ("a value of a family", {FAMILY: f"{REBOOT}timeout: {{in_progress_timeout_in_minutes: 0}}\n"},
     (f"{FAMILY}:3:11", "JT410", "timeout.in_progress_timeout_in_minutes")),
    ("a value of an overlay", {DEV: environment("dev", "{reboot: {timeout: {in_progress_timeout_in_minutes: 0}}}")},
     (f"{DEV}:5:32", "JT410", "templates.reboot.timeout.in_progress_timeout_in_minutes")),
    ("a value of a family that no environment has", {"stacks/templates/other.yaml": "description: ''\ndocument: other.json\n"},
     ("stacks/templates/other.yaml:1:1", "JT102", "description")),
    ("a family without a description", {FAMILY: "document: reboot.json\n"}, (f"{FAMILY}:1:1", "JT004", "description")),
    ("an account without quotes", {DEV: environment("dev", account="012345678901")}, (f"{DEV}:2:1", "JT902", "account")),
    # documents
    ("a missing document", {FAMILY: REBOOT.replace("reboot.json", "rebot.json")}, (f"{FAMILY}:2:1", "JT706", "document")),
    ("an overlay's missing document", {DEV: environment("dev", "{reboot: {document: rebot.json}}")},
     (f"{DEV}:5:22", "JT706", "templates.reboot.document")),
    ("a document beside the folder", {FAMILY: REBOOT.replace("reboot.json", "../outside.json")},
     (f"{FAMILY}:2:1", "JT706", "document")),
    ("a document by its full path", {FAMILY: REBOOT.replace("reboot.json", "/etc/hosts")},
     (f"{FAMILY}:2:1", "JT706", "document")),
    ("a link out of the folder", {DOCUMENT: link("../outside.json")}, (f"{FAMILY}:2:1", "JT706", "document")),
    ("a link to nothing", {DOCUMENT: link("nothing.json")}, (f"{FAMILY}:2:1", "JT706", "document")),
    ("a link to itself", {DOCUMENT: link("reboot.json")}, (f"{FAMILY}:2:1", "JT706", "document")),
    ("a document that is a folder", {DOCUMENT: folder}, (f"{FAMILY}:2:1", "JT706", "document")),
    ("a document's name that is too long", {FAMILY: f"description: a\ndocument: {'a' * 300}\n"},
     (f"{FAMILY}:2:1", "JT706", "document")),
    ("a document's name with a null byte", {FAMILY: 'description: a\ndocument: "a\\0b"\n'},
     (f"{FAMILY}:2:1", "JT706", "document")),
    ("a document that is a number", {FAMILY: "description: a\ndocument: 5\n"}, (f"{FAMILY}:2:1", "JT706", "document")),
    ("a document written into the family", {FAMILY: "description: a\ndocument: {steps: []}\n"},
     (f"{FAMILY}:2:1", "JT706", "document")),
    ("a document that is no JSON", {DOCUMENT: '{\n  "a": 1,,\n}'}, (f"{DOCUMENT}:2:10", "JT701", "")),
    ("an empty document", {DOCUMENT: ""}, (f"{DOCUMENT}:1:1", "JT701", "")),
    ("a document that is too large", {DOCUMENT: '{"a":"' + "x" * MAX_DOCUMENT_BYTES + '"}'},
     (f"{DOCUMENT}:1:1", "JT702", "")),
    ("a placeholder without its end", {DOCUMENT: '{"a": [\n  "${aws:iot:x"]}'}, (f"{DOCUMENT}:2:3", "JT510", "a[0]")),
    ("a parameter", {DOCUMENT: '{"a": [\n  "${aws:iot:parameter:p}"]}'}, (f"{DOCUMENT}:2:3", "JT512", "a[0]")),
    # the application
    ("no environment", {DEV: None, PROD: None}, ("", "JT011", "")),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_one_finding(application: Application, files: Mapping[str, Content], expected: Seen) -> None:
    """A bad input is one finding, at its file, line and column, however many environments use it."""
    (found,) = application.write(files).findings()
    place = str(found.place) if found.place else ""
    assert (place, found.code, found.path) == expected
    assert found.allowed
    assert found.fix


def test_a_key_twice_hides_nothing(application: Application) -> None:
    """The rest of the file is still checked, with the first of the two values."""
    application.write({FAMILY: f"{REBOOT}description: 5\ntimeot: 5\n"})
    assert [(found.code, found.path) for found in application.findings()] == [
        ("JT003", "timeot"),
        ("JT703", "description"),
    ]


def test_a_document_with_a_key_twice(application: Application) -> None:
    """It is a warning at the second key, and the document is deployed as it is written."""
    text = '{"a": {"b": 1,\n  "b": 2}}'
    application.write({DOCUMENT: text, PROD: None})
    report = check(read_paths([application.root]), now=datetime(2026, 1, 1, tzinfo=UTC))
    assert [(str(one.place), one.code, one.path) for one in report.findings] == [(f"{DOCUMENT}:2:3", "JT763", "a.b")]
    assert application.templates()["reboot"].document == JobDocument(text)


def test_a_broken_environment_hides_no_advice(application: Application) -> None:
    """What is wrong with its region keeps nobody from hearing that its fleet is too small for a criterion."""
    criterion = "{failure_type: ALL, threshold_percentage: 5, min_number_of_executed_things: 51}"
    application.write(
        {FAMILY: f"{REBOOT}abort: {{criteria: [{criterion}]}}\n", DEV: environment("dev", region="Ireland"), PROD: None}
    )
    report = check(read_paths([application.root]), now=datetime(2026, 1, 1, tzinfo=UTC))
    assert [one.code for one in report.findings] == ["JT903", "JT351"]


def test_a_broken_document_hides_nothing(application: Application) -> None:
    """Its other placeholders are still checked with the family; which role they need is not known yet."""
    url = "${aws:iot:s3-presigned-url:https://s3.eu-west-1.amazonaws.com/bucket/k}"
    application.write({DOCUMENT: f'{{"a": "{url}", "b": "${{aws:iot:parameter:p}}", "c": "${{aws:"}}'})
    assert [(str(found.place), found.code) for found in application.findings()] == [
        (f"{DOCUMENT}:1:82", "JT512"),
        (f"{DOCUMENT}:1:113", "JT510"),
    ]


FIXES: list[tuple[str, Mapping[str, Content], str]] = [
    ("a key", {FAMILY: f"{REBOOT}timeot: 5\n"}, "write timeout"),
    ("a key of an environment", {DEV: environment("dev", quota="{}")}, "write quotas"),
    ("a key like one that is there", {DEV: environment("dev", acount="a")}, "remove it"),
    ("a family", {DEV: environment("dev", "{rebot: {}}")}, "write reboot"),
    ("a family unlike any other", {DEV: environment("dev", "{xyz: {}}")}, "add it, or remove the name"),
    ("a document", {FAMILY: REBOOT.replace("reboot.json", "rebot.json")}, "write reboot.json"),
    ("a document unlike any other", {FAMILY: REBOOT.replace("reboot.json", "xyz")}, "put it into job_documents/"),
    ("a link out of the folder", {DOCUMENT: link("../outside.json")}, "put it into job_documents/"),
    ("a null overlay", {DEV: environment("dev", "\n  reboot:")}, "write {} to take the family as it is"),
]


@pytest.mark.parametrize(("files", "fix"), [row[1:] for row in FIXES], ids=[row[0] for row in FIXES])
def test_fixes(application: Application, files: Mapping[str, Content], fix: str) -> None:
    """A fix says what to do, and names the nearest thing that exists and is not what was written."""
    (found,) = application.write(files).findings()
    assert found.fix == fix


def test_everything_in_one_run(application: Application) -> None:
    """All files are read and all findings listed in one run, each with its own place."""
    application.write(
        {
            FAMILY: f"{REBOOT}timeot: 5\nabort:\n  criteria: []\n",
            "stacks/templates/broken.yaml": "description: [a\n",
            "stacks/templates/install.yaml": "description: Install\ndocument: install.json\n",
            DEV: environment(
                "dev", "\n  reboot:\n    timeout: {in_progress_timeout_in_minutes: 0}\n  rebot: {}\n  install:"
            ),
            PROD: "- prod\n",
            "stacks/environments/staging.yaml": environment("dev", "{reboot: {}, install: {}}", region="x"),
            DOCUMENT: "{",
        }
    )
    assert sorted(application.seen()) == [
        ("job_documents/reboot.json:1:2", "JT701", ""),
        ("stacks/environments/dev.yaml:7:15", "JT410", "templates.reboot.timeout.in_progress_timeout_in_minutes"),
        ("stacks/environments/dev.yaml:8:3", "JT008", "templates.rebot"),
        ("stacks/environments/dev.yaml:9:3", "JT005", "templates.install"),
        ("stacks/environments/prod.yaml:1:1", "JT005", ""),
        ("stacks/environments/staging.yaml:1:1", "JT009", "name"),
        ("stacks/environments/staging.yaml:3:1", "JT903", "region"),
        ("stacks/templates/broken.yaml:1:14", "JT002", ""),
        ("stacks/templates/install.yaml:2:1", "JT706", "document"),
        ("stacks/templates/reboot.yaml:3:1", "JT003", "timeot"),
        ("stacks/templates/reboot.yaml:5:3", "JT304", "abort.criteria"),
    ]


def test_the_same_findings_in_the_same_order(application: Application) -> None:
    """Two runs on the same files find the same things in the same order."""
    application.write({FAMILY: REBOOT + "".join(f"{letter * 3}: 1\n" for letter in "zyxwvuts")})
    assert application.findings() == application.findings()
    assert [path for _, _, path in application.seen()] == [letter * 3 for letter in "zyxwvuts"]


def test_text(application: Application) -> None:
    """The text of a finding about two files names both, each with its line and the path in its own words."""
    rate = "{base_rate_per_minute: 50, increment_factor: 2, rate_increase_criteria: {number_of_notified_things: 9}}"
    application.write(
        {
            FAMILY: f"{REBOOT}rollout:\n  maximum_per_minute: 100\n  exponential_rate: {rate}\n",
            DEV: environment("dev", "\n  reboot:\n    rollout: {maximum_per_minute: 10}"),
        }
    )
    (found,) = application.findings()
    assert (
        str(found)
        == """\
stacks/templates/reboot.yaml:5:22: error JT206 rollout.exponential_rate.base_rate_per_minute
  the base rate is at most the maximum
  given    50
  allowed  at most the maximum of 10 things per minute
  see      stacks/environments/dev.yaml:7:15: templates.reboot.rollout.maximum_per_minute
  source   measured: Exponential rollout baseRatePerMinute should be less than maximumPerMinute
  fix      lower the base rate, or raise the maximum"""
    )


def test_list_items_are_named(application: Application) -> None:
    """An item of a list is named by its failure type or start, not by its index alone."""
    criteria = "[{failure_type: FAILED, threshold_percentage: 0, min_number_of_executed_things: 1}]"
    windows = '[{start_time: "cron(0 2 ? * MON *)", duration_in_minutes: 0}]'
    application.write({FAMILY: f"{REBOOT}abort: {{criteria: {criteria}}}\nmaintenance_windows: {windows}\n"})
    assert [path for _, _, path in application.seen()] == [
        "abort.criteria[0 FAILED].threshold_percentage",
        "maintenance_windows[0 cron(0 2 ? * MON *)].duration_in_minutes",
    ]


def test_a_path_stays_on_one_line(application: Application) -> None:
    """A key with a line break in it can't forge a line of the report."""
    application.write({FAMILY: f'{REBOOT}"a\\nerror JT000 b": 1\n'})
    (found,) = application.findings()
    assert found.code == "JT003"
    assert "\nerror JT000" not in str(found)


# What is read --------------------------------------------------------------------------------------------------------

OVERLAID = f"""{REBOOT}
timeout: {{in_progress_timeout_in_minutes: 15}}
retry:
  criteria:
    - {{failure_type: FAILED, number_of_retries: 2}}
    - {{failure_type: TIMED_OUT, number_of_retries: 1}}
rollout:
  maximum_per_minute: 100
  exponential_rate: {{base_rate_per_minute: 10, increment_factor: 2, rate_increase_criteria: {{number_of_notified_things: 9}}}}
tags: {{impact: none, team: devices}}
"""
OVERLAYS: list[tuple[str, str, dict[str, Any]]] = [
    ("nothing", "{}", {}),
    ("a scalar replaces", "{description: Reboot now}", {"description": "Reboot now"}),
    (
        "a mapping merges",
        "{rollout: {maximum_per_minute: 50, exponential_rate: {increment_factor: 1.5}}}",
        {
            "rollout": {
                "maximum_per_minute": 50,
                "exponential_rate": {
                    "base_rate_per_minute": 10,
                    "increment_factor": 1.5,
                    "rate_increase_criteria": {"number_of_notified_things": 9},
                },
            }
        },
    ),
    (
        "a list replaces",
        "{retry: {criteria: [{failure_type: ALL, number_of_retries: 0}]}}",
        {"retry": {"criteria": [{"failure_type": "ALL", "number_of_retries": 0}]}},
    ),
    ("null removes", "{rollout: null, timeout: ~, retry: }", {"rollout": None, "timeout": None, "retry": None}),
    (
        "null removes within",
        "{rollout: {exponential_rate: null}}",
        {"rollout": {"maximum_per_minute": 100}},
    ),
    (
        "null and another value within",
        "{rollout: {exponential_rate: {rate_increase_criteria: "
        "{number_of_notified_things: null, number_of_succeeded_things: 5}}}}",
        {
            "rollout": {
                "maximum_per_minute": 100,
                "exponential_rate": {
                    "base_rate_per_minute": 10,
                    "increment_factor": 2,
                    "rate_increase_criteria": {"number_of_succeeded_things": 5},
                },
            }
        },
    ),
    ("tags merge", "{tags: {impact: high}}", {"tags": {"impact": "high", "team": "devices"}}),
    ("null removes a tag", "{tags: {impact: null}}", {"tags": {"team": "devices"}}),
    ("null removes all tags", "{tags: null}", {"tags": {}}),
]


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in OVERLAYS], ids=[row[0] for row in OVERLAYS])
def test_overlays(application: Application, change: str, expected: dict[str, Any]) -> None:
    """A mapping merges, a list or scalar replaces, null removes; another environment has the family as it is."""
    application.write({FAMILY: OVERLAID, DEV: environment("dev", f"{{reboot: {change}}}")})
    plain = application.templates("prod")["reboot"]
    assert application.templates("dev")["reboot"] == JobTemplateSpec(**dict(plain) | expected)


def test_tags_of_an_environment(application: Application) -> None:
    """An environment's tags are on all of its templates, beside those of the family; overrides take precedence."""
    application.write(
        {
            FAMILY: f"{REBOOT}tags: {{impact: none}}\n",
            DEV: environment("dev", "{reboot: {tags: {stage: bench}}}", tags="{team: fleet, stage: dev}"),
        }
    )
    assert application.templates("dev")["reboot"].tags == {"team": "fleet", "stage": "bench", "impact": "none"}
    assert application.templates("prod")["reboot"].tags == {"impact": "none"}


def test_an_overlay_may_name_another_document(application: Application) -> None:
    """A document may be in a folder of its own, behind a link that stays inside, and differ between environments."""
    application.write(
        {
            "job_documents/eu/reboot.json": '{"eu": 1.0}',
            "job_documents/link.json": link("eu/reboot.json"),
            DEV: environment("dev", "{reboot: {document: eu/reboot.json}}"),
            PROD: environment("prod", "{reboot: {document: link.json}}"),
        }
    )
    documents = [application.templates(name)["reboot"].document for name in ("dev", "prod")]
    assert [getattr(document, "text", None) for document in documents] == ['{"eu":1.0}'] * 2


IMAGE = "${aws:iot:s3-presigned-url-v2:https://s3.eu-west-1.amazonaws.com/releases/image.bin}"
ARTIFACT = "${aws:iot:package:agent:version:1.0:artifact:s3-presigned-url}"


@pytest.mark.parametrize(
    ("family", "change", "expected"),
    [
        ("", "{}", PresignedUrlConfig(role_arn=MADE_ROLE)),
        ("presigned_url: {expires_in_sec: 900}", "{}", PresignedUrlConfig(role_arn=MADE_ROLE, expires_in_sec=900)),
        (f"presigned_url: {{role_arn: {ROLE}}}", "{}", PresignedUrlConfig(role_arn=ROLE)),
        (
            f"presigned_url: {{role_arn: {ROLE}, expires_in_sec: 900}}",
            "{presigned_url: {role_arn: null}}",
            PresignedUrlConfig(role_arn=MADE_ROLE, expires_in_sec=900),
        ),
        (f"presigned_url: {{role_arn: {ROLE}}}", "{presigned_url: null}", PresignedUrlConfig(role_arn=MADE_ROLE)),
        ("job_arn: arn:aws:iot:eu-west-1:123456789012:job/basis", "{}", None),
    ],
)
def test_a_presign_role_may_be_left_out(
    application: Application, family: str, change: str, expected: PresignedUrlConfig | None
) -> None:
    """Where no role is named, the construct will make one, unless the template copies a job with its role."""
    application.write(
        {
            DOCUMENT: f'{{"image": "{IMAGE}"}}',
            FAMILY: f"{REBOOT}{family}\n",
            DEV: environment("dev", f"{{reboot: {change}}}"),
        }
    )
    assert application.templates("dev")["reboot"].presigned_url == expected


@pytest.mark.parametrize(
    ("document", "family", "expected"),
    [
        (ARTIFACT, "", (f"{FAMILY}:1:1", "JT503", "presigned_url")),
        (ARTIFACT, "presigned_url: {expires_in_sec: 900}", (f"{FAMILY}:4:1", "JT503", "presigned_url")),
        (
            "nothing to sign",
            "presigned_url: {expires_in_sec: 900}",
            (f"{FAMILY}:4:1", "JT504", "presigned_url.role_arn"),
        ),
    ],
)
def test_a_presign_role_that_can_not_be_made(
    application: Application, document: str, family: str, expected: Seen
) -> None:
    """Where the document doesn't say what the role must allow, its ARN is asked for."""
    packages = 'destination_package_versions: ["arn:aws:iot:eu-west-1:123456789012:package/agent/version/1.0"]'
    application.write({DOCUMENT: f'{{"image": "{document}"}}', FAMILY: f"{REBOOT}{packages}\n{family}\n", PROD: None})
    assert application.seen() == [expected]


def test_scalars_are_what_one_sees(application: Application) -> None:
    """Words such as yes and on, dates and sexagesimals are text, as in YAML 1.2."""
    application.write({FAMILY: f"{REBOOT}tags: {{a: yes, b: on, c: 2026-11-20, d: 12:30, e: 1_0a}}\n"})
    assert application.templates()["reboot"].tags == {
        "a": "yes",
        "b": "on",
        "c": "2026-11-20",
        "d": "12:30",
        "e": "1_0a",
    }


def test_aliases_are_written_out(application: Application) -> None:
    """An alias has the value that it names."""
    minutes = "&minutes {in_progress_timeout_in_minutes: 7}"
    application.write({DEV: environment("dev", f"{{reboot: {{timeout: {minutes}}}, other: {{timeout: *minutes}}}}")})
    application.write({"stacks/templates/other.yaml": "description: Other\ndocument: other.json\n"})
    timeouts = {spec.timeout for spec in application.templates().values()}
    assert [getattr(timeout, "in_progress_timeout_in_minutes", None) for timeout in timeouts] == [7]


def test_the_order_of_files(application: Application) -> None:
    """Environments come in the order of their files, templates in the order in which an environment has them."""
    application.write(
        {
            "stacks/templates/a.yaml": REBOOT,
            "stacks/environments/a.yml": environment("zebra", "{reboot: {}, a: {}}"),
            "stacks/environments/notes.txt": "not YAML",
            "stacks/environments/README.md": "- not YAML",
        }
    )
    loaded = load_application(application.root).environments
    assert [one.name for one in loaded] == ["zebra", "dev", "prod"]
    assert [spec.template_name for spec in loaded[0].templates] == ["reboot", "a"]


def test_each_environment_has_its_own_quotas(application: Application) -> None:
    """A family that two environments share is judged by the quotas of each."""
    rising = "{base_rate_per_minute: 10, increment_factor: 2, rate_increase_criteria: {number_of_notified_things: 5}}"
    rollout = f"rollout: {{maximum_per_minute: 2000, exponential_rate: {rising}}}\n"
    application.write({FAMILY: REBOOT + rollout, PROD: environment("prod", quotas="{maximum_per_minute: 2000}")})
    assert [(one.code, one.allowed) for one in application.findings()] == [
        ("JT201", "1 to 1000 things per minute, a whole number")
    ]
    application.write({DEV: environment("dev", quotas="{maximum_per_minute: 3000, templates_in_region: 300}")})
    assert application.findings() == ()
    assert [one.quotas.templates_in_region for one in load_application(application.root).environments] == [300, 100]


def test_an_unknown_quota(application: Application) -> None:
    """A misspelt quota is a finding that names the nearest one."""
    application.write({DEV: environment("dev", quotas="{maximum_per_minuet: 2000}")})
    (found,) = application.findings()
    assert (str(found.place), found.code, found.fix) == (f"{DEV}:5:10", "JT003", "write maximum_per_minute")


def test_an_environment_without_templates(application: Application) -> None:
    """An environment may have no template yet."""
    application.write({DEV: environment("dev", "{}")})
    assert application.templates() == {}


# Which application ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", [".", "stacks", "stacks/templates", FAMILY, DOCUMENT, "stacks/nothing/here.yaml"])
def test_the_root_is_found_upward(application: Application, monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    """The application is that around the path, whatever the working directory."""
    monkeypatch.chdir("/")
    assert root_of(application.root / inside) == application.root.resolve()
    assert len(load_application(application.root / inside).environments) == 2


def test_the_nearest_root(application: Application) -> None:
    """An application inside another one is its own."""
    inner = Application(application.root / "vendor" / "inner").write({PROD: None})
    assert root_of(inner.root / FAMILY) == inner.root.resolve()
    assert [one.name for one in load_application(inner.root).environments] == ["dev"]
    assert root_of(application.root / "vendor") == application.root.resolve()


def test_no_application(tmp_path: Path) -> None:
    """A path that is in no application is one finding."""
    (tmp_path / "stacks").mkdir()
    with pytest.raises(FindingsError) as raised:
        load_application(tmp_path)
    (found,) = raised.value.findings
    assert (found.code, found.given, found.fix) == ("JT011", str(tmp_path), "check the path")
    assert root_of(tmp_path) is None


ENVIRONMENTS = [
    (None, ["dev", "prod"], []),
    ("prod", ["prod"], []),
    ("prd", [], [("JT010", "prd", "dev, prod", "write prod")]),
    ("Prod", [], [("JT010", "Prod", "dev, prod", "write prod")]),
    ("xyz", [], [("JT010", "xyz", "dev, prod", "add it, or remove the name")]),
    ("", [], [("JT010", "", "dev, prod", "add it, or remove the name")]),
]


@pytest.mark.parametrize(("name", "names", "expected"), ENVIRONMENTS)
def test_one_environment(
    application: Application, name: str | None, names: list[str], expected: list[tuple[str, ...]]
) -> None:
    """One environment can be asked for; one that doesn't exist is a finding that names the nearest."""
    found = application.findings(environment=name)
    assert [(one.code, one.given, one.allowed, one.fix) for one in found] == expected
    if not found:
        loaded = load_application(application.root, environment=name)
        assert [one.name for one in loaded.environments] == names


def test_other_environments_are_checked_too(application: Application) -> None:
    """What is wrong in an environment that wasn't asked for stops a synthesis too."""
    application.write({DEV: environment("dev", fleet="{things: 0}")})
    assert [one.code for one in application.findings(environment="prod")] == ["JT904"]


SAME: list[tuple[str, Mapping[str, Content], list[str]]] = [
    ("nothing", {}, []),
    ("a document that doesn't fit the schema that was chosen", {FAMILY: f"{REBOOT}document_schema: device-client\n"},
     ["JT710", "JT710"]),
    ("a schema that is none", {FAMILY: f"{REBOOT}document_schema: a.json\n", "job_documents/a.json": '{"type": "x"}'},
     ["JT711"]),
    ("an error that is acknowledged", {FAMILY: f"{REBOOT}acknowledge: {{JT410: because}}\n"}, ["JT012"]),
    ("no reason", {FAMILY: f"{REBOOT}acknowledge: {{JT352: ''}}\n"}, ["JT012"]),
    ("a document that no family names", {"job_documents/other.json": '{"a": "${aws:iot:"}'}, ["JT510"]),
    ("a value", {DEV: environment("dev", "{reboot: {timeout: {in_progress_timeout_in_minutes: 0}}}")}, ["JT410"]),
    ("a warning", {FAMILY: f"{REBOOT}rollout: {{maximum_per_minute: 5}}\n"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("files", "codes"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_what_check_refuses_synth_refuses(
    application: Application, files: Mapping[str, Content], codes: list[str]
) -> None:
    """Loading an application for synthesis refuses each error that the check of it finds, and no warning."""
    application.write(files)
    report = check(read_paths([application.root]), now=datetime(2026, 1, 1, tzinfo=UTC))
    errors = tuple(one for one in report.findings if one.severity == "error")
    assert application.findings() == errors
    assert [one.code for one in errors] == codes


def test_a_schema_that_is_none_is_pointed_at(application: Application) -> None:
    """An error in a schema of one's own is reported in the schema's file."""
    schema = '{\n "properties": {\n  "a": {"type": "x"}}}'
    application.write({FAMILY: f"{REBOOT}document_schema: a.json\n", "job_documents/a.json": schema})
    assert application.seen() == [("job_documents/a.json:3:9", "JT711", "properties.a.type")]


NO_CLOUDFORMATION = [
    ("an unknown key", {DEV: environment("dev", regoin="x")}, "JT003"),
    ("a missing key", {DEV: environment("dev").replace("fleet", "# fleet")}, "JT004"),
    ("a wrong kind", {DEV: environment("dev", fleet="5")}, "JT005"),
    ("no environment", {DEV: "[]"}, "JT005"),
    ("templates that are none", {DEV: environment("dev", "[reboot]")}, "JT005"),
    ("an overlay that is none", {DEV: environment("dev", "{reboot: 5}")}, "JT005"),
    ("an unknown key in a family", {FAMILY: f"{REBOOT}timeot: {{}}\n"}, "JT003"),
    ("a family that is none", {FAMILY: "[]"}, "JT005"),
]


@pytest.mark.parametrize(
    ("files", "code"), [row[1:] for row in NO_CLOUDFORMATION], ids=[row[0] for row in NO_CLOUDFORMATION]
)
def test_source_of_the_form(application: Application, files: Mapping[str, Content], code: str) -> None:
    """What is wrong in the form of our own files rests on that form, not on a page of CloudFormation."""
    (finding,) = application.write(files).findings()
    assert (finding.code, finding.rule.source) == (code, "the schema of the application's own files: iot-jobs schema")


def test_a_number_with_separators(application: Application) -> None:
    """The comma in a number is named as what is wrong, in a block and between braces."""
    for fleet, fix in (
        ("{things: 250,000}", "write 250000"),
        ("\n  things: 250,000", "write 250000, without separators"),
    ):
        (finding,) = application.write({DEV: environment("dev", fleet=fleet)}).findings()
        assert (finding.given, finding.fix) == ("250,000", fix)
        assert finding.path == "fleet.things"


def test_misspelt_keys(application: Application) -> None:
    """A misspelt key is one finding: the key that it means counts as present, so that no advice is about its absence."""
    retry = "retry: {criteria: [{failure_type: TIMED_OUT, number_of_retries: 1}]}\n"
    application.write(
        {
            FAMILY: f"{REBOOT}{retry}timeot: {{}}\nabrt: {{}}\nrolout: {{}}\n",
            PROD: environment("prod", production="true"),
        }
    )
    report = check(read_paths([application.root]), now=datetime(2026, 1, 1, tzinfo=UTC))
    assert [(one.code, one.path, one.fix) for one in report.findings] == [
        ("JT003", "timeot", "write timeout"),
        ("JT003", "abrt", "write abort"),
        ("JT003", "rolout", "write rollout"),
    ]

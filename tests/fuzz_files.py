"""Nasty files: bombs, depth, size, number, and paths and texts that nobody expects."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Nasty:
    """A file or folder that is made in a folder, and then checked."""

    name: str
    make: Callable[[Path], Path]
    marks: tuple[pytest.MarkDecorator, ...] = field(default=())


def folder_of(tmp_path: Path) -> Path:
    """A folder that belongs to no application, whatever is above it."""
    folder = tmp_path / "nasty"
    folder.mkdir()
    return folder


def nasty_files() -> list[Nasty]:
    """The table. Those marked slow are variants of others."""
    return [*_bombs(), *_deep(), *_large(), *_many(), *_odd_paths(), *_odd_texts()]


GOOD = {"JobTemplateId": "t", "Description": "d", "Document": "{}"}
KIND = "AWS::IoT::JobTemplate"


def _file(name: str, text: str | bytes | Callable[[], str | bytes], slow: bool = False) -> Nasty:
    """A file of this text; what is large is made when it is needed."""

    def make(folder: Path) -> Path:
        raw = text() if callable(text) else text
        path = folder / name.replace(" ", "-")
        path.write_bytes(raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw)
        return path

    return Nasty(name, make, (pytest.mark.slow,) if slow else ())


def _resources(properties: dict[str, Any], count: int = 1, kind: str = KIND) -> str:
    return json.dumps(
        {
            "Resources": {
                f"T{index}": {"Type": kind, "Properties": properties | {"JobTemplateId": f"t{index}"}}
                for index in range(count)
            }
        }
    )


def _bombs() -> Iterator[Nasty]:
    head = f"Resources: {{T: {{Type: '{KIND}', Properties: {{JobTemplateId: t, "
    places = {
        "description": head + "Description: *last}}}",
        "document": head + "Document: *last}}}",
        "tags": head + "Tags: *last}}}",
        "a tag": head + "Tags: [*last]}}}",
        "rollout": head + "JobExecutionsRolloutConfig: *last}}}",
        "criteria": head + "AbortConfig: {CriteriaList: *last}}}}",
        "windows": head + "MaintenanceWindows: *last}}}",
        "packages": head + "DestinationPackageVersions: *last}}}",
        "function": head + "Description: !Sub *last}}}",
        "properties": f"Resources: {{T: {{Type: '{KIND}', Properties: *last}}}}",
        "type": "Resources: {T: {Type: *last, Properties: {}}}",
        "resource": "Resources: {T: *last}",
        "resources": "Resources: *last",
        "top": "top: *last",
    }
    for kind, item in (("lists", "[{}]"), ("mappings", "{{{}}}")):
        for name, text in places.items():
            # Nine levels of ten are a thousand million values; four are small enough to be let in, and not to be shown.
            for levels in (9, 4):
                bomb = "x0: &x0 [x, x, x, x, x, x, x, x, x]\n" if kind == "lists" else "x0: &x0 {a: x, b: x, c: x}\n"
                for level in range(1, levels + 1):
                    inner = [f"*x{level - 1}"] * 10
                    if kind == "mappings":
                        inner = [f"k{index}: {one}" for index, one in enumerate(inner)]
                    anchor = "last" if level == levels else f"x{level}"
                    bomb += f"y{level}: &{anchor} {item.format(', '.join(inner))}\n"
                slow = kind == "mappings" or (levels == 9 and name != "tags")
                yield _file(f"bomb of {levels} {kind} as {name}.yaml", bomb + text, slow)
    for name, text in {
        "list": "&a [*a]",
        "mapping": "&a {b: *a}",
        "key": "&a {? *a : b}",
        "properties": head + "<<: *a, Tags: &a [*a]}}}",
        "tags": head + "Tags: &a [{Key: *a, Value: *a}]}}}",
        "function": head + "Description: &a !Sub [*a]}}}",
        "resources": "Resources: &a {T: *a}",
        "nothing": "a: *x",
    }.items():
        yield _file(f"alias to itself as {name}.yaml", text)

    def environment(folder: Path) -> Path:
        (folder / "stacks/templates").mkdir(parents=True)
        (folder / "stacks/environments").mkdir()
        (folder / "job_documents").mkdir()
        (folder / "job_documents/d.json").write_text("{}")
        bomb = "x0: &x0 [x, x, x, x, x, x, x, x, x]\n"
        bomb += "".join(f"x{level}: &x{level} [{', '.join([f'*x{level - 1}'] * 10)}]\n" for level in range(1, 9))
        (folder / "stacks/templates/f.yaml").write_text(bomb + "description: *x8\ntags: &a {a: *a}")
        (folder / "stacks/environments/e.yaml").write_text("name: e\ntemplates: &t {f: *t, g: *t}\ntags: *t\n")
        (folder / "stacks/environments/f.yaml").write_text(bomb + "name: *x8\ntemplates: {f: *x8}\n")
        return folder

    yield Nasty("bombs in an application", environment)


def _deep() -> Iterator[Nasty]:
    inside = f'{{"Resources":{{"T":{{"Type":"{KIND}","Properties":{{"JobTemplateId":'
    for levels in (150, 400, 900, 1100, 5000, 100_000):
        for name, opening, middle, closing in (("lists", "[", "", "]"), ("mappings", '{"a":', "1", "}")):
            for ending in ("json", "yaml"):
                count = min(levels, 390_000 // len(opening + closing)) if ending == "yaml" else levels
                text = opening * count + middle + closing * count
                slow = levels not in (900, 100_000) or (ending == "yaml" and levels == 100_000 and name == "lists")
                yield _file(f"{levels} {name}.{ending}", text, slow)
                yield _file(f"{levels} {name} left open.{ending}", opening * count, True)
                if levels <= 5000:
                    slow = levels != 900
                    yield _file(f"{levels} {name} as id.{ending}", f"{inside}{text}}}}}}}}}", slow)
                    document = json.dumps(text if name == "mappings" else f'{{"a":{text}}}')
                    one = f'{inside}"t","Description":"d","Document":{document}}}}}}}}}'
                    yield _file(f"{levels} {name} as document.{ending}", one, slow)
        if levels < 5000:
            functions = '{"Fn::Sub":' * levels + "1" + "}" * levels
            yield _file(f"{levels} functions.json", f"{inside}{functions}}}}}}}}}", levels != 900)
    yield _file("nested dashes.yaml", lambda: "- " * 150_000)
    yield _file("nested questions.yaml", lambda: "? " * 150_000)
    yield _file("nested tags.yaml", lambda: "!a " * 130_000)
    nested = "${aws:" * 4500 + "}" * 4500
    yield _file("nested placeholders.json", lambda: json.dumps({"steps": [], "a": nested}))
    yield _file(
        "nested placeholders in a template.json", lambda: _resources(GOOD | {"Document": json.dumps({"a": nested})})
    )


def _large() -> Iterator[Nasty]:
    most = 15_990_000
    yield _file("16 MB of lists.json", lambda: "[" + "[]," * (most // 3) + "[]]", True)
    yield _file("16 MB of mappings.json", lambda: '{"a":[' + "{}," * (most // 3) + "{}]}", True)
    yield _file("16 MB of fractions.json", lambda: "[" + "1.5," * (most // 4) + "1]", True)
    yield _file("16 MB of text.json", lambda: '{"a":"' + "x" * most + '"}')
    yield _file("16 MB of blanks.json", lambda: '{"a":' + " " * most + "1", True)
    blanks = " " * 1_900_000
    yield _file("2 MB of blanks behind a mistake.json", lambda: _resources({"Foo": 1}) + blanks)
    yield _file("2 MB of blanks behind a NaN.json", lambda: f'{{"AWS::IoT::Job": NaN,{blanks}"')
    yield _file("16 MB of keys.json", lambda: "{" + ",".join(f'"{index:x}":0' for index in range(1_550_000)) + "}")
    empty = ",".join(f'"{index:x}":{{"Type":"{KIND}"}}' for index in range(300_000))
    yield _file("16 MB of empty resources.json", lambda: f'{{"Resources":{{{empty}}}}}')
    # As much as is read, and the place of what is wrong at its end.
    ones = "1," * 994_000
    yield _file("2 MB of numbers and a NaN.json", lambda: f'{{"a":[{ones}NaN]}}')
    yield _file("2 MB of numbers and a mistake.json", lambda: f'{{"Metadata":[{ones}1],{_resources({"Foo": 1})[1:]}')
    yield _file(
        "2 MB of keys and one again.json", lambda: "{" + "".join(f'"{n:x}":0,' for n in range(190_000)) + '"0":1}'
    )
    yield _file("400 kB of items in a line.yaml", lambda: "[" + "a," * 199_000 + "a]")
    yield _file("400 kB of items.yaml", lambda: "- a\n" * 99_000, True)
    yield _file("400 kB of keys.yaml", lambda: "".join(f"k{index}: 1\n" for index in range(38_000)))
    yield _file("400 kB of one key.yaml", lambda: "a: 1\n" * 66_000)
    yield _file("400 kB of text.yaml", lambda: "a: '" + "x" * 399_000 + "'", True)
    yield _file("400 kB of words.yaml", lambda: "a: " + "x " * 198_000, True)
    yield _file("400 kB of escapes.yaml", lambda: 'a: "' + "\\n" * 199_000 + '"', True)
    yield _file("400 kB of returns.yaml", lambda: "\r" * 399_000, True)
    yield _file("400 kB of anchors.yaml", lambda: "[" + ",".join(f"&a{index} x" for index in range(40_000)) + "]", True)
    yield _file("400 kB of files in one.yaml", lambda: "---\n" * 99_000, True)
    yield _file("400 kB of directives.yaml", lambda: "%YAML 1.2\n" * 39_000, True)
    for ending in ("json", "yaml", "template"):
        yield Nasty(f"1 GB of nothing.{ending}", partial(_sparse, f"a.{ending}"))

    def folder_of_large(folder: Path) -> Path:
        return _sparse("a.json", folder).parent

    yield Nasty("1 GB of nothing in a folder", folder_of_large)


def _sparse(name: str, folder: Path) -> Path:
    path = folder / name
    with path.open("wb") as file:
        file.truncate(1024 * MEGABYTE)
    return path


def _many() -> Iterator[Nasty]:
    yield _file("500 resources of 3 mistakes.json", lambda: _resources({"Foo": 1, "Description": ""}, 500))
    for many, resources in ((50, 400), (990, 600)):
        empty: dict[str, Any] = GOOD | {"AbortConfig": {"CriteriaList": [{}] * many}}
        yield _file(f"{many} empty criteria in {resources} resources.json", partial(_resources, empty, resources))
    yield _file("17,000 resources.json", lambda: _resources(GOOD, 17_000))
    windows = [
        {"StartTime": f"cron({index % 60} {index % 24} ? * MON *)", "DurationInMinutes": 1 + index}
        for index in range(100)
    ]
    rare = [{"StartTime": f"cron(0 1 {day} 2 ? 2028)", "DurationInMinutes": 1380} for day in range(1, 30)]
    never = [{"StartTime": "cron(0 0 31 2 ? *)", "DurationInMinutes": 10}] * 100
    for name, given in (
        ("overlapping", windows),
        ("equal", windows[:1] * 100),
        ("rare", rare * 3),
        ("never open", never),
    ):
        one = GOOD | {"MaintenanceWindows": given}
        yield _file(f"100 windows {name}.json", partial(_resources, one), True)
        yield _file(f"100 windows {name} in 500 resources.json", partial(_resources, one, 500), name == "equal")
    for name, tags in {
        "equal": [{"Key": "a", "Value": "b"}] * 100_000,
        "different": [{"Key": f"k{index}", "Value": "b"} for index in range(100_000)],
        "wrong": [{"Key": f"${index}", "Value": "$"} for index in range(100_000)],
        "absent": [None] * 100_000,
    }.items():
        yield _file(f"100,000 tags {name}.json", partial(_resources, GOOD | {"Tags": tags}))
    yield _file("60,000 aliases as tags.yaml", lambda: f"x: &x {{Key: a, Value: b}}\nResources: {{T: {{Type: '{KIND}', "
                f"Properties: {{JobTemplateId: t, Description: d, Tags: [{'*x,' * 60_000}*x]}}}}}}")  # fmt: skip
    job = {"JobId": "a", "Description": "x", "TargetSelection": "SNAPSHOT"}
    yield _file("100,000 targets.json", lambda: json.dumps(job | {"Targets": ["x"] * 100_000}))
    yield _file("100,000 packages.json", lambda: _resources(GOOD | {"DestinationPackageVersions": ["x"] * 100_000}))
    criteria = [{"FailureType": "FAILED"}] * 100_000
    yield _file("100,000 criteria.json", lambda: _resources(GOOD | {"AbortConfig": {"CriteriaList": criteria}}))
    parameters = {f"${index}": index for index in range(100_000)}
    yield _file("100,000 parameters.json", lambda: json.dumps(job | {"Targets": [], "DocumentParameters": parameters}))
    yield _file("100,000 unknown keys.json", lambda: _resources(GOOD | {f"k{index}": 1 for index in range(100_000)}))
    yield _file("a long unknown key.json", lambda: _resources(GOOD | {"Description" * 100_000: 1}))
    keys = {"JobTemplateId" * 1000 + str(index): 1 for index in range(100)}
    yield _file("long unknown keys.json", partial(_resources, GOOD | keys))

    def small_files(folder: Path) -> Path:
        for index in range(10_000):
            (folder / f"{index}.json").write_text('{"a": 1}')
        return folder

    yield Nasty("10,000 small files", small_files)
    size = 32_000
    for name, text in {
        "open placeholders": "${aws:" * (size // 6),
        "open packages": "${aws:iot:package:" * (size // 18),
        "flat placeholders": "${aws:x}" * (size // 8),
        "braces": "${aws:" + "}${" * (size // 3),
        "dollars": "${" * (size // 2),
        "a long key": "${aws:iot:s3-presigned-url-v2:https://s3.x.amazonaws.com/b/" + "a/" * (size // 2) + "!}",
        "hosts": "${aws:iot:s3-presigned-url:https://" + "a.s3.amazonaws.com" * (size // 18) + "}",
        "upload": "${aws:iot:s3-presigned-url-upload:https://" + "a.amazonaws.com" * (size // 16) + "${thingName}}",
        "package": "${aws:iot:package:" + "a" * size + "}",
        "private keys": "-----BEGIN PRIVATE KEY-----" * (size // 27),
        "key words": "-----BEGIN " + "A " * (size // 2),
        "secret keys": "secret key    " * (size // 14),
        "access keys": "AKIA" * (size // 4),
        "addresses": "http://" * (size // 7),
        "users": "http://" + "a@" * (size // 2),
        "labels": "http://" + "a." * (size // 2),
        "tokens": "${Token[" * (size // 8),
        "commas": "," * size,
        "backslashes": "\\" * (size // 2),
        "blanks": " " * size,
        "letters": "a" * size,
        "digits": "20" * (size // 2),
        "commits": "abcdef0 " * (size // 8),
        "builds": "build " * (size // 6),
    }.items():
        command = {"action": {"name": text[:99], "type": "runCommand", "input": {"command": text[: size // 3]}}}
        agent = json.dumps({"version": "1.0", "steps": [command], "a": text[: size // 3]})
        fields: dict[str, Any] = dict.fromkeys(("JobTemplateId", "JobArn", "DocumentSource", "Description"), text * 10)
        fields |= {
            "MaintenanceWindows": [{"StartTime": text * 10, "DurationInMinutes": 1}],
            "PresignedUrlConfig": {"RoleArn": text * 10},
            "DestinationPackageVersions": [text * 10],
            "Tags": [{"Key": text * 10, "Value": text * 10}],
        }
        yield _file(
            f"a document of {name}.json",
            _resources(GOOD | {"Document": json.dumps({"a": text})}),
            True,
        )
        yield _file(f"commands of {name}.json", agent, True)
        yield _file(f"fields of {name}.json", partial(json.dumps, fields), True)


def hostile_files() -> list[Nasty]:
    """Files and folders with more findings, or more to search, than a report has room for."""

    def arguments(count: int) -> str:
        handler = {"name": "a", "type": "runHandler", "input": {"handler": "h", "args": [1] * count}}
        return json.dumps({"version": "1.0", "steps": [{"action": handler}]}, separators=(",", ":"))

    def windows() -> str:
        starts = [f"{index % 24} ? * MON *" for index in range(100)]
        templates = (
            {"StartTime": f"cron({(number + index) % 60} {start})", "DurationInMinutes": 1430 - number}
            for number in range(285)
            for index, start in enumerate(starts)
        )
        each = {
            f"T{number}": GOOD | {"JobTemplateId": f"t{number}", "MaintenanceWindows": list(islice(templates, 100))}
            for number in range(285)
        }
        return json.dumps({"Resources": {name: {"Type": KIND, "Properties": one} for name, one in each.items()}})

    def terms() -> str:
        start = f"cron({','.join(f'x{number}' for number in range(60))} 1 ? * MON *)"
        return _resources(GOOD | {"MaintenanceWindows": [{"StartTime": start, "DurationInMinutes": 1}] * 100}, 50)

    def application(folder: Path, document: str, family: str = "", environment: str = "") -> Path:
        for name, text in {
            "stacks/templates/f.yaml": f"description: d\ndocument: d.json\ndocument_schema: device-client\n{family}",
            "stacks/environments/e.yaml": "name: e\naccount: '123456789012'\nregion: eu-west-1\nfleet: {things: 10}\n"
            f"templates: {{f: {{}}}}\n{environment}",
            "job_documents/d.json": document,
        }.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return folder

    def many(folder: Path, count: int, text: str) -> Path:
        for number in range(count):
            (folder / f"{'n' * 200}{number}.json").write_text(text)
        return folder

    def long_keys() -> str:
        keys = "".join(f"{'k' * 900}{number}: 1," for number in range(49))
        aliases = ",".join(f"T{number}: {{Type: '{KIND}', Properties: *d}}" for number in range(4000))
        return f"d: &d {{{keys}}}\nResources: {{{aliases}}}"

    def long_id() -> str:
        resource = {"Type": KIND, "Properties": GOOD | {"Tags": [{}] * 499}}
        return json.dumps({"Resources": {"T" * 900_000: resource}})

    def skipped() -> str:
        resource = {"Type": KIND, "Properties": {"Ref": "x"}}
        return json.dumps({"Resources": {f"T{number}": resource for number in range(25_000)}})

    topic = {"Type": "AWS::SNS::Topic", "Properties": {"Tags": [{"Key": str(n), "Value": "a"} for n in range(25_000)]}}
    many_tags = {"Resources": {"T": {"Type": KIND, "Properties": GOOD}, "A": topic}}
    names = [f"P{number}" for number in range(40)]
    combinations = {
        "Parameters": {name: {"Type": "String", "AllowedValues": ["a", "b"]} for name in names},
        "Resources": {
            "T": {"Type": KIND, "Properties": GOOD},
            "A": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"TopicName": {"Fn::Join": ["", [{"Ref": n} for n in names]]}},
            },
        },
    }

    unknown = "".join(f"k{number}: 1\n" for number in range(20_000))
    placeholders = "".join(f"${{aws:{number}}}" for number in range(100_000))
    wide = GOOD | {"Description": "\U0001f600" * 3000, "\U0001f600" * 600: 1, '"' * 600: 1}
    return [
        _file("200,000 arguments.json", lambda: arguments(200_000)),
        _file("990,000 arguments.json", lambda: arguments(990_000)),
        Nasty("10,000 arguments for a chosen agent", lambda folder: application(folder, arguments(10_000))),
        Nasty("200,000 arguments for a chosen agent", lambda folder: application(folder, arguments(200_000))),
        Nasty("20,000 unknown keys in a family", lambda folder: application(folder, "{}", unknown)),
        Nasty("20,000 unknown keys in an environment", lambda folder: application(folder, "{}", "", unknown)),
        _file("100 windows in 285 resources.json", windows),
        _file("terms of crons.json", terms),
        _file("placeholders in Sub.json", lambda: _resources(GOOD | {"Document": {"Fn::Sub": placeholders}})),
        _file("exclamation marks.yaml", lambda: "!" * 500_000),
        _file("a long tag.yaml", lambda: f"Resources: {{T: {{Type: '{KIND}', Properties: !{'a' * 1_900_000} x}}}}"),
        _file("long keys in aliases.yaml", long_keys),
        _file("a long logical id.json", long_id),
        _file("25,000 skipped resources.json", skipped),
        _file("25,000 tags of another resource.json", lambda: json.dumps(many_tags)),
        Nasty("20 templates of all combinations", lambda folder: many(folder, 20, json.dumps(combinations))),
        Nasty("10,000 small documents", lambda folder: many(folder, 10_000, arguments(5))),
        Nasty("1500 files with wide letters", lambda folder: many(folder, 1500, _resources(wide))),
    ]


def _odd_paths() -> Iterator[Nasty]:
    def fifo(folder: Path) -> Path:
        os.mkfifo(folder / "a.json")
        return folder / "a.json"

    def loops(folder: Path) -> Path:
        (folder / "self").symlink_to(folder)
        (folder / "a.json").symlink_to(folder / "a.json")
        (folder / "b").symlink_to(folder / "c")
        (folder / "c").symlink_to(folder / "b")
        (folder / "lost.yaml").symlink_to(folder / "nowhere")
        return folder

    def zero(folder: Path) -> Path:
        (folder / "a.json").symlink_to("/dev/zero")
        return folder

    def application(folder: Path) -> Path:
        for path in ("stacks/templates", "stacks/environments", "job_documents"):
            (folder / path).mkdir(parents=True)
            (folder / path / "loop.yaml").symlink_to("loop.yaml")
            (folder / path / "loop.json").symlink_to("loop.json")
            (folder / path / "folder.yaml").mkdir()
            os.mkfifo(folder / path / "fifo.yaml")
            os.mkfifo(folder / path / "fifo.json")
        return folder

    def names(folder: Path) -> Path:
        no_text = () if sys.platform == "darwin" else (b"\xff\xfe",)  # macOS takes UTF-8 alone
        for name in (b"a\nb::error file=x::y", b"a:b,c%25", b"\x1b[31mred", "é".encode(), *no_text):
            (folder / os.fsdecode(name + b".json")).write_text('{"JobTemplateId": "x"')
            (folder / os.fsdecode(name + b".yaml")).write_text('{"JobTemplateId": "a b", "Description": "d"}')
        return folder

    yield Nasty("/dev/zero", lambda folder: Path("/dev/zero"))
    yield Nasty("/dev/null", lambda folder: Path("/dev/null"))
    yield Nasty("a pipe", fifo)
    yield Nasty("a pipe in a folder", lambda folder: fifo(folder).parent)
    yield Nasty("/dev/zero in a folder", zero)
    yield Nasty("links in a loop", loops)
    yield Nasty("an application of pipes and loops", application)
    yield Nasty("odd names", names)


def _odd_texts() -> Iterator[Nasty]:
    text = f"Resources: {{T: {{Type: '{KIND}', Properties: {{JobTemplateId: é}}}}}}"
    for encoding in ("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig"):
        yield _file(f"{encoding}.yaml", text.encode(encoding))
        as_json = '{"JobTemplateId": "é", "Description": "d"}'
        yield _file(f"{encoding}.json", as_json.encode(encoding), True)
    for name, raw in {
        "NUL": b"a: \0",
        "empty": b"",
        "BOM": b"\xef\xbb\xbf",
        "CRLF": b"Resources:\r\n  T: {}\r\n",
        "CR": b"a: 1\rb: 2\r",
        "line separators": "a: 1\u0085b: 2\u2028c: 3".encode(),
        "surrogates": b'"\xed\xa0\x80"',
    }.items():
        yield _file(f"{name}.yaml", raw)
        yield _file(f"{name}.json", raw, True)
    yield _file("a type that is a list.json", lambda: '{"Type": []}')

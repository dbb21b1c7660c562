"""The repository itself: layers, imports, committed files, the wheel, and whether the README and the guides are true."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import click
import pytest

from tests.commands import EXAMPLE

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
CLI, API = ((ROOT / "docs" / name).read_text() for name in ("cli.md", "api.md"))
GUIDES = [API, *((ROOT / "docs" / name).read_text() for name in ("scaling.md", "updating.md"))]
PYTHON_BLOCKS = [block for text in (README, *GUIDES) for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)]
MOST_FUNCTIONS = 60
"""The number of functions that a value may pass through on its way from an environment's file."""
HELP_BLOCKS = re.findall(r"```\n\$ iot-jobs ((?:[a-z-]+ )*)--help\n(.*?)```", CLI, re.DOTALL)


def run(*command: str | Path, folder: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a terminal of the usual width."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, "COLUMNS": "80", **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.e2e
def test_layers() -> None:
    """Imports point down, and only their own rooms import the CDK and boto3."""
    done = run(BIN / "lint-imports")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "command", [["check", "stacks"], ["review", ".", "."], ["schema", "environment"], ["--version"]]
)
def test_the_fast_half_stays_fast(command: list[str]) -> None:
    """Neither Node's bridge nor the CDK, boto3 or a plotting library is loaded to check."""
    heavy = [
        "aws_cdk",
        "jsii",
        "constructs",
        "boto3",
        "botocore",
        "rich",
        "numpy",
        "matplotlib",
        "jsonschema",
        "cloudformation_validate",
    ]

    code = (
        "import sys\nfrom iot_jobs.cli import main\n"
        f"try:\n    main({command!r})\nexcept SystemExit as done:\n    assert not done.code, done.code\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = run(sys.executable, "-c", code, folder=EXAMPLE)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"


def test_the_forecast_loads_what_it_needs() -> None:
    """A forecast loads numpy, and no plotting library unless there is something to plot."""
    code = (
        "import sys\nfrom iot_jobs.cli import main\n"
        "try:\n    main(['forecast', 'stacks/environments/dev.yaml', 'reboot'])\n"
        "except SystemExit as done:\n    assert not done.code, done.code\n"
        "print([name for name in ('aws_cdk', 'jsii', 'boto3', 'numpy', 'matplotlib') if name in sys.modules], file=sys.stderr)"
    )
    done = run(sys.executable, "-c", code, folder=EXAMPLE)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "['numpy']"


@pytest.mark.e2e
def test_no_skips(tmp_path: Path) -> None:
    """With --no-skips what is skipped fails with its reason, test, setup or file; what is expected to fail is left."""
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    (tmp_path / "test_a.py").write_text(
        "import pytest\n"
        "@pytest.fixture\ndef needed():\n    pytest.skip('no needle')\n"
        "@pytest.mark.skip(reason='no time')\ndef test_marked(): pass\n"
        "def test_within(): pytest.skip('no mood')\n"
        "def test_setup(needed): pass\n"
        "@pytest.mark.xfail\ndef test_expected(): assert False\n"
        "def test_fine(): pass\n"
    )
    (tmp_path / "test_b.py").write_text("import pytest\npytest.skip('no file', allow_module_level=True)\n")
    command = (sys.executable, "-m", "pytest", "-rA", "--color=no", "-p", "no:cacheprovider")
    plain, strict = (run(*command, *more, folder=tmp_path) for more in ((), ("--no-skips",)))
    assert (plain.returncode, strict.returncode) == (0, 2)  # 2: not all could be collected
    assert "1 passed, 4 skipped, 1 xfailed" in plain.stdout
    (tmp_path / "test_b.py").unlink()
    strict = run(*command, "-n2", "--no-skips", folder=tmp_path)
    assert "1 failed, 1 passed, 1 xfailed, 2 errors" in strict.stdout
    for reason in ("no time", "no mood", "no needle"):
        assert f"not to be skipped (--no-skips): {reason}\n" in strict.stdout


@pytest.fixture(scope="module")
def tracked() -> dict[str, str]:
    """Every committed text file."""
    names = run("git", "ls-files", "-z").stdout.split("\0")[:-1]
    return {name: (ROOT / name).read_text(errors="replace") for name in names if (ROOT / name).is_file()}


def test_no_registry_address(tracked: dict[str, str]) -> None:
    """No file names an index or registry, so that everybody's own settings hold."""
    # The flags that keep them out are no addresses.
    word = re.compile(r"--(?:extra-)?index-url|--find-links|\"resolved\": \"http|pypi\.org|registry\.npmjs")
    mine = Path(__file__).relative_to(ROOT).as_posix()
    found = {name for name, text in tracked.items() if word.search(re.sub(r"--no-emit-[a-z-]+", "", text))}
    assert found <= {mine}


def test_no_account_number(tracked: dict[str, str]) -> None:
    """The only account numbers are the two that belong to nobody, but for those of the application's owner."""
    allowed = {"123456789012", "000000000000"}
    arns = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):")
    quoted = re.compile(r"account[\"']?: *[\"'](\d{12})[\"']")
    found = {
        (name, number)
        for name, text in tracked.items()
        if name.startswith("tests/application/")
        or not name.startswith(("tests/", "stacks/templates/", "stacks/environments/", "job_documents/"))
        for number in (*arns.findall(text), *quoted.findall(text))
    }
    assert {number for _, number in found} <= allowed, found


def test_wheel(tmp_path: Path) -> None:
    """The wheel holds the library, its schemas, style and type marker, and nothing else."""
    done = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    sources = ROOT / "constructs/iot_jobs"
    expected = {
        f"iot_jobs/{path.relative_to(sources).as_posix()}"
        for path in sources.rglob("*")
        if path.suffix in (".py", ".json", ".css") or path.name == "py.typed"
    }
    assert {name for name in names if ".dist-info/" not in name} == expected


@pytest.mark.xdist_group("jsii")
@pytest.mark.parametrize("block", PYTHON_BLOCKS, ids=range(len(PYTHON_BLOCKS)))
def test_readme_python(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each Python block of the README and the guides runs unchanged, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "<block>", "exec"), {"__name__": "__main__"})  # to start a Node for each takes long


@pytest.mark.parametrize(("command", "text"), HELP_BLOCKS, ids=[name.strip() or "iot-jobs" for name, _ in HELP_BLOCKS])
def test_readme_help(command: str, text: str) -> None:
    """The help in docs/cli.md is what the command prints."""
    assert run(BIN / "iot-jobs", *command.split(), "--help").stdout == text


def commands(group: click.Group, *above: str) -> dict[str, click.Command]:
    """The commands of a group and of the groups in it, by their names on the command line."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        path = (*above, name)
        found |= commands(command, *path) if isinstance(command, click.Group) else {" ".join(path): command}
    return found


def test_readme_has_all_commands() -> None:
    """Every command has its help in docs/cli.md, and there are Python blocks to run."""
    from iot_jobs.cli import main

    assert sorted(name.strip() for name, _ in HELP_BLOCKS) == sorted(commands(main))
    assert len(PYTHON_BLOCKS) >= 3


def test_readme_example(tmp_path: Path) -> None:
    """The README shows what `iot-jobs check` prints for the environment above it."""
    (name, environment, report) = re.findall(r"```yaml\n# (\S+)\n(.*?)```\n\n```\n(.*?)```", README, re.DOTALL)[0]
    for path in ("stacks/templates/firmware-update.yaml", "job_documents/firmware-update.json"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(EXAMPLE / path, tmp_path / path)
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(f"# {name}\n{environment}")
    done = run(BIN / "iot-jobs", "check", "stacks", folder=tmp_path)
    assert (done.stdout, done.returncode) == (report, 1)


def test_readme_application(tmp_path: Path) -> None:
    """The family and the environment of the README have no findings but those that the README acknowledges."""
    blocks = re.findall(r"```yaml\n# (stacks/\S+)\n(.*?)```", README.partition("## Application")[2], re.DOTALL)
    assert [name for name, _ in blocks] == ["stacks/templates/reboot.yaml", "stacks/environments/prod.yaml"]
    shutil.copytree(EXAMPLE / "job_documents", tmp_path / "job_documents")
    for name, text in [*blocks, ("stacks/templates/firmware-update.yaml", None)]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((EXAMPLE / name).read_text() if text is None else text)
    done = run(BIN / "iot-jobs", "check", "stacks", "--format", "json", "--strict", folder=tmp_path)
    report = json.loads(done.stdout)
    named = re.findall(r"(JT[0-9]{3}): (.*)", blocks[1][1])
    assert (report["findings"], report["skipped"], done.returncode) == ([], [], 0)
    assert [(one["code"], one["reason"]) for one in report["acknowledged"]] == named != []


@pytest.mark.parametrize(
    "path",
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))],
    ids=lambda path: path.name,
)
def test_links(path: Path) -> None:
    """Each link within the repository leads to a file, and to a heading in it."""
    for file, heading in re.findall(r"\]\(\s*(?!https?:)([^)#\s]*)(?:#([^)\s]+))?\s*\)", path.read_text()):
        target = (path.parent / file).resolve() if file else path
        assert target.is_file(), file
        slugs = {re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in headings(target)}
        assert not heading or heading in slugs, heading


def headings(path: Path) -> list[str]:
    """The headings of a guide; none of a picture."""
    return re.findall(r"(?m)^#+ .*$", path.read_text()) if path.suffix == ".md" else []


def test_public_names() -> None:
    """docs/api.md has a row for each public name, in the section of its package, and for no other name."""
    import iot_jobs
    import iot_jobs.cdk

    sections = dict(re.findall(r"(?ms)^### (iot_jobs[^\n]*)\n(.*?)(?=^##)", API))
    rows = {title: re.findall(r"(?m)^\| `([\w.]+)` \| \S", text) for title, text in sections.items()}
    assert {title: sorted(names) for title, names in rows.items()} == {
        "iot_jobs": sorted(iot_jobs.__all__),
        "iot_jobs.cdk": sorted(iot_jobs.cdk.__all__),
        "iot_jobs.sources, iot_jobs.check and iot_jobs.forecast": [
            "iot_jobs.check.Report",
            "iot_jobs.check.check",
            "iot_jobs.check.load_application",
            "iot_jobs.forecast.Assumptions",
            "iot_jobs.forecast.Forecast",
            "iot_jobs.forecast.ForecastError",
            "iot_jobs.forecast.Goals",
            "iot_jobs.forecast.Scheduler",
            "iot_jobs.forecast.Suggestion",
            "iot_jobs.forecast.forecast",
            "iot_jobs.forecast.suggest",
            "iot_jobs.sources.read_paths",
        ],
    }
    assert set(iot_jobs.__all__) <= set(dir(iot_jobs))
    for name in rows["iot_jobs.sources, iot_jobs.check and iot_jobs.forecast"]:
        module, _, attribute = name.rpartition(".")
        assert attribute in vars(importlib.import_module(module))["__all__"]


@pytest.mark.xdist_group("jsii")
def test_the_path_of_a_value() -> None:
    """A value takes each form once and passes through few functions, as many as CONTRIBUTING states."""
    done = run(sys.executable, "-m", "tools.trace_value")
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"(?m)^prod\.yaml to ([a-z ]+): (\d+) functions; (.+)$", done.stdout)
    turns = ["text to data", "data to a model", "a model to properties"]
    assert [(title, forms.split(", ")) for title, _, forms in rows] == [
        ("a finding", turns[:2]),
        ("the properties", turns),
        ("the synthesized template", turns),
    ]
    finding, properties, template = (int(count) for _, count, _ in rows)
    assert [count for count in (finding, properties, template) if count > MOST_FUNCTIONS] == []
    stated = (
        f"{finding} functions to a finding, {properties} to the properties, {template} to the synthesized template."
    )
    assert stated in re.sub(r"\s+", " ", CONTRIBUTING)


def test_choices_of_formats() -> None:
    """Each command offers the formats that its renderer has; the choices are literal, so that no renderer is loaded."""
    from iot_jobs.cli import main
    from iot_jobs.render import deployed, drift, findings, forecast, jobs, review, suggest

    rendered: dict[str, list[str]] = {
        "check": [*findings.FORMATS],
        "forecast": [*forecast.FORMATS],
        "jobs execution": [*jobs.EXECUTION],
        "jobs executions": [*jobs.EXECUTIONS],
        "jobs list": [*jobs.LIST],
        "jobs show": [*jobs.SHOW],
        "review": [*review.FORMATS],
        "suggest": [*suggest.FORMATS],
        "templates drift": [*drift.FORMATS],
        "templates list": [*deployed.FORMATS],
        "templates show": [*deployed.SHOW],
    }
    offered = {
        name: [*parameter.type.choices]
        for name, command in commands(main).items()
        for parameter in command.params
        if "--format" in parameter.opts and isinstance(parameter.type, click.Choice)
    }
    assert offered == rendered


def test_documents_name_no_stacks_by_how_they_begin() -> None:
    """No command of the README or a guide takes a pattern of stacks, which other environments' names match too."""
    guides = (path.read_text() for path in (ROOT / "docs").iterdir() if path.suffix in (".md", ".yaml"))
    texts = [README, CONTRIBUTING, *guides]
    shell = "".join(block for text in texts for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    inline = "\n".join(re.findall(r"`(cdk [^`]*)`", "".join(texts)))
    assert "cdk deploy --all -c environment=prod\n" in f"{inline}\n"
    assert not re.search(r"iot-jobs-\S*\*", f"{shell}\n{inline}")
    roles = (ROOT / "docs/github-roles.yaml").read_text()
    assert not re.search(r"iot-jobs-\$\{Environment\}-\*", roles)


def test_commands_of_the_documents() -> None:
    """Each make target and each mark of tests that the README or a guide names exists."""
    texts = [README, CONTRIBUTING, *(path.read_text() for path in (ROOT / "docs").glob("*.md"))]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for text in texts for name in re.findall(r"(?m)(?:^|`)make ([a-z-]+)", text)}
    assert {"snapshots", "deploy-local"} <= named <= targets
    marks = {
        word for text in texts for words in re.findall(r'pytest -m "?([a-z0-9 ]+)', text) for word in words.split()
    }
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["markers"]
    assert {"application", "e2e"} <= marks - {"and", "not"} <= {mark.partition(":")[0] for mark in declared}


def test_schemas_are_current() -> None:
    """The schemas beside the YAML files are those that the command prints."""
    for kind in ("environment", "family"):
        printed = run(BIN / "iot-jobs", "schema", kind).stdout
        assert (ROOT / f"stacks/schemas/{kind}.schema.json").read_text() == printed


@pytest.mark.parametrize("kind", ["environment", "family"])
@pytest.mark.parametrize(
    "root", [pytest.param(EXAMPLE, id="example"), pytest.param(ROOT, id="stacks", marks=pytest.mark.application)]
)
def test_files_fit_their_schema(root: Path, kind: str) -> None:
    """An editor finds nothing wrong with an application's files, and a schema that a file names is that of its kind."""
    import jsonschema

    from iot_jobs.sources import read
    from tests.oracles import ecma

    schema = ROOT / f"stacks/schemas/{kind}.schema.json"
    validator = jsonschema.Draft202012Validator(ecma.in_python(json.loads(schema.read_text())))
    folder = {"environment": "environments", "family": "templates"}[kind]
    paths = sorted((root / "stacks" / folder).glob("*.y*ml"))
    assert paths
    for path in paths:
        source = read(path)
        assert list(validator.iter_errors(source.data)) == []
        named = re.match(r"# yaml-language-server: \$schema=(.*)\n", source.text)
        assert named or root == ROOT, f"{path} names no schema"
        assert not named or (path.parent / named[1]).resolve() == schema


def foreign_doors(text: str) -> list[str]:
    """Where a module reaches into another's: assigns to what it imported, or takes a name that begins with a mark."""
    tree = ast.parse(text)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {(alias.asname or alias.name).partition(".")[0] for node in imports for alias in node.names}
    doors = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            path = (node.module or "").split(".")
            own = path[0] in ("iot_jobs", "stacks", "tools") or node.level > 0
            doors += [alias.name for alias in node.names if not own and is_private(alias.name)]
            doors += [node.module or "" for part in path if not own and is_private(part)]
        elif isinstance(node, ast.Import):
            doors += [alias.name for alias in node.names if any(map(is_private, alias.name.split(".")))]
        elif isinstance(node, ast.Attribute) and node.attr.startswith("__pydantic"):
            doors.append(node.attr)
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            inner = ast.unparse(node)
            # `self.x = y` is a class's own affair, and so is what a local variable holds.
            doors += [inner] if inner.partition(".")[0].partition("[")[0] in names else []
        elif isinstance(node, ast.Attribute) and is_private(node.attr) and ast.unparse(node).partition(".")[0] in names:
            doors += [] if ast.unparse(node) == "os._exit" else [ast.unparse(node)]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("setattr", "delattr", "patch")):
            doors.append(ast.unparse(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("__pydantic"):
            doors.append(node.value)
    return doors


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


@pytest.mark.parametrize("path", sorted((ROOT / "constructs").rglob("*.py")), ids=lambda path: path.name)
def test_no_foreign_doors(path: Path) -> None:
    """No module of the library changes another's module or class, or uses what it keeps to itself."""
    assert foreign_doors(path.read_text()) == []


DOORS = [
    ("import sys\nsys.modules['x'] = None", ["sys.modules['x']"]),
    ("import typing\ntyping.TypedDict = dict", ["typing.TypedDict"]),
    ("from a import B\nB.x = 1\ndel B.y", ["B.x", "B.y"]),
    ("from a import _b", ["_b"]),
    ("from a._b import c", ["a._b"]),
    ("import a._b", ["a._b"]),
    ("import a\na._b()", ["a._b"]),
    ("setattr(x, 'y', 1)", ["setattr(x, 'y', 1)"]),
    (
        "f.__pydantic_base_init__ = True\nhasattr(x, '__pydantic_fields__')",
        ["__pydantic_base_init__", "__pydantic_fields__"],
    ),
    ("from iot_jobs.a import _b\nfrom __future__ import annotations\nself.x = 1\nx = a.b\na.b(c.d)", []),
]


@pytest.mark.parametrize(("text", "expected"), DOORS)
def test_foreign_doors_are_seen(text: str, expected: list[str]) -> None:
    """Each way into another's house is found."""
    assert foreign_doors(text) == expected

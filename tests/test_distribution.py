"""What is installed: the wheel alone in an environment with the base dependencies, and what each extra adds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from ruamel.yaml import YAML

from iot_jobs.extras import EXTRAS, MissingExtraError, extra
from tests.cases import not_installed
from tests.commands import EXAMPLE, MAKE, link

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT: dict[str, Any] = PYPROJECT["project"]
LIBRARIES = sorted({library for libraries in EXTRAS.values() for library in libraries})


@pytest.mark.parametrize("name", EXTRAS)
def test_extra(name: str) -> None:
    """Where a library of an extra is missing, the error says what to install; other errors stay as they are."""
    for library in EXTRAS[name]:
        with pytest.raises(MissingExtraError) as raised, extra(name):
            raise ModuleNotFoundError("No module named 'x'", name=f"{library}.part")
        assert str(raised.value) == not_installed(library, name)
        assert raised.value.name == f"{library}.part"
    for missing in ("iot_jobs.nowhere", "numpyro", None):
        with pytest.raises(ModuleNotFoundError, match=r"^No module named 'x'$"), extra(name):
            raise ModuleNotFoundError("No module named 'x'", name=missing)


def required(lines: list[str]) -> dict[str, Requirement]:
    """Requirements by name."""
    return {requirement.name.lower(): requirement for requirement in map(Requirement, lines)}


def test_extras_are_declared() -> None:
    """Each extra has a name in the project, and `all` has every one of them; no library of one is in the base."""
    declared = PROJECT["optional-dependencies"]
    assert set(declared) == {*EXTRAS, "all"}
    assert required(declared["all"])["iot-jobs"].extras == set(EXTRAS)
    own = {one.name for lines in declared.values() for one in required(lines).values()} - {"iot-jobs"}
    assert not own & set(required(PROJECT["dependencies"]))


def test_lowest_versions() -> None:
    """Every version that the project declares as the lowest is the one that `make test-matrix` runs on."""
    declared = required([line for lines in PROJECT["optional-dependencies"].values() for line in lines])
    declared |= required(PROJECT["dependencies"])
    del declared["iot-jobs"]
    locked = dict(re.findall(r"^([a-z0-9-]+)==([0-9.]+)", (ROOT / "requirements-lowest.txt").read_text(), re.MULTILINE))
    for name, requirement in declared.items():
        (lowest,) = (part.version for part in requirement.specifier if part.operator == ">=")
        assert re.fullmatch(rf"{re.escape(lowest)}(\.0)*", locked[name.replace(".", "-")]), name


# The wheel, installed ------------------------------------------------------------------------------------------------


class Installed:
    """An environment with a wheel in it and the dependencies of its base, and nothing else."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.bin = folder / "bin"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
        self.pip("install", "--quiet", "--no-index", "--no-deps", str(wheel))
        (self.site_packages,) = folder.glob("lib/python*/site-packages")
        (metadata,) = self.site_packages.glob("iot_jobs-*.dist-info")
        for name in dependencies(PathDistribution(metadata)):
            link(distribution(name), self.site_packages)

    def pip(self, *arguments: str) -> str:
        """What pip prints about the environment."""
        command = [sys.executable, "-m", "pip", "--python", str(self.bin / "python"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, *command: str, folder: Path) -> tuple[int, str, str]:
        """The exit code, stdout and stderr of a program of the environment, with no other on its path."""
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=folder,
            env={"PATH": str(self.bin), "HOME": str(folder)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr


def dependencies(root: Distribution) -> set[str]:
    """The names of what a distribution requires on this Python without any extra, and what that requires."""
    names: set[str] = set()
    todo = [root]
    while todo:
        requirements = [Requirement(line) for line in todo.pop().requires or ()]
        new = {one.name for one in requirements if one.marker is None or one.marker.evaluate({"extra": ""})} - names
        names |= new
        todo += map(distribution, new)
    return names


@pytest.fixture(scope="module")
def built() -> dict[str, Path]:
    """What `make wheel` builds, by the kind of file. A proxy where nobody listens keeps it from the network."""
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    settings = [f"{name}={value}" for name, value in proxies.items()]
    subprocess.run(
        ["env", *settings, *MAKE, "--silent", "wheel"], cwd=ROOT, check=True, capture_output=True, timeout=60
    )
    names = {
        "wheel": f"iot_jobs-{PROJECT['version']}-py3-none-any.whl",
        "sdist": f"iot_jobs-{PROJECT['version']}.tar.gz",
    }
    return {kind: ROOT / "dist" / name for kind, name in names.items()}


@pytest.fixture(scope="module")
def installed(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, installed with its base."""
    return Installed(tmp_path_factory.mktemp("base") / "venv", built["wheel"])


def copy_application(source: Path, folder: Path) -> Path:
    """Copy an application, without its Python."""
    for name in ("stacks", "job_documents"):
        shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """A copy of the example."""
    return copy_application(EXAMPLE, tmp_path)


@pytest.mark.e2e
def test_the_base_is_complete_and_light(installed: Installed, tmp_path: Path) -> None:
    """Every requirement of what is installed is met, and no library of an extra can be imported."""
    assert installed.pip("check") == "No broken requirements found.\n"
    code = f"from importlib.util import find_spec; print([name for name in {LIBRARIES!r} if find_spec(name)])"
    assert installed.run("python", "-c", code, folder=tmp_path) == (0, "[]\n", "")
    assert (installed.site_packages / "iot_jobs/py.typed").is_file()


@pytest.mark.e2e
@pytest.mark.parametrize(
    "source", [EXAMPLE, pytest.param(ROOT, marks=pytest.mark.application)], ids=["example", "ours"]
)
def test_check(installed: Installed, tmp_path: Path, source: Path) -> None:
    """An application without errors passes, as the hook for pre-commit runs it."""
    (hook,) = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["language"] == "python"
    command = (*hook["entry"].split(), *hook["args"])
    code, _, summary = installed.run(*command, folder=copy_application(source, tmp_path))
    assert code == 0
    assert re.fullmatch(r"\d+ checked, 0 errors, .*", summary.splitlines()[-1])


@pytest.mark.e2e
def test_check_of_a_mistake(installed: Installed, application: Path) -> None:
    """A broken application is refused."""
    path = application / "stacks/templates/reboot.yaml"
    path.write_text(path.read_text().replace("timeout_in_minutes: 15", "timeout_in_minutes: 10081"))
    code, report, _ = installed.run("iot-jobs", "check", ".", folder=application)
    assert (code, re.findall(r"error (\w+)", report)) == (1, ["JT410"])


@pytest.mark.e2e
def test_files_of_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """The schemas of documents and the style of the page are there, and a review of nothing needs no extra."""
    code, schema, _ = installed.run("iot-jobs", "schema", "document", "device-client", folder=tmp_path)
    source = (ROOT / "constructs/iot_jobs/schemas/device-client.schema.json").read_text()
    assert (code, json.loads(schema)) == (0, json.loads(source))
    (tmp_path / "t.json").write_text('{"Resources": {}}')
    command = ("iot-jobs", "review", "t.json", "t.json", "--html", "page.html")
    assert installed.run(*command, folder=tmp_path) == (0, "nothing changed\n", "nothing changed\n")
    assert (ROOT / "constructs/iot_jobs/render/review.css").read_text().strip() in (tmp_path / "page.html").read_text()


DEV = "stacks/environments/dev.yaml"
COMMANDS = [
    (("forecast", DEV, "reboot"), "numpy", "forecast"),
    (("templates", "list", "--region", "eu-west-1"), "botocore", "aws"),
]
IMPORTS = [
    ("from iot_jobs.cdk import JobTemplate", "aws_cdk", "cdk"),
    ("from iot_jobs.cdk.grants import Target", "aws_cdk", "cdk"),
    ("import iot_jobs.forecast", "numpy", "forecast"),
    ("from iot_jobs.forecast.engine import Engine", "numpy", "forecast"),
    ("import iot_jobs.aws", "botocore", "aws"),
    ("import iot_jobs.render.plot", "matplotlib", "plot"),
]


@pytest.mark.e2e
def test_missing_extras(installed: Installed, application: Path) -> None:
    """What needs an extra says which, in one line of the command and in an ImportError of the library."""
    for arguments, library, name in COMMANDS:
        text = not_installed(library, name)
        assert installed.run("iot-jobs", *arguments, folder=application) == (2, "", f"Error: {text}\n")
    for statement, library, name in IMPORTS:
        text = not_installed(library, name)
        code = f"try:\n    {statement}\nexcept ImportError as error:\n    print(error)"
        assert installed.run("python", "-c", code, folder=application) == (0, f"{text}\n", "")


@pytest.mark.e2e
def test_review_without_numpy(installed: Installed, application: Path) -> None:
    """A review of a change needs the forecast, and says so."""
    copy_application(application, application / "before")
    path = application / "stacks/templates/reboot.yaml"
    path.write_text(path.read_text().replace("timeout_in_minutes: 15", "timeout_in_minutes: 16"))
    error = f"Error: {not_installed('numpy', 'forecast')}\n"
    assert installed.run("iot-jobs", "review", "before", ".", folder=application) == (2, "", error)


@pytest.mark.e2e
def test_metadata(built: dict[str, Path]) -> None:
    """Both distributions have the same metadata, which an index accepts, and the README as their page."""
    stem = f"iot_jobs-{PROJECT['version']}"
    with zipfile.ZipFile(built["wheel"]) as wheel, tarfile.open(built["sdist"]) as source:
        text = wheel.read(f"{stem}.dist-info/METADATA")
        file = source.extractfile(f"{stem}/PKG-INFO")
        assert file is not None
        assert file.read() == text
    metadata = Metadata.from_email(text, validate=True)
    assert (metadata.name, str(metadata.version)) == (PROJECT["name"], PROJECT["version"])
    assert (metadata.description, metadata.description_content_type) == (
        (ROOT / "README.md").read_text(),
        "text/markdown",
    )
    assert metadata.license_expression == PROJECT["license"]
    assert str(metadata.requires_python) == PROJECT["requires-python"]


@pytest.mark.e2e
def test_source_distribution(built: dict[str, Path], tmp_path: Path) -> None:
    """The wheel that is built from the source distribution is the same, to the byte."""
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path))
    command = [sys.executable, "-m", "pip", "wheel", *options, str(built["sdist"])]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert (tmp_path / built["wheel"].name).read_bytes() == built["wheel"].read_bytes()


def test_readme() -> None:
    """The README names every extra and the wheel that is built; it installs from nowhere else."""
    section = (ROOT / "README.md").read_text().partition("## Install")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `\[([a-z]+)\]` \|", section, re.MULTILINE)) == set(PROJECT["optional-dependencies"])
    installs = re.findall(r"pip install '?([^'\s`]+)", section)
    assert {re.sub(r"\[.*", "", one) for one in installs} == {
        ".",
        f"dist/iot_jobs-{PROJECT['version']}-py3-none-any.whl",
    }

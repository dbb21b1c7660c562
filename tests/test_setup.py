"""`make setup` where every registry is behind a certificate that no system knows, as behind some proxies."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.commands import serving, write

ROOT = Path(__file__).resolve().parent.parent
TOLD = "not installed; behind a proxy that uses its own certificates, set PIP_CERT and NODE_EXTRA_CA_CERTS to the file that holds them"
SETTINGS = re.compile(r"(?i)pip_|npm_config_|.*_proxy$|.*ca_bundle$|ssl_cert|node_extra_ca")
"""What this machine's own settings for certificates and registries are called."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with"),
]


@dataclass(frozen=True)
class Registry:
    """A registry on loopback: its certificate, what it answers by path, and the paths that it was asked for."""

    url: str
    certificate: Path
    answers: dict[str, bytes]
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry whose certificate is signed by itself."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    request = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names)
    subprocess.run([*request, "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=60)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.asked.append(self.path)
            body = held.answers.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.send_header("Content-Type", "text/html" if self.path.startswith("/simple") else "application/json")
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # as it is called
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    held = Registry(f"https://localhost:{server.server_address[1]}", certificate, {})
    with serving(server):
        yield held


def make(*arguments: str, folder: Path, registry: Registry, **environ: str) -> tuple[int, list[str]]:
    """The exit code of make and what it says, with no settings for registries and certificates but ours."""
    given = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)} | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"{registry.url}/simple",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_RETRIES": "0",
        "npm_config_cache": str(folder / "cache"),
        "npm_config_fetch_retries": "0",
        "npm_config_globalconfig": str(folder / "global.npmrc"),
        "npm_config_registry": f"{registry.url}/",
        "npm_config_userconfig": str(folder / "user.npmrc"),
    }
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env=given | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr.splitlines()


def test_pip(registry: Registry, tmp_path: Path) -> None:
    """Without the certificate one line names the variables; with it, pip gets what it asks for."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("first-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: first\nVersion: 1\n")
        wheel.writestr("first-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("first-1.dist-info/RECORD", "")
    wheel_path = "/simple/first/first-1-py3-none-any.whl"
    registry.answers["/simple/first/"] = b'<a href="first-1-py3-none-any.whl">first-1-py3-none-any.whl</a>'
    registry.answers[wheel_path] = file.getvalue()
    locked = (
        f"first==1 --hash=sha256:{hashlib.sha256(file.getvalue()).hexdigest()}\nsecond==1 --hash=sha256:{'0' * 64}\n"
    )
    write(tmp_path, {"requirements.txt": locked, "pyproject.toml": ""})
    shutil.copy(ROOT / "Makefile", tmp_path)
    command = (f"PYTHON={sys.executable}", ".venv/.ready")
    code, said = make(*command, folder=tmp_path, registry=registry)
    assert (code, said[-2], registry.asked) == (2, TOLD, [])
    code, said = make(*command, folder=tmp_path, registry=registry, PIP_CERT=str(registry.certificate))
    assert (code, said[-2], registry.asked) == (2, TOLD, ["/simple/first/", wheel_path, "/simple/second/"])


def test_npm(registry: Registry, tmp_path: Path) -> None:
    """Without the certificate one line names the variables; with it, npm installs what is locked."""
    file = io.BytesIO()
    manifest = json.dumps({"name": "first", "version": "1.0.0"}).encode()
    with tarfile.open(fileobj=file, mode="w:gz") as package:
        info = tarfile.TarInfo("package/package.json")
        info.size = len(manifest)
        package.addfile(info, io.BytesIO(manifest))
    integrity = f"sha512-{base64.b64encode(hashlib.sha512(file.getvalue()).digest()).decode()}"
    distribution = {"integrity": integrity, "tarball": f"{registry.url}/first.tgz"}
    version = {"name": "first", "version": "1.0.0", "dist": distribution}
    registry.answers["/first"] = json.dumps({"name": "first", "versions": {"1.0.0": version}}).encode()
    registry.answers["/first.tgz"] = file.getvalue()
    dependencies = {"dependencies": {"first": "1.0.0"}}
    packages = {"": dependencies, "node_modules/first": {"version": "1.0.0", "integrity": integrity}}
    lock = {"lockfileVersion": 3, "requires": True, "packages": packages}
    write(tmp_path, {"package.json": json.dumps(dependencies), "package-lock.json": json.dumps(lock)})
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    command = ("-o", ".venv/.ready", "node_modules/.ready")
    code, said = make(*command, folder=tmp_path, registry=registry)
    assert (code, said[0], said[-2]) == (2, "npm error code DEPTH_ZERO_SELF_SIGNED_CERT", TOLD)
    assert registry.asked == []
    code, said = make(*command, folder=tmp_path, registry=registry, NODE_EXTRA_CA_CERTS=str(registry.certificate))
    assert (code, said, registry.asked) == (0, [], ["/first", "/first.tgz"])
    assert (tmp_path / "node_modules/first/package.json").read_bytes() == manifest


@pytest.mark.parametrize("target", [".venv/.ready", "test-matrix"])
def test_an_old_python(tmp_path: Path, target: str) -> None:
    """A Python that is too old is refused in one line, before anything is made."""
    write(tmp_path, {"python": "#!/bin/sh\nexit 1\n", "requirements.txt": "", "pyproject.toml": ""})
    (tmp_path / "python").chmod(0o755)
    shutil.copy(ROOT / "Makefile", tmp_path)
    command = ["make", "--no-print-directory", "PYTHON=./python", target]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == "Python 3.11 or later is needed; name one with PYTHON=python3.12"
    assert not (tmp_path / ".venv").exists()


def test_readme() -> None:
    """The README names the same variables."""
    (line,) = re.findall(r"^Behind a proxy .*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert re.findall(r"`([A-Z_]+)`", line) == re.findall(r"[A-Z]+_[A-Z_]+", TOLD)

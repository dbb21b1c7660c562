"""A local AWS on one loopback port, for deploying and testing without an account."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import NoReturn

READY_WITHIN_SECONDS = 30.0
STOP_WITHIN_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class LocalAws:
    """A running local AWS: its URL, and the environment variables that make a child process use it."""

    endpoint_url: str
    account: str
    region: str
    environ: Mapping[str, str]
    process_id: int
    log: Path


@contextmanager
def local_aws(
    *, account: str = "000000000000", region: str = "us-east-1", program: Sequence[str | Path] = ("-m", "ministack")
) -> Iterator[LocalAws]:
    """Run ministack on a free loopback port and stop it on the way out, also after an exception, ^C or SIGTERM.

    Args:
        account: The 12 digits that everything is created in; they double as the access key.
        region: The default region of the child processes. Every other region works too.
        program: What Python runs: ministack, or a program of yours that starts it.

    Raises:
        RuntimeError: The server stopped, or was not ready within 30 seconds; the message ends with its log.
    """
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="local-aws-") as folder, _signals_raise():
        home = Path(folder)
        log = home / "ministack.log"
        process = _start(program, port, home, log)
        try:
            _wait_until_ready(process, port, log)
            url = f"http://localhost:{port}"  # by name: bucket.127.0.0.1 is no host, bucket.localhost is
            yield LocalAws(
                endpoint_url=url,
                account=account,
                region=region,
                environ=environ_without_aws(home)
                | {
                    "AWS_ACCESS_KEY_ID": account,
                    "AWS_DEFAULT_REGION": region,
                    "AWS_ENDPOINT_URL": url,
                    "AWS_REGION": region,
                    "AWS_SECRET_ACCESS_KEY": "test",
                },
                process_id=process.pid,
                log=log,
            )
        finally:
            _stop(process)


def _free_port() -> int:
    """Return a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(program: Sequence[str | Path], port: int, home: Path, log: Path) -> "subprocess.Popen[bytes]":
    """Start the server in a process group of its own, so that ^C in a terminal reaches only the parent."""
    # None of the caller's variables: some of them would make the server keep state on disk or call elsewhere.
    environ = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "HOME": str(home),
        "IOT_MTLS_ENABLED": "0",  # a second listener, for MQTT, on a fixed port
        "PATH": os.environ.get("PATH", os.defpath),
        "SFTP_ENABLED": "0",
        "TMPDIR": str(home),
    }
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, *program],
            env=environ,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Wait until the server reports that it is ready."""
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        # http.client knows nothing of proxies, which a request to this machine must not take.
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/_ministack/ready")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass  # not listening yet
        finally:
            connection.close()
        time.sleep(0.1)
    happened = "was not ready in time" if process.poll() is None else f"stopped with exit code {process.returncode}"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise RuntimeError(f"the local AWS {happened}; the end of its log:\n{tail}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask the server to stop, and kill its process group if it does not within five seconds."""
    process.terminate()
    try:
        process.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def environ_without_aws(home: Path) -> dict[str, str]:
    """Return the caller's environment without its AWS and CDK settings and its proxies; the CDK CLI caches in home."""
    proxies = {"ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "CDK_")) and name.upper() not in proxies
    }
    return kept | {
        "AWS_CONFIG_FILE": str(home / "no-aws-config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "no-aws-credentials"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_HOME": str(home / "cdk"),  # else the CLI notes in ~/.cdk which account a key belongs to
        "CDK_NOTICES": "false",
    }


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit, which `finally` sees; ^C is an exception already."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set a handler
        return
    # What is ignored (SIGHUP, under nohup) or handled already stays so.
    ours = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)

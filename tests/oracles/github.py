"""GitHub's API for comments on issues, on a loopback port, as far as the review's action uses it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.commands import serving

TOKEN = "ghs_neverPrinted"
REPOSITORY = "fleet/templates"
OURS = {"login": "github-actions[bot]", "type": "Bot"}
STRANGER = {"login": "stranger", "type": "User"}
_MOST = 65_536


class GitHub:
    """What the server holds, what it was asked, and what it answers instead where a test says so."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.instead: tuple[int, dict[str, str], bytes] | None = None
        self.only_for = ""

    def add(self, body: str, user: dict[str, str] | None = None) -> dict[str, Any]:
        """A comment, with the next id."""
        comment = {"id": 1001 + len(self.comments), "user": user or OURS, "body": body}
        self.comments.append(comment)
        return comment

    def answer(self, method: str, target: str, given: Any, token: str | None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body, as the API reference has them."""
        self.asked.append(f"{method} {target}")
        if self.instead is not None and method.startswith(self.only_for):
            return self.instead
        if token != f"Bearer {TOKEN}":
            return _json(401, {"message": "Bad credentials"})
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        issue = re.fullmatch(rf"/repos/{REPOSITORY}/issues/7/comments", path)
        if method == "GET" and issue:
            size, page = min(100, int(query["per_page"][0])), int(query["page"][0])
            return _json(200, self.comments[(page - 1) * size : page * size])
        if method in ("POST", "PATCH") and len(given["body"]) > _MOST:
            return _json(422, {"message": "body is too long (maximum is 65536 characters)"})
        if method == "POST" and issue:
            return _json(201, self.add(given["body"]))
        one = re.fullmatch(rf"/repos/{REPOSITORY}/issues/comments/(\d+)", path)
        found = next((comment for comment in self.comments if one and comment["id"] == int(one[1])), None)
        if method != "PATCH" or found is None:
            return _json(404, {"message": "Not Found"})
        found["body"] = given["body"]
        return _json(200, found)


def _json(status: int, value: Any) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


@contextmanager
def github() -> Iterator[GitHub]:
    """Serve on a free loopback port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            given = json.loads(self.rfile.read(length)) if length else None
            status, headers, body = held.answer(self.command, self.path, given, self.headers.get("Authorization"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = _any  # noqa: N815  # http.server's names

        def log_message(self, *arguments: Any) -> None:
            """Nothing: what was asked is in `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held = GitHub(f"http://127.0.0.1:{server.server_address[1]}")
    with serving(server):
        yield held

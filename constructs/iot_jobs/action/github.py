"""One comment on a pull request through GitHub's REST API, with the standard library alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, NoReturn
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

AUTHOR = "github-actions[bot]"
"""The author of comments that are posted with a workflow's token."""
_PAGE = 100
_MOST_PAGES = 100
_LIMIT_SECONDS = 30
_HINTS = {
    401: "the token is not valid",
    404: "the token does not reach this repository's pull requests",
    422: "GitHub did not accept the comment",
    429: "too many requests; run the job again later",
}


class ApiError(Exception):
    """A request to GitHub failed or was refused; the text is one line and holds no token."""


class ReadOnlyError(ApiError):
    """The token may not write comments."""


class _NoRedirects(HTTPRedirectHandler):
    """A handler that follows no redirect, so that the token reaches no other host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A pull request, and the token of its workflow for commenting on it."""

    api_url: str
    repository: str
    number: int
    token: str = field(repr=False)

    def put_comment(self, text: str, *, marker: str) -> None:
        """Update our oldest comment that begins with the marker, or post the first one."""
        comment = next((comment for comment in self._comments() if _is_ours(comment, marker)), None)
        if comment is None:
            self._ask("POST", f"/issues/{self.number}/comments", {"body": text})
        elif comment["body"] != text:
            self._ask("PATCH", f"/issues/comments/{int(comment['id'])}", {"body": text})

    def _comments(self) -> Iterator[Mapping[str, Any]]:
        """Yield all comments, oldest first, page by page."""
        for page in range(1, _MOST_PAGES + 1):
            comments = self._ask("GET", f"/issues/{self.number}/comments?per_page={_PAGE}&page={page}")
            yield from comments
            if len(comments) < _PAGE:
                return

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = Request(  # noqa: S310  # the address comes from the runner
            f"{self.api_url}/repos/{self.repository}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "iot-jobs-review",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        place = f"{method} /repos/{self.repository}{path.partition('?')[0]}"
        try:
            with build_opener(_NoRedirects).open(request, timeout=_LIMIT_SECONDS) as answer:
                return json.load(answer)
        except HTTPError as error:
            with error:
                _refused(error, place)
        except (OSError, HTTPException) as error:
            raise ApiError(f"{place}: no answer ({getattr(error, 'reason', None) or error})") from None
        except ValueError:
            raise ApiError(f"{place}: the answer is not JSON") from None


def _is_ours(comment: Mapping[str, Any], marker: str) -> bool:
    """Return whether a comment is the review's: anybody can paste the marker, but not post as the workflow."""
    author = comment.get("user") or {}
    by_us = author.get("login") == AUTHOR and author.get("type") == "Bot"
    return by_us and str(comment.get("body")).startswith(marker)


def _refused(error: HTTPError, place: str) -> NoReturn:
    """Raise the error for an answer. A 403 can also be a rate limit, for which the summary alone is not enough."""
    if error.headers.get("X-RateLimit-Remaining") == "0" or error.headers.get("Retry-After") is not None:
        raise ApiError(f"{place}: {error.code}, {_HINTS[429]}") from None
    if error.code == 403:
        raise ReadOnlyError("the token may not write comments (403)") from None
    hint = _HINTS.get(error.code, "GitHub failed; run the job again" if error.code >= 500 else "unexpected answer")
    raise ApiError(f"{place}: {error.code}, {hint}") from None

"""The errors of calls to AWS as one exception: AWS's code and message, what they mean here, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from iot_jobs.extras import extra
from iot_jobs.finding import one_line

with extra("aws"):
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectionError,  # noqa: A004  # botocore's own
        CredentialRetrievalError,
        HTTPClientError,
        NoCredentialsError,
        NoRegionError,
        PartialCredentialsError,
        ProfileNotFound,
        SSOError,
        TokenRetrievalError,
    )

Kind = Literal["credentials", "permission", "settings", "transient", "missing", "exists", "state", "limit", "refused"]
"""The meaning of errors.

- credentials, settings: there are none, or they are no longer valid; no region, profile or URL
- permission: the caller may not do this
- transient: throttled, an error of the service, or no connection; botocore has tried three times
- missing, exists, state, limit: the thing that was asked for, and what it may be asked
- refused: anything else that AWS says about the request
"""

_KINDS: dict[str, Kind] = {
    "AccessDenied": "permission",
    "AccessDeniedException": "permission",
    "UnauthorizedException": "permission",
    "ExpiredToken": "credentials",
    "ExpiredTokenException": "credentials",
    "InvalidClientTokenId": "credentials",
    "InvalidSignatureException": "credentials",
    "RequestExpired": "credentials",
    "SignatureDoesNotMatch": "credentials",
    "UnrecognizedClientException": "credentials",
    "ResourceNotFoundException": "missing",
    "ParameterNotFound": "missing",
    "ResourceAlreadyExistsException": "exists",
    "InvalidStateTransitionException": "state",
    "VersionConflictException": "state",
    "LimitExceededException": "limit",
    "Throttling": "transient",
    "ThrottlingException": "transient",
    "TooManyRequestsException": "transient",
    "RequestLimitExceeded": "transient",
}
_FIXES: dict[Kind, str] = {
    "credentials": "log in again, for example with aws sso login, or renew the keys",
    "settings": "correct --region, --endpoint-url or the AWS settings",
    "transient": "try again",
    "missing": "check the name, the account and the region",
    "exists": "choose another id",
    "state": "its state has changed: check it again",
    "limit": "wait until you are below the quota, or request an increase",
    "refused": "correct the request",
}


class AwsError(Exception):
    """A call to AWS that failed. `operation` is its name as IAM spells it, such as `iot:DescribeJob`.

    `code` and `message` are AWS's; there is no code where AWS was not reached.
    """

    def __init__(
        self, *, kind: Kind, message: str, operation: str, code: str | None = None, resource: str | None = None
    ) -> None:
        """Keep what is known. `resource` is what a policy has to allow, None if it isn't known."""
        self.kind = kind
        self.code = code
        self.message = message
        self.operation = operation
        self.resource = resource
        super().__init__(code, message)

    @property
    def passes(self) -> bool:
        """True if the same call may succeed later: after a pause, or with new credentials."""
        return self.kind in ("transient", "credentials")

    @property
    def fix(self) -> str:
        """The advice that follows the message."""
        if self.kind == "permission":
            return f"allow {self.operation} on {self.resource or '*'} for these credentials"
        return _FIXES[self.kind]

    def __str__(self) -> str:
        what = "" if self.code is None else f"{self.operation}: {self.code}: "
        return one_line(f"{what}{self.message.rstrip('.')}; {self.fix}")


@contextmanager
def translated(operation: str, resource: str | None = None) -> Iterator[None]:
    """Raise botocore's errors as `AwsError`."""
    try:
        yield
    except ClientError as error:
        answer: dict[str, Any] = error.response.get("Error", {})
        code = answer.get("Code") or "Unknown"
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        kind: Kind = _KINDS.get(code) or ("transient" if status >= 500 or status == 429 else "refused")
        message = answer.get("Message") or f"HTTP status {status}"
        raise AwsError(kind=kind, code=code, message=message, operation=operation, resource=resource) from None
    except (BotoCoreError, ValueError) as error:  # a ValueError is about an endpoint that is no URL
        message = " ".join(str(error).split())
        raise AwsError(kind=_kind(error), message=message, operation=operation, resource=resource) from None


_CREDENTIALS = (CredentialRetrievalError, NoCredentialsError, PartialCredentialsError, SSOError, TokenRetrievalError)


def _kind(error: Exception) -> Kind:
    if isinstance(error, _CREDENTIALS):
        return "credentials"
    if isinstance(error, NoRegionError | ProfileNotFound | ValueError):
        return "settings"
    if isinstance(error, ConnectionError | HTTPClientError):
        return "transient"
    return "refused"

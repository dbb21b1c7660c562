"""The programs behind make targets. ^C ends each of them with one line, after it has cleaned up."""

import sys
from types import TracebackType


def _report(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    print("interrupted", file=sys.stderr)
    # Children have had the ^C too: what jsii says about a Node that is gone when the process ends is no news.
    sys.unraisablehook = lambda _: None


sys.excepthook = _report

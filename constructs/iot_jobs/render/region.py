"""A region of the terminal that is drawn again in place. Its last content stays when it ends."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from iot_jobs.extras import extra


class Region:
    """The region, from its first page to the end of the block. On an error or ^C the last page stays as well."""

    def __init__(self) -> None:
        """Draw nothing yet."""
        with extra("aws"):
            from rich.console import Console
            from rich.live import Live
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="visible")

    @property
    def width(self) -> int:
        """The width of the terminal now, in columns."""
        return self._console.width

    def draw(self, page: str) -> None:
        """Replace the page. Lines that are too long are cut, so that the region keeps its height."""
        from rich.text import Text

        self._live.update(Text(page.rstrip("\n"), no_wrap=True, overflow="ellipsis"), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

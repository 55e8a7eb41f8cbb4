"""Progress of a long step: a bar on a terminal, else a plain line every few seconds."""

import time
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PLAIN_SECONDS = 5.0


class Meter:
    """One step with a known end; a context manager. Text beside the bar says how far it is in the step's own words."""

    def __init__(self, console: Console, title: str, total: float) -> None:
        self.console, self.title, self.total = console, title, total
        self.done = 0.0
        self._note = ""
        self._printed = time.monotonic()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=14),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self._progress = Progress(*columns, console=console, refresh_per_second=5, disable=not console.is_terminal)
        self._task = self._progress.add_task(escape(title), total=max(total, 1), note="")

    def __enter__(self) -> "Meter":
        self._progress.start()
        if not self.console.is_terminal:
            self.console.print(f"{self.title} ...", highlight=False)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def finish(self) -> None:
        """Be at the end."""
        self.reach(self.total)

    def advance(self, by: float, note: str = "") -> None:
        """Go on by this much."""
        self.reach(self.done + by, note)

    def reach(self, done: float, note: str = "") -> None:
        """Be this far; a note replaces the one before."""
        self.done = done
        self._note = note or self._note
        self._progress.update(self._task, completed=min(done, self.total) if self.total else 1, note=self._note)
        if not self.console.is_terminal and time.monotonic() - self._printed > PLAIN_SECONDS:
            self._printed = time.monotonic()
            share = f"{done / self.total:4.0%}" if self.total else ""
            self.console.print(f"  {share} {self._note}", highlight=False)

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

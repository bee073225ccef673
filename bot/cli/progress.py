"""Progress bars with the time left, on stderr; plain lines where that is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

Report = Callable[[str, float, float], None]


@contextmanager
def bars() -> Iterator[Report]:
    """Yields `report(what, done, total)`: one bar for each `what`, which goes when it is full."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: float, total: float) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)
            if done >= total:
                progress.remove_task(tasks.pop(what))

        yield report


def _lines() -> Report:
    """For logs and CI: a line at the beginning, at each quarter, and at the end."""
    quarters: dict[str, int] = {}

    def report(what: str, done: float, total: float) -> None:
        quarter = int(4 * done / total) if total else 4
        if quarter != quarters.get(what):
            quarters[what] = quarter
            sys.stderr.write(f"{what}: {25 * quarter} %\n")
            sys.stderr.flush()

    return report

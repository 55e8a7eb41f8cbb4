"""`recourse demo`: the whole system on real input, with one command."""

import asyncio
import os
import signal
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer
from rich.text import Text

from deploy.local.cli.context import Context, HomeOption, JsonOption, open_context
from deploy.local.cli.demo_run import Demo, choose
from deploy.local.cli.up import Board, summary
from deploy.local.cli.up import show as show_addresses
from deploy.local.errors import StackError
from deploy.local.stack import ChildDied, Step
from deploy.local.supervisor import supervise


class Running:
    """A demo beside the supervisor, which must have the main thread for its signals."""

    def __init__(self, context: Context, demo: Demo, once: bool) -> None:
        self.context, self.demo, self.once = context, demo, once
        self.error: BaseException | None = None
        self._thread = Thread(target=self._run, name="demo", daemon=True)

    def start(self) -> None:
        """Begin; at the end, or when it fails, the supervisor is asked to stop, unless the stack is to stay up."""
        self._thread.start()

    def _run(self) -> None:
        try:
            perform(self.context, self.demo, self.once)
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self.error = error
        if self.once or self.error:
            os.kill(os.getpid(), signal.SIGTERM)


def demo(
    home: HomeOption = None,
    as_json: JsonOption = False,
    once: Annotated[bool, typer.Option("--once", help="End by itself when the system is quiet.")] = False,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Take the full sets in this folder instead of the samples.")
    ] = None,
) -> None:
    """Bring the system up, feed it real messages, let people decide, and show what came of it.

    It stays up until Ctrl-C; a stack that runs already is used, and stays.
    With --once the exit code is 0 only if nothing was lost.

    JSON: {"nothing_lost", "lost": [what], "figures": {...}, "ingest": as of
    `ingest`, "people": [who did what], "tour": the code of a case, "stories":
    {name: code}, "urls"}.
    """
    context = open_context(home, as_json)
    work = Demo(context, choose(data), live=data is None)
    if context.home.is_running():
        perform(context, work, once=True)
    else:
        _with_stack(context, work, once)
    if not work.result:
        raise StackError("The demo was stopped before its end", "Run it again; it goes on where it was.")
    raise typer.Exit(0 if work.result["nothing_lost"] else 1)


def perform(context: Context, work: Demo, once: bool) -> None:
    """Run the demo on the running stack and print what came of it."""
    asyncio.run(work.run())
    if not work.result:
        return
    addresses = summary(context)
    data = {**work.result, "home": addresses["home"], "urls": addresses["urls"], "kafka": addresses["kafka"]}
    context.emit(data, work.show)
    if not once and not context.as_json:
        context.out.rule("go on from here")
        show_addresses(context.out, context, False)


def _with_stack(context: Context, work: Demo, once: bool) -> None:
    board = Board(context.err)
    running = Running(context, work, once)

    def ready() -> None:
        board.stop()
        running.start()

    def report(step: Step) -> None:
        if step.status in ("stopping", "failed"):
            work.stopping.set()
        board.report(step)

    board.start()
    try:
        supervise(context.home, report, ready)
    except ChildDied as error:
        for line in error.lines:
            context.err.print(Text(f"  {line}"))
        raise
    finally:
        board.stop()
    if running.error is not None:
        raise running.error


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(demo)

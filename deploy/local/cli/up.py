"""`recourse up`: start everything, show how far it is, keep running or leave it in the background."""

import json
import subprocess
import sys
import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table

from deploy.local.cli.context import Context, HomeOption, JsonOption, open_context
from deploy.local.errors import StackError, UsageError
from deploy.local.stack import PARTS, ChildDied, Step
from deploy.local.supervisor import supervise

BUSY = ("fetching", "preparing", "starting", "stopping")
COLOURS = {"ready": "green", "failed": "red", "stopped": "dim"}


class Board:
    """One line a part: what it is doing and for how long. Without a terminal, one printed line a change."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.steps: dict[str, Step] = {}
        self.since = time.monotonic()
        self.live = Live(get_renderable=self._table, console=console, refresh_per_second=8)

    def report(self, step: Step) -> None:
        """Take a step of progress."""
        before = self.steps.get(step.part)
        self.steps[step.part] = step
        if not self.console.is_terminal and (before is None or before.status != step.status):
            self.console.print(f"{time.monotonic() - self.since:5.1f} s  {step.part}: {step.status}")

    def start(self) -> None:
        """Begin to draw, on a terminal."""
        if self.console.is_terminal:
            self.live.start(refresh=True)

    def stop(self) -> None:
        """Leave the last picture standing."""
        self.live.stop()

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for part in PARTS:
            step = self.steps.get(part, Step(part, "waiting"))
            sign = Spinner("dots") if step.status in BUSY else {"ready": "✓", "failed": "✗"}.get(step.status, "·")
            bar = ProgressBar(step.total, step.done, width=30) if step.status == "fetching" else ""
            colour = COLOURS.get(step.status, "")
            status = f"[{colour}]{step.status}[/]" if colour else step.status
            table.add_row(sign, part, status, bar, step.note if step.status == "fetching" else "")
        return table


def up(
    home: HomeOption = None,
    as_json: JsonOption = False,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Leave it running in the background.")] = False,
    otlp: Annotated[
        str | None, typer.Option("--otlp", metavar="URL", help="Send traces and metrics to this OTLP/HTTP endpoint.")
    ] = None,
) -> None:
    """Start PostgreSQL, Kafka and all services on this machine and wait until they are ready.

    Runs until Ctrl-C or `recourse down`. The first start fetches Kafka (42 MB); later ones take seconds.
    """
    context = open_context(home, as_json)
    board = Board(context.err)

    def announce() -> None:
        board.stop()
        context.emit(summary(context), lambda out: show(out, context, detach))

    board.start()
    try:
        if detach:
            _in_background(context, board, otlp)
            announce()
        else:
            supervise(context.home, board.report, announce, otlp)
    except ChildDied as error:
        board.stop()
        for line in error.lines:
            context.err.print(f"  {line}", markup=False, highlight=False)
        raise
    finally:
        board.stop()


def summary(context: Context) -> dict[str, Any]:
    """Where the running stack is reached."""
    state = context.home.state()
    urls = {name: state.url(name) for name in ("casebook", "intake", "triage", "approvals", "followup")}
    mail = f"smtp://127.0.0.1:{state.ports['mail_door']}"
    return {
        "home": str(context.home.root),
        "urls": {**urls, "mail_door": mail},
        "kafka": f"127.0.0.1:{state.ports['kafka']}",
    }


def show(out: Console, context: Context, detached: bool) -> None:
    """Print the addresses and how to go on."""
    found = summary(context)
    table = Table.grid(padding=(0, 2))
    for name, url in {**found["urls"], "kafka": found["kafka"], "home": found["home"]}.items():
        table.add_row(name.replace("_", " "), url)
    out.print(table)
    out.print("Stop it with [bold]recourse down[/]." if detached else "Stop it with [bold]Ctrl-C[/].")


def _in_background(context: Context, board: Board, otlp: str | None) -> None:
    """Start a supervisor of its own and follow it until the stack is ready; errors are raised as if it were ours."""
    context.home.prepare()
    context.home.logs.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "deploy.local.supervisor", str(context.home.root), *([otlp] if otlp else [])]
    with (context.home.logs / "supervisor.log").open("ab") as log:
        started = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    assert started.stdout is not None
    with started.stdout as lines:
        for line in lines:
            said = json.loads(line)
            if said.get("ready"):
                return
            if "problem" in said:
                _fail(context, said, started.wait())
            board.report(Step(**said))
    raise StackError("The supervisor ended without a word", f"See {context.home.logs / 'supervisor.log'}.")


def _fail(context: Context, said: dict[str, Any], code: int) -> None:
    for line in said["lines"]:
        context.err.print(f"  {line}", markup=False, highlight=False)
    raise (UsageError if code == 2 else StackError)(said["problem"], said["fix"])


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(up)

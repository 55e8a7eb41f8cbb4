"""`recourse ingest`: feed the running system from files, through its real doors."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, open_context
from deploy.local.cli.meter import Meter
from deploy.local.environment import HOST, MAIL_FROM
from deploy.local.errors import StackError
from deploy.local.ingest.doors import IN_ONE
from deploy.local.ingest.items import Problem
from deploy.local.ingest.run import Ingest, Target
from deploy.local.ingest.sources import Sources, find_sources
from deploy.local.ingest.tally import Tally

PROBLEMS_SHOWN = 20
WAITING_SECONDS = 5.0


class Onlooker:
    """Shows a run: how far it is, what was not taken in, and when a door makes it wait."""

    def __init__(self, meter: Meter, tally: Tally, stopped: Callable[[], bool]) -> None:
        self.meter, self.tally, self.stopped = meter, tally, stopped
        self.begun = time.monotonic()
        self._waited = 0.0
        self._problems = 0

    def moved(self, size: int) -> None:
        """Move the bar."""
        rate = self.tally.taken / max(time.monotonic() - self.begun, 0.1)
        self.meter.advance(size, f"{self.tally.taken:,} taken, {rate:,.0f}/s")

    def told(self, problem: Problem) -> None:
        """Print the first problems as they come; the summary counts all."""
        self._problems += 1
        if self._problems <= PROBLEMS_SHOWN:
            self.meter.say(str(problem))
        elif self._problems == PROBLEMS_SHOWN + 1:
            self.meter.say("There are more; --json lists all.")

    def waiting(self, why: str) -> None:
        """Say now and then that a door is tried again; StackError if it was stopped."""
        if self.stopped():
            raise StackError("The stack was stopped", "Run it again; it goes on where it was.")
        if time.monotonic() - self._waited > WAITING_SECONDS:
            self._waited = time.monotonic()
            self.meter.say(f"waiting: {why}")


def ingest(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...", help="Files or folders: .eml mails (.txt with mail headers), .jsonl dialogues."
        ),
    ],
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "door",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Take the first N dialogues and the first N mails only.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="One request a turn, as from a live channel; else up to 50 of a dialogue.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, send nothing.")] = False,
) -> None:
    """Feed the running system from files, through its real doors.

    Mails go in by SMTP, dialogues turn by turn by the chat, phone, web or
    review door, with their own times. Nothing is taken in twice: run it again
    after an interruption, or over the same files, and the doors recognise what
    they know. The exit code is 1 if anything was not taken in.

    A dialogue is one JSON object a line:

    {"id", "channel", "turns": [{"speaker": "customer" or "agent", "text",
    "at"?, "asr_text"?, "duration_ms"?}], "language"?, "title"?, "labels"?}

    `at` is UTC, and a date alone is noon. Other fields are passed over.
    """
    context = open_context(home, as_json)
    sources = find_sources(paths)
    tally = feed(context, sources, user=user, limit=limit, live=live, dry_run=dry_run)
    data = {"dry_run": dry_run, **tally.as_data()}
    context.emit(data, lambda out: show(out, tally, sources, dry_run))
    raise typer.Exit(0 if tally.complete else 1)


def feed(
    context: Context,
    sources: Sources,
    *,
    user: str = "door",
    limit: int | None = None,
    live: bool = False,
    dry_run: bool = False,
    taken: Callable[[str], None] = lambda _message_id: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Tally:
    """Take `sources` in with a progress bar; `taken` gets the id that the door gave to each message and mail.

    Once `stopped` says so, doors that are away are not waited for.
    """
    target = None if dry_run else target_of(context, user)
    with Meter(context.err, "Reading" if dry_run else "Ingesting", sources.size) as meter:
        tally = Tally(passed_over={why: len(files) for why, files in sources.passed_over.items()})
        run = Ingest(
            sources, Onlooker(meter, tally, stopped), limit, in_one=1 if live else IN_ONE, taken=taken, tally=tally
        )
        if target is None:
            run.look_through()
        else:
            asyncio.run(run.run(target))
        if tally.broken_off is None:
            meter.finish()
        return tally


def target_of(context: Context, user: str) -> Target:
    """The doors of the running stack."""
    state = context.running()
    token = context.home.identity.mint(user)
    return Target(state.url("intake"), token, HOST, state.ports["mail_door"], MAIL_FROM)


def show(out: Console, tally: Tally, sources: Sources, dry_run: bool) -> None:
    """Print the summary."""
    for note in sources.notes():
        out.print(note, style="dim", markup=False, highlight=False)
    found = tally.as_data()
    table = Table.grid(padding=(0, 2))
    rows = {
        "dialogues": found["dialogues"],
        "messages": found["messages"],
        "mails": f"{tally.mails_accepted} of {tally.mails}",
    }
    if not dry_run:
        rows |= {"new": found["new"], "known before": found["duplicates"]}
    rows |= {"not taken in": found["refused"]}
    if tally.silent_turns:
        rows["silent turns"] = f"{tally.silent_turns} (nobody said anything)"
    if not dry_run:
        rows["time"] = f"{tally.seconds:.1f} s, {found['per_second']:g} a second"
    for name, value in rows.items():
        table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
    out.print(table)
    if tally.broken_off:
        out.print(f"[red]Broken off:[/] {tally.broken_off}", highlight=False)


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(ingest)

"""The demo on a running stack: feed it, wait until it is quiet, let people act, and account for everything."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from rich.console import Console
from rich.text import Text

from deploy.local.cli.case import case_with_timeline, show
from deploy.local.cli.context import Context
from deploy.local.cli.demo_check import figures, losses, parked, read_counters
from deploy.local.cli.demo_script import ask_for_an_exception, decide_a_few, keep_promise
from deploy.local.cli.demo_stories import Stage, steps_of
from deploy.local.cli.ingest import feed
from deploy.local.cli.meter import Meter
from deploy.local.cli.showing import DIM, grid, words
from deploy.local.environment import HOST, ROOT
from deploy.local.errors import UsageError
from deploy.local.ingest.sources import Sources, find_sources
from deploy.local.lag import Lag, read_lags
from deploy.local.ledger import Ledger, open_ledger
from deploy.local.quiet import Unrest, until_quiet
from shared.contracts.intake import CaseOpened, MessageReceived

SAMPLES = ROOT / "samples"
# Of a whole collection of data the demo takes these.
SETS = (
    "conversations/star.jsonl",
    "conversations/harper_valley_calls.jsonl",
    "conversations/tau_bench_airline.jsonl",
    "messages/cfpb_complaints.jsonl",
    "messages/product_reviews.jsonl",
    "emails/mime",
    "emails/bounces",
)


def choose(data: Path | None) -> Sources:
    """What to take in: the samples, the sets that the demo knows in `data`, or all of `data` if it has none of them."""
    if data is None:
        return find_sources([SAMPLES])
    if not data.is_dir():
        raise UsageError(f"{data} is no folder", "Name the folder of the data, or leave --data out.")
    sets = [data / name for name in SETS if (data / name).exists()]
    return find_sources(sets or [data])


def story(timeline: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ids of the events of what people did in a case: with what led to it, and what came of it."""
    causes = {event["event_id"]: event["caused_by"] and event["caused_by"]["event_id"] for event in timeline}
    told = {event["event_id"] for event in timeline if event["log"] == "approvals" or event["via"] == "api"}
    for event in timeline:  # causes come before what they caused
        if causes[event["event_id"]] in told:
            told.add(event["event_id"])
    for cause in list(told):
        while cause := causes.get(cause):
            told.add(cause)
    about = {event["about_id"] for event in timeline if event["event_id"] in told}
    messages = [event for event in timeline if event["type"] == MessageReceived.TYPE and event["about_id"] in about]
    openings = [event for event in timeline if event["type"] == CaseOpened.TYPE]
    return told | {event["event_id"] for event in (*messages, *openings)}


@dataclass
class Demo:
    """One demo; `result` is what it came to, as JSON has it, and empty if `stopping` was set before its end."""

    context: Context
    sources: Sources
    live: bool
    stopping: Event = field(default_factory=Event)
    result: dict[str, Any] = field(default_factory=dict)
    _did: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Do everything; `result["lost"]` is empty if nothing was lost."""
        context = self.context
        async with open_ledger(f"{HOST}:{context.running().ports['kafka']}") as ledger:
            await ledger.catch_up()
            events, begun = ledger.events, time.monotonic()
            accepted: list[str] = []
            tally = await asyncio.to_thread(
                feed, context, self.sources, live=self.live, taken=accepted.append, stopped=self.stopping.is_set
            )
            if self.stopping.is_set():
                return
            await self._settle(ledger, "Settling")
            seconds, events = time.monotonic() - begun, ledger.events - events
            asked = await asyncio.to_thread(ask_for_an_exception, context, self._tell)
            await self._settle(ledger, "Settling")
            code = await asyncio.to_thread(decide_a_few, context, asked, self._tell)
            await self._settle(ledger, "Settling")
            if code is not None:
                await asyncio.to_thread(keep_promise, context, code, self._tell)
                await self._settle(ledger, "Settling")
            stage = await self._play(ledger)
            counters, dead = read_counters(context), parked(context)
            lost = losses(tally, [*accepted, *stage.accepted], ledger, counters["totals"], dead)
        self.result = {
            "nothing_lost": not lost,
            "lost": lost,
            "figures": figures(counters, dead, events, seconds),
            "ingest": tally.as_data(),
            "people": self._did,
            "tour": code,
            "stories": stage.codes,
        }

    def show(self, out: Console) -> None:
        """Print the tour and the summary."""
        if code := self.result["tour"]:
            out.rule(f"one decision (all of the case: recourse case {code})")
            found = case_with_timeline(self.context, "audra", code, short=True)
            show(out, found, only=story(found["timeline"]))
        if self.result["stories"]:
            out.rule("five hard cases, from a customer's words to a kept promise")
            for name, code in self.result["stories"].items():
                timeline = case_with_timeline(self.context, "audra", code, short=True)["timeline"]
                table = grid(26, None)
                table.add_row(Text(words(name.replace("-", "_"))), Text(f"recourse case {code}", DIM))
                table.add_row("", steps_of(timeline))
                out.print(table)
        out.rule("what came of it")
        table = grid(18, None)
        for name, value in self.result["figures"].items():
            if isinstance(value, dict):
                shown = ", ".join(f"{count:,} {words(state)}" for state, count in value.items()) or "none"
            else:
                shown = f"{value:,}"
            table.add_row(Text(words(name), DIM), shown)
        ingested = self.result["ingest"]
        table.add_row(
            Text("this run", DIM), f"{ingested['new']:,} new messages, {ingested['duplicates']:,} known before"
        )
        out.print(table)
        for loss in self.result["lost"]:
            out.print(Text(f"LOST: {loss}", "red"))
        if self.result["nothing_lost"]:
            out.print("[green]Nothing was lost:[/] all that the doors took is in the logs, and the casebook counts it.")

    async def _play(self, ledger: Ledger) -> Stage:
        stage = Stage(self.context, self._tell)
        for number in range(stage.length):
            await asyncio.to_thread(stage.play, number)
            await self._settle(ledger, "Settling")
            await asyncio.to_thread(stage.find_mails)
        return stage

    async def _settle(self, ledger: Ledger, title: str) -> None:
        with Meter(self.context.err, title, 1) as meter:
            most = 1

            def look(now: Unrest) -> None:
                nonlocal most
                most = max(most, now.left)
                meter.reach(1 - now.left / most, f"{now.left:,} left" if now.left else "")

            await until_quiet(ledger, self._lags, look)

    def _lags(self) -> list[Lag]:
        return read_lags(lambda service: self.context.client(service, "oli"))

    def _tell(self, line: str) -> None:
        self._did.append(line)
        self.context.err.print(Text(line))

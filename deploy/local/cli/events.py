"""`recourse events`: the facts as they are on Kafka, CloudEvents headers and body."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import read_case
from deploy.local.cli.context import AsOption, HomeOption, JsonOption, open_context
from deploy.local.cli.opened import open_bodies
from deploy.local.cli.showing import DIM, one_line, plain
from deploy.local.environment import HOST
from deploy.topics import declared_topics
from shared.contracts.event import WIRE_PREFIX
from shared.eventstore.partition import log_part

POLL_MS = 500
Show = Mapping[str, Any]
Open = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def events(
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "audra",
    case: Annotated[str | None, typer.Option(metavar="CASE", help="Only this case, from its first event.")] = None,
    wanted: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Only types that begin so, such as triage.boundary.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    brief: Annotated[bool, typer.Option("--brief", help="One line an event.")] = False,
    sealed: Annotated[
        bool, typer.Option("--sealed", help="Leave what customers wrote sealed, as it is stored.")
    ] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=0, help="How many of the newest to begin with.")] = 20,
) -> None:
    """Show events as they are on Kafka, in order of time, what customers wrote opened.

    JSON: one object a line: {"topic", "partition", "offset", "headers": {CloudEvents
    1.0 in binary mode}, "body": the fact}.
    """
    context = open_context(home, as_json)
    bootstrap = f"{HOST}:{context.running().ports['kafka']}"
    stream = UUID(read_case(context, user, case)["case_id"]) if case else None

    def emit(event: Show) -> None:
        if as_json:
            typer.echo(json.dumps(event, ensure_ascii=False))
        else:
            _show(context.out, event, brief)

    async def run() -> None:
        with context.client("casebook", user) as reader:
            opened = None if sealed else partial(open_events, reader)
            async for event in read(bootstrap, stream, wanted or "", limit, follow=follow, opened=opened):
                emit(event)

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        return


def open_events(reader: httpx.Client, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give events with their bodies opened, by a service's client that speaks for the reader."""
    bodies = open_bodies(reader, [(event["headers"].get("ce_id", ""), event["body"]) for event in events])
    return [{**event, "body": body} for event, body in zip(events, bodies, strict=True)]


async def read(
    bootstrap: str, stream: UUID | None, wanted: str, limit: int, *, follow: bool, opened: Open | None = None
) -> AsyncIterator[dict[str, Any]]:
    """Give the newest `limit` events in order of time (all, of one stream), then, with `follow`, those that come.

    `wanted` is how their type begins; `opened` opens the bodies, which are sealed as they are read.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [
            TopicPartition(topic.name, part)
            for topic in declared_topics()
            for part in range(topic.partitions)
            if stream is None or part == log_part(stream, topic.partitions)
        ]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        whole = stream is not None or bool(wanted)
        for place, end in ends.items():
            consumer.seek(place, 0 if whole else max(0, end - limit))
        known = [event async for event in _until(consumer, ends) if _fits(event, stream, wanted)]
        known.sort(key=lambda event: str(event["headers"]["ce_time"]))
        shown = known if stream is not None else known[len(known) - min(limit, len(known)) :]
        for event in opened(shown) if opened else shown:
            yield event
        while follow:
            polled = await consumer.getmany(timeout_ms=POLL_MS)
            coming = [event for event in _all(polled) if _fits(event, stream, wanted)]
            coming.sort(key=lambda event: str(event["headers"]["ce_time"]))
            for event in opened(coming) if opened and coming else coming:
                yield event
    finally:
        await consumer.stop()


async def _until(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> AsyncIterator[dict[str, Any]]:
    left = {place for place, end in ends.items() if await consumer.position(place) < end}
    while left:
        polled = await consumer.getmany(*left, timeout_ms=POLL_MS)
        for place, records in polled.items():
            for record in records:
                if record.offset < ends[place]:
                    yield _event(record)
            if await consumer.position(place) >= ends[place]:
                consumer.seek(place, ends[place])
                left.discard(place)


def _all(polled: Mapping[TopicPartition, Iterable[ConsumerRecord]]) -> list[dict[str, Any]]:
    return [_event(record) for records in polled.values() for record in records]


def _event(record: ConsumerRecord) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "headers": {name: value.decode("utf-8", "replace") for name, value in record.headers},
        "body": json.loads(record.value),
    }


def _fits(event: Show, stream: UUID | None, wanted: str) -> bool:
    headers = event["headers"]
    about = headers.get("ce_type", "").removeprefix(WIRE_PREFIX)
    return about.startswith(wanted) and (stream is None or headers.get("ce_subject") == str(stream))


def _show(out: Console, event: Show, brief: bool) -> None:
    headers = event["headers"]
    about = headers.get("ce_type", "?").removeprefix(WIRE_PREFIX)
    time = headers.get("ce_time", "?")[:23].replace("T", " ")
    if brief:
        place = f"{event['partition']}/{headers.get('ce_position', '?')}"
        line = Text.assemble((f"{time}  ", DIM), about, (f"  {place} by {one_line(headers.get('ce_actor'))}", DIM))
        out.print(line, soft_wrap=True)
        return
    out.print(Text.assemble((about, "bold"), f"  {time}  {event['topic']} {event['partition']}@{event['offset']}"))
    for name, value in headers.items():
        out.print(Text(f"  {name}: {one_line(value)}", DIM), soft_wrap=True)
    out.print(Text(plain(json.dumps(event["body"], indent=2, ensure_ascii=False))), soft_wrap=True)
    out.print()


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(events)

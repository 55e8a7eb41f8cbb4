"""`recourse topics`: how the topics stand to the stores, making lost ones again, bringing back what a store lacks."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from rich.console import Console
from rich.table import Table

from deploy.local.cli.context import Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.meter import Meter
from deploy.local.environment import DECIDING, HOST
from deploy.local.errors import StackError, UsageError
from deploy.topics import create_topics, declared_topics
from shared.messaging.tail import open_consumer

OPS = "oli"
PUBLISH_SECONDS = 600.0
group = typer.Typer(no_args_is_help=True, help="The topics and the stores that they are published from.")
ServiceOption = Annotated[
    str | None, typer.Option("--service", metavar="SERVICE", help=f"Only this one of {', '.join(DECIDING)}.")
]


@group.command()
def standing(service: ServiceOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show how far each store and its topic go. The exit code is 1 if a store is refused.

    JSON: [{"log", "trouble", "parts": [{"log_part", "store", "topic",
    "lacking" (what the store lacks), "differs_at"}], "brought_back"}].
    """
    context = open_context(home, as_json)
    found = [_standing(context, name) for name in _chosen(service)]
    context.emit(found, lambda out: _show(out, found))
    raise typer.Exit(1 if any(one["trouble"] for one in found) else 0)


@group.command()
def rebuild(
    service: ServiceOption = None,
    trust_store: Annotated[
        bool, typer.Option("--trust-store", help="Give up events that only the topic holds, and what followed.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make topics again and publish every event from the stores, at the same positions.

    For a Kafka that was lost or damaged. Consumers know what they had, and go
    on where they stood. Refused while a store lacks what its topic or a
    consumer has seen: bring it back first with `recourse topics reconcile`.

    JSON: [{"log", "topic", "events", "seconds"}].
    """
    context = open_context(home, as_json)
    chosen = _chosen(service)
    if not trust_store:
        for name in chosen:
            _check(context, name)
    done = [_rebuild(context, name) for name in chosen]
    context.emit(done, lambda out: _show_rebuilt(out, done))


@group.command()
def reconcile(
    service: Annotated[str, typer.Option("--service", metavar="SERVICE", help=f"One of {', '.join(DECIDING)}.")],
    apply: Annotated[bool, typer.Option("--apply", help="Copy the events; without it, only show them.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring events that a restored store lacks back from its topic.

    They are copied byte by byte and their chain is verified; timers, index
    rows and the service's cursors follow. The service accepts commands again
    when store and topic fit. The exit code is 1 if they do not fit.

    JSON: as of `standing`, one object; "brought_back" counts.
    """
    context = open_context(home, as_json)
    _chosen(service)
    if apply:
        with context.client(service, OPS) as client:
            found = checked(client.post("/log-standing/reconcile", timeout=PUBLISH_SECONDS))
    else:
        found = _standing(context, service)
    context.emit(found, lambda out: _show(out, [found], hint=not apply))
    raise typer.Exit(1 if found["trouble"] else 0)


def _chosen(service: str | None) -> Sequence[str]:
    if service is None:
        return DECIDING
    if service not in DECIDING:
        raise UsageError(f"--service: {service!r} publishes nothing", f"Take one of: {', '.join(DECIDING)}.")
    return (service,)


def _standing(context: Context, service: str) -> dict[str, Any]:
    with context.client(service, OPS) as client:
        found: dict[str, Any] = checked(client.get("/log-standing", timeout=60))
        return found


def _check(context: Context, service: str) -> None:
    """Refuse to publish a store that lacks what others have seen of it."""
    found = _standing(context, service)
    if found["trouble"] or any(part["lacking"] or part["differs_at"] for part in found["parts"]):
        trouble = found["trouble"] or "it lacks events that its topic holds"
        raise UsageError(
            f"{service}'s store is refused: {trouble}",
            f"Run `recourse topics reconcile --service {service} --apply`, or give the rest up with --trust-store.",
        )
    heads = {part["log_part"]: part["store"] for part in found["parts"]}
    for other in ("casebook", *DECIDING):
        with context.client(other, OPS) as client:
            for row in checked(client.get("/lag")):
                if row["source"] == service and row["position"] > heads[row["log_part"]]:
                    raise UsageError(
                        f"{other} has seen {service}'s events up to {row['log_part']}/{row['position']}, its store"
                        f" ends at {heads[row['log_part']]}",
                        "Restore a newer backup of the store, or give the rest up with --trust-store.",
                    )


def _rebuild(context: Context, service: str) -> dict[str, Any]:
    begun = time.perf_counter()
    bootstrap = f"{HOST}:{context.running().ports['kafka']}"
    topic = f"{service}.events"
    asyncio.run(_make_again(bootstrap, topic))
    with context.client(service, OPS) as client:
        checked(client.post("/log-standing/publish"))
    total = sum(part["store"] for part in _standing(context, service)["parts"])
    with Meter(context.err, f"Publishing {topic}", total) as meter:
        held = 0
        until = time.monotonic() + PUBLISH_SECONDS
        while True:
            parts = _standing(context, service)["parts"]
            held = sum(part["topic"] for part in parts)
            rate = held / max(time.perf_counter() - begun, 0.001)
            meter.reach(held, f"{held:,} of {total:,}, {rate:,.0f}/s")
            if all(part["topic"] >= part["store"] for part in parts):
                break
            if time.monotonic() > until:
                raise StackError(f"{topic} holds {held:,} of {total:,} events", f"See the log of {service}.")
        meter.finish()
    return {"log": service, "topic": topic, "events": held, "seconds": round(time.perf_counter() - begun, 2)}


async def _make_again(bootstrap: str, topic: str) -> None:
    """Make the topic if it is gone, and empty it if it is there: one deleted under its readers is found late again."""
    await create_topics(bootstrap, [declared for declared in declared_topics() if declared.name == topic])
    async with open_consumer(bootstrap) as consumer:
        parts = declared_topics()[0].partitions
        ends = await consumer.end_offsets([TopicPartition(topic, part) for part in range(parts)])
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_records({place: RecordsToDelete(end) for place, end in ends.items() if end})
    finally:
        await admin.close()


def _show(out: Console, found: Sequence[dict[str, Any]], *, hint: bool = True) -> None:
    table = Table("log", "events in store", "in topic", "the store lacks", "standing", box=None)
    for one in found:
        store, topic, lacking = (sum(part[name] for part in one["parts"]) for name in ("store", "topic", "lacking"))
        table.add_row(one["log"], f"{store:,}", f"{topic:,}", f"{lacking:,}", one["trouble"] or "[green]fits[/]")
    out.print(table)
    for one in found:
        if one["brought_back"]:
            out.print(f"{one['brought_back']:,} events were brought back from the topic, their chain verified.")
        elif hint and one["trouble"]:
            out.print(f"Bring them back: recourse topics reconcile --service {one['log']} --apply", soft_wrap=True)


def _show_rebuilt(out: Console, done: Sequence[dict[str, Any]]) -> None:
    for one in done:
        out.print(f"{one['topic']}: {one['events']:,} events published in {one['seconds']:g} s.", highlight=False)
    out.print("Consumers go on where they stood.")


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="topics")

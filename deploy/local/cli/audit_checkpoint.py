"""`recourse audit checkpoint`: have what is new signed now, and take the checkpoints away."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.environment import DECIDING, HOST
from deploy.local.errors import StackError, UsageError
from deploy.local.evidence_files import write_record
from deploy.topics import every_topic
from shared.eventstore.notes import NoteError
from shared.messaging.evidence import COSIGNED, EVIDENCE, Evidence, EvidenceReader


def checkpoint(
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="DIR",
            help="Also write every checkpoint and statement that Kafka has to this directory.",
        ),
    ] = None,
    user: AsOption = "audra",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign what was recorded until now, in every log, and show the newest checkpoint of each log partition.

    A checkpoint fixes all events before it: whoever has it can tell later whether one was changed, added or lost. Each
    log does this by itself twice a minute. Files of --export are never written twice; any mounted store will do. Exit
    code 1 if the history of a log changed, so that it is not signed.

    JSON: {"checkpoints": [{"origin", "log_part", "number", "size", "root", "note", "signed_at"}], "exported", "kept"}.
    """
    context = open_context(home, as_json)
    signed: list[dict[str, Any]] = []
    for service in DECIDING:
        with context.client(service, user) as client:
            answer = client.post("/evidence/checkpoints")
        if answer.status_code == httpx.codes.CONFLICT:
            raise StackError(f"Not signed: {answer.json()['detail']}", "Run `recourse audit verify`.")
        signed += checked(answer)
    data: dict[str, Any] = {"checkpoints": signed, "exported": None, "kept": None}
    if export is not None:
        data |= _export(context, export)
    context.emit(data, lambda out: _show(out, data, export))


def evidence_in_kafka(context: Context) -> list[Evidence]:
    """Everything that the topic of the evidence has."""
    return asyncio.run(_everything(kafka_of(context)))


def kafka_of(context: Context) -> str:
    """The address of the running stack's Kafka."""
    return f"{HOST}:{context.running().ports['kafka']}"


def evidence_parts() -> int:
    """How many partitions the topic of the evidence has."""
    return next(topic.partitions for topic in every_topic() if topic.name == EVIDENCE)


async def _everything(bootstrap: str) -> list[Evidence]:
    async with EvidenceReader(bootstrap, evidence_parts()) as reader:
        return await reader.everything()


def _export(context: Context, directory: Path) -> dict[str, int]:
    written = kept = 0
    try:
        for record in evidence_in_kafka(context):
            try:
                path = write_record(directory, record) if record.kind != COSIGNED else None
            except NoteError as error:
                context.err.print(Text(f"passed over, {record.key}@{record.offset}: {error}", "yellow"))
                continue
            written, kept = (written + 1, kept) if path else (written, kept + 1)
    except OSError as error:
        raise UsageError(f"--export: {directory} cannot be written: {error.strerror}", "Name another.") from error
    return {"exported": written, "kept": kept}


def _show(out: Console, data: dict[str, Any], directory: Path | None) -> None:
    table = Table("log partition", "events", "root", "signed", box=None)
    for one in data["checkpoints"]:
        table.add_row(one["origin"], f"{one['size']:,}", one["root"][:16] + "…", one["signed_at"][:19])
    out.print(table)
    if directory is not None:
        out.print(f"{data['exported']} notes written to {directory}, {data['kept']} were there.", highlight=False)


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command()(checkpoint)

"""`recourse audit verify`: recompute hashes, roots, signatures and decisions, and name the first that is wrong."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.audit.access import dsns
from deploy.local.audit.findings import NAMES, Finding
from deploy.local.audit.law import law_of
from deploy.local.audit.models import model_findings
from deploy.local.audit.run import AuditOrder, Report, Scope, verify
from deploy.local.cli.api import read_case
from deploy.local.cli.context import Context, HomeOption, JsonOption, open_context
from deploy.local.cli.meter import Meter
from deploy.local.cli.replay import vault_of
from deploy.local.environment import DECIDING, HOST, ROOT
from deploy.local.errors import UsageError
from deploy.local.log_keys import LogKeys, read_public
from deploy.local.postgres import LocalPostgres
from deploy.local.secret_files import password_in
from deploy.topics import declared_topics
from services.casebook.projections.order import Progress, RebuildOrder
from shared.eventstore.notes import VerifierKey
from shared.eventstore.partition import log_part

SHOWN = 20


def audit_verify(
    home: HomeOption = None,
    as_json: JsonOption = False,
    case: Annotated[
        str | None, typer.Option(metavar="CASE", help="Only the log partition of this case, over all services.")
    ] = None,
    log: Annotated[
        str | None, typer.Option(metavar="SERVICE", help=f"Only the log of this service: {', '.join(DECIDING)}.")
    ] = None,
    part: Annotated[int | None, typer.Option(metavar="P", help="Only this log partition.")] = None,
    first: Annotated[int | None, typer.Option("--from", metavar="N", help="With --log and --part: from here.")] = None,
    last: Annotated[int | None, typer.Option("--to", metavar="M", help="With --log and --part: up to here.")] = None,
    keys: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Public keys to trust, one a line. Default: those that this home made."),
    ] = None,
    checkpoints: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Also hold the logs against checkpoints exported here.")
    ] = None,
    kafka: Annotated[bool, typer.Option("--kafka/--no-kafka", help="Compare the topics, record by record.")] = True,
    models: Annotated[
        bool | None,
        typer.Option(
            "--models/--no-models", help="Compare the read models with a replay. Default: if all is verified."
        ),
    ] = None,
) -> None:
    """Verify the record from its stored bytes, trusting neither databases nor Kafka.

    Recomputed are: every hash and the chain, the Merkle tree at every
    checkpoint that is known, every signature; positions, versions and times
    without a gap; that causes exist; that whoever decided could, by four eyes
    and by authority as of the instant; that promises are backed; that topics
    and read models say the same. Nothing is written, and no key that opens
    personal words is needed.

    The exit code is 0 if everything holds, 1 if something is wrong.

    JSON: {"holds", "events", "records", "checkpoints", "cosigned", "seconds",
    "events_per_second", "counts": {finding: n}, "first": a finding or null,
    "findings": [{"name", "meaning", "what", "log", "part", "position",
    "event_id", "case_id"}], "notes": {note: n}}.
    """
    context = open_context(home, as_json)
    scope = _scope(context, case, log, part, first, last)
    ports = context.running().ports
    order = AuditOrder(
        dsns=dsns(context.home, DECIDING),
        kafka=f"{HOST}:{ports['kafka']}" if kafka else None,
        keys=_keys(context, keys),
        parts=declared_topics()[0].partitions,
        scope=scope,
        directories=tuple(checkpoints or ()),
        law=law_of(ROOT / "policies"),
    )
    report = _verified(context, order)
    if models if models is not None else scope.whole and kafka:
        for found in _models(context, f"{HOST}:{ports['kafka']}", order.parts):
            report.findings.add(found)
    data = summary(report)
    context.emit(data, lambda out: _show(out, report, data))
    raise typer.Exit(0 if data["holds"] else 1)


def _scope(
    context: Context, case: str | None, log: str | None, part: int | None, first: int | None, last: int | None
) -> Scope:
    parts = declared_topics()[0].partitions
    if log is not None and log not in DECIDING:
        raise UsageError(f"--log: there is no log {log!r}", f"Take one of: {', '.join(DECIDING)}.")
    if part is not None and not 0 <= part < parts:
        raise UsageError(f"--part: there is no log partition {part}", f"Take one of 0 to {parts - 1}.")
    if (first is not None or last is not None) and (log is None or part is None):
        raise UsageError("--from and --to: of which log partition is not said", "Give --log and --part too.")
    if first is not None and first < 1:
        raise UsageError(f"--from: there is no position {first}", "Positions begin at 1.")
    if last is not None and last < (first or 1):
        raise UsageError(f"--to: {last} is before --from", "Swap them.")
    if case is None:
        return Scope(log, part, first or 1, last)
    if log is not None or part is not None:
        raise UsageError("--case: --log and --part are given too", "Leave them out: a case has one log partition.")
    return Scope(part=log_part(_case_id(context, case), parts))


def _case_id(context: Context, case: str) -> UUID:
    try:
        return UUID(case)
    except ValueError:
        return UUID(read_case(context, "audra", case)["case_id"])


def _keys(context: Context, keys: Path | None) -> list[VerifierKey]:
    if keys is None:
        return LogKeys(context.home.identity).public()
    try:
        return read_public(keys)
    except OSError as error:
        raise UsageError(f"--keys: {keys} cannot be read: {error.strerror}", "Name a file of public keys.") from error


def _verified(context: Context, order: AuditOrder) -> Report:
    with Meter(context.err, "Verifying", 100) as meter:

        def progress(done: int, total: int) -> None:
            meter.reach(100 * done / max(total, 1), f"{done:,} of {total:,} events")

        report = asyncio.run(verify(order, datetime.now(UTC), progress))
        meter.finish()
        return report


def _models(context: Context, kafka: str, parts: int) -> list[Finding]:
    postgres, owner = LocalPostgres(context.home.postgres), "casebook_owner"
    url = postgres.url_for(owner, password_in(context.home.secrets / owner), "recourse_casebook")
    order = RebuildOrder(url, "casebook", kafka, log_parts=parts, afresh=True, vault=vault_of(context))
    with Meter(context.err, "Replaying the read models", 1) as meter:

        def progress(now: Progress) -> None:
            meter.total = max(now.total, 1)
            meter.reach(now.done, f"{now.phase} {now.done:,} of {now.total:,}")

        found = asyncio.run(model_findings(order, progress))
        meter.finish()
        return found


def summary(report: Report) -> dict[str, Any]:
    """What was verified and found, as JSON has it."""
    found = [
        {
            "name": one.name,
            "meaning": NAMES[one.name],
            "what": one.what,
            "log": one.log,
            "part": one.part,
            "position": one.position,
            "event_id": str(one.event_id) if one.event_id else None,
            "case_id": str(one.case_id) if one.case_id else None,
        }
        for one in report.findings.sorted()
    ]
    counts = {name: count for name, count in sorted(report.findings.counts.items()) if count}
    return {
        "holds": not counts,
        "events": report.events,
        "records": report.records,
        "checkpoints": report.judged.notes,
        "cosigned": report.judged.cosigned,
        "seconds": round(report.seconds, 2),
        "events_per_second": round(report.events / report.seconds) if report.seconds else 0,
        "counts": counts,
        "first": found[0] if found else None,
        "findings": found,
        "notes": dict(report.findings.notes),
    }


def _show(out: Console, report: Report, data: dict[str, Any]) -> None:
    show: Callable[..., None] = out.print
    rate = f"{data['seconds']:g} s, {data['events_per_second']:,} a second"
    show(f"{data['events']:,} events verified from their stored bytes ({rate}).", highlight=False)
    show(f"{data['records']:,} records of the topics compared.", highlight=False)
    signed = f"{data['checkpoints']:,} checkpoints held against them"
    show(f"{signed}, {data['cosigned']:,} of them cosigned by a witness.", highlight=False)
    for note, times in data["notes"].items():
        show(Text(f"Note: {note} ({times:,}).", "yellow"))
    found = report.findings.sorted()
    if not found:
        show("Everything holds.")
        return
    total = sum(data["counts"].values())
    show(Text(f"{total:,} {'thing is' if total == 1 else 'things are'} wrong. The first:", "bold red"))
    for number, one in enumerate(found[:SHOWN]):
        if number == 1:
            show("Others:")
        show(Text.assemble((f"  {one.name}", "red"), f"  {one.place}"))
        show(Text(f"    {one.what}."))
    if total > SHOWN:
        counted = ", ".join(f"{name} {count:,}" for name, count in data["counts"].items())
        show(Text(f"  and {total - min(SHOWN, len(found)):,} more: {counted}. --json lists them."))


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command(name="verify")(audit_verify)

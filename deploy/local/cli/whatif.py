"""`recourse whatif`: what would have come of the past under a draft policy, authority matrix or calendar."""

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.auditor import AUDITOR
from deploy.local.cli.context import Context, HomeOption, JsonOption, open_context
from deploy.local.cli.meter import Meter
from deploy.local.environment import ROOT
from deploy.local.errors import StackError, UsageError
from deploy.local.postgres import LocalPostgres
from deploy.local.secret_files import password_in
from deploy.local.whatif.approvals import DraftJob, judge_authority, judge_deadlines, judge_grants
from deploy.local.whatif.found import Found, summary
from deploy.local.whatif.logs import parts_of
from deploy.local.whatif.policy import PolicyJob, judge_policy
from deploy.local.whatif.run import shares, spread
from services.approvals.adapters.policy_files import load_authority
from services.triage.adapters.policy_pack import PolicyPack
from shared.runtime.policy_files import read_calendar

SHOWN = 20


def whatif(
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="DIR", help="A draft of a policy pack: past requests.")
    ] = None,
    authority: Annotated[
        Path | None, typer.Option("--authority", metavar="FILE", help="A draft of the matrix: past exceptions.")
    ] = None,
    calendar: Annotated[
        Path | None, typer.Option("--calendar", metavar="FILE", help="A draft calendar: past deadlines and promises.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="INSTANT", help="Only what is recorded since, as 2026-11-24T09:00Z."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the past through a draft, and list whose outcome would be another.

    Give one draft. Requests are judged by their readings and records on file,
    beside the policy version that answered them. Nothing is written: the log
    is read by a database role that cannot.

    JSON: {"judged", "questions" (different ones), "seconds", "per_second",
    "changed", "cases_changed", "counts": [{"before", "after", "number",
    "money": {currency: sum}}], "changes": [{"case_id", "about",
    "recorded_at", "kind", "before", "after", "clause_before", "clause_after",
    "amount", "currency"}], "not_judged": [{"case_id", "why"}]}.
    """
    given = [draft for draft in (policy, authority, calendar) if draft is not None]
    if len(given) != 1:
        raise UsageError("--policy, --authority, --calendar: give one draft", "Run it once for each.")
    if not given[0].exists():
        raise UsageError(f"{given[0]}: there is no such draft", "Name the file or directory of the draft.")
    context = open_context(home, as_json)
    context.running()
    begun = time.perf_counter()
    data = summary(_judged(context, policy, authority, calendar, _instant(since)), time.perf_counter() - begun)
    context.emit(data, lambda out: _show(out, data))


def _judged(
    context: Context, policy: Path | None, authority: Path | None, calendar: Path | None, since: datetime | None
) -> Found:
    """Read the draft here first, so that what is wrong with it is told at once; then judge."""
    if policy is not None:
        PolicyPack(policy)
        parts, dsn = _log(context, "triage")
        whole = tuple(range(parts))
        jobs = [PolicyJob(dsn, share, whole, policy, since) for share in shares(parts)]
        with Meter(context.err, "Judging", len(jobs)) as meter:
            return spread(jobs, judge_policy, meter.reach)
    policies = ROOT / "policies"
    parts, dsn = _log(context, "approvals")
    if authority is not None:
        load_authority(policies, authority)
        return judge_authority(DraftJob(dsn, tuple(range(parts)), policies, authority, since))
    assert calendar is not None
    read_calendar(calendar)
    found = judge_deadlines(DraftJob(dsn, tuple(range(parts)), policies, calendar, since))
    parts, dsn = _log(context, "triage")
    found.add(judge_grants(DraftJob(dsn, tuple(range(parts)), policies, calendar, since)))
    return found


def _log(context: Context, service: str) -> tuple[int, str]:
    """Give how many log partitions a service has, and its database's address for auditors."""
    postgres = LocalPostgres(context.home.postgres)
    dsn = postgres.url_for(AUDITOR, password_in(context.home.secrets / AUDITOR), f"recourse_{service}")
    try:
        return parts_of(dsn), dsn
    except psycopg.OperationalError as error:
        raise StackError(
            f"{service}'s log cannot be read as {AUDITOR}", "Start the stack anew: recourse up."
        ) from error


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--since: {text!r} is no instant", "Write it as 2026-11-24T09:00Z.") from error
    return read if read.tzinfo else read.astimezone()


def _show(out: Console, data: dict[str, Any]) -> None:
    out.print(f"{data['judged']:,} judged, {data['per_second']:,} a second; nothing was written.", highlight=False)
    table = Table("was", "would be", "number", "money", box=None)
    for one in data["counts"]:
        money = ", ".join(f"{total} {currency}" for currency, total in one["money"].items())
        table.add_row(one["before"], one["after"], f"{one['number']:,}", money)
    if data["counts"]:
        out.print(table)
    for change in data["changes"][:SHOWN]:
        amount = f", {change['amount']} {change['currency']}" if change["amount"] else ""
        was, would = (f"{change[f]} ({change[c]})" for f, c in (("before", "clause_before"), ("after", "clause_after")))
        out.print(Text(f"  case {change['case_id']}: {change['kind']}{amount}: {was}, would be {would}"))
    if len(data["changes"]) > SHOWN:
        out.print(f"  and {len(data['changes']) - SHOWN} more; --json lists them.")
    if not data["changes"]:
        out.print("No outcome would be another.")
    if data["not_judged"]:
        out.print(f"{len(data['not_judged']):,} cannot be judged; --json says why.", highlight=False)


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(whatif)

"""`recourse audit access`: who read which case or customer, over all services."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.showing import DIM, grid, one_line, plain, when
from deploy.local.errors import UsageError
from deploy.local.identity import SERVICES

PAGE = 500


def access(
    user: AsOption = "audra",
    case: Annotated[str | None, typer.Option("--case", metavar="CASE", help="Only reads of this case.")] = None,
    customer: Annotated[str | None, typer.Option("--customer", metavar="ID", help="Only of this customer.")] = None,
    reader: Annotated[str | None, typer.Option("--user", metavar="USER", help="Only what this user read.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="INSTANT", help="From here on, such as 2026-11-24T09:30Z.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who read cases and customers, when and for what, oldest first.

    For auditors and data-protection officers. Reading a case puts one record
    there before the answer leaves; it holds ids, never what was read.

    JSON: [{"service", "access_id", "read_at", "reader", "roles", "route",
    "case_ids", "customer_ids", "as_of", "via", "purpose"}].
    """
    context = open_context(home, as_json)
    asked = {"reader": reader, "customer": customer, "since": None if since is None else _instant(since)}
    if case is not None:
        with context.client("casebook", user) as client:
            asked["case"] = checked(client.get(f"/cases/{case}"))["case_id"]
    found = [record for service in SERVICES for record in _read(context, service, user, asked)]
    found.sort(key=lambda record: (record["read_at"], record["access_id"]))
    context.emit(found, lambda out: _show(out, found))


def _instant(text: str) -> str:
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--since: {text!r} is no instant", "Write it as 2026-11-24T09:30Z.") from error
    return read.astimezone(UTC).isoformat()


def _read(context: Context, service: str, user: str, asked: dict[str, str | None]) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    params = {name: value for name, value in asked.items() if value is not None} | {"limit": str(PAGE)}
    with context.client(service, user) as client:
        while True:
            page = checked(client.get("/access-records", params=params))
            records += [{"service": service, **item} for item in page["items"]]
            if page["next"] is None:
                return records
            params["after"] = page["next"]


def _show(out: Console, found: list[dict[str, Any]]) -> None:
    table = grid(16, 8, 13, None)
    table.add_row("UTC", "who", "cases", "what, and for what", style=DIM)
    for record in found:
        cases = record["case_ids"]
        named = "" if not cases else cases[0][:8] + (f" +{len(cases) - 1}" if len(cases) > 1 else "")
        purpose = f", for {record['purpose']}" if record["purpose"] else ""
        what = f"{record['service']} {record['route']}{purpose} ({', '.join(record['roles'])})"
        table.add_row(when(record["read_at"]), plain(record["reader"]), named, Text(one_line(what)))
    out.print(table)
    out.print(f"{len(found):,} reads.", highlight=False)


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command()(access)

"""`recourse authority`: check the authority matrix, explain who may decide, report like cases decided differently."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import AsOption, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.outcome import AmountOption, money
from deploy.local.cli.showing import DIM, grid, one_line, price, when, words
from deploy.local.environment import ROOT
from deploy.local.errors import UsageError
from services.approvals.adapters.policy_files import clauses_of, known_kinds, load_authority
from services.approvals.domain.policies.authority import Matter
from services.approvals.domain.policies.checking import Known, findings
from services.approvals.domain.policies.explaining import Explained, explain
from shared.contracts.values import Money, Quorum

DECIDING = ("agent", "supervisor", "manager")
group = typer.Typer(no_args_is_help=True, help="Who may decide on exceptions: check, explain, and compare decisions.")
PoliciesOption = Annotated[
    Path, typer.Option("--policies", metavar="DIR", help="The policy directory. Default: the one that ships.")
]
MatrixArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="A matrix; left out, authority/matrix.yaml.")
]


@group.command()
def check(
    file: MatrixArgument = None, policies: PoliciesOption = ROOT / "policies", as_json: JsonOption = False
) -> None:
    """Find what does not fit in the authority matrix; needs no running stack.

    Exit code 0 without findings, 1 with some, 2 if it cannot be read.

    JSON: {"matrix", "findings": [{"severity", "field", "problem", "fix"}]}.
    """
    context = open_context(None, as_json)
    rules = load_authority(policies, file)
    today = rules.calendar.local_date(datetime.now(UTC))
    known = Known(clauses_of(policies), known_kinds(policies), DECIDING, today)
    found = findings(rules.matrix, known)

    def show(out: Console) -> None:
        for one in found:
            colour = "red" if one.severity == "error" else "yellow"
            out.print(Text.assemble((one.severity, colour), f"  {one.field}: {one.problem} ({one.fix})"))
        out.print(f"Matrix {rules.matrix.version}: {len(found) or 'no'} findings.")

    context.emit({"matrix": rules.matrix.version, "findings": [one._asdict() for one in found]}, show)
    if found:
        raise typer.Exit(1)


@group.command("explain")
def explain_(
    kind: Annotated[str, typer.Option(help="The demand kind, such as buyers_remorse.")],
    clause: Annotated[str | None, typer.Option(metavar="POLICY/CLAUSE", help="The clause deviated from.")] = None,
    amount: AmountOption = None,
    proposed_by: Annotated[str | None, typer.Option(metavar="USER", help="Who proposes it, for shares.")] = None,
    file: Annotated[Path | None, typer.Option("--matrix", metavar="FILE", help="Another matrix.")] = None,
    policies: PoliciesOption = ROOT / "policies",
    as_json: JsonOption = False,
) -> None:
    """Tell who may decide on an exception, how many must agree, until when, and why; needs no running stack.

    JSON: {"matrix", "required_role", "why", "quorum", "deadline", "roles": [{"role", "level", "may_decide",
    "reason"}], "levels": [{"role", "quorum", "working_hours"}]}.
    """
    context = open_context(None, as_json)
    rules = load_authority(policies, file)
    if clause is not None and clause not in clauses_of(policies):
        raise UsageError(f"--clause: there is no clause {clause}", "Write policy/clause, such as shop/R-2.")
    asked = money(amount)
    worth = Money(amount=Decimal(asked["amount"]), currency=asked["currency"]) if asked else None
    told = explain(rules, Matter(kind, clause, worth, proposed_by=proposed_by), datetime.now(UTC))
    context.emit(_as_data(told), lambda out: _show_explained(out, told))


@group.command()
def consistency(
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Decided from this day on; 90 days, if left out.")
    ] = None,
    user: AsOption = "audra",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List like exceptions that were decided differently, the most alike first.

    JSON: as GET /reports/consistency of approvals: {"since", "compared", "truncated", "groups"}.
    """
    context = open_context(home, as_json)
    with context.client("approvals", user) as approvals:
        params = {"since": _day(since).isoformat()} if since else {}
        found = checked(approvals.get("/reports/consistency", params=params))
    context.emit(found, lambda out: _show_report(out, found))


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="authority")


def _day(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=UTC)
    except ValueError as error:
        raise UsageError(f"--since: {written!r} is no day", "Write it as 2026-11-24.") from error


def _as_data(told: Explained) -> dict[str, Any]:
    return {
        **told._asdict(),
        "quorum": told.quorum.model_dump(exclude_none=True),
        "roles": [role._asdict() for role in told.roles],
        "levels": [{**level._asdict(), "quorum": level.quorum.model_dump(exclude_none=True)} for level in told.levels],
    }


def _show_explained(out: Console, told: Explained) -> None:
    out.print(Text.assemble((told.required_role, "bold"), f" decides until {when(told.deadline.isoformat())} UTC"))
    out.print(Text(told.why))
    out.print(Text(f"Agreement: {_agreement(told.quorum)}"))
    for level in told.levels[1:]:
        hours = timedelta(hours=level.working_hours).total_seconds() / 3600
        line = f"Not decided by then: {level.role} within {hours:g} working hours, {_agreement(level.quorum)}"
        out.print(Text(line))
    out.print(Text("Not decided by anybody: it expires, and the policy stands."))
    for role in told.roles:
        verdict = "may decide" if role.may_decide else f"may not: {role.reason}"
        out.print(Text(f"  {role.role} (level {role.level}) {verdict}", DIM))
    out.print(Text(f"Authority matrix {told.matrix}", DIM))


def _agreement(quorum: Quorum) -> str:
    of = f" of {', '.join(quorum.named)}" if quorum.named else ""
    share = f" ({quorum.percent} %)" if quorum.percent else ""
    if quorum.kind == "all":
        return f"all{of}"
    return "one voice" if quorum.needed == 1 and not of else f"{quorum.needed} voices{of}{share}"


def _show_report(out: Console, found: dict[str, Any]) -> None:
    for group_ in found["groups"]:
        outcomes = ", ".join(f"{number} {outcome}" for outcome, number in group_["outcomes"].items())
        head = f"{group_['clause']}, {words(group_['kind'])}, by {group_['role']}"
        out.print(Text.assemble((head, "bold"), f": {outcomes}; {round(group_['alike'] * 100)} % alike"))
        rows = grid(16, 10, 14, None)
        for one in group_["decisions"]:
            by = " and ".join(one["decided_by"])
            said = f"{by}: {one_line(one['note'])}"
            rows.add_row(when(one["decided_at"]), one["outcome"], price(one["amount"]), Text(said))
        out.print(rows)
        differ = [name for name in group_["differs_in"] if name not in ("outcome", "decided_by", "amount")]
        for name in differ:
            out.print(Text(f"  {words(name)}: {', '.join(group_['differs_in'][name])}", DIM))
    number = len(found["groups"])
    more = " (the newest only)" if found["truncated"] else ""
    out.print(f"{number or 'No'} groups of like cases decided differently, of {found['compared']} decisions{more}.")

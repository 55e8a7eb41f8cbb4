"""`recourse policy publish` and `versions`: put a checked pack in force, and see what is."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import AsOption, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.policy_requests import pack_home
from deploy.local.cli.showing import DIM, grid, one_line
from deploy.local.errors import UsageError
from services.triage.adapters.pack_check import check_pack, known_around
from services.triage.adapters.pack_files import read_pack_files
from services.triage.domain.policies.pack import PackFile


def publish(
    pack: Annotated[str, typer.Argument(metavar="DIR|NAME", help="A pack's directory, or the name of a shipped one.")],
    effective: Annotated[
        datetime | None, typer.Option("--effective", metavar="TIME", help="In force from then (UTC); else in 5 s.")
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="Why it changes.")] = None,
    home: HomeOption = None,
    user: AsOption = "mia",
    as_json: JsonOption = False,
) -> None:
    """Check a pack and publish it as the version that its pack.yaml names. Managers may.

    The same again changes nothing; other content under a published version is refused.
    JSON: {"policy", "version", "effective_from", "events"}.
    """
    context = open_context(home, as_json)
    place = pack_home(pack)
    files = read_pack_files(place)
    found = check_pack(files, datetime.now(UTC).date(), known_around(place.parent))
    if wrong := next((one for one in found if one.severity == "error"), None):
        raise UsageError(str(wrong), f"See `recourse policy check {pack}`.")
    facts = files.parsed("pack.yaml", PackFile)
    body = {
        "files": dict(files.files),
        "effective_from": effective.replace(tzinfo=UTC).isoformat() if effective else None,
        "note": note,
    }
    with context.client("triage", user) as triage:
        path = f"/policies/{facts.id}/versions"
        outcome = checked(triage.post(path, json=body, headers={"Idempotency-Key": str(uuid4())}))
        known: list[dict[str, Any]] = checked(triage.get(path))
    version = next(one for one in known if one["version"] == facts.version)
    data = {
        "policy": facts.id,
        "version": facts.version,
        "effective_from": version["effective_from"],
        "events": outcome["events"],
    }
    said = "Published" if outcome["events"] else "Already published"
    line = f"{said}: {facts.id} {facts.version}, in force from {version['effective_from']}."
    context.emit(data, lambda out: out.print(line, soft_wrap=True))


def versions(
    policy: Annotated[str, typer.Argument(help="The policy's id.")],
    home: HomeOption = None,
    user: AsOption = "audra",
    as_json: JsonOption = False,
) -> None:
    """List the published versions of a policy, and which one is in force.

    JSON: [{"policy", "version", "effective_from", "published_by", "sha256", "note", "in_force"}].
    """
    context = open_context(home, as_json)
    with context.client("triage", user) as triage:
        known: list[dict[str, Any]] = checked(triage.get(f"/policies/{policy}/versions"))
    context.emit(known, lambda out: _show(out, known))


def _show(out: Console, known: list[dict[str, Any]]) -> None:
    table = grid(14, 21, 16, None)
    for one in known:
        mark = ("in force", "green") if one["in_force"] else ("", DIM)
        note = Text.assemble(mark, " ", one_line(one["note"] or ""))
        table.add_row(Text(one["version"]), Text(one["effective_from"][:19]), Text(one["published_by"]), note)
    out.print(table)


def add_to(group: typer.Typer) -> None:
    """Register the verbs."""
    group.command()(publish)
    group.command()(versions)

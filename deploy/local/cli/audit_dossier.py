"""`recourse audit dossier` and `verify-dossier`: a case with its proofs in one file, and the offline check of it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.case import CaseArgument
from deploy.local.cli.context import AsOption, HomeOption, JsonOption, open_context
from deploy.local.cli.instant import AsOfOption, read_instant
from deploy.local.cli.showing import DIM, when
from deploy.local.dossier.checking import Checked, check
from deploy.local.errors import UsageError
from shared.eventstore.notes import NoteError, VerifierKey

SHOWN = 20


def dossier(
    case: CaseArgument,
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.zip", help="Where to write it.")],
    as_of: AsOfOption = None,
    user: AsOption = "audra",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything on record of a case into one file that proves itself.

    Events as they are stored and as people read them, decisions with their
    authority, promises, clocks explained, messages and files, the policy
    versions quoted, proofs and signed checkpoints, a web page and a PDF.
    Anybody can check it without a server: HOW-TO-VERIFY.txt in it says how.

    JSON: the manifest: {"case_id", "tracking_code", "made_at", "events",
    "files": [{"path", "sha256", "size"}]}.
    """
    from deploy.local.dossier.gathering import gather
    from deploy.local.dossier.packing import pack

    context = open_context(home, as_json)
    if not out.parent.is_dir():
        raise UsageError(f"--output: there is no directory {out.parent}", "Name a file in a directory that exists.")
    with context.err.status("gathering"):
        manifest = pack(gather(context, user, case, read_instant(as_of, "--as-of") if as_of else None), out)
    size = out.stat().st_size

    def show(console: Console) -> None:
        console.print(
            f"{out}: case {manifest.tracking_code}, {manifest.events} events with their proofs,"
            f" {len(manifest.files)} files, {size:,} bytes.",
            highlight=False,
        )
        console.print(f"Check it anywhere: recourse audit verify-dossier {out}", style=DIM, highlight=False)

    context.emit(manifest.model_dump(mode="json"), show)


def verify_dossier(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="A dossier.")],
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="FILE", help="The logs' public keys that you trust, one a line.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a dossier without any server: files, signatures, proofs, completeness.

    The exit code is 0 if all holds, 1 if something is wrong, 2 if it cannot be
    read. Without --keys the keys in the dossier are taken: that shows that it
    agrees with itself, not who made it.

    JSON: {"holds", "pinned", "events", "checkpoints",
    "wrong": [{"finding", "place", "problem"}]}.
    """
    context = open_context(None, as_json)
    result = check(file, None if keys is None else read_keys(keys))
    data = {
        "holds": not result.wrong,
        "pinned": result.pinned,
        "case_id": result.manifest.case_id,
        "events": result.proved,
        "checkpoints": result.checkpoints,
        "wrong": [one._asdict() for one in result.wrong],
    }
    context.emit(data, lambda out: _show(out, result))
    raise typer.Exit(1 if result.wrong else 0)


def read_keys(path: Path) -> list[VerifierKey]:
    """Read public keys, one a line; UsageError names the file and the line."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--keys: {path} cannot be read: {error}", "Name a file of public keys.") from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(VerifierKey.parse(line.strip()))
        except NoteError as error:
            raise UsageError(f"--keys: {path} line {number}: {error.problem}", "See `recourse audit keys`.") from error
    if not found:
        raise UsageError(f"--keys: {path} holds no key", "See `recourse audit keys`.")
    return found


def _show(out: Console, result: Checked) -> None:
    manifest = result.manifest
    for one in result.wrong[:SHOWN]:
        out.print(Text.assemble((one.finding, "red"), f"  {one.place}: {one.problem}"))
    if len(result.wrong) > SHOWN:
        out.print(f"and {len(result.wrong) - SHOWN} more; --json lists them.")
    made = f"Case {manifest.tracking_code}, made {when(manifest.made_at.isoformat())} UTC by {manifest.made_by}."
    out.print(made, highlight=False)
    if result.wrong:
        out.print(Text("The dossier does not hold.", "red"))
        return
    out.print(
        f"{result.proved} events are in the logs as signed under {result.checkpoints} checkpoints;"
        f" {len(manifest.files)} files are as listed. The dossier holds.",
        highlight=False,
    )
    if not result.pinned:
        out.print(Text("The keys came with it; give yours with --keys to know who made it.", DIM))


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    app.command("dossier")(dossier)
    app.command("verify-dossier")(verify_dossier)

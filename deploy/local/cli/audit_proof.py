"""`recourse audit proof`: that one event is in the log, with what is needed to check it anywhere."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import AsOption, HomeOption, JsonOption, checked, open_context
from deploy.local.environment import DECIDING
from deploy.local.errors import StackError, UsageError
from deploy.local.log_keys import LogKeys, read_public
from shared.eventstore.log_keys import KeyBook
from shared.eventstore.merkle import event_leaf, inclusion_holds
from shared.eventstore.notes import Checkpoint, Note, NoteError


def proof(
    place: Annotated[
        str,
        typer.Argument(metavar="LOG/PART/POSITION", help="The event's place, as `recourse case` and verify name it."),
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the proof here.")] = None,
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="FILE", help="Public keys that you trust. Default: the stack's own."),
    ] = None,
    user: AsOption = "audra",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove that an event is in the log, and check the proof.

    The proof is checked here with the public keys and nothing else of ours; exit code 1 if it does not hold. Any tool
    for transparency logs checks it as well: the leaf's data is header hash and body hash, the note is the checkpoint.

    JSON: {"origin", "log_part", "position", "index", "size", "header_hash", "body_hash", "leaf", "proof", "root",
    "note", "statements", "holds", "signed_by"}.
    """
    service, part, position = _place(place)
    context = open_context(home, as_json)
    try:
        pinned = read_public(keys) if keys else LogKeys(context.home.identity).public()
    except OSError as error:
        raise UsageError(f"--keys: {keys} cannot be read: {error.strerror}", "Name a file of public keys.") from error
    with context.client(service, user) as client:
        found = client.get(f"/evidence/proof/{part}/{position}")
        if found.status_code == 404 and "/evidence/checkpoints" in found.text:
            checked(client.post("/evidence/checkpoints"))
            found = client.get(f"/evidence/proof/{part}/{position}")
        data: dict[str, Any] = {**checked(found), "statements": checked(client.get("/evidence/keys"))["statements"]}
    data["signed_by"] = check(data, KeyBook(pinned))
    data["holds"] = bool(data["signed_by"])
    if output is not None:
        try:
            output.write_text(json.dumps(data, indent=2) + "\n")
        except OSError as error:
            raise UsageError(f"--output: {output} cannot be written: {error.strerror}", "Name another.") from error
    context.emit(data, lambda out: _show(out, data))
    if not data["holds"]:
        raise typer.Exit(1)


def check(data: dict[str, Any], book: KeyBook) -> list[str]:
    """Check a proof with trusted keys; returns the keys that signed, none if it does not hold. StackError says why."""
    try:
        book.follow(one.encode() for one in data["statements"])
        note = Note.parse(data["note"].encode())
        point = Checkpoint.parse(note.text)
        signers = book.signers(note)
    except NoteError as error:
        raise StackError(f"The proof does not hold: {error.problem}", "Run `recourse audit verify`.") from error
    leaf = event_leaf(b64decode(data["header_hash"]), b64decode(data["body_hash"]))
    path = [b64decode(one) for one in data["proof"]]
    whole = point.origin == data["origin"] and inclusion_holds(leaf, data["position"] - 1, point.size, path, point.root)
    return [key.vkey for key in signers] if whole else []


def _place(text: str) -> tuple[str, int, int]:
    parts = text.removeprefix("recourse/").split("/")
    if len(parts) == 3 and parts[0] in DECIDING and parts[1].isdecimal() and parts[2].isdecimal():
        return parts[0], int(parts[1]), int(parts[2])
    raise UsageError(f"{text!r} is no place in a log", "Give it as in intake/3/1234: log, partition, position.")


def _show(out: Console, data: dict[str, Any]) -> None:
    where = f"position {data['position']:,} of {data['origin']}"
    if data["holds"]:
        out.print(Text(f"The event at {where} is among the {data['size']:,} events under this checkpoint:"))
        out.print(Text(data["note"].rstrip()), soft_wrap=True)
        count = len(data["proof"])
        proved = "1 hash proves" if count == 1 else f"{count} hashes prove"
        out.print(Text(f"{proved} it; signed by {data['signed_by'][-1]}."), soft_wrap=True)
    else:
        out.print(Text(f"The proof of the event at {where} does not hold, or no trusted key signed it.", "red"))


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command()(proof)

"""`recourse audit keys` and `rotate-key`: whom an auditor trusts, and how one key follows another."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.environment import DECIDING
from deploy.local.errors import UsageError
from deploy.local.log_keys import LogKeys
from shared.eventstore.log_keys import KeyRing, KeyStatement, new_key
from shared.eventstore.notes import Note

ServiceArgument = Annotated[str, typer.Argument(metavar="SERVICE", help=f"One of: {', '.join(DECIDING)}.")]


def keys(user: AsOption = "audra", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the public keys of the logs, and the signed statements by which one followed another.

    Take the keys away and keep them (one a line: the file of pinned keys): proofs are checked with them, and with
    nothing else of ours. Keys that follow by statements need not be taken again.

    JSON: {"keys_file", "logs": [{"log", "keys": [newest last], "statements": [{"kind", "at", "old", "new", "note"}]}]}.
    """
    context = open_context(home, as_json)
    logs = []
    for service in DECIDING:
        with context.client(service, user) as client:
            told = checked(client.get("/evidence/keys"))
        logs.append({"log": service, "keys": told["keys"], "statements": [_stated(one) for one in told["statements"]]})
    file = str(LogKeys(context.home.identity).public_file)
    context.emit({"keys_file": file, "logs": logs}, lambda out: _show(out, logs, file))


def rotate_key(
    service: ServiceArgument,
    revoke_from: Annotated[
        str | None,
        typer.Option(
            "--revoke-from", metavar="INSTANT", help="The old key was stolen: from this instant on it is worth nothing."
        ),
    ] = None,
    user: AsOption = "oli",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a log a new key. The stack must run.

    The next checkpoints are signed by both keys, and a statement, signed by both, says that the new one follows the
    old. Who trusts the old key follows it; after this the old one is thrown away. With --revoke-from nobody follows:
    the new key has to be handed to everybody who checks proofs.

    JSON: {"log", "old", "new", "revoked_from", "checkpoints"}.
    """
    if service not in DECIDING:
        raise UsageError(f"There is no log {service!r}", f"Take one of: {', '.join(DECIDING)}.")
    since = None if revoke_from is None else _instant(revoke_from)
    context = open_context(home, as_json)
    held = LogKeys(context.home.identity)
    before = held.read(service)
    with context.client(service, user) as client:
        if before.previous is None:
            before = KeyRing(new_key(service), before.current, since)
            held.write(service, before)
        signed = checked(client.post("/evidence/checkpoints"))
    assert before.previous is not None
    held.write(service, KeyRing(before.current))
    old, new = before.previous.verifier().vkey, before.current.verifier().vkey
    revoked = before.revoked_from.isoformat() if before.revoked_from else None
    data = {"log": service, "old": old, "new": new, "revoked_from": revoked, "checkpoints": len(signed)}
    context.emit(data, lambda out: _show_rotation(out, data, context))


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"--revoke-from: {text!r} is no instant", "Give it as in 2026-11-24T09:00:00+00:00, or as a day."
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _stated(raw: str) -> dict[str, Any]:
    stated = KeyStatement.parse(Note.parse(raw.encode()).text)
    return {
        "kind": stated.kind,
        "at": stated.at.isoformat(),
        "old": stated.old.vkey,
        "new": stated.new.vkey,
        "note": raw,
    }


def _show(out: Console, logs: list[dict[str, Any]], file: str) -> None:
    for one in logs:
        for key in one["keys"]:
            signs = "signs now" if key == one["keys"][-1] else "followed"
            out.print(Text(f"{key}  {signs}"), soft_wrap=True)
        for stated in one["statements"]:
            out.print(Text(f"  {stated['kind']} {stated['at']}: {stated['old']} -> {stated['new']}"), soft_wrap=True)
    out.print(Text(f"The same in {file}, one a line."), soft_wrap=True)


def _show_rotation(out: Console, data: dict[str, Any], context: Context) -> None:
    out.print(Text(f"{data['log']} signs with {data['new']} now."), soft_wrap=True)
    if data["revoked_from"]:
        out.print(Text(f"{data['old']} is revoked from {data['revoked_from']} on."), soft_wrap=True)
        file = LogKeys(context.home.identity).public_file
        out.print(Text(f"Hand the new key to everybody who checks proofs: {file}."), soft_wrap=True)
    else:
        out.print(Text(f"It follows {data['old']} by a statement that both signed."), soft_wrap=True)


def add_to(group: typer.Typer) -> None:
    """Register the verbs."""
    group.command()(keys)
    group.command("rotate-key")(rotate_key)

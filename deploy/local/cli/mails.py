"""`recourse mails`: what the local catcher got from us instead of the customers."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import Context, HomeOption, JsonOption, open_context
from deploy.local.cli.showing import DIM, grid, one_line, plain
from deploy.local.errors import UsageError

PARSER = BytesParser(policy=policy.default)

group = typer.Typer(no_args_is_help=True, help="The mails that left; the local stack delivers none.")


@group.command("list")
def list_(
    home: HomeOption = None,
    as_json: JsonOption = False,
    to: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Only mails to this address.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many, the newest first.")] = 20,
) -> None:
    """List the mails that were sent, the newest first.

    JSON: [{"mail", "to": [...], "from", "subject", "date", "automatic"}].
    """
    context = open_context(home, as_json)
    found: list[dict[str, Any]] = []
    for path in sorted(context.home.mailbox.glob("*.eml"), reverse=True):
        head = _head(path)
        if to is None or to.lower() in (address.lower() for address in head["to"]):
            found.append(head)
        if len(found) == limit:
            break
    context.emit(found, lambda out: _show_list(out, found))


@group.command()
def show(
    mail: Annotated[str, typer.Argument(metavar="MAIL", help="A number of `mails list`, or the beginning of one.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
    raw: Annotated[bool, typer.Option("--raw", help="The bytes as they were sent.")] = False,
) -> None:
    """Show one mail.

    JSON: as of `mails list`, and "headers": [[name, value]], "text".
    """
    context = open_context(home, as_json)
    path = _find(context, mail)
    if raw:
        typer.get_binary_stream("stdout").write(path.read_bytes())
        return
    read = _read(path)
    body = read.get_body(("plain", "html"))
    headers = [[name, str(value)] for name, value in read.items()]
    data = {**_head(path), "headers": headers, "text": body.get_content() if body else ""}
    context.emit(data, lambda out: _show_mail(out, data))


def _find(context: Context, mail: str) -> Path:
    found = sorted(context.home.mailbox.glob(f"{mail}*.eml")) if mail.isdigit() else []
    if len(found) != 1:
        problem = f"{len(found)} mails begin with {mail}" if found else f"There is no mail {mail}"
        raise UsageError(problem, "See `recourse mails list`.")
    return found[0]


def _read(path: Path) -> EmailMessage:
    with path.open("rb") as file:
        read = PARSER.parse(file)
    assert isinstance(read, EmailMessage)
    return read


def _head(path: Path) -> dict[str, Any]:
    read = _read(path)
    return {
        "mail": path.stem,
        "to": [str(address) for address in read.get_all("Delivered-To", [])],
        "from": str(read["From"]),
        "subject": str(read["Subject"] or ""),
        "date": str(read["Date"] or ""),
        "automatic": "Auto-Submitted" in read,
    }


def _show_list(out: Console, found: list[dict[str, Any]]) -> None:
    if not found:
        out.print("No mails have left.")
        return
    table = grid(19, 26, None, cut=True)
    for one in found:
        table.add_row(one["mail"], one_line(", ".join(one["to"])), one_line(one["subject"]))
    out.print(table)


def _show_mail(out: Console, data: dict[str, Any]) -> None:
    for name, value in data["headers"]:
        out.print(Text.assemble((f"{name}: ", DIM), one_line(value)), soft_wrap=True)
    out.print()
    out.print(Text(plain(data["text"])), soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    app.add_typer(group, name="mails")

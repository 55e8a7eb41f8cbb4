"""`recourse token`: speak as a user of the local stack."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from deploy.local.cli.context import HomeOption, JsonOption, open_context


def token(
    user: Annotated[str | None, typer.Argument(help="The login, for example ana, sue or oli.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    hours: Annotated[float, typer.Option("--hours", min=0.01, max=24 * 365, help="How long it holds.")] = 24,
    list_users: Annotated[bool, typer.Option("--list", help="List the users and their roles instead.")] = False,
) -> None:
    """Print a signed token, for `Authorization: Bearer ...`."""
    context = open_context(home, as_json)
    if list_users or user is None:
        users = list(context.home.identity.users().values())
        table = Table("user", "name", "roles", box=None)
        for one in users:
            table.add_row(one.login, one.name, ", ".join(one.roles))
        listed = [{"user": one.login, "name": one.name, "roles": one.roles} for one in users]
        context.emit(listed, lambda out: out.print(table))
        return
    minted = context.home.identity.mint(user, timedelta(hours=hours))
    context.emit({"user": user, "token": minted}, lambda _: typer.echo(minted))


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(token)

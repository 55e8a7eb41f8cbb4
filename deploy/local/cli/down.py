"""`recourse down`: stop a stack from another terminal."""

import typer

from deploy.local.cli.context import HomeOption, JsonOption, open_context
from deploy.local.supervisor import stop_running


def down(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Stop the stack of this home and wait until every process of it is gone. The data stays."""
    context = open_context(home, as_json)
    with context.err.status("Stopping"):
        stopped = stop_running(context.home)
    words = "Stopped." if stopped else f"Nothing ran on {context.home.root}."
    context.emit({"stopped": stopped}, lambda out: out.print(words))


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(down)

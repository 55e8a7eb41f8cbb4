"""The root of the command `recourse`."""

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import httpx
import typer
from rich.console import Console

from deploy.local.cli import doctor, down, status, token, up
from deploy.local.errors import StackError
from shared.kernel.errors import RecourseError

# A new verb is a module with `add_to(app)`, named here.
VERBS = (up, down, status, doctor, token)

app = typer.Typer(
    name="recourse",
    help="Handle the conversations where a customer demands what policy does not allow: "
    "run the system, feed it, look into it, decide.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(version("recourse"))
        except PackageNotFoundError:
            typer.echo("not installed")
        raise typer.Exit


@app.callback()
def root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the verb."""


for verb in VERBS:
    verb.add_to(app)


def run() -> None:
    """Run the command line. Expected errors are one line on standard error: code 1 if the stack failed, else 2."""
    console = Console(stderr=True, soft_wrap=True)
    try:
        app()
    except RecourseError as error:
        console.print(f"[red]recourse:[/] {error}", highlight=False)
        sys.exit(1 if isinstance(error, StackError) else 2)
    except httpx.TransportError as error:
        console.print(f"[red]recourse:[/] {error.request.url} does not answer. See `recourse status`.", highlight=False)
        sys.exit(2)


if __name__ == "__main__":
    run()

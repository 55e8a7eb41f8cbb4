"""The root of the command `recourse`."""

import json
import sys
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Annotated, NoReturn

import httpx
import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli import (
    approvals,
    audit,
    authority,
    case,
    cases,
    clock,
    clocks,
    conduct,
    dead_letters,
    decide,
    delegate,
    demo,
    dispute,
    doctor,
    down,
    events,
    exception,
    export,
    facts,
    ingest,
    insights,
    mails,
    policy,
    privacy,
    process,
    promise,
    promise_evaluate,
    promise_found,
    promises,
    reflect,
    replay,
    reply,
    returns,
    status,
    token,
    topics,
    triage,
    up,
    vulnerability,
    whatif,
)
from deploy.local.errors import StackError, UsageError
from shared.kernel.errors import RecourseError

# A new verb is a module with `add_to(app)`, named here under the heading that `recourse --help` shows it by.
VERBS: dict[str, tuple[ModuleType, ...]] = {
    "The system": (demo, up, down, status, ingest, token, doctor),
    "Cases": (cases, case, reply, reflect, insights),
    "Exceptions": (approvals, decide, exception, delegate, authority),
    "Customers": (conduct, vulnerability, dispute),
    "Promises and clocks": (promises, promise, promise_found, promise_evaluate, clocks, clock),
    "Policy and reading": (policy, triage, facts),
    "Events": (events, mails, dead_letters, replay, topics),
    "Evidence": (audit, privacy, export, process, returns, whatif),
}

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


for heading, verbs in VERBS.items():
    for verb in verbs:
        commands, groups = len(app.registered_commands), len(app.registered_groups)
        verb.add_to(app)
        for command in app.registered_commands[commands:]:
            command.rich_help_panel = heading
        for group in app.registered_groups[groups:]:
            group.rich_help_panel = heading


def run() -> None:
    """Run the command line. Expected errors are one line on standard error, with --json an object: {"error": {...}}.

    The code is 1 if the stack failed, else 2.
    """
    try:
        app()
    except RecourseError as error:
        _fail(error, 1 if isinstance(error, StackError) else 2)
    except httpx.TransportError as error:
        _fail(UsageError(f"{error.request.url} does not answer.", "See `recourse status`."), 2)


def _fail(error: RecourseError, code: int) -> NoReturn:
    if "--json" in sys.argv:
        told = {"problem": error.problem, "field": error.field, "fix": error.fix}
        sys.stderr.write(json.dumps({"error": told}, ensure_ascii=False) + "\n")
    else:
        # Problems quote what people and machines wrote: no markup is read from them.
        Console(stderr=True, soft_wrap=True).print(Text.assemble(("recourse:", "red"), f" {error}"))
    sys.exit(code)


if __name__ == "__main__":
    run()

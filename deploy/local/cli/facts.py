"""`recourse facts`: the sample facts provider, and what a provider answers."""

import asyncio
import socket
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console

from deploy.local.cli.context import HomeOption, JsonOption, open_context
from deploy.local.errors import StackError, UsageError
from deploy.local.facts.provider import counts, make_provider
from services.triage.adapters.facts_provider import FactsProvider
from services.triage.adapters.records_file import RecordsFile
from services.triage.domain.policies.lookups import LookedUp

group = typer.Typer(no_args_is_help=True, help="Customers, orders and the like: where the rules look them up.")

TokenOption = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="A file with the bearer token to ask for or to send."),
]


@group.command()
def serve(
    records: Annotated[list[Path], typer.Option("--records", metavar="FILE", help="JSON lines with `facts`; repeat.")],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 0,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    token_file: TokenOption = None,
) -> None:
    """Serve the records of tasks files over HTTP until Ctrl-C; prints the address.

    Give it to triage as TRIAGE_FACTS_URL. See docs/facts_provider.md.
    """
    served = RecordsFile(*records)
    if not served.records:
        raise UsageError("--records: the files hold no `facts`.", "Name a file such as tasks/tau2_retail.jsonl.")
    app = make_provider(served, token=_token(token_file))
    with _listening(host, port) as listening:
        told = ", ".join(f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in counts(served).items())
        typer.echo(f"http://{host}:{listening.getsockname()[1]} serves {told}")
        config = uvicorn.Config(app, log_level="warning", lifespan="off")
        asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


@group.command()
def get(
    kind: Annotated[str, typer.Argument(help="customer, order, reservation, product, ...")],
    wanted: Annotated[str, typer.Argument(metavar="ID")],
    url: Annotated[str | None, typer.Option("--url", envvar="TRIAGE_FACTS_URL", help="A provider's address.")] = None,
    records: Annotated[
        list[Path] | None, typer.Option("--records", metavar="FILE", help="Or look into files; repeat.")
    ] = None,
    token_file: TokenOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look one record up, as a rule would; exit code 1 if there is none.

    JSON: {"kind", "id", "found", "source", "as_of", "age_seconds", "value"}.
    """
    if bool(url) == bool(records):
        raise UsageError("Give one of --url and --records.", "For example --records tasks/tau2_retail.jsonl.")
    found = asyncio.run(_ask(url, token_file, kind, wanted)) if url else RecordsFile(*records or ()).find(kind, wanted)
    told = {name: getattr(found, name) for name in ("kind", "id", "found", "source", "as_of", "age_seconds", "value")}
    open_context(home, as_json).emit(told, lambda out: _show(out, told))
    if not found.found:
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.add_typer(group, name="facts")


async def _ask(url: str, token_file: Path | None, kind: str, wanted: str) -> LookedUp:
    async with FactsProvider(url, token_file=token_file) as provider:
        return await provider.lookup(kind, wanted)


def _show(out: Console, told: dict[str, Any]) -> None:
    state = "found" if told["found"] else "not found"
    out.print(f"{told['kind']} {told['id']}: {state}, {told['source']}, {told['age_seconds']:.0f} s old", markup=False)
    if told["found"]:
        out.print_json(data=told["value"])


def _token(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        token = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"--token-file {path}: {error.strerror}.", "Name a readable file.") from error
    if not token:
        raise UsageError(f"--token-file {path}: it is empty.", "Write the token into it.")
    return token


def _listening(host: str, port: int) -> socket.socket:
    """Give a listening socket; named as TCP, for else small answers wait 40 ms for an acknowledgement."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(128)
    except OSError as error:
        made.close()
        raise StackError(
            f"--host {host}, --port {port}: {error.strerror}.", "Choose another or leave it out."
        ) from error
    return made

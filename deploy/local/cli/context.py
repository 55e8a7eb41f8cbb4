"""What every verb shares: where the home is, how results are shown, a client that speaks for a user."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from deploy.local.errors import UsageError
from deploy.local.home import Home, State, default_home

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", metavar="DIR", help="The directory of the local stack. Default: $RECOURSE_HOME, else ./.recourse."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
AsOption = Annotated[str, typer.Option("--as", metavar="USER", help="Act as this user; see `recourse token --list`.")]


@dataclass(frozen=True)
class Context:
    """The home a verb works on and how it speaks. Results go to standard output, progress to standard error."""

    home: Home
    as_json: bool
    out: Console
    err: Console

    def emit(self, data: Any, show: Callable[[Console], None]) -> None:
        """Print `data` as JSON if that was asked for, else let `show` draw it."""
        if self.as_json:
            sys.stdout.write(json.dumps(data, indent=2, default=str) + "\n")
        else:
            show(self.out)

    def running(self) -> State:
        """The state of the running stack; UsageError if none runs on this home."""
        if not self.home.is_running():
            raise UsageError(f"No stack runs on {self.home.root}", "Start it with `recourse up`, or name --home.")
        return self.home.state()

    def client(self, service: str, user: str) -> httpx.Client:
        """A client of a running service's API that speaks for `user`; paths are relative to the service."""
        url = self.running().url(service)
        token = self.home.identity.mint(user)
        return httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}", "User-Agent": "recourse-cli"}, timeout=30
        )


def open_context(home: Path | None, as_json: bool) -> Context:
    """The context of a verb from its two common options."""
    return Context(Home(home or default_home()), as_json, Console(), Console(stderr=True))


def checked(response: httpx.Response) -> Any:
    """The body of a good answer as Python data; UsageError with the service's own words for any other."""
    if response.is_success:
        return response.json()
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    title = problem.get("title") or f"HTTP {response.status_code}"
    detail = problem.get("detail") or response.text[:200]
    fix = problem.get("fix") or ("See `--help`." if response.status_code == 422 else "See `recourse status`.")
    raise UsageError(f"{title}: {detail}", fix)

"""`recourse status`: what runs where, how it feels, how far each consumer is behind."""

from typing import Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from deploy.local.cli.context import HomeOption, JsonOption, open_context
from deploy.local.home import State
from deploy.local.identity import SERVICES
from deploy.local.lag import read_lags
from deploy.local.stack import PARTS

OPS = "oli"


def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show ports, addresses, health and lag. The exit code is 0 if everything is well, 1 if not."""
    context = open_context(home, as_json)
    running = context.home.is_running()
    state = context.home.state()
    parts = [_part(name, state) for name in PARTS] if running else []
    lags = [lag._asdict() for lag in read_lags(lambda service: context.client(service, OPS))] if running else []
    well = running and all(part["health"] == "ready" for part in parts)
    data = {"home": str(context.home.root), "running": running, "well": well, "parts": parts, "lag": lags}
    context.emit(data, lambda out: _show(out, data))
    raise typer.Exit(0 if well else 1)


def _part(name: str, state: State) -> dict[str, Any]:
    child = state.children.get(name)
    alive = child is not None and child.process() is not None
    checks: dict[str, Any] = {}
    health = "ready" if alive else "dead"
    if alive and name in SERVICES:
        health, checks = _health(state.url(name))
    address = {"postgres": "unix socket", "mailcatcher": f"smtp://127.0.0.1:{state.ports.get('mailcatcher')}"}
    return {
        "name": name,
        "pid": child.pid if child and alive else None,
        "address": address.get(name) or f"127.0.0.1:{state.ports.get(name)}",
        "url": state.url(name) if name in SERVICES else None,
        "health": health,
        "checks": checks,
    }


def _health(url: str) -> tuple[str, dict[str, Any]]:
    try:
        answer = httpx.get(f"{url}/health/ready", timeout=5)
        checks = answer.json().get("checks", {})
    except (httpx.HTTPError, ValueError) as error:
        return "silent", {"error": type(error).__name__}
    return ("ready" if answer.is_success else "not ready"), checks


def _show(out: Console, data: dict[str, Any]) -> None:
    if not data["running"]:
        out.print(f"No stack runs on {data['home']}. Start it with [bold]recourse up[/].")
        return
    table = Table("part", "process", "address", "health", box=None)
    for part in data["parts"]:
        colour = "green" if part["health"] == "ready" else "red"
        failing = [f"{name}: {found}" for name, found in part["checks"].items() if found not in ("ok", True)]
        health = ", ".join([part["health"], *failing])
        table.add_row(part["name"], str(part["pid"] or ""), part["url"] or part["address"], f"[{colour}]{health}[/]")
    out.print(table)
    lag = Table("service", "consumer", "source", "events behind", box=None)
    for row in data["lag"]:
        lag.add_row(row["service"], row["consumer"], row["source"], f"{row['lag']} of {row['head']}")
    if data["lag"]:
        out.print()
        out.print(lag)


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(status)

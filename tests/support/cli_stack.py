"""A stack that the command line believes to be running: answers are given by the test, per service and path."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from deploy.local.cli.context import Context
from deploy.local.cli.main import app
from deploy.local.home import Home, State

Answer = dict[str, Any] | list[Any] | httpx.Response | Callable[[httpx.Request], httpx.Response]


@dataclass
class FakeStack:
    """`answers` by (service, method, path); `asked` are the requests that came, with the service and the user."""

    root: Path
    answers: dict[tuple[str, str, str], Answer] = field(default_factory=dict)
    asked: list[tuple[str, str, httpx.Request]] = field(default_factory=list)

    def answer(self, service: str, method: str, path: str, answer: Answer) -> None:
        """Answer such requests so from now on."""
        self.answers[service, method, path] = answer

    def client(self, service: str, user: str) -> httpx.Client:
        """What Context.client gives."""

        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append((service, user, request))
            found = self.answers.get((service, request.method, request.url.path))
            if found is None:
                return httpx.Response(404, json={"title": "Not found", "detail": f"{service} {request.url.path}"})
            if isinstance(found, httpx.Response):
                return found
            return found(request) if callable(found) else httpx.Response(200, json=found)

        return httpx.Client(base_url=f"http://{service}", transport=httpx.MockTransport(handle))

    def run(self, *arguments: str) -> Result:
        """Run the command line on this stack."""
        return CliRunner().invoke(app, [*arguments, "--home", str(self.root)])

    def json(self, *arguments: str) -> Any:
        """Run it with --json and give what it printed; AssertionError if it failed."""
        result = self.run(*arguments, "--json")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return json.loads(result.stdout)

    def body(self, number: int = -1) -> Any:
        """The body of a request that came."""
        return json.loads(self.asked[number][2].content)


def fake_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    """Make the command line see a running stack that answers nothing yet."""
    home = Home(tmp_path / "home")
    home.prepare()
    made = FakeStack(home.root)
    monkeypatch.setattr(Context, "client", lambda _self, service, user: made.client(service, user))
    monkeypatch.setattr(Context, "running", lambda _self: State(ports={"kafka": 1, "mail_door": 2}))
    return made

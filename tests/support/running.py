"""The whole real stack on a home of a test's own, driven through the command line as a user does."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from deploy.local.home import Home
from deploy.local.lag import read_lags
from shared.contracts.event import Recorded
from shared.runtime.peers import unpack
from tests.support.waiting import until

COMMAND = (sys.executable, "-m", "deploy.local.cli.main")


class Running:
    """One home, up or down."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)

    def recourse(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end."""
        return subprocess.run(
            [*COMMAND, *words, "--home", str(self.home.root)], check=check, capture_output=True, text=True, timeout=180
        )

    def begin(self, *words: str) -> "subprocess.Popen[bytes]":
        """Begin a verb and leave it to itself."""
        return subprocess.Popen(
            [*COMMAND, *words, "--home", str(self.home.root)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def client(self, service: str, user: str = "oli") -> httpx.Client:
        """Give a client of a service's API that speaks for a ready user."""
        token = self.home.identity.mint(user)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.home.state().url(service), headers=headers, timeout=30)

    def kill(self, part: str) -> None:
        """End a part as a power cut would, and wait until the supervisor has stopped the rest."""
        child = self.home.state().children[part]
        os.kill(child.pid, signal.SIGKILL)
        until(lambda: not self.home.is_running(), timeout=150)

    def settle(self) -> None:
        """Wait until every consumer is at the head of its source."""
        until(lambda: not any(lag.lag for lag in self._lags()), timeout=60)

    def mails_are_out(self) -> bool:
        """Tell whether every mail that was queued is delivered, or given up."""
        queued, ended = set(), set()
        for event in self.log("intake"):
            body = json.loads(event.body)
            if event.type == "intake.message_sent.v1" and (body["channel"], body["delivery"]) == ("email", "queued"):
                queued.add(body["message_id"])
            elif event.type in ("intake.message_delivered.v1", "intake.message_undelivered.v1"):
                ended.add(body["message_id"])
        return queued <= ended

    def _lags(self) -> list[Any]:
        lags = read_lags(self.client)
        assert len(lags) >= 4, "a service does not answer"
        return lags

    def length(self, log: str) -> int:
        """Give how many events a service's log holds."""
        with self.client(log) as client:
            return sum(client.get("/log/heads").raise_for_status().json().values())

    def log(self, log: str) -> list[Recorded]:
        """Give all events of a service's log, each partition in order."""
        events: list[Recorded] = []
        with self.client(log) as client:
            for part, head in client.get("/log/heads").raise_for_status().json().items():
                at = 0
                while at < head:
                    page = client.get(f"/log/{part}", params={"after": at}).raise_for_status().json()
                    assert page, f"{log} has {head} events in partition {part}, and gave only {at}"
                    events += [unpack(item) for item in page]
                    at += len(page)
        return events

    def totals(self) -> dict[str, Any]:
        """Give what the read models count in all."""
        with self.client("casebook") as client:
            counted: dict[str, Any] = client.get("/counters").raise_for_status().json()
        totals: dict[str, Any] = counted["totals"]
        return totals

    def dead_letters(self) -> list[Any]:
        """Give the dead letters of all services."""
        listed: list[Any] = json.loads(self.recourse("dead-letters", "list", "--json").stdout)
        return listed

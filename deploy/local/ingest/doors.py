"""The doors as a connector uses them: posting turns by HTTP, with patience while a door is busy or away."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from deploy.local.errors import StackError
from services.intake.channels.registry import SAID

CHANNELS = {channel.name: channel for channel in SAID}
IN_ONE = 50  # turns in one request
BUSY = {429, 502, 503, 504}


@dataclass(frozen=True)
class Patience:
    """How long a busy door is tried: pauses double from `first` to `longest` seconds, `attempts` times in all."""

    attempts: int = 15
    first: float = 0.1
    longest: float = 5.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after this many failures, with some chance in it so that not all come back at once."""
        return min(self.longest, self.first * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)


class DoorRefused(Exception):
    """The door will not take this item, now or later: which field, what is wrong, the fix."""

    def __init__(self, field: str, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.field, self.problem, self.fix = field, problem, fix


@dataclass(frozen=True)
class Doors:
    """Intake's HTTP doors, spoken to through `client`, whose base URL and token are set."""

    client: httpx.AsyncClient
    patience: Patience
    on_retry: Callable[[str], None] = lambda _why: None

    async def post(self, channel: str, conversation: str, bodies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Post messages of one conversation, in order, and give the door's answer to each.

        Several go in one request where the channel names its conversations: all are taken then, or none. Raises
        DoorRefused for good refusals, StackError when the door stays busy or away.
        """
        door = CHANNELS[channel]
        path = door.path.replace("{conversation_key}", quote(_key(conversation), safe=""))
        if len(bodies) > 1 and door.names_conversations:
            answers: list[dict[str, Any]] = await self._send(f"{path}:batch", {"messages": list(bodies)})
            return answers
        return [await self._send(path, body) for body in bodies]

    async def _send(self, path: str, body: dict[str, Any]) -> Any:
        why = ""
        for attempt in range(1, self.patience.attempts + 1):
            try:
                answer = await self.client.post(path, json=body)
            except httpx.TransportError as error:
                why = f"{self.client.base_url} does not answer ({type(error).__name__})"
            else:
                if answer.is_success:
                    return answer.json()
                if answer.status_code not in BUSY:
                    raise refusal(answer)
                why = f"{path} answers {answer.status_code} again and again"
            self.on_retry(why)
            await asyncio.sleep(self.patience.pause(attempt))
        raise StackError(why, "See `recourse status`; then run ingest again, it goes on where it was.")


def _key(conversation: str) -> str:
    """A conversation's name as one segment of a path: slashes and dots alone would name another place."""
    odd = "/" in conversation or not conversation.strip(".")
    return quote(conversation, safe=":").replace(".", "%2E") if odd else conversation


def refusal(answer: httpx.Response) -> DoorRefused:
    """The problem+json of an answer as a refusal."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    title = problem.get("title") or f"HTTP {answer.status_code}"
    detail = problem.get("detail") or answer.text[:200] or "no reason was given"
    fix = problem.get("fix") or f"{title}; see the door's schema at /openapi.json"
    field = str(problem.get("field") or "message")
    return DoorRefused(field, str(detail).removeprefix(f"{field}: "), str(fix))

"""How far every consumer is behind its source: cursors of each service against the heads of the logs."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import httpx

from deploy.local.identity import SERVICES

T = TypeVar("T")


class Lag(NamedTuple):
    """One consumer of one service on one source: its position, the source's head, and the difference, summed."""

    service: str
    consumer: str
    source: str
    position: int
    head: int
    lag: int


def read_lags(client: Callable[[str], httpx.Client]) -> list[Lag]:
    """Ask every service; `client(service)` gives a client with the right to read it.

    A service that does not answer is left out: its health says so. Positions are read before heads, so that a lag is
    never told too small.
    """
    cursors = {service: _ask(client, service, "/lag", list) for service in SERVICES}
    heads = {service: _ask(client, service, "/log/heads", dict) for service in SERVICES}
    lags: list[Lag] = []
    for service, rows in cursors.items():
        places: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for row in rows or []:
            head = (heads.get(row["source"]) or {}).get(str(row["log_part"]))
            if head is not None:
                places.setdefault((row["consumer"], row["source"]), []).append((row["position"], head))
        for (consumer, source), found in places.items():
            position, head = sum(p for p, _ in found), sum(h for _, h in found)
            lags.append(Lag(service, consumer, source, position, head, max(head - position, 0)))
    return lags


def _ask(client: Callable[[str], httpx.Client], service: str, path: str, kind: type[T]) -> T | None:
    try:
        with client(service) as asking:
            answer = asking.get(path, timeout=10)
            found = answer.json() if answer.is_success else None
    except (httpx.HTTPError, ValueError):
        return None
    return found if isinstance(found, kind) else None

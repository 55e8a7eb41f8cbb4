"""Asking and telling the services of the running stack."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
from rich.console import Console

from deploy.local.cli.context import Context, checked
from deploy.local.cli.meter import Meter
from deploy.local.errors import UsageError

PAGE = 200  # what the APIs give at most
PRESENT: Mapping[str, Any] = MappingProxyType({})


def ask(client: httpx.Client, path: str, params: Mapping[str, str | int] = PRESENT) -> Any:
    """Give what a service answers; while it prepares an answer about the past, wait, with a bar on standard error."""
    answer = client.get(path, params=dict(params))
    if answer.status_code != HTTPStatus.ACCEPTED:
        return checked(answer)
    with Meter(Console(stderr=True), "Looking back", 100) as meter:
        while answer.status_code == HTTPStatus.ACCEPTED:
            stands = answer.json()
            share = stands["done"] / stands["total"] if stands["total"] else 0.0
            meter.reach(100 * share, f"{stands['phase']} {stands['done']:,} of {stands['total']:,}")
            time.sleep(float(answer.headers["Retry-After"]))
            answer = client.get(path, params=dict(params))
        meter.finish()
    return checked(answer)


def pages(
    client: httpx.Client, path: str, *, limit: int | None = None, after: str | None = None, **asked: str | None
) -> dict[str, Any]:
    """Give `items`, at most `limit` of them, and `next`, the cursor for more; filters that are None are left out."""
    params: dict[str, str | int] = {name: value for name, value in asked.items() if value is not None}
    items: list[dict[str, Any]] = []
    while True:
        size = PAGE if limit is None else min(PAGE, limit - len(items))
        cursor = {"after": after} if after else {}
        page = ask(client, path, {**params, **cursor, "limit": size})
        items += page["items"]
        after = page.get("next")
        if after is None or (limit is not None and len(items) >= limit):
            return {"items": items, "next": after}


def tell(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give a command under an id of its own and return what it recorded; values that are None are left out."""
    sent = {name: value for name, value in body.items() if value is not None}
    outcome: dict[str, Any] = checked(client.post(path, json=sent, headers={"Idempotency-Key": str(uuid4())}))
    return outcome


def read_case(context: Context, user: str, name: str, past: Mapping[str, str] = PRESENT) -> dict[str, Any]:
    """A case by id or tracking code, with its exceptions and promises; UsageError if there is none.

    `past` has the instants that are asked about, as `instant.asked` gives them.
    """
    with context.client("casebook", user) as book:
        found: dict[str, Any] = checked(book.get(f"/cases/{quote(name, safe='')}", params=dict(past)))
        return found


def find_in_cases(
    context: Context, user: str, name: str, board: str, key: str, open_states: set[str]
) -> dict[str, Any]:
    """An exception or a promise by its id, or by the code of a case in which just one is open.

    `board` is the list that ids are looked up in: approvals or promises; `key` is the id's field there.
    """
    if not _is_uuid(name):
        case = read_case(context, user, name)
        listed = case["approvals" if board == "approvals" else "promise_list"]
        waiting = [one for one in listed if one["state"] in open_states]
        if len(waiting) == 1:
            return {**waiting[0], "case_id": case["case_id"]}
        ids = ", ".join(one[key] for one in waiting) or "none"
        raise UsageError(f"Case {name} has {len(waiting)} open {board} ({ids})", "Name one by its id.")
    with context.client("casebook", user) as book:
        after: str | None = None
        while True:
            page = pages(book, f"/{board}", limit=PAGE, after=after)
            for one in page["items"]:
                if one[key] == str(UUID(name)):
                    found: dict[str, Any] = one
                    return found
            after = page["next"]
            if after is None:
                raise UsageError(f"There is no such id among the {board}: {name}", f"See `recourse {board}`.")


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True

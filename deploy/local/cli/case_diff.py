"""What changed in a case between two instants: fields before and after, and the events in between."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import pages
from deploy.local.cli.context import Context, checked
from deploy.local.cli.instant import read_range
from deploy.local.cli.showing import DIM, grid, one_line, plain, price, when, words

# The lists of a case: what an item is called, its id, and what it is about.
LISTS = {
    "approvals": ("exception", "exception_id", "deviation"),
    "promise_list": ("promise", "promise_id", "what"),
    "conduct": ("measure", "measure_id", "measure"),
    "vulnerabilities": ("support", "need_id", "support"),
}
# They follow from what is told anyway.
LEFT_OUT = {"events", "last_event_at"}


def compared(context: Context, user: str, name: str, written: str) -> dict[str, Any]:
    """Compare a case as known at the two instants of A..B; UsageError if it was not known at the later one."""
    before, after = read_range(written)
    with context.client("casebook", user) as book:
        latter = _known(book, name, after)
        case_id = latter[0]["case_id"]
        former = ({}, []) if before is None else _known(book, case_id, before, or_nothing=True)
    seen = {event["event_id"] for event in former[1]}
    return {
        "case_id": case_id,
        "tracking_code": latter[0]["tracking_code"],
        "before": before and before.isoformat(),
        "after": (after or datetime.now(UTC)).isoformat(),
        "changes": list(changes(former[0], latter[0])),
        "events": [event for event in latter[1] if event["event_id"] not in seen],
    }


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the fields of a case that differ, those of what belongs to it under its kind and id."""
    former, latter = dict(_fields(before)), dict(_fields(after))
    for field in [*former, *(field for field in latter if field not in former)]:
        shown = before or latter.get(field)  # of what came into being, zeros and blanks tell nothing
        if shown and former.get(field) != latter.get(field):
            yield {"field": field, "before": former.get(field), "after": latter.get(field)}


def show_diff(out: Console, found: Mapping[str, Any], hidden: Collection[str] = ()) -> None:
    """Print what changed, and the events that changed it but for those of `hidden` types."""
    since = when(found["before"]) if found["before"] else "the beginning"
    out.print(Text.assemble((found["tracking_code"], "bold"), f"  from {since} to {when(found['after'])} (UTC)"))
    for change in found["changes"]:
        row = grid(32, None)
        row.add_row(
            Text(words(change["field"]), DIM),
            Text.assemble((_value(change["before"]), "red"), " → ", (_value(change["after"]), "green")),
        )
        out.print(row)
    if not found["changes"]:
        out.print("No field changed.")
    shown = [event for event in found["events"] if event["type"] not in hidden]
    notes = len(found["events"]) - len(shown)
    more = f", and {notes} notes of services to themselves: --all" if notes else ""
    out.print(Text(f"{len(shown) or 'No'} events in between{more}", DIM))
    for event in shown:
        row = grid(19, 12, None)
        at = datetime.fromisoformat(event["recorded_at"]).astimezone(UTC)
        who = plain(event["who"]).removeprefix("system:")
        row.add_row(at.strftime("%Y-%m-%d %H:%M:%S"), who, Text(one_line(event["what"])))
        out.print(row)


def _known(
    book: httpx.Client, name: str, at: datetime | None, *, or_nothing: bool = False
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give a case and its timeline as known at an instant, None for the present."""
    past = {} if at is None else {"as_of": at.isoformat()}
    path = f"/cases/{quote(name, safe='')}"
    answer = book.get(path, params=past)
    if or_nothing and answer.status_code == HTTPStatus.NOT_FOUND:
        return {}, []
    case: dict[str, Any] = checked(answer)
    return case, pages(book, f"{path}/timeline", limit=None, after=None, **past)["items"]


def _fields(case: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in case.items():
        if name in LISTS:
            kind, key, about = LISTS[name]
            for item in value:
                called = f"{kind} {item[key][-6:]} ({one_line(item[about])})"
                yield from ((f"{called}: {field}", each) for field, each in item.items() if each not in (None, [], 0))
        elif name not in LEFT_OUT:
            yield name, value


def _value(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case {"amount": _, "currency": _}:
            return price(value)
        case str() if len(value) > len("2026-11-24T") and value[4] == value[7] == "-" and value[10] == "T":
            return when(value)
        case _:
            return one_line(value)

"""The readable part of a dossier: one description of the case, as a web page and as a printable document."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.local.cli.showing import words
from deploy.local.dossier.gathering import Gathered

TEMPLATES = Path(__file__).with_name("templates")
DECIDED = {
    "approvals.exception_requested.v1",
    "approvals.approval_given.v1",
    "approvals.rejection_given.v1",
    "approvals.exception_approved.v1",
    "approvals.exception_rejected.v1",
    "approvals.exception_countered.v1",
    "approvals.exception_withdrawn.v1",
    "approvals.exception_escalated.v1",
    "approvals.exception_expired.v1",
    "approvals.counter_accepted.v1",
    "approvals.counter_declined.v1",
    "approvals.attempt_refused.v1",
    "approvals.dispute_decided.v1",
}
MESSAGES = {"intake.message_received.v1": "customer", "intake.message_sent.v1": "us"}


def describe(found: Gathered) -> dict[str, Any]:
    """Give everything that the pages show, as plain JSON data in the order in which it is read."""
    numbered = {event["event_id"]: number for number, event in enumerate(found.timeline, 1)}
    timeline = [
        {
            "number": numbered[event["event_id"]],
            "at": event["recorded_at"],
            "said_at": event["received_at"],
            "who": _who(event),
            "on_behalf_of": event["on_behalf_of"],
            "what": event["what"],
            "why": event["why"],
            "cause": numbered.get((event["caused_by"] or {}).get("event_id")),
            "type": event["type"],
            "place": f"{event['log']} {event['log_part']}/{event['position']}",
            "event_id": event["event_id"],
        }
        for event in found.timeline
    ]
    return {
        "case": found.case,
        "made_at": found.made_at.isoformat(),
        "made_by": found.made_by,
        "as_of": found.as_of.isoformat() if found.as_of else None,
        "timeline": timeline,
        "messages": [_message(event, found.opened) for event in found.timeline if event["type"] in MESSAGES],
        "boundaries": _bodies(found, {"triage.boundary_stated.v1"}),
        "decisions": _bodies(found, DECIDED),
        "promises": found.case["promise_list"],
        "clocks": [_clock(clock) for clock in found.clocks],
        "policies": sorted({path.partition("/")[0] for path in found.policies}),
        "files": [{"name": file.name, "content_id": file.content_id, "size": len(file.data)} for file in found.files],
        "logs": [
            {
                "log": name,
                "log_part": signed.proved[0].log_part,
                "events": len(signed.proved),
                "size": signed.proved[0].size,
                "checkpoint": signed.checkpoint,
                "keys": signed.keys,
            }
            for name, signed in found.logs.items()
        ],
    }


def as_page(told: Mapping[str, Any]) -> str:
    """Give the description as one HTML page without scripts or anything from outside."""
    jinja = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    jinja.filters["words"] = words
    jinja.filters["when"] = moment
    return jinja.get_template("case.html.j2").render(told)


def as_print(told: Mapping[str, Any]) -> bytes:
    """Give the description as PDF/A-2b; what customers wrote goes in as data and is never read as markup.

    A script that no font at hand has is no archive's: then it is a plain PDF that says so and points to the web page.
    """
    try:
        return _compiled({**told, "lacks_letters": False}, made_to_be_kept=True)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        return _compiled({**told, "lacks_letters": True}, made_to_be_kept=False)


def _compiled(told: Mapping[str, Any], *, made_to_be_kept: bool) -> bytes:
    with TemporaryDirectory() as scratch:
        root = Path(scratch)
        (root / "case.json").write_text(json.dumps(_printable(told), ensure_ascii=False))
        (root / "case.typ").write_text((TEMPLATES / "case.typ").read_text())
        return typst.compile(
            root / "case.typ",
            root=root,
            format="pdf",
            pdf_standards="a-2b" if made_to_be_kept else [],  # PDF/A-2b, ISO 19005-2
            timestamp=datetime.fromisoformat(told["made_at"]).replace(microsecond=0),
        )


def moment(instant: str | None) -> str:
    """Give an instant as people read it, to the second, in UTC."""
    return "" if not instant else f"{instant[:10]} {instant[11:19]} UTC"


def _printable(value: Any) -> Any:
    """Leave out the control characters that no printed document can hold."""
    if isinstance(value, str):
        return "".join(c if c in "\n\t" or c.isprintable() else "\ufffd" for c in value)
    if isinstance(value, Mapping):
        return {name: _printable(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(one) for one in value]
    return value


def _who(event: Mapping[str, Any]) -> str:
    """A service that did something by its rules is named by its own name."""
    return str(event["who"]).removeprefix("system:")


def _message(event: Mapping[str, Any], opened: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    body = opened[event["event_id"]]
    return {
        "side": MESSAGES[event["type"]],
        "at": body.get("received_at") or body.get("said_at"),
        "recorded_at": event["recorded_at"],
        "channel": body["channel"],
        "purpose": body.get("purpose"),
        "who": _who(event),
        "address": body.get("sender") or body.get("recipient"),
        "subject": body.get("subject"),
        "text": body["text"],
        "files": [attached["name"] for attached in body.get("attachments", ())],
        "event_id": event["event_id"],
    }


def _bodies(found: Gathered, types: set[str]) -> list[dict[str, Any]]:
    """Give the facts of some types with who recorded them, their plain fields in order."""
    return [
        {
            "type": words(event["type"].split(".")[1]),
            "at": event["recorded_at"],
            "who": _who(event),
            "what": event["what"],
            "fields": [
                (words(name), value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
                for name, value in found.opened[event["event_id"]].items()
                if not name.endswith("_id") and name != "text"
            ],
            "text": found.opened[event["event_id"]].get("text"),
        }
        for event in found.timeline
        if event["type"] in types and event["event_id"] in found.opened
    ]


def _clock(clock: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "clock": clock["clock"],
        "metric": clock["metric"],
        "status": clock["status"],
        "original_due": clock["original_due"],
        "due": clock["due"],
        "calendar": f"{clock['calendar']} {clock['calendar_version'][:8]}",
        "seconds": clock["seconds"],
        "spans": [
            {name: span.get(name) for name in ("start", "seconds", "state", "held_by", "reason", "cause")}
            for span in clock["spans"]
        ],
    }

"""Gathers all that is on record of a case from the running services: events, proofs, policies, clocks, files."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote

from deploy.local.cli.context import Context, checked
from deploy.local.dossier.layout import Proved, checkpoint_path
from deploy.local.errors import UsageError
from shared.contracts.catalogue import OWNERS
from shared.contracts.event import Recorded
from shared.eventstore.chain import header_text
from shared.eventstore.merkle import event_leaf, inclusion_holds
from shared.runtime.peers import unpack

STREAM_PAGE = 1000
PROOFS_AT_ONCE = 200


class Signed(NamedTuple):
    """What a log's service gave to prove its events with."""

    proved: list[Proved]
    checkpoint: str
    keys: list[str]
    statements: list[str]


class File(NamedTuple):
    """Bytes that came with a message, and the content id that its facts name them by."""

    name: str
    content_id: str
    data: bytes


class Gathered(NamedTuple):
    """All of a case. `opened` are its events' bodies as people read them, by event id; `policies` are files by path."""

    case: dict[str, Any]
    timeline: list[dict[str, Any]]
    opened: dict[str, dict[str, Any]]
    logs: dict[str, Signed]
    clocks: list[dict[str, Any]]
    policies: dict[str, str]
    files: list[File]
    made_at: datetime
    made_by: str
    as_of: datetime | None


def gather(context: Context, user: str, name: str, as_of: datetime | None = None) -> Gathered:
    """Gather a case by its id or tracking code, as it is known now or was known at an instant.

    Raises UsageError when there is no such case, or the user may not read the evidence.
    """
    past = {} if as_of is None else {"as_of": as_of.isoformat()}
    with context.client("casebook", user) as book:
        case = checked(book.get(f"/cases/{quote(name, safe='')}", params=past))
        timeline = _timeline(book, case["case_id"], past)
    until = {} if as_of is None else {"until": as_of.isoformat()}
    logs: dict[str, Signed] = {}
    opened: dict[str, dict[str, Any]] = {}
    for owner in OWNERS:
        events, bodies = _events(context, user, owner, case["case_id"], until)
        if events:
            opened |= bodies
            logs[owner] = _signed(context, user, owner, events)
    with context.client("followup", user) as followup:
        clocks = checked(followup.get(f"/cases/{case['case_id']}/clocks", params=past))["clocks"]
    return Gathered(
        case=case,
        timeline=timeline,
        opened=opened,
        logs=logs,
        clocks=clocks,
        policies=_policies(context, user, opened.values()),
        files=_files(context, user, opened.values()),
        made_at=datetime.now(UTC),
        made_by=user,
        as_of=as_of,
    )


def _timeline(book: Any, case_id: str, past: Mapping[str, str]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = checked(book.get(f"/cases/{case_id}/timeline", params={"limit": 200, **after, **past}))
        items += page["items"]
        if not page.get("next"):
            return items
        after = {"after": page["next"]}


def _events(
    context: Context, user: str, owner: str, case_id: str, until: Mapping[str, str]
) -> tuple[list[Recorded], dict[str, dict[str, Any]]]:
    """Give a case's events in one log as they are stored, and their bodies as people read them."""
    events: list[Recorded] = []
    bodies: dict[str, dict[str, Any]] = {}
    with context.client(owner, user) as service:
        while True:
            asked: dict[str, str | int] = {**until, "after": events[-1].version if events else 0, "limit": STREAM_PAGE}
            path = f"/streams/{case_id}/events"
            stored = checked(service.get(path, params=asked))
            events += [unpack(item) for item in stored]
            for item in checked(service.get(path, params={**asked, "opened": True})):
                bodies[item["headers"]["ce_id"]] = item["body"]
            if len(stored) < STREAM_PAGE:
                return events, bodies


def _signed(context: Context, user: str, owner: str, events: list[Recorded]) -> Signed:
    """Have what is new signed, and ask for the proof of every event under that checkpoint."""
    part = events[0].log_part
    with context.client(owner, user) as service:
        [newest] = [c for c in checked(service.post("/evidence/checkpoints")) if c["log_part"] == part]
        keys = checked(service.get("/evidence/keys"))
        proofs: dict[int, dict[str, Any]] = {}
        for start in range(0, len(events), PROOFS_AT_ONCE):
            positions = [event.position for event in events[start : start + PROOFS_AT_ONCE]]
            asked = [("size", newest["size"]), *(("position", at) for at in positions)]
            for proof in checked(service.get(f"/evidence/proofs/{part}", params=asked)):
                proofs[proof["position"]] = proof
    proved = [_proved(event, proofs[event.position], newest) for event in events]
    return Signed(proved, newest["note"], keys["keys"], keys["statements"])


def _proved(event: Recorded, proof: Mapping[str, Any], checkpoint: Mapping[str, Any]) -> Proved:
    header = header_text(event)
    steps = tuple(proof["proof"])
    leaf = event_leaf(sha256(header).digest(), sha256(event.body).digest())
    hashes, root = [b64decode(step) for step in steps], b64decode(checkpoint["root"])
    if not inclusion_holds(leaf, event.position - 1, checkpoint["size"], hashes, root):
        raise UsageError(
            f"Event {event.log} {event.log_part}/{event.position} is not what its log signed.",
            "Run `recourse audit verify`, and call the auditor.",
        )
    return Proved(
        log=event.log,
        log_part=event.log_part,
        position=event.position,
        event_id=str(event.event_id),
        type=event.type,
        header=header.decode(),
        body=event.body.decode(),
        chain_hash=event.chain_hash.hex(),
        index=event.position - 1,
        size=checkpoint["size"],
        proof=steps,
        checkpoint=checkpoint_path(event.log, event.log_part),
    )


def _policies(context: Context, user: str, bodies: Any) -> dict[str, str]:
    """Give the files of every policy version that the case's facts quote, by path."""
    quoted = {(c["policy"], c["version"]) for body in bodies for c in _clauses(body)}
    files: dict[str, str] = {}
    with context.client("triage", user) as triage:
        for policy, version in sorted(quoted):
            answer = triage.get(f"/policies/{quote(policy, safe='')}/versions/{quote(version, safe='')}")
            if answer.is_success:
                files |= {f"{policy}-{version}/{name}": text for name, text in answer.json()["files"].items()}
    return files


def _clauses(value: Any) -> list[dict[str, str]]:
    """Find every reference to a clause of a policy version inside a body."""
    if isinstance(value, list):
        return [found for one in value for found in _clauses(one)]
    if not isinstance(value, dict):
        return []
    own = [value] if {"policy", "version", "clause"} <= {*value} else []
    return own + [found for one in value.values() for found in _clauses(one)]


def _files(context: Context, user: str, bodies: Any) -> list[File]:
    """Give what came with the messages: mails as they came, and attachments; what was erased is left out."""
    wanted: dict[str, str] = {}
    for body in bodies:
        if content := body.get("content"):
            wanted.setdefault(content["sha256"], "message")
        for attached in body.get("attachments", ()):
            wanted.setdefault(attached["content"]["sha256"], attached["name"])
    found: list[File] = []
    with context.client("intake", user) as intake:
        for digest, name in sorted(wanted.items()):
            answer = intake.get(f"/content/{digest}")
            if answer.is_success:
                found.append(File(name, digest, answer.content))
    return found

"""Makes labelled texts of what people corrected: their reading of a message is what the next model is taught."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deploy.local.errors import UsageError
from deploy.local.learning.items import Item, Label
from deploy.local.learning.training import found_in
from shared.contracts.event import WIRE_PREFIX
from shared.contracts.intake import MessageReceived
from shared.contracts.triage import AssessmentCorrected, Reading

ORIGIN = "corrections"
WANTED = ("intake.message_received", "triage.assessment_corrected")
TAUGHT = ("kind:", "remedy:", "tone:")
Event = Mapping[str, Any]


def read_events(path: Path) -> list[Event]:
    """Read events as `recourse events --json` prints them, one a line; UsageError names the line that is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"--events: {path} cannot be read", "name a file of `recourse events --json`") from error
    events: list[Event] = []
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or not all(isinstance(event.get(name), dict) for name in ("headers", "body")):
            raise UsageError(f"--events: line {number} is no event", "export with `recourse events --json`")
        events.append(event)
    return events


def corrected_items(events: Iterable[Event], findings: Sequence[str]) -> list[Item]:
    """Give an item for every message that was corrected, the last correction of it counting.

    Its labels are the findings of `findings` that a person can see in a reading. A correction whose message is not
    among the events, or was erased, teaches nothing.
    """
    texts: dict[str, tuple[str, str]] = {}
    readings: dict[str, Reading] = {}
    for event in events:
        try:
            if _about(event) == WANTED[0]:
                message = MessageReceived.model_validate(event["body"])
                texts[str(message.message_id)] = (message.text, message.channel)
            elif _about(event) == WANTED[1]:
                corrected = AssessmentCorrected.model_validate(event["body"])
                readings[str(corrected.message_id)] = corrected.reading
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise UsageError(
                f"an event of type {_about(event)} cannot be read: {first['msg']}", "export again"
            ) from error
    return [
        Item(
            id=f"{ORIGIN}:{message_id}",
            part="0",
            origin=ORIGIN,
            text=text,
            channel=channel,
            language=reading.language,
            labels={
                f: Label(found_in(reading, f)) for f in findings if f.startswith(TAUGHT) and f != "kind:small_talk"
            },
        )
        for message_id, reading in sorted(readings.items())
        for text, channel in [texts.get(message_id, ("", ""))]
        if text.strip()
    ]


def _about(event: Event) -> str:
    kind: str = event["headers"].get("ce_type", "").removeprefix(WIRE_PREFIX)
    return kind.rpartition(".v")[0]

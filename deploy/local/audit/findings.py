"""What an auditor can find wrong, by stable names that scripts may rely on."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from shared.contracts.event import Recorded

# Every name, and what it means. A name is never given another meaning.
NAMES: dict[str, str] = {
    "body_altered": "The stored body is not the one that was hashed when it was recorded.",
    "body_hash_altered": "The stored hash of a body was changed; the body itself is the recorded one.",
    "header_altered": "A field of the header, or body and hash together, is not what was chained.",
    "link_altered": "The stored chain hash was changed; the event itself is the recorded one.",
    "event_missing": "A position has no event, or not the one that was published from it.",
    "event_inserted": "An event stands where none was recorded.",
    "order_changed": "Events were put in another order.",
    "cases_swapped": "What was recorded of one case stands in another.",
    "tail_cut": "The last events are gone: a checkpoint in the same database has signed more of them.",
    "rolled_back": "The whole database is older than what was witnessed outside it.",
    "rewritten": "The history is consistent in itself, and is not the one that was signed or published.",
    "split_view": "Two checkpoints of one size were signed over different histories.",
    "signature_wrong": "A checkpoint's signature by a known key does not hold.",
    "signer_unknown": "A checkpoint is signed by no key that is trusted.",
    "key_retired": "A checkpoint is signed by a key that was no longer valid.",
    "checkpoint_unreadable": "Something that should be a checkpoint is none.",
    "checkpoint_missing": "A checkpoint that was witnessed outside is not in the database.",
    "witness_missing": "A checkpoint that was sent to the witness topic is not on it.",
    "not_signed": "Events are covered by no checkpoint though there was time to sign them.",
    "kafka_differs": "A record on the topic is not the stored event.",
    "kafka_missing": "The topic lacks a record that was published.",
    "kafka_tail_cut": "The topic's last records are gone.",
    "kafka_ahead": "The topic goes on after the log's end, with what the log never had.",
    "version_wrong": "The versions of a stream are not 1, 2, 3 and so on.",
    "wrong_part": "A stream's event is in another log partition than its id says.",
    "event_id_twice": "Two events have the same id.",
    "time_reversed": "An event is recorded no later than the one before it.",
    "before_its_cause": "An event is recorded no later than what caused it.",
    "cause_missing": "The event that is named as the cause does not exist.",
    "command_wrong": "What is remembered of a command is not what it recorded.",
    "command_missing": "An event names a command that is not remembered.",
    "unreadable": "The body does not fit the contract of its type.",
    "four_eyes_broken": "Somebody decided on what was their own.",
    "authority_missing": "A decision was taken without the authority for it.",
    "quorum_not_met": "An exception was approved by fewer people than had to agree.",
    "decision_twice": "Something that was decided was decided again.",
    "promise_unbacked": "A promise rests on no clause stated or decision taken.",
    "policy_altered": "A published policy is not what its hash says, or a version was published twice.",
    "model_differs": "A read model is not what the events give.",
}
KEPT = 200


class Finding(NamedTuple):
    """Something that is wrong: its name, a sentence, and where, as far as that is known."""

    name: str
    what: str
    log: str | None = None
    part: int | None = None
    position: int | None = None
    event_id: UUID | None = None
    case_id: UUID | None = None

    @property
    def place(self) -> str:
        """Where, in words."""
        parts = [self.log or "", f"partition {self.part}" if self.part is not None else ""]
        parts += [f"position {self.position}" if self.position is not None else ""]
        parts += [f"event {self.event_id}" if self.event_id else "", f"case {self.case_id}" if self.case_id else ""]
        return ", ".join(part for part in parts if part)


class Findings:
    """What was found, at most 200 of a name; `counts` counts all. `notes` are not wrong, only worth knowing."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.counts: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()

    def add(self, finding: Finding) -> None:
        """Take one up."""
        assert finding.name in NAMES, finding.name
        self.counts[finding.name] += 1
        if self.counts[finding.name] <= KEPT:
            self.found.append(finding)

    def at(self, name: str, event: Recorded, what: str) -> None:
        """Take one up about an event."""
        self.add(Finding(name, what, event.log, event.log_part, event.position, _uuid(event.event_id), _case_of(event)))

    def note(self, text: str, times: int = 1) -> None:
        """Note what could not be judged, and how often."""
        self.notes[text] += times

    def merge(self, others: Iterable["Findings"]) -> None:
        """Take up what others found."""
        for other in others:
            self.counts += other.counts
            self.notes += other.notes
            self.found += other.found

    def sorted(self) -> list[Finding]:
        """Give what was found, as it was recorded: by log, partition and position; what has no place comes last."""
        return sorted(self.found, key=_order)


def _order(finding: Finding) -> tuple[bool, str, int, bool, int]:
    no_place = finding.position is None
    return (finding.log is None, finding.log or "", finding.part or 0, no_place, finding.position or 0)


def _uuid(value: UUID) -> UUID:
    """Give the plain class: the driver's own cannot be pickled."""
    return UUID(bytes=value.bytes)


def _case_of(event: Recorded) -> UUID | None:
    return _uuid(event.stream_id) if event.stream_kind == "case" else None

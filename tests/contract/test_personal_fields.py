"""Every text in a contract is sealed, or is known to say nothing about a customer: whoever adds one must decide."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from shared.contracts import catalogue
from shared.contracts.event import REGISTRY, PersonalMark

# Who did it, and by which right: names of staff, systems, roles, teams.
STAFF = {
    "added_by", "approved_by", "by", "decided_by", "delegate", "dismissed_by", "drafted_by", "ended_by", "held_by",
    "lifted_by", "made_by", "noted_by", "on_behalf_of", "opened_by", "placed_by", "principal", "proposed_by",
    "proposer", "published_by", "released_by", "removed_by", "requested_by", "resolved_by", "returned_by",
    "reviewed_by", "said_by", "shown_to", "stated_by", "taken_by", "used_by", "whom", "withdrawn_by",
    "Quorum.named",
}  # fmt: skip
# Words of a vocabulary, names of rules, codes, versions.
VOCABULARY = {
    "address_kind", "alike_in", "at_least", "attempt", "calendar", "calendar_version", "category", "cause", "channel",
    "claim", "clause", "clauses", "clock", "currency", "delivery", "finding", "from_role", "judged_by", "kind",
    "kinds", "language", "language_hint", "law", "level", "matrix", "measure", "media_type", "metric",
    "no_automatic_answer", "open_channel", "outcome", "policy", "purpose", "reason_code", "regulated", "remedy",
    "required_role", "role", "rule", "severity", "sha256", "source", "status", "tone", "tracking_code", "urgency",
    "version", "Backing.reference", "KnownFact.name", "KnownFact.value", "PolicyFile.path", "Question.fact",
    "Reading.model",
}  # fmt: skip
# Instants, dates and lengths in ISO 8601 that are kept as texts.
TIMES = {"deadline", "TimeSaid.value", "WorkingDay.day", "WorkingDay.periods", "CalendarPublished.holidays", "zone"}
# Texts of the business that are the same for every customer, and what the rules say of themselves.
BUSINESS = {
    "Alternative.benefit", "Alternative.offer", "BoundaryStated.appeal", "BoundaryStated.limit",
    "BoundaryStated.reason", "ClauseRef.text", "ConductMeasureTaken.appeal", "ExceptionEscalated.reason",
    "ExceptionExpired.reason", "ExceptionLapsed.reason", "ExceptionRequested.why", "Question.question",
    "RequestGranted.what", "DelegationGiven.reason", "DelegationEnded.reason", "DelegationRefused.reason",
    "PrivacyRefused.reason", "PolicyFile.text", "PolicyPublished.note", "PolicyPublicationRefused.reason",
}  # fmt: skip
# A decided exception as it was shown to somebody: its words are left out of the record (`precedents.without_words`).
LEFT_EMPTY = {"Precedent.deviation", "Precedent.note"}
REVIEWED = STAFF | VOCABULARY | TIMES | BUSINESS | LEFT_EMPTY
# A vocabulary's word elsewhere, a free text here.
ALSO_FREE = {
    "CustomerIdentified.name",
    "Attachment.name",
    "LookedUpRecord.value",
    "Reference.value",
    "CaseResolved.how",
}


def contracts() -> set[type[BaseModel]]:
    """Every fact class and everything that one is made of."""
    found: set[type[BaseModel]] = set()

    def add(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in found:
            found.add(annotation)
            for field in annotation.model_fields.values():
                add(field.annotation)
        for one in get_args(annotation):
            add(one)

    for cls in REGISTRY.values():
        if cls.__module__ in {module.__name__ for module in catalogue.MODULES}:
            add(cls)
    return found


def holds_text(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return holds_text(get_args(annotation)[0])
    return annotation is str or any(holds_text(one) for one in get_args(annotation) if not isinstance(one, str))


def marked(annotation: Any, metadata: list[Any]) -> bool:
    if any(isinstance(one, PersonalMark) for one in metadata):
        return True
    if get_origin(annotation) is Annotated:
        return marked(annotation.__origin__, list(annotation.__metadata__))
    return any(marked(one, []) for one in get_args(annotation) if not isinstance(one, str))


def texts() -> Iterator[tuple[str, str, bool]]:
    """Each text of each class: its class, its name, and whether it is marked."""
    for cls in sorted(contracts(), key=lambda one: one.__name__):
        for name, field in cls.model_fields.items():
            if holds_text(field.annotation):
                yield cls.__name__, name, marked(field.annotation, field.metadata)


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, name, personal in texts() if not personal])
def test_a_text_that_is_not_sealed_is_a_reviewed_word_of_the_business(cls: str, name: str) -> None:
    assert f"{cls}.{name}" not in ALSO_FREE
    assert {name, f"{cls}.{name}"} & REVIEWED, (
        f"{cls}.{name} is a text that is stored open: mark it Personal if it can say anything about a customer,"
        " else list it here under what it is"
    )


def test_what_customers_and_agents_write_is_sealed() -> None:
    sealed = {f"{cls}.{name}" for cls, name, personal in texts() if personal}
    assert sealed >= {
        "MessageReceived.text", "MessageReceived.subject", "MessageReceived.sender",
        "MessageReceived.channel_message_id", "MessageReceived.second_transcript",
        "MessageSent.recipient", "Attachment.name", "CustomerIdentified.address",
        "CustomerIdentified.name", "CaseOpened.subject", "ExceptionRequested.reason", "ExceptionRequested.deviation",
        "ApprovalGiven.conditions", "ReflectionNoted.what_helped", "LookedUpRecord.value", "Reference.value",
        "Doubt.other", "PromiseMade.what", "Owed.what", "ClockChange.reason", "DisputeDecided.to_respondent",
        "VulnerabilityNoted.driver", "ConductMeasureTaken.adjustments", "DraftFinding.problem",
    }  # fmt: skip


def test_every_reviewed_name_is_still_there() -> None:
    there = {name for _, name, _ in texts()} | {f"{cls}.{name}" for cls, name, _ in texts()}
    assert REVIEWED - there == set()

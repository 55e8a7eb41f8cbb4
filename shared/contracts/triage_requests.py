"""What triage records around requests: the question that a request waits on, what was looked up, the pinned policy."""

from uuid import UUID

from pydantic import Field

from shared.contracts.event import CaseFact, Instant, Part, Personal, published


class PolicyRef(Part):
    """A policy in one version; a case is answered by the version in force when its first request was received."""

    policy: str
    version: str


class LookedUpRecord(Part):
    """A record as the facts provider knew it: `value` is its JSON; `age_seconds` how old it was when it was used.

    `found` is false for what the provider does not have, or could not say.
    """

    kind: str
    id: Personal
    found: bool
    value: Personal
    source: str
    as_of: Instant
    age_seconds: float = Field(ge=0)


class Question(Part):
    """A fact that is missing, by its name, and the question that asks the customer for it."""

    fact: str
    question: str = Field(min_length=1)


@published("triage.information_asked.v1")
class InformationAsked(CaseFact):
    """Policy cannot answer before the customer says more; `text` asks them, once."""

    request_id: UUID
    message_id: UUID
    kind: str
    questions: tuple[Question, ...] = Field(min_length=1)
    language: str
    text: Personal = Field(min_length=1)
    rule: str | None = None

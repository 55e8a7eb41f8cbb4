"""What policy routes take and give."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Discriminator, Field, JsonValue, Tag

from services.triage.api.asking import Body, Words
from services.triage.domain.policies.evaluation import PolicyAnswer, PolicyRequest
from services.triage.domain.policies.pack import Clause
from services.triage.domain.policies.registry import Published
from shared.contracts.values import Money

LARGEST_FILE = 500_000
MOST_FILES = 200
Files = Annotated[
    dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=LARGEST_FILE)]],
    Field(min_length=1, max_length=MOST_FILES, description="The text of every file of the pack by its path."),
]
EXAMPLE: dict[str, JsonValue] = {
    "policy": "airline",
    "action": "cancel_reservation",
    "arguments": {"reservation_id": "Q69X3R", "reason": "change_of_plan"},
    "claims": ["approved_by_colleague"],
    "now": "2024-05-15T15:00:00-05:00",
    "language": "en",
    "channel": "chat",
}


class QuestionBody(Body):
    """The facts of a reading, as a decision table on readings sees them; what is unknown is left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "perfectionist_standard",
                    "remedy": "refund",
                    "topics": ["minor_damage"],
                    "days_since_purchase": 121,
                    "amount": {"amount": "129.99", "currency": "USD"},
                    "language": "en",
                    "channel": "chat",
                }
            ]
        }
    )

    kind: str
    kinds: tuple[str, ...] = ()
    remedy: str | None = None
    topics: tuple[str, ...] = ()
    tone: str = "calm"
    urgency: str = "normal"
    emergency: bool = False
    appeals: bool = False
    confidence: float = Field(default=1.0, ge=0, le=1)
    amount: Money | None = None
    days_since_purchase: int | None = Field(default=None, ge=0)
    language: str = "en"
    channel: str = "email"


class RequestBody(PolicyRequest):
    """A structured request, see docs/policy_requests.md. `version` names a published one; `files` hold a draft pack."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    files: Files | None = None


class RequestsBody(Body):
    """Several structured requests, answered in order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"requests": [EXAMPLE]}]})

    requests: tuple[RequestBody, ...] = Field(min_length=1, max_length=500)


class AnswersView(BaseModel):
    """An answer for each request, in order."""

    answers: list[PolicyAnswer]


def _form(body: Any) -> str:
    names = body.keys() if isinstance(body, dict) else set[str]()
    return "question" if "kind" in names else "requests" if "requests" in names else "request"


EvaluateBody = Annotated[
    Annotated[QuestionBody, Tag("question")]
    | Annotated[RequestBody, Tag("request")]
    | Annotated[RequestsBody, Tag("requests")],
    Discriminator(_form),
]


class PublishBody(Body):
    """A version to publish. Without `effective_from` it takes effect in five seconds, a first version at once."""

    model_config = ConfigDict(
        str_strip_whitespace=False,
        json_schema_extra={
            "examples": [
                {
                    "files": {"pack.yaml": "id: shop\n…", "clauses.yaml": "…", "table.json": "{…}"},
                    "effective_from": "2026-12-01T00:00:00Z",
                    "note": "Final sale includes gift cards.",
                }
            ]
        },
    )

    files: Files
    effective_from: AwareDatetime | None = None
    note: Words | None = None


class PolicyView(BaseModel):
    """A policy pack in force, with its clauses."""

    id: str
    version: str
    effective: date
    owner: str
    languages: tuple[str, ...]
    clauses: list[Clause]
    effective_from: datetime


class VersionView(BaseModel):
    """A published version, without or with its files."""

    policy: str
    version: str
    effective_from: datetime
    published_by: str
    sha256: str
    note: str | None
    in_force: bool
    files: dict[str, str] | None = None


def version_view(one: Published, current: Published) -> VersionView:
    """Give a published version without its files; `current` is the one in force."""
    return VersionView(
        policy=one.policy,
        version=one.version,
        effective_from=one.effective_from,
        published_by=one.published_by,
        sha256=one.sha256,
        note=one.note,
        in_force=one == current,
    )

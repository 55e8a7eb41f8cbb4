"""Facts that triage owns about policies: what was published, in full, and from when it is in force."""

from uuid import UUID, uuid5

from pydantic import Field

from shared.contracts.event import Fact, Instant, Part, published

POLICIES = UUID("6f1d2c3e-5a7b-5c8d-9e0f-1a2b3c4d5e6f")
"""The namespace of policies' streams."""


def policy_stream(policy: str) -> UUID:
    """Give the stream of a policy's versions."""
    return uuid5(POLICIES, policy)


class PolicyFile(Part):
    """One file of a pack: its path below the pack's home, and its text."""

    path: str = Field(min_length=1)
    text: str


class PolicyFact(Fact):
    """A fact of one policy, named by its id."""

    policy: str
    version: str

    @property
    def stream_id(self) -> UUID:
        return policy_stream(self.policy)


@published("triage.policy_published.v1", stream="policy")
class PolicyPublished(PolicyFact):
    """A version of a policy is in force from `effective_from` for what is received then or later.

    `content` holds every file of the pack; `sha256` is the hash of their JSON {path: text}, paths sorted, no spaces.
    """

    effective_from: Instant
    content: tuple[PolicyFile, ...] = Field(min_length=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    published_by: str
    note: str | None = None


@published("triage.policy_publication_refused.v1", stream="policy")
class PolicyPublicationRefused(PolicyFact):
    """Somebody tried to publish what the rules of publishing do not allow."""

    attempt: str
    reason_code: str
    reason: str

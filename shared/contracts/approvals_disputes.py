"""Facts that approvals owns about disputes between two customers: the one decision that both are told."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import CaseFact, PersonalMark, published
from shared.contracts.values import Authority

Verdict = Literal["upheld", "partly_upheld", "not_upheld"]


@published("approvals.dispute_decided.v1")
class DisputeDecided(CaseFact):
    """Somebody with authority who took no part decided; `outcome` is about what the claimant asked for.

    Both are told `reason`; what follows for each only they are told. `heard` says whether the respondent told their
    side; where they did not, their time to do so had passed.
    """

    dispute_id: UUID
    claimant_id: UUID
    respondent_id: UUID
    outcome: Verdict
    reason: Annotated[str, PersonalMark("claimant_id")] = Field(min_length=1)
    heard: bool
    decided_by: str
    authority: Authority
    to_claimant: Annotated[str, PersonalMark("claimant_id")] | None = None
    to_respondent: Annotated[str, PersonalMark("respondent_id")] | None = None

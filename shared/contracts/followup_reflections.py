"""What agents learn from hard cases."""

from uuid import UUID

from pydantic import Field

from shared.contracts.event import CaseFact, Personal, published


@published("followup.reflection_noted.v1")
class ReflectionNoted(CaseFact):
    """An agent looked back on a case: what helped, and what should change; `clause` is `policy/clause`, if one."""

    reflection_id: UUID
    noted_by: str
    what_helped: Personal = Field(min_length=1)
    what_should_change: Personal | None = None
    clause: str | None = None

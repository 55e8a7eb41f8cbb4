"""Facts that intake owns about overload: when it began and ended, and what a case's customer was told by it."""

from uuid import UUID

from pydantic import Field

from shared.contracts.event import Fact, Part, published

OPERATIONS = UUID("5f0d6d0e-6a57-5f0e-9c1b-7d1f6f5d2a11")
"""The one stream of what concerns the whole contact center."""


class Surge(Part):
    """How many cases waited before this one, and how many are answered in a working hour."""

    backlog: int = Field(ge=0)
    answers_an_hour: int = Field(ge=1)


class SurgeFact(Fact):
    """A fact about the whole contact center."""

    backlog: int = Field(ge=0)
    answers_an_hour: int = Field(ge=1)

    @property
    def stream_id(self) -> UUID:
        return OPERATIONS


@published("intake.surge_began.v1", stream="operations")
class SurgeBegan(SurgeFact):
    """More cases wait than can be answered in the usual time: new customers are told an honest later one."""


@published("intake.surge_ended.v1", stream="operations")
class SurgeEnded(SurgeFact):
    """The backlog is worked off: the usual time holds again."""

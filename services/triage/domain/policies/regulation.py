"""Which messages make a case a regulated one, in which a second person reads replies before they leave."""

from typing import Self

from pydantic import Field, model_validator

from services.triage.domain.policies.pack import Written
from services.triage.domain.policies.ruling import TOPIC
from shared.contracts.triage import Reading


class Category(Written):
    """One category: it applies when a message has one of its topics, kinds or remedies."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    topics: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _applies_to_something(self) -> Self:
        if not (self.topics or self.kinds or self.remedies):
            raise ValueError(f"category {self.id} applies to nothing; name topics, kinds or remedies")
        return self


class RegulatedFile(Written):
    """`regulated.yaml`: the categories, the weightiest first."""

    version: str
    categories: tuple[Category, ...] = ()

    def category(self, reading: Reading) -> str | None:
        """Give the first category that applies to a message; None for one that is not regulated."""
        topics = {e.finding.removeprefix(TOPIC) for e in reading.evidence if e.finding.startswith(TOPIC)}
        kinds, remedies = set(reading.kinds), {reading.remedy}
        for one in self.categories:
            if topics & set(one.topics) or kinds & set(one.kinds) or remedies & set(one.remedies):
                return one.id
        return None

"""`disputes.yaml`: how long the other side has to answer, who may open a dispute, and words for the decision."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.intake.domain.policies.conduct_rules import InLanguages, in_language
from services.intake.domain.policies.wording import FALLBACK

VERDICTS = frozenset({"upheld", "partly_upheld", "not_upheld"})


class DisputeRules(BaseModel):
    """Time to answer in working days, who may open and add parties, and both sides' words by language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(min_length=1)
    statement_working_days: int = Field(ge=1, le=60)
    roles: tuple[str, ...] = Field(min_length=1)
    outcomes: Mapping[str, InLanguages]
    appeal: InLanguages

    @model_validator(mode="after")
    def _has_its_words(self) -> "DisputeRules":
        if self.outcomes.keys() != VERDICTS:
            raise ValueError(f"outcomes: words for {', '.join(sorted(VERDICTS))} and no others are needed")
        if any(FALLBACK not in words for words in (self.appeal, *self.outcomes.values())):
            raise ValueError("outcomes and appeal need English words")
        return self

    def outcome(self, outcome: str, language: str) -> str:
        """Give the words for a decision."""
        return in_language(self.outcomes[outcome], language)

    def way_to_appeal(self, language: str, code: str) -> str:
        """Give the words in which a party is told how to have it looked at again."""
        return in_language(self.appeal, language).replace("{code}", code)

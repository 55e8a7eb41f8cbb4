"""`conduct/measures.yaml`: which measures there are, who may take them, and how customers are told."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.intake.domain.policies.wording import FALLBACK, PLACEHOLDER

Term = Literal["open_channel", "contact", "times"]
InLanguages = Mapping[str, str]


class MeasureRule(BaseModel):
    """Who may take, review and lift a measure, what must be said with it, and what must come before it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: tuple[str, ...] = Field(min_length=1)
    names: tuple[Term, ...] = ()
    adjustments_first: bool = False
    after: str | None = None
    at_once_for: tuple[str, ...] = ()


class ConductRules(BaseModel):
    """Measures and categories with their rules; `told`, `channels` and `appeal` are words for customers by language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(min_length=1)
    longest_months: int = Field(ge=1, le=12)
    categories: Mapping[str, str] = Field(min_length=1)
    measures: Mapping[str, MeasureRule] = Field(min_length=1)
    told: Mapping[str, InLanguages]
    channels: Mapping[str, InLanguages] = Field(default_factory=dict)
    appeal: InLanguages

    @model_validator(mode="after")
    def _fits_together(self) -> "ConductRules":
        for name, rule in self.measures.items():
            if rule.after is not None and rule.after not in self.measures:
                raise ValueError(f"measures.{name}.after: there is no measure {rule.after}")
            if strange := sorted(set(rule.at_once_for) - self.categories.keys()):
                raise ValueError(f"measures.{name}.at_once_for: there is no category {strange[0]}")
            words = self.told.get(name, {})
            if FALLBACK not in words:
                raise ValueError(f"told.{name}: its words in English are missing")
            for language, text in words.items():
                if set(PLACEHOLDER.findall(text)) != set(rule.names):
                    raise ValueError(f"told.{name}.{language}: must name {', '.join(rule.names) or 'no placeholder'}")
        if strange := sorted(self.told.keys() - self.measures.keys()):
            raise ValueError(f"told.{strange[0]}: there is no such measure")
        if any(FALLBACK not in words for words in (self.appeal, *self.channels.values())):
            raise ValueError("appeal and channels need English words")
        return self

    def channel(self, channel: str, language: str) -> str:
        """Give how a channel is called in a language."""
        return in_language(self.channels.get(channel, {FALLBACK: channel}), language)

    def meaning(self, measure: str, language: str, terms: Mapping[str, str | None]) -> str:
        """Give the words in which a customer is told what a measure means."""
        values = {name: value or "" for name, value in terms.items()}
        if channel := values.get("open_channel"):
            values["open_channel"] = self.channel(channel, language)
        return PLACEHOLDER.sub(lambda found: values[found[1]], in_language(self.told[measure], language))

    def way_to_appeal(self, language: str, code: str) -> str:
        """Give the words in which a customer is told how to have it looked at again."""
        return in_language(self.appeal, language).replace("{code}", code)


def in_language(words: InLanguages, language: str) -> str:
    """Give the words for a language tag such as `es` or `pt-BR`; English where there are none."""
    return words.get(language[:2].lower()) or words[FALLBACK]

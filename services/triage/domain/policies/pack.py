"""A policy pack as its owner writes it: the pack's facts, and its clauses with all that may be said of them."""

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.triage.domain.policies.wording import Form

Texts = dict[str, str]
"""One text by language (ISO 639-1)."""


class Written(BaseModel):
    """Something that a policy owner writes: a field that we do not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Offer(Written):
    """What is offered instead, and what the customer gains by it."""

    offer: Texts
    benefit: Texts


class Clause(Written):
    """One clause: `text` may be quoted. A refusal needs limit, reason, alternatives; a grant needs `what`."""

    id: str = Field(pattern=r"^[A-Z]+-[0-9]+$")
    effective_from: date
    effective_to: date | None = None
    text: Texts
    limit: Texts | None = None
    reason: Texts | None = None
    alternatives: tuple[Offer, ...] = ()
    appeal: Texts | None = None
    what: Texts | None = None
    deviation: Texts | None = None
    states_amount: bool = False


class PackFile(Written):
    """pack.yaml: who owns the pack, its version, its languages, how channels are answered, how one appeals."""

    id: str = Field(pattern=r"^[a-z0-9_-]+$")
    version: str
    effective: date
    owner: str
    languages: tuple[str, ...] = Field(min_length=1)
    fallback_language: str
    forms: dict[str, Form]
    appeal: Texts

    @model_validator(mode="after")
    def _languages_fit(self) -> Self:
        if self.fallback_language not in self.languages:
            raise ValueError("fallback_language must be one of languages")
        return self


def complaints(pack: PackFile, clauses: tuple[Clause, ...], used: dict[str, set[str]]) -> list[str]:
    """Give what is missing for every clause to be said in every language; `used` holds the outcomes by clause."""
    by_id = {clause.id: clause for clause in clauses}
    found = [f"clause {c} is used by the table but not written" for c in sorted(used) if c not in by_id]
    if len(by_id) != len(clauses):
        found.append("two clauses share an id")
    for clause in clauses:
        outcomes = used.get(clause.id, set())
        needed: dict[str, Texts | None] = {"text": clause.text}
        if outcomes & {"refused", "discretionary"}:
            needed["reason"] = clause.reason
            needed["deviation"] = clause.deviation
        if "refused" in outcomes:
            needed["limit"] = clause.limit
            needed["appeal"] = clause.appeal or pack.appeal
            if not clause.alternatives:
                found.append(f"clause {clause.id} refuses but offers no alternative")
        if "allowed" in outcomes:
            needed["what"] = clause.what
        for number, offer in enumerate(clause.alternatives):
            needed[f"alternatives.{number}.offer"] = offer.offer
            needed[f"alternatives.{number}.benefit"] = offer.benefit
        for name, texts in needed.items():
            missing = [language for language in pack.languages if not (texts or {}).get(language)]
            if missing:
                found.append(f"clause {clause.id}: {name} is missing in {', '.join(missing)}")
    return found

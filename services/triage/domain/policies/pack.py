"""A policy pack as its owner writes it: the pack's facts, and its clauses with all that may be said of them."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

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
    owner: str | None = None
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


class RecordKind(Written):
    """A kind of record. `by` names the argument, or another record's field, that holds the id to look it up by.

    Without `by` it is never looked up: it is there when the request brings it.
    """

    by: str | None = Field(default=None, pattern=r"^[a-z_][a-z0-9_]*$")


class AskedBy(Written):
    """Which readings of a message ask for an action: every list that is not empty must name what was read."""

    remedies: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


class Action(Written):
    """Something that can be asked for: the table that answers it, and the facts that must be known before.

    `needs` are paths such as `arguments.reason` or `reservation`; `ask` holds the question to the customer for each.
    """

    title: Texts
    table: str
    needs: tuple[str, ...] = ()
    ask: dict[str, Texts] = {}
    asked_by: AskedBy = AskedBy()


class Authorities(Written):
    """authority.yaml: the role that may except, by clause, else `default`; a table row's `role` goes before both."""

    default: str | None = None
    clauses: dict[str, str] = {}


class PackFile(Written):
    """pack.yaml: who owns the pack, its version, its languages, how channels are answered, how one appeals.

    A pack without `actions` has one table, on the reading. `otherwise` names the clause by which a person answers, or
    information is asked for, where no table was asked. `zone` is the time zone of `now` and `today`. `questions` are
    asked where a row of a table says `ask`.
    """

    id: str = Field(pattern=r"^[a-z0-9_-]+$")
    version: str = Field(min_length=1, pattern=r"^[A-Za-z0-9._-]+$")
    kind: Literal["business", "statutory"] = "business"
    effective: date
    owner: str
    languages: tuple[str, ...] = Field(min_length=1)
    fallback_language: str
    forms: dict[str, Form]
    appeal: Texts
    zone: str = "UTC"
    records: dict[str, RecordKind] = {}
    actions: dict[str, Action] = {}
    otherwise: str | None = None
    questions: dict[str, Texts] = {}

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is no zone of the tz database; write one such as Europe/Madrid") from error
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.fallback_language not in self.languages:
            raise ValueError("fallback_language must be one of languages")
        if self.actions and not self.otherwise:
            raise ValueError("otherwise is missing; name the clause by which a person answers what no table settles")
        return self


Used = Mapping[str, set[str]]
"""The outcomes that tables give, by clause."""


def said_of(clause: Clause, pack: PackFile, outcomes: set[str]) -> Iterator[tuple[str, Texts]]:
    """Give all texts, by name, that a clause needs for its outcomes beyond its own text; {} for one that is missing."""
    if outcomes & {"refused", "discretionary"}:
        yield "reason", clause.reason or {}
        yield "deviation", clause.deviation or {}
    if "refused" in outcomes:
        yield "limit", clause.limit or {}
        yield "appeal", clause.appeal or pack.appeal
    if "allowed" in outcomes:
        yield "what", clause.what or {}
    for number, offer in enumerate(clause.alternatives):
        yield f"alternatives.{number}.offer", offer.offer
        yield f"alternatives.{number}.benefit", offer.benefit


def complaints(pack: PackFile, clauses: tuple[Clause, ...], used: Used) -> list[str]:
    """Give what keeps a clause from being said: nothing may be missing in the fallback language, and a translation
    is whole or absent, since a reply in two languages is worse than one in the fallback language.
    """
    by_id = {clause.id: clause for clause in clauses}
    found = [f"clause {c} is used by the table but not written" for c in sorted(used) if c not in by_id]
    if pack.otherwise and pack.otherwise not in by_id:
        found.append(f"clause {pack.otherwise} is named by otherwise but not written")
    if len(by_id) != len(clauses):
        found.append("two clauses share an id")
    for clause in clauses:
        outcomes = used.get(clause.id, set())
        if "refused" in outcomes and not clause.alternatives:
            found.append(f"clause {clause.id} refuses but offers no alternative")
        needed = list(said_of(clause, pack, outcomes))
        own = [texts for name, texts in needed if name != "appeal" or clause.appeal]
        begun = {language for texts in own for language, text in texts.items() if text}
        for name, texts in [("text", clause.text), *needed]:
            wanted = {pack.fallback_language} | (begun if name != "text" else set())
            missing = [language for language in pack.languages if language in wanted and not texts.get(language)]
            if missing:
                found.append(f"clause {clause.id}: {name} is missing in {', '.join(missing)}")
    return found


def language_of(clause: Clause, pack: PackFile, outcome: str, language: str) -> str:
    """Give the language that a clause is said in: the customer's where the clause is whole in it, else the fallback."""
    if language not in pack.languages or any(not texts.get(language) for _, texts in said_of(clause, pack, {outcome})):
        return pack.fallback_language
    return language

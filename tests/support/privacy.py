"""Rules, facts and commands about a customer's data for tests."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.intake.domain.commands import Erase, KeptCase, PlaceHold, ReleaseHold
from services.intake.domain.policies.privacy import privacy
from services.intake.domain.policies.retention import RetentionRules
from services.intake.domain.state import IntakeState, evolve
from shared.contracts.event import Fact
from tests.support.intake import RULES
from tests.support.intakes import ADA, CASE, MONDAY

CUSTOMER = ADA.customer_id
HOLD = UUID(int=70)
ERASURE = UUID(int=71)
RETENTION = RULES.retention
YEAR = timedelta(days=365)


def business(**attributes: str) -> RetentionRules:
    """The rules of a business with other attributes."""
    return RETENTION.model_copy(update={"business": {**RETENTION.business, **attributes}})


def kept(**more: Any) -> KeptCase:
    """A closed case of Ada's own, of this Monday."""
    return replace(KeptCase(CASE, True, True, MONDAY, MONDAY, ("chat",)), **more)


def erase(user: str = "pia", role: str = "privacy", now: datetime = MONDAY, **more: Any) -> Erase:
    """Somebody asks that Ada be erased."""
    values = {"cases": (kept(),), **more}
    return Erase(CUSTOMER, now, user, (role,), ERASURE, "asked", MONDAY.date(), **values)


def hold(user: str = "pia", role: str = "privacy", until: date | None = None, now: datetime = MONDAY) -> PlaceHold:
    """Somebody places a hold on Ada's data."""
    return PlaceHold(CUSTOMER, now, user, (role,), HOLD, "She claims damages.", "Her lawyer's letter", until)


def release(user: str = "max", role: str = "manager") -> ReleaseHold:
    """Somebody releases the hold."""
    return ReleaseHold(CUSTOMER, MONDAY, user, (role,), HOLD, "The claim was settled.")


def after(*facts: Fact) -> IntakeState:
    """The state that facts come to."""
    state = IntakeState()
    for fact in facts:
        state = evolve(state, fact)
    return state


def told(command: Any, state: IntakeState | None = None, rules: RetentionRules = RETENTION) -> list[Fact]:
    """What a command leads to."""
    return privacy(command, state or IntakeState(), rules, RULES.calendar)

"""The parts of the authority matrix: floors, quorums, four eyes, delegations."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.values import Money

ANY = "*"
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Limit = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)]


class MatrixPart(BaseModel):
    """A part of the file; unknown keys are errors, so that a misspelt limit cannot pass for no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def covers(listed: Collection[str | None], one: str | None) -> bool:
    """Tell whether a list of kinds or clauses covers one; None, for an unknown one, only by "*"."""
    return ANY in listed or one in listed


class AtLeast(MatrixPart):
    """A floor: exceptions of these kinds, from these clauses, are decided by this role or a higher one."""

    kinds: tuple[str, ...] = Field(default=(ANY,), min_length=1)
    clauses: tuple[str, ...] = Field(default=(ANY,), min_length=1)
    role: str


class Needs(MatrixPart):
    """How many must agree: `any` one; `all` of those named; `n` of them; `percent` of them, rounded up.

    Who they are says `named`, or `of_role`: the people whom the matrix lists as holders of that role. `n` may leave
    both out, and takes anybody with authority then.
    """

    kind: Literal["any", "all", "n", "percent"] = "any"
    needed: int = Field(default=1, ge=1)
    percent: int | None = Field(default=None, ge=1, le=100)
    named: tuple[str, ...] = ()
    of_role: str | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "Needs":
        if self.kind == "any" and self.needed != 1:
            raise ValueError("a quorum of any needs 1; use kind n")
        if self.kind == "any" and (self.named or self.of_role):
            raise ValueError("a quorum of any names nobody; use kind n with needed 1")
        if self.named and self.of_role:
            raise ValueError("named and of_role are both there; keep one")
        if len(set(self.named)) != len(self.named):
            raise ValueError("named lists somebody twice; list each once")
        if self.kind == "all" and self.of_role is None and len(self.named) != self.needed:
            raise ValueError(f"a quorum of all needs each of `named`; set needed to {len(self.named) or 1}")
        if (self.kind == "percent") != (self.percent is not None):
            raise ValueError("kind percent and percent go together; write percent: 60, or another kind")
        if self.kind == "percent" and not (self.named or self.of_role):
            raise ValueError("a quorum of percent needs to know of whom: write named or of_role")
        return self


class QuorumRule(MatrixPart):
    """How many must agree on exceptions of these kinds and clauses, above an amount where one is given.

    With `role` the rule is only about the level of that role: another may count after an escalation.
    """

    kinds: tuple[str, ...] = Field(min_length=1)
    clauses: tuple[str, ...] = Field(default=(ANY,), min_length=1)
    role: str | None = None
    above: Mapping[Currency, Limit] | None = None
    needs: Needs

    @model_validator(mode="before")
    @classmethod
    def _takes_one_amount(cls, written: Any) -> Any:
        """Read the older form, `above: {amount, currency}`, as an amount in one currency."""
        above = written.get("above") if isinstance(written, Mapping) else None
        if isinstance(above, Mapping) and set(above) == {"amount", "currency"}:
            return {**written, "above": {above["currency"]: above["amount"]}}
        return written

    def fits(self, kind: str, clause: str | None, amount: Money | None, role: str | None) -> bool:
        """Tell whether the rule is about this exception; what cannot be compared counts as more."""
        if not covers(self.kinds, kind) or not covers(self.clauses, clause):
            return False
        if self.role is not None and self.role != role:
            return False
        if self.above is None:
            return True
        if amount is None:
            return False
        threshold = self.above.get(amount.currency)
        return threshold is None or amount.amount > threshold


class FourEyes(MatrixPart):
    """Who may not decide besides the proposer, who never may: with `boundary`, whoever stated the limit in person."""

    boundary: bool = True


class Delegation(MatrixPart):
    """One person decides for another, with one of the other's roles, from a day to a day, up to a cap."""

    principal: str = Field(min_length=1)
    delegate: str = Field(min_length=1)
    role: str
    kinds: tuple[str, ...] = Field(default=(ANY,), min_length=1)
    clauses: tuple[str, ...] = Field(default=(ANY,), min_length=1)
    cap: Money | None = None
    first_day: date
    last_day: date

    @model_validator(mode="after")
    def _makes_sense(self) -> "Delegation":
        if self.principal == self.delegate:
            raise ValueError("nobody needs a delegation for themselves; remove the entry")
        if self.last_day < self.first_day:
            raise ValueError("last_day is before first_day; swap them")
        return self

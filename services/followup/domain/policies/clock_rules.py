"""Which clocks there are, what starts, stops and pauses them, and who hears of it: data of the policy directory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.contracts.catalogue import facts_of
from shared.contracts.followup_clocks import TimeTarget
from shared.kernel.worktime import Calendar

NOTHING: frozenset[str] = frozenset()
Metric = Literal["first_response", "next_response", "resolution", "team", "statutory"]


class Written(BaseModel):
    """A part of a policy file; unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Written):
    """A fact, by its wire type without version, that moves a clock; written as its name alone when nothing is asked.

    `only` and `unless` name attributes of the fact and the values that do (or do not) count. `held_by` and `reason`
    say who has the case from then on, and why.
    """

    fact: str
    only: dict[str, tuple[str, ...]] = {}
    unless: dict[str, tuple[str, ...]] = {}
    held_by: str | None = None
    reason: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: Any) -> Any:
        return {"fact": given} if isinstance(given, str) else given

    @field_validator("fact")
    @classmethod
    def _is_a_fact(cls, value: str) -> str:
        if not any(wire.startswith(f"{value}.v") for wire in facts_of(value.partition(".")[0])):
            raise ValueError(f"{value} is no fact; write one such as intake.case_opened")
        return value

    def holds(self, fact: str, attributes: Mapping[str, frozenset[str]]) -> bool:
        """Tell whether a fact with these attributes is meant."""
        if self.fact != fact:
            return False
        wanted = all(attributes.get(name, frozenset()) & set(values) for name, values in self.only.items())
        return wanted and not any(
            attributes.get(name, frozenset()) & set(values) for name, values in self.unless.items()
        )


class Escalation(Written):
    """Somebody is told `at` so much before (negative) or after due, in the clock's own unit (months: days)."""

    at: float
    level: str = Field(min_length=1)
    whom: str = Field(min_length=1)


class ClockRule(Written):
    """One clock. `again` says what a start does after it was met: nothing, a new cycle, or going on where it stopped.

    `warn` are leads before due, in the clock's own unit. `unless_running` names clocks beside which it does not start.
    A `window` is the customer's: its end is no breach. The target of a statutory clock moves to one of `extensions`.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    metric: Metric
    title: str = Field(min_length=1)
    held_by: str = Field(min_length=1)
    target: TimeTarget
    calendar: str
    starts: tuple[Condition, ...] = Field(min_length=1)
    meets: tuple[Condition, ...] = Field(min_length=1)
    pauses: tuple[Condition, ...] = ()
    resumes: tuple[Condition, ...] = ()
    hands_over: tuple[Condition, ...] = ()
    cancels: tuple[Condition, ...] = ()
    unless_running: tuple[str, ...] = ()
    from_receipt: bool = False
    again: Literal["never", "new_cycle", "goes_on"] = "never"
    warn: tuple[float, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    clause: str | None = None
    window: bool = False
    extensions: tuple[TimeTarget, ...] = ()

    @property
    def watched(self) -> frozenset[str]:
        """Give the facts that can move the clock."""
        every = (*self.starts, *self.meets, *self.pauses, *self.resumes, *self.hands_over, *self.cancels)
        return frozenset(condition.fact for condition in every)

    @model_validator(mode="after")
    def _whole_days(self) -> Self:
        if self.target.unit in ("working_days", "calendar_days", "weeks", "months") and self.target.amount % 1:
            raise ValueError(f"target: {self.target.amount} {self.target.unit} is no whole number; write whole days")
        return self


class Measure(Written):
    """What the law measures over many contacts: in which share of them the limit must hold."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    channel: str
    limit: TimeTarget
    share: float = Field(gt=0, le=1)
    clause: str | None = None


class ClockFile(Written):
    """A file of clocks, such as clocks/default.yaml."""

    version: str = Field(min_length=1)
    clocks: tuple[ClockRule, ...] = Field(min_length=1)
    measures: tuple[Measure, ...] = ()

    @field_validator("clocks")
    @classmethod
    def _names_once(cls, value: tuple[ClockRule, ...]) -> tuple[ClockRule, ...]:
        names = [rule.name for rule in value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"the clock {twice} is written twice; give each its own name")
        return value


class Regime(Written):
    """A pack of clocks, and the cases that it is for: every attribute named must have one of the values.

    `clocks` is the pack's file of clocks, where it has several.
    """

    policy: str
    clocks: str = "clocks.yaml"
    when: dict[str, tuple[str, ...]] = {}


class RegimeFile(Written):
    """Which clocks apply. `business` gives attributes of the business itself, such as country, entity or product."""

    version: str = Field(min_length=1)
    business: dict[str, str] = {}
    default: str
    regimes: tuple[Regime, ...] = ()


@dataclass(frozen=True, slots=True)
class PinnedCalendar:
    """A calendar by name and version (the hash of its content)."""

    name: str
    version: str
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class RegimeClocks:
    """The clocks of one regime, and the cases that it is for."""

    when: Mapping[str, tuple[str, ...]]
    rules: tuple[ClockRule, ...]
    by_fact: Mapping[str, tuple[ClockRule, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        facts = {fact for rule in self.rules for fact in rule.watched}
        by_fact = {fact: tuple(rule for rule in self.rules if fact in rule.watched) for fact in facts}
        object.__setattr__(self, "by_fact", by_fact)

    def applies(self, attributes: Mapping[str, frozenset[str]]) -> bool:
        """Tell whether the regime is for a case with these attributes."""
        return all(attributes.get(name, NOTHING) & set(values) for name, values in self.when.items())


@dataclass(frozen=True, slots=True)
class ClockRules:
    """All clocks that may run, the calendars in force by the path that rules name, and all that ever were by version.

    `versions` grows while the service runs, for a calendar that another instance published; a version never changes.
    """

    regimes: tuple[RegimeClocks, ...] = ()
    business: Mapping[str, frozenset[str]] = field(default_factory=dict)
    calendars: Mapping[str, PinnedCalendar] = field(default_factory=dict)
    versions: dict[str, Calendar] = field(default_factory=dict)

    def rule(self, name: str) -> ClockRule | None:
        """Give the rule of a clock as it stands today; None when there is none any more."""
        return next((rule for regime in self.regimes for rule in regime.rules if rule.name == name), None)

    def calendar(self, version: str) -> Calendar:
        """Give a calendar as it was pinned; raises LookupError for a version that was never published."""
        try:
            return self.versions[version]
        except KeyError as error:
            raise LookupError(f"calendar version {version} was never published; is the log complete?") from error


NO_CLOCKS = ClockRules()

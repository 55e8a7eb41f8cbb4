"""The cadence, its calendar, the clocks of every regime and the words of promises, from the policy directory."""

from collections.abc import Iterable
from pathlib import Path

from services.followup.adapters.calendars import pinned
from services.followup.domain.policies.cadence import Cadence, FollowupRules
from services.followup.domain.policies.clock_rules import (
    NO_CLOCKS,
    ClockFile,
    ClockRule,
    ClockRules,
    RegimeClocks,
    RegimeFile,
)
from services.followup.domain.policies.said_promises import Ear, PromiseWords, ear
from shared.kernel.errors import MalformedInput
from shared.runtime.policy_files import read_policy

REGIMES = "regimes/default.yaml"


def load_cadence(policy_dir: Path) -> FollowupRules:
    """Load `cadence/default.yaml`, the calendar it names, the clocks of `regimes/default.yaml`, and `promises/`.

    Raises MalformedInput for what does not fit, naming the file and the field.
    """
    cadence = read_policy(policy_dir / "cadence" / "default.yaml", Cadence)
    calendar = pinned(policy_dir, cadence.calendar)
    clocks, ears = load_clocks(policy_dir), load_ears(policy_dir)
    return FollowupRules(cadence, calendar.calendar, clocks, ears, calendar.name, calendar.version)


def load_clocks(policy_dir: Path) -> ClockRules:
    """Load the default clocks and those of every regime that is named; no file of regimes, no clocks."""
    if not (policy_dir / REGIMES).exists():
        return NO_CLOCKS
    chosen = read_policy(policy_dir / REGIMES, RegimeFile)
    regimes = [RegimeClocks({}, read_policy(policy_dir / chosen.default, ClockFile).clocks)]
    for regime in chosen.regimes:
        written = read_policy(policy_dir / regime.policy / regime.clocks, ClockFile)
        regimes.append(RegimeClocks(regime.when, written.clocks))
    rules = [rule for regime in regimes for rule in regime.rules]
    _once(policy_dir, rules)
    calendars = {rule.calendar: pinned(policy_dir, rule.calendar) for rule in rules}
    return ClockRules(
        regimes=tuple(regimes),
        business={name: frozenset({value}) for name, value in chosen.business.items()},
        calendars=calendars,
        versions={each.version: each.calendar for each in calendars.values()},
    )


def load_ears(policy_dir: Path) -> tuple[Ear, ...]:
    """Load how promises sound, a file each language; none, and nothing is heard."""
    return tuple(_ear(path) for path in sorted((policy_dir / "promises").glob("*.yaml")))


def _ear(path: Path) -> Ear:
    words = read_policy(path, PromiseWords)
    try:
        return ear(words)
    except ValueError as error:
        raise MalformedInput(str(error), field=str(path), fix="correct the expression") from error


def _once(policy_dir: Path, rules: Iterable[ClockRule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.name in seen:
            raise MalformedInput(
                f"two regimes have a clock {rule.name}",
                field=str(policy_dir / REGIMES),
                fix="give the clocks of every pack names of their own",
            )
        seen.add(rule.name)

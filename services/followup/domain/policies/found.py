"""Promises found in what we said: proposed to people, who confirm them with what backs them, or dismiss them."""

from uuid import UUID, uuid5

from services.followup.domain.commands import ConfirmFoundPromise, DismissFoundPromise, HearOurselves, MakePromise
from services.followup.domain.policies import promises
from services.followup.domain.policies.cadence import FollowupRules
from services.followup.domain.policies.said_promises import find
from services.followup.domain.state import Followup
from shared.contracts.event import Fact
from shared.contracts.followup_found import FoundPromiseDismissed, PromiseFound
from shared.kernel.errors import NotFound

# What a machine composed is backed where it was decided, and promised there.
SAID_BY_PEOPLE = frozenset({"agent"})


def hear(command: HearOurselves, state: Followup, rules: FollowupRules) -> list[Fact]:
    """Propose what a person said that sounds like a promise, unless the case has one that is due on the same day.

    Where a second transcript of the same words says another time, or none, what was found is doubtful.
    """
    if command.purpose not in SAID_BY_PEOPLE or not rules.ears:
        return []
    said = min(command.said_at, command.now)
    heard = find(command.text, said, rules.calendar, rules.ears)
    if not heard:
        return []
    other = command.second_transcript
    dues = {each.due for each in find(other, said, rules.calendar, rules.ears)} if other else None
    known = {rules.calendar.local_date(promise.due) for promise in state.open_promises}
    known |= {rules.calendar.local_date(each.due) for each in state.found.values()}
    facts: list[Fact] = []
    for each in heard:
        promise_id = uuid5(command.message_id, f"promise {each.start}")
        day = rules.calendar.local_date(each.due)
        if day in known or promise_id in state.promises:
            continue
        known.add(day)
        facts.append(
            PromiseFound(
                case_id=command.case_id,
                promise_id=promise_id,
                message_id=command.message_id,
                what=each.what,
                words=each.words,
                start=each.start,
                end=each.end,
                due=each.due,
                said_at=said,
                said_by=command.said_by,
                channel=command.channel,
                language=each.language,
                confidence=each.confidence,
                rule=each.rule,
                calendar=rules.calendar_name,
                calendar_version=rules.calendar_version,
                backed=bool(state.backings),
                doubtful=dues is not None and each.due not in dues,
            )
        )
    return facts


def confirm(command: ConfirmFoundPromise, state: Followup, rules: FollowupRules) -> list[Fact]:
    """Make a promise of what was found; it needs backing as any other, and counts from when it was said.

    Raises NotFound for one that was not found here, or was confirmed or dismissed before.
    """
    found = _found(state, command.promise_id)
    make = MakePromise(
        command.case_id,
        command.now,
        command.actor,
        command.roles,
        command.promise_id,
        command.what or found.what,
        command.backing,
        command.due or found.due,
    )
    return promises.make(make, state, rules, found)


def dismiss(command: DismissFoundPromise, state: Followup) -> list[Fact]:
    """Put on record that what was found is no promise; raises NotFound as `confirm` does."""
    _found(state, command.promise_id)
    return [
        FoundPromiseDismissed(
            case_id=command.case_id,
            promise_id=command.promise_id,
            reason=command.reason,
            dismissed_by=command.actor,
        )
    ]


def _found(state: Followup, promise_id: UUID) -> PromiseFound:
    found = state.found.get(promise_id)
    if found is None:
        raise NotFound(
            "nothing was found under this id that waits for an answer",
            field="promise_id",
            fix="list the case's promises; what is found there can be confirmed or dismissed",
        )
    return found

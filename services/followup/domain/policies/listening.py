"""What the other services say, noted so that the order in which they are heard does not matter."""

from dataclasses import replace

from services.followup.domain.commands import HearMessage, NoteMatter, ReadMessage, TakeUpCase
from services.followup.domain.policies.cadence import FollowupRules
from services.followup.domain.policies.promises import made
from services.followup.domain.policies.settling import quiet_until, reopened
from services.followup.domain.state import GONE, Followup, evolve
from shared.contracts.event import Fact
from shared.contracts.followup import (
    CaseTakenUp,
    CheckInAnswered,
    MatterNoted,
    MessageNoted,
    Owed,
    PromiseReleased,
)

UNKNOWN_LANGUAGE = "und"


def take_up(command: TakeUpCase, state: Followup) -> list[Fact]:
    """Learn whose case it is, and make the promises that waited for that."""
    if state.customer_id is not None:
        return []
    waiting = sorted(state.owed.values(), key=lambda entry: (entry[0].due, entry[0].promise_id))
    return [
        CaseTakenUp(
            case_id=command.case_id,
            customer_id=command.customer_id,
            channel=command.channel,
            received_at=command.received_at,
        ),
        *(made(command.case_id, command.customer_id, owed, backing) for owed, backing in waiting),
    ]


def hear(command: HearMessage, state: Followup, rules: FollowupRules) -> list[Fact]:
    """Reopen a case that was over, or stop the silence that would settle it, until the message is read.

    A message that was on its way when the case closed reopens it too: for later ones intake opens linked cases. While
    the case is open for other reasons nothing depends on an unread message, and nothing is noted. The answer to a
    check-in reopens the case only if its reading says so.
    """
    if command.message_id in state.read | state.waiting or _asked(state):
        return []
    heard = MessageNoted(case_id=command.case_id, message_id=command.message_id, at=command.now, read=False)
    if state.status == "open":
        return [heard] if quiet_until(state, rules) is not None else []
    return [*reopened(command.case_id, state, "the customer wrote again", command.message_id), heard]


def read(command: ReadMessage, state: Followup, rules: FollowupRules) -> list[Fact]:
    """Take in what a message said: the answer to a check-in, or word that counts as news on the case."""
    if command.message_id in state.read and not command.corrected:
        return []
    answers = _answers(command, state)
    reason = _reason_to_reopen(command, state)
    facts = [*answers, *(reopened(command.case_id, state, reason, command.message_id) if reason else [])]
    after = _folded(state, facts)
    note = MessageNoted(
        case_id=command.case_id,
        message_id=command.message_id,
        at=command.now,
        read=True,
        language=None if command.language == UNKNOWN_LANGUAGE else command.language,
        settled=command.settled,
        kinds=command.kinds or None,
    )
    noted = evolve(after, note)
    if replace(noted, clocks=after.clocks) == after and noted.clocks.kinds == after.clocks.kinds:
        return facts
    return [*facts, note.model_copy(update={"quiet_until": quiet_until(noted, rules)})]


def note_matter(command: NoteMatter, state: Followup, rules: FollowupRules) -> list[Fact]:
    """Take in an answer, or that one is still to come; what it makes us owe becomes a promise with its backing."""
    owed = _owed(command, rules)
    note = MatterNoted(
        case_id=command.case_id,
        matter_id=command.matter_id,
        request_id=command.request_id,
        outcome=command.outcome,
        at=command.now,
        backing=command.backing,
        owed=owed,
    )
    if replace(evolve(state, note), unchecked=state.unchecked, clocks=state.clocks) == state:
        return []  # heard before, or overtaken by what was heard first
    facts = reopened(command.case_id, state, "there is news on a request")
    noted = evolve(_folded(state, facts), note)
    released = _released(command, noted)
    facts.append(note.model_copy(update={"quiet_until": quiet_until(_folded(noted, released), rules)}))
    if owed and command.backing and owed.promise_id in noted.owed and noted.customer_id is not None:
        facts.append(made(command.case_id, noted.customer_id, owed, command.backing))
    return [*facts, *released]


def _answers(command: ReadMessage, state: Followup) -> list[Fact]:
    check_in = state.check_in
    if check_in is None or check_in.status == "scheduled" or command.settled is None:
        return []
    if command.message_id in check_in.said_before:
        return []
    corrects = command.corrected and check_in.message_id == command.message_id and check_in.settled != command.settled
    if check_in.status == "answered" and not corrects:
        return []
    return [
        CheckInAnswered(
            case_id=command.case_id,
            check_in_id=check_in.check_in_id,
            message_id=command.message_id,
            settled=command.settled,
        )
    ]


def _reason_to_reopen(command: ReadMessage, state: Followup) -> str | None:
    if state.status == "open":
        return None
    answers = _answers(command, state)
    if answers:
        return None if command.settled else "the customer says that it is not settled"
    if command.asks:
        return "the customer asks for something again"
    if _asked(state) or command.message_id in state.read:
        return None
    return "the customer wrote again"


def _asked(state: Followup) -> bool:
    return state.status != "open" and state.check_in is not None and state.check_in.status == "asked"


def _owed(command: NoteMatter, rules: FollowupRules) -> Owed | None:
    if command.debt is None or command.backing is None:
        return None
    due = rules.promise_due(command.now, command.backing.kind, command.debt.working_days)
    return Owed(
        promise_id=command.debt.promise_id,
        what=command.debt.what,
        due=due,
        at_risk_from=rules.at_risk_from(command.now, due),
        made_by=command.debt.made_by,
    )


def _released(command: NoteMatter, state: Followup) -> list[Fact]:
    """Release the promises that rested on a decision which no longer stands."""
    if command.outcome not in GONE:
        return []
    return [
        PromiseReleased(
            case_id=command.case_id,
            promise_id=promise_id,
            reason=f"the decision that it rested on is {command.outcome}",
        )
        for promise_id, promise in state.promises.items()
        if promise.open and promise.made.backing.reference == str(command.matter_id)
    ]


def _folded(state: Followup, facts: list[Fact]) -> Followup:
    for fact in facts:
        state = evolve(state, fact)
    return state

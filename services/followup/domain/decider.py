"""Decides on the follow-up of one case."""

from typing import assert_never

from services.followup.domain.commands import (
    CaseCommand,
    Command,
    ConfirmFoundPromise,
    DismissFoundPromise,
    EndErased,
    HearMessage,
    HearOurselves,
    KeepPromise,
    LetTimePass,
    MakePromise,
    NoteMatter,
    NoteReflection,
    PauseClock,
    PublishCalendar,
    ReadMessage,
    ReleasePromise,
    RenegotiatePromise,
    ResolveCase,
    ResumeClock,
    RetargetClock,
    TakeUpCase,
)
from services.followup.domain.policies import clock_commands, clocks, found, listening, promises, reflecting, settling
from services.followup.domain.policies.cadence import FollowupRules
from services.followup.domain.state import Followup, evolve
from shared.contracts.event import Fact
from shared.kernel.decider import Decider


def make_decider(rules: FollowupRules) -> Decider[Command, Followup, Fact]:
    """Give the decider of followup at the given cadence."""
    return Decider(initial=Followup(), evolve=evolve, decide=lambda command, state: decide(command, state, rules))


def decide(command: Command, state: Followup, rules: FollowupRules) -> list[Fact]:
    """Give the facts that a command leads to; raises NotFound for a case or promise that is not known here."""
    if isinstance(command, PublishCalendar):
        return [] if state.published else [command.calendar]
    if isinstance(command, PauseClock | ResumeClock | RetargetClock):
        return clock_commands.move(command, state, rules.clocks)
    return clocks.with_moves(command, state, _decide(command, state, rules), rules.clocks)


def _decide(command: CaseCommand, state: Followup, rules: FollowupRules) -> list[Fact]:
    match command:
        case TakeUpCase():
            return listening.take_up(command, state)
        case HearMessage():
            return listening.hear(command, state, rules)
        case HearOurselves():
            return found.hear(command, state, rules)
        case ReadMessage():
            return listening.read(command, state, rules)
        case NoteMatter():
            return listening.note_matter(command, state, rules)
        case MakePromise():
            return promises.make(command, state, rules)
        case ConfirmFoundPromise():
            return found.confirm(command, state, rules)
        case DismissFoundPromise():
            return found.dismiss(command, state)
        case KeepPromise() | RenegotiatePromise() | ReleasePromise():
            return promises.change(command, state, rules)
        case ResolveCase():
            return settling.resolve(command, state, rules)
        case NoteReflection():
            return reflecting.note(command, state)
        case LetTimePass():
            return settling.let_time_pass(command, state, rules)
        case EndErased():
            return settling.end_erased(command, state)
        case _:
            assert_never(command)

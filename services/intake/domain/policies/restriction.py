"""A channel that a measure closed: what comes by it is recorded, and answered with the one that is open."""

from uuid import uuid5

from services.intake.domain.commands import AnswerEmergency, ReceiveMessage, Told
from services.intake.domain.policies.acknowledgement import DAY, IntakeRules
from services.intake.domain.policies.notices import notice, unreachable
from services.intake.domain.state import EMERGENCY, REDIRECT, Conversation, IntakeState
from shared.contracts.event import Fact
from shared.contracts.intake import MessageSent


def applies(command: ReceiveMessage, rules: IntakeRules) -> bool:
    """Tell whether a message came by a channel that is closed to its customer; never to one who is vulnerable.

    A public review is answered as ever: what was agreed with somebody is nobody else's business.
    """
    channel = command.said.channel
    closed = command.open_channel not in (None, channel) and rules.style(channel) != "review"
    return closed and not command.comes_first


def redirect(command: ReceiveMessage, state: IntakeState, rules: IntakeRules) -> MessageSent | None:
    """Name the open channel, once a day and conversation; None where no machine may answer, or nobody can.

    By mail, where every letter may be a conversation, also None when this customer got too many such answers today.
    """
    said = command.said
    if said.channel == "email" and command.acknowledged_today >= rules.answering.acknowledgements_a_day:
        return None
    last = state.redirected.get(said.conversation_id)
    if said.quiet is not None or (last is not None and command.now - last < DAY):
        return None
    here = Conversation(
        said.conversation_id,
        said.channel,
        said.customer.customer_id,
        said.customer.address,
        said.subject,
        heard=said.message_id,
    )
    if unreachable(here):
        return None
    told = Told(here, command.language, state.tracking_code or command.tracking_code, state.subject)
    channel = rules.conduct.channel(command.open_channel or "", command.language)
    about = (command.case_id, uuid5(said.message_id, "redirect"), command.now)
    return notice(about, REDIRECT, told, "conduct_restricted", {"open_channel": channel}, rules)


def answer_emergency(command: AnswerEmergency, state: IntakeState, rules: IntakeRules) -> list[Fact]:
    """Name the emergency number, and say that somebody takes the case up at once; once in a conversation.

    A closed channel is open to this too.
    """
    conversation = state.conversations.get(state.messages.get(command.message_id, command.message_id))
    if conversation is None or conversation.quiet is not None or conversation.conversation_id in state.emergencies:
        return []
    told = Told(conversation, command.language, state.tracking_code, state.subject)
    about = (command.case_id, uuid5(command.message_id, EMERGENCY), command.now)
    return [notice(about, EMERGENCY, told, EMERGENCY, {}, rules)]

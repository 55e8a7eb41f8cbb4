"""Where an answer goes and how it is worded, and whether it leaves at once or waits for a second pair of eyes."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from services.intake.domain.commands import ReleaseReply, ReturnReply, SendReply
from services.intake.domain.policies.acknowledgement import IntakeRules
from services.intake.domain.policies.notices import Envelope, queued
from services.intake.domain.state import Conversation, Draft, IntakeState
from shared.contracts.event import Fact
from shared.contracts.intake import IntakeAttemptRefused
from shared.contracts.intake_drafts import ReplyDrafted, ReplyReleased, ReplyReturned

ERROR = "error"


def reply(command: SendReply, state: IntakeState, rules: IntakeRules) -> list[Fact]:
    """Send an answer, or keep it as a draft where the case or its kind is regulated and nobody else has read it yet."""
    draft_id = draft_of(command.message_id)
    if command.message_id in state.messages or draft_id in state.drafts:
        return []
    conversation = _answered(command, state)
    if conversation is None:
        return [_refused(command, "no_conversation", "nobody has said anything in this case yet")]
    if conversation.customer_id in state.erased:
        return [_refused(command, "customer_erased", "the customer was erased: nobody can be told any more")]
    if conversation.channel == "email" and "@" not in conversation.recipient:
        return [_refused(command, "no_address", "the customer's mail named no address to answer")]
    if command.automatic and conversation.quiet is not None:
        reason = f"no machine may answer this conversation: {conversation.quiet}; a person may"
        return [_refused(command, "no_automatic_answer", reason)]
    style = rules.style(conversation.channel)
    text = rules.replies.say(command.saying, style, None, state.tracking_code)
    purpose = "script" if style == "script" and command.automatic else command.purpose
    in_reply_to = command.in_reply_to if command.in_reply_to in state.messages else conversation.heard
    kind = command.kind if command.kind in rules.second_eyes.kinds else None
    category = kind or (state.regulated if command.purpose in rules.second_eyes.holds else None)
    if category is not None:
        return [
            ReplyDrafted(
                case_id=command.case_id,
                draft_id=draft_id,
                message_id=command.message_id,
                category=category,
                purpose=purpose,
                drafted_by=command.by,
                text=text,
                conversation_id=conversation.conversation_id,
                channel=conversation.channel,
                customer_id=conversation.customer_id,
                in_reply_to=in_reply_to,
                checked=command.checked,
                findings=command.findings,
            )
        ]
    return [_sent(command, command.message_id, conversation, state, rules, purpose, text, in_reply_to)]


def release(command: ReleaseReply, state: IntakeState, rules: IntakeRules) -> list[Fact]:
    """Send a draft that somebody else wrote; what the reply check found must be answered with a note."""
    draft = state.drafts.get(command.draft_id)
    if draft is not None and draft.became == "released" and draft.settled_by == command.by:
        return []
    if refusal := _may_not_settle(command, draft, rules):
        return [refusal]
    assert draft is not None
    written = draft.written
    wrong = [finding.rule for finding in written.findings if finding.severity == ERROR]
    if wrong and not command.note:
        reason = f"the reply check found {', '.join(sorted(set(wrong)))}: say in a note why it may leave, or return it"
        return [_refused(command, "findings_without_note", reason)]
    conversation = state.conversations[written.conversation_id]
    released = ReplyReleased(
        case_id=command.case_id, draft_id=command.draft_id, released_by=command.by, note=command.note
    )
    sent = _sent(
        command, written.message_id, conversation, state, rules, written.purpose, written.text, written.in_reply_to
    )
    return [released, sent]


def send_back(command: ReturnReply, state: IntakeState, rules: IntakeRules) -> list[Fact]:
    """Send a draft back to its writer; it never leaves."""
    draft = state.drafts.get(command.draft_id)
    if draft is not None and draft.became == "returned" and draft.settled_by == command.by:
        return []
    if refusal := _may_not_settle(command, draft, rules):
        return [refusal]
    return [
        ReplyReturned(case_id=command.case_id, draft_id=command.draft_id, returned_by=command.by, reason=command.reason)
    ]


def draft_of(message_id: UUID) -> UUID:
    """Give the id of the draft that will be sent as a message."""
    return uuid5(message_id, "draft")


def _may_not_settle(command: ReleaseReply | ReturnReply, draft: Draft | None, rules: IntakeRules) -> Fact | None:
    roles = rules.second_eyes.roles
    if draft is None:
        return _refused(command, "no_draft", "this case has no such draft: list its drafts")
    if draft.became != "waiting":
        return _refused(command, "already_settled", f"{draft.settled_by} has {draft.became} this draft")
    if not set(roles) & set(command.roles):
        return _refused(command, "not_your_role", f"only {_either(roles)} may settle a draft")
    if draft.written.drafted_by == command.by:
        return _refused(command, "own_draft", "you wrote this draft: a second person must read it")
    return None


def _either(roles: Sequence[str]) -> str:
    return " or ".join(f"a {role}" for role in roles)


def _answered(command: SendReply, state: IntakeState) -> Conversation | None:
    asked = command.conversation_id or state.messages.get(command.in_reply_to or command.message_id) or state.home
    return state.conversations.get(asked) if asked else None


def _sent(
    command: SendReply | ReleaseReply,
    message_id: UUID,
    conversation: Conversation,
    state: IntakeState,
    rules: IntakeRules,
    purpose: str,
    text: str,
    in_reply_to: UUID | None,
) -> Fact:
    code = state.tracking_code
    envelope = Envelope(command.case_id, code, state.subject, message_id, command.now, purpose)
    return queued(envelope, conversation, text, rules, in_reply_to)


def _refused(command: SendReply | ReleaseReply | ReturnReply, code: str, reason: str) -> Fact:
    attempt = {SendReply: "send_reply", ReleaseReply: "release_reply", ReturnReply: "return_reply"}[type(command)]
    return IntakeAttemptRefused(case_id=command.case_id, attempt=attempt, reason_code=code, reason=reason)

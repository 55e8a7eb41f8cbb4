"""What intake can be asked to do; times and ids ride in the command."""

from services.intake.domain.commands.about_customers import (
    AppealMeasure,
    ConductCommand,
    LiftMeasure,
    NoteVulnerability,
    PassReviewDay,
    RemoveVulnerability,
    ReviewMeasure,
    TakeMeasure,
    Terms,
    Told,
    VulnerabilityCommand,
)
from services.intake.domain.commands.disputes import (
    DisputeCommand,
    JoinDispute,
    OpenDispute,
    PassStatementTime,
    TellDispute,
)
from services.intake.domain.commands.of_cases import (
    AnswerEmergency,
    Customer,
    MarkDelivered,
    MarkUndelivered,
    NoteClosure,
    NoteLoad,
    NoteRegulation,
    ReceiveMessage,
    RecordAgentMessage,
    RecordAutomaticMail,
    ReleaseReply,
    ReturnReply,
    Said,
    SendReply,
)
from services.intake.domain.commands.privacy import (
    Erase,
    EraseFromCase,
    FinishErasure,
    KeptCase,
    PlaceHold,
    PrivacyCommand,
    ReleaseHold,
)

__all__ = [
    "AnswerEmergency",
    "AppealMeasure",
    "Command",
    "ConductCommand",
    "Customer",
    "DisputeCommand",
    "Erase",
    "EraseFromCase",
    "FinishErasure",
    "JoinDispute",
    "KeptCase",
    "LiftMeasure",
    "MarkDelivered",
    "MarkUndelivered",
    "NoteClosure",
    "NoteLoad",
    "NoteRegulation",
    "NoteVulnerability",
    "OpenDispute",
    "PassReviewDay",
    "PassStatementTime",
    "PlaceHold",
    "PrivacyCommand",
    "ReceiveMessage",
    "RecordAgentMessage",
    "RecordAutomaticMail",
    "ReleaseHold",
    "ReleaseReply",
    "RemoveVulnerability",
    "ReturnReply",
    "ReviewMeasure",
    "Said",
    "SendReply",
    "TakeMeasure",
    "TellDispute",
    "Terms",
    "Told",
    "VulnerabilityCommand",
]

Command = (
    ReceiveMessage
    | RecordAgentMessage
    | SendReply
    | ReleaseReply
    | ReturnReply
    | NoteRegulation
    | AnswerEmergency
    | RecordAutomaticMail
    | MarkDelivered
    | MarkUndelivered
    | NoteClosure
    | NoteLoad
    | ConductCommand
    | VulnerabilityCommand
    | DisputeCommand
    | PrivacyCommand
)

"""Agents look back on a case: what helped, and what should change."""

from services.followup.domain.commands import NoteReflection
from services.followup.domain.state import Followup
from shared.contracts.event import Fact
from shared.contracts.followup import FollowupAttemptRefused
from shared.contracts.followup_reflections import ReflectionNoted
from shared.kernel.errors import NotFound


def note(command: NoteReflection, state: Followup) -> list[Fact]:
    """Note a reflection on a case that is answered; raises NotFound for a case that is not known here."""
    if state.customer_id is None:
        raise NotFound("there is no such case here", field="case_id", fix="check the case id")
    if command.clause is not None and command.clause not in {each.reference for each in state.backings}:
        known = ", ".join(sorted(each.reference for each in state.backings if each.kind == "clause")) or "none yet"
        reason = f"this case was not answered by {command.clause}; its clauses are {known}"
        return [
            FollowupAttemptRefused(
                case_id=command.case_id, attempt="note_reflection", reason_code="clause_not_stated", reason=reason
            )
        ]
    return [
        ReflectionNoted(
            case_id=command.case_id,
            reflection_id=command.reflection_id,
            noted_by=command.actor,
            what_helped=command.what_helped,
            what_should_change=command.what_should_change,
            clause=command.clause,
        )
    ]

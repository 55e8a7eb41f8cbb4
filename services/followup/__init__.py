"""Followup: keeps the ledger of promises, asks whether it is settled, and brings a case to its end."""

from shared.messaging.charter import Charter

CHARTER = Charter(
    owner="followup",
    listens=("intake", "triage", "approvals"),
    publishes=(
        "followup.clocks_moved.v1",
        "followup.calendar_published.v1",
        "followup.case_taken_up.v1",
        "followup.message_noted.v1",
        "followup.matter_noted.v1",
        "followup.promise_made.v1",
        "followup.promise_at_risk.v1",
        "followup.promise_broken.v1",
        "followup.promise_kept.v1",
        "followup.promise_renegotiated.v1",
        "followup.promise_released.v1",
        "followup.check_in_scheduled.v1",
        "followup.check_in_asked.v1",
        "followup.check_in_answered.v1",
        "followup.case_resolved.v1",
        "followup.case_reopened.v1",
        "followup.case_closed.v1",
        "followup.attempt_refused.v1",
        "followup.promise_found.v1",
        "followup.found_promise_dismissed.v1",
        "followup.reflection_noted.v1",
    ),
)

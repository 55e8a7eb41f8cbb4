"""Intake: the doors that customers come in by and answers leave by, and the cases that their messages open."""

from shared.messaging.charter import Charter

CHARTER = Charter(
    owner="intake",
    listens=("triage", "approvals", "followup"),
    publishes=(
        "intake.customer_identified.v1",
        "intake.case_opened.v1",
        "intake.message_received.v1",
        "intake.message_sent.v1",
        "intake.message_delivered.v1",
        "intake.message_undelivered.v1",
        "intake.case_closure_noted.v1",
        "intake.automatic_mail_received.v1",
        "intake.attempt_refused.v1",
        "intake.regulation_noted.v1",
        "intake.reply_drafted.v1",
        "intake.reply_released.v1",
        "intake.reply_returned.v1",
        "intake.surge_began.v1",
        "intake.surge_ended.v1",
        "intake.conduct_measure_taken.v1",
        "intake.conduct_appeal_made.v1",
        "intake.conduct_measure_reviewed.v1",
        "intake.conduct_measure_lifted.v1",
        "intake.conduct_review_due.v1",
        "intake.vulnerability_noted.v1",
        "intake.vulnerability_removed.v1",
        "intake.vulnerability_review_due.v1",
        "intake.case_came_first.v1",
        "intake.dispute_opened.v1",
        "intake.party_joined.v1",
        "intake.statement_missed.v1",
    ),
)

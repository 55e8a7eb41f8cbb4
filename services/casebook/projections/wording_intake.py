"""Intake's and triage's facts in words."""

from services.casebook.projections.wording import Said, cite, excerpt, price, says, words
from shared.contracts import intake, intake_drafts, intake_surge, triage


@says(intake.CustomerIdentified)
def _identified(fact: intake.CustomerIdentified) -> Said:
    return Said(f"A new {words(fact.address_kind)} was linked to the customer", about_id=fact.customer_id)


@says(intake.CaseOpened)
def _opened(fact: intake.CaseOpened) -> Said:
    why = ["it follows an earlier case that was closed"] if fact.linked_case_id else []
    if fact.surge:
        why.append(f"answered later than usual: {fact.surge.backlog} cases waited")
    line = f"Case {fact.tracking_code} opened by {fact.channel}: {excerpt(fact.subject)}"
    return Said(line, "; ".join(why) or None, fact.customer_id)


@says(intake_surge.SurgeBegan)
def _surge_began(fact: intake_surge.SurgeBegan) -> Said:
    return Said(f"A surge began: {fact.backlog} cases wait", f"{fact.answers_an_hour} are answered in a working hour")


@says(intake_surge.SurgeEnded)
def _surge_ended(fact: intake_surge.SurgeEnded) -> Said:
    return Said(f"The surge ended: {fact.backlog} cases wait")


@says(intake.MessageReceived)
def _received(fact: intake.MessageReceived) -> Said:
    return Said(f"The customer wrote by {fact.channel}: {excerpt(fact.text)}", None, fact.message_id)


@says(intake.MessageSent)
def _sent(fact: intake.MessageSent) -> Said:
    return Said(f"We said by {fact.channel} ({words(fact.purpose)}): {excerpt(fact.text)}", None, fact.message_id)


@says(intake.MessageDelivered)
def _delivered(fact: intake.MessageDelivered) -> Said:
    return Said("Our message was delivered", excerpt(fact.receipt), fact.message_id)


@says(intake.MessageUndelivered)
def _undelivered(fact: intake.MessageUndelivered) -> Said:
    return Said(f"Our message could not be delivered, tried {fact.attempts} times", fact.reason, fact.message_id)


@says(intake.AutomaticMailReceived)
def _automatic(fact: intake.AutomaticMailReceived) -> Said:
    return Said(f"An automatic mail came ({words(fact.kind)}): {excerpt(fact.subject)}", fact.reason, fact.mail_id)


@says(intake.CaseClosureNoted)
def _closure_noted(fact: intake.CaseClosureNoted) -> Said:
    return Said(f"Intake noted that the case was {'closed' if fact.closed else 'reopened'}", fact.reason)


@says(intake.IntakeAttemptRefused)
def _intake_refused(fact: intake.IntakeAttemptRefused) -> Said:
    return Said(f"Refused: {words(fact.attempt)}", fact.reason)


@says(intake_drafts.RegulationNoted)
def _regulated(fact: intake_drafts.RegulationNoted) -> Said:
    return Said(f"Replies need a second pair of eyes: {words(fact.category)}", None, fact.message_id)


@says(intake_drafts.ReplyDrafted)
def _drafted(fact: intake_drafts.ReplyDrafted) -> Said:
    found = f"the reply check found {len(fact.findings)}" if fact.checked else "the reply check did not answer"
    return Said(f"{fact.drafted_by} drafted a reply, to be released: {excerpt(fact.text)}", found, fact.draft_id)


@says(intake_drafts.ReplyReleased)
def _released(fact: intake_drafts.ReplyReleased) -> Said:
    return Said(f"The reply was released by {fact.released_by}", fact.note, fact.draft_id)


@says(intake_drafts.ReplyReturned)
def _returned(fact: intake_drafts.ReplyReturned) -> Said:
    return Said(f"The reply was sent back by {fact.returned_by}", fact.reason, fact.draft_id)


@says(triage.RequestAssessed)
def _assessed(fact: triage.RequestAssessed) -> Said:
    return Said(f"Read as {_reading(fact.reading)}", f"judged by {fact.reading.judged_by}", fact.message_id)


@says(triage.AssessmentCorrected)
def _corrected(fact: triage.AssessmentCorrected) -> Said:
    return Said(f"Reading corrected to {_reading(fact.reading)}", fact.reason, fact.message_id)


@says(triage.BoundaryStated)
def _boundary(fact: triage.BoundaryStated) -> Said:
    offers = "; ".join(alternative.offer for alternative in fact.alternatives)
    line = f"Limit stated: {excerpt(fact.limit)}; offered instead: {excerpt(offers)}"
    return Said(line, f"{fact.reason} ({cite(fact.clause)})", fact.boundary_id)


@says(triage.RequestGranted)
def _granted(fact: triage.RequestGranted) -> Said:
    line = f"Granted: {excerpt(fact.what)}{price(fact.amount)}, within {fact.working_days} working days"
    return Said(line, cite(fact.clause), fact.request_id)


@says(triage.ExceptionProposed)
def _proposed(fact: triage.ExceptionProposed) -> Said:
    line = f"Exception proposed by {fact.proposed_by}: {excerpt(fact.deviation)}{price(fact.amount)}"
    return Said(line, f"{fact.reason} ({cite(fact.clause)})", fact.exception_id)


@says(triage.RequestReferred)
def _referred(fact: triage.RequestReferred) -> Said:
    return Said(f"A person must answer: {words(fact.kind)}", fact.reason, fact.request_id)


@says(triage.TriageAttemptRefused)
def _triage_refused(fact: triage.TriageAttemptRefused) -> Said:
    return Said(f"Refused: {words(fact.attempt)}", fact.reason)


def _reading(reading: triage.Reading) -> str:
    asked = ", ".join(words(kind) for kind in reading.kinds) or "asking for nothing"
    remedy = f", wants {words(reading.remedy)}" if reading.remedy else ""
    urgent = f", {reading.urgency} urgency" if reading.urgency != "normal" else ""
    emergency = ", an emergency" if reading.emergency else ""
    return f"{asked}{remedy}{price(reading.amount)}, {reading.tone}{urgent}{emergency}"

"""How a customer and we go on together, in words: measures on conduct, what helps them, whose case comes first."""

from services.casebook.projections.wording import Said, excerpt, instant, says, words
from shared.contracts import approvals_disputes, intake_conduct, intake_parties, intake_vulnerability


@says(intake_conduct.ConductMeasureTaken)
def _taken(fact: intake_conduct.ConductMeasureTaken) -> Said:
    line = f"{fact.taken_by} took a measure as {fact.role}: {words(fact.measure)}, to be reviewed on {fact.review_on}"
    why = f"{words(fact.category)}: {excerpt(fact.reason)} (messages as evidence: {len(fact.evidence)})"
    offered = f"; offered first: {excerpt('; '.join(fact.adjustments))}" if fact.adjustments else ""
    return Said(line, why + offered, fact.measure_id)


@says(intake_conduct.ConductAppealMade)
def _appealed(fact: intake_conduct.ConductAppealMade) -> Said:
    return Said("The customer appealed against the measure", f"noted by {fact.noted_by}", fact.measure_id)


@says(intake_conduct.ConductMeasureReviewed)
def _reviewed(fact: intake_conduct.ConductMeasureReviewed) -> Said:
    on = " on appeal" if fact.on_appeal else ""
    until = f", to be reviewed on {fact.review_on}" if fact.review_on else ""
    line = f"{fact.reviewed_by} reviewed the measure{on} as {fact.role}: {fact.outcome}{until}"
    return Said(line, excerpt(fact.why), fact.measure_id)


@says(intake_conduct.ConductMeasureLifted)
def _lifted(fact: intake_conduct.ConductMeasureLifted) -> Said:
    return Said(f"{fact.lifted_by} lifted the measure as {fact.role}", excerpt(fact.why), fact.measure_id)


@says(intake_conduct.ConductReviewDue)
def _due(fact: intake_conduct.ConductReviewDue) -> Said:
    return Said(f"The measure is due for its review of {fact.review_on}", None, fact.measure_id)


@says(intake_vulnerability.VulnerabilityNoted)
def _noted(fact: intake_vulnerability.VulnerabilityNoted) -> Said:
    line = f"{fact.noted_by} noted what helps the customer ({excerpt(words(fact.driver))}): {excerpt(fact.support)}"
    agreed = "the customer agreed that it is kept" if fact.consent else "without consent"
    return Said(line, f"{words(fact.source)}, {agreed}, until {fact.review_on}", fact.need_id)


@says(intake_vulnerability.VulnerabilityRemoved)
def _removed(fact: intake_vulnerability.VulnerabilityRemoved) -> Said:
    return Said(f"{fact.removed_by} removed what was noted of the customer", excerpt(fact.why), fact.need_id)


@says(intake_vulnerability.VulnerabilityReviewDue)
def _ask_again(fact: intake_vulnerability.VulnerabilityReviewDue) -> Said:
    return Said(f"To be asked anew since {fact.review_on}: what was noted of the customer", None, fact.need_id)


@says(intake_vulnerability.CaseCameFirst)
def _first(fact: intake_vulnerability.CaseCameFirst) -> Said:
    return Said("The case comes before others as urgent", words(fact.reason_code))


@says(intake_parties.DisputeOpened)
def _opened(fact: intake_parties.DisputeOpened) -> Said:
    return Said(f"A dispute with another customer was opened: {excerpt(fact.matter)}", None, fact.dispute_id)


@says(intake_parties.PartyJoined)
def _joined(fact: intake_parties.PartyJoined) -> Said:
    until = f"to be heard until {instant(fact.state_by)}" if fact.state_by else None
    return Said(f"A party joined the dispute as {fact.side}, by {fact.channel}", until, fact.customer_id)


@says(intake_parties.StatementMissed)
def _missed(fact: intake_parties.StatementMissed) -> Said:
    return Said(f"The respondent told no side of theirs by {instant(fact.state_by)}", None, fact.customer_id)


@says(approvals_disputes.DisputeDecided)
def _between(fact: approvals_disputes.DisputeDecided) -> Said:
    line = f"The dispute was decided: what was asked for is {words(fact.outcome)}"
    return Said(line, excerpt(fact.reason), fact.dispute_id)

"""What became of a customer's data, in words: holds, erasures, and what was refused."""

from services.casebook.projections.wording import Said, excerpt, says, words
from shared.contracts import intake_privacy


@says(intake_privacy.HoldPlaced)
def _held(fact: intake_privacy.HoldPlaced) -> Said:
    until = f" until {fact.until}" if fact.until else ""
    line = f"{fact.placed_by} placed a hold on the customer's data{until}"
    return Said(line, f"{excerpt(fact.reason)} ({excerpt(fact.basis)})", fact.hold_id)


@says(intake_privacy.HoldReleased)
def _released(fact: intake_privacy.HoldReleased) -> Said:
    return Said(f"{fact.released_by} released the hold on the customer's data", excerpt(fact.why), fact.hold_id)


@says(intake_privacy.ErasureRequested)
def _requested(fact: intake_privacy.ErasureRequested) -> Said:
    line = f"{fact.requested_by} requested that the customer be erased"
    return Said(line, f"{words(fact.ground)}, on {fact.asked_on}", fact.erasure_id)


@says(intake_privacy.PrivacyRefused)
def _refused(fact: intake_privacy.PrivacyRefused) -> Said:
    possible = f"; possible from {fact.possible_on}" if fact.possible_on else ""
    law = f" ({fact.law})" if fact.law else ""
    return Said(f"Refused: {words(fact.attempt)}", f"{words(fact.reason_code)}: {fact.reason}{law}{possible}")


@says(intake_privacy.ErasureApproved)
def _approved(fact: intake_privacy.ErasureApproved) -> Said:
    line = f"{fact.approved_by} approved that the customer be erased"
    return Said(line, f"{words(fact.ground)}; cases: {len(fact.cases)}", fact.erasure_id)


@says(intake_privacy.CustomerErased)
def _erased(fact: intake_privacy.CustomerErased) -> Said:
    return Said("The customer was erased", f"cases: {fact.cases}", fact.erasure_id)


@says(intake_privacy.CaseErased)
def _case_erased(fact: intake_privacy.CaseErased) -> Said:
    whose = "The case's customer" if fact.own else "Another customer of the case"
    return Said(f"{whose} was erased", "what was personal can no longer be read", fact.erasure_id)

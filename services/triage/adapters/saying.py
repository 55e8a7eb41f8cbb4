"""Every text that a policy pack can say to a customer, each with what the reply check finds in it."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.triage.adapters.decision_table import Passed
from services.triage.adapters.must_haves import must_haves_of
from services.triage.adapters.policy_pack import PolicyPack, ruling_of
from services.triage.domain.policies.checking import Finding as PackFinding
from services.triage.domain.policies.reply_check import Checker, Context, Finding
from services.triage.domain.policies.reply_check_promises import Backed
from services.triage.domain.policies.reply_check_rules import MustHavesFile
from services.triage.domain.policies.ruling import Ruling
from services.triage.domain.policies.wording import FORMS, Form, say_boundary, say_grant

CALM = "calm"


@dataclass(frozen=True, slots=True)
class SaidText:
    """A text that a pack can say: by which row, in which language, form and tone; and what is wrong with it."""

    row: str
    clause: str
    language: str
    form: Form
    tone: str
    text: str
    findings: tuple[Finding, ...]

    @property
    def where(self) -> str:
        """Name the text by row, clause, language, form and tone."""
        return f"row {self.row}, clause {self.clause}, {self.language}, {self.form}, {self.tone}"


def say_all(pack: PolicyPack, checker: Checker, *, every_tone: bool = True) -> Iterator[SaidText]:
    """Say every row that refuses or grants, in every language and form, and check the text.

    Tones change only the first sentence: without `every_tone` they are all said once, then the calm one.
    """
    heard: set[tuple[str, Form, str]] = set()
    must_haves = must_haves_of(pack.source)
    channels = {form: _channel(pack, form) for form in FORMS}
    for row in pack.rows:
        say = {"refused": say_boundary, "allowed": say_grant}.get(row.outputs["outcome"])
        if say is None:
            continue
        for language, replies in pack.wording.replies.items():
            ruling = ruling_of(pack.said(dict(row.outputs), language, [Passed(row.table, {}, row, {})]))
            for form, channel in channels.items():
                if channel is None:
                    continue
                for tone in replies.acknowledgements:
                    if not every_tone and tone != CALM and (language, form, tone) in heard:
                        continue
                    heard.add((language, form, tone))
                    text = say(ruling, tone, channel, pack.wording)
                    found = checker.check(text, context_of(ruling, form, must_haves))
                    yield SaidText(row.id, ruling.clause.clause, ruling.language, form, tone, text, tuple(found))


def wrong_texts(pack: PolicyPack, checker: Checker) -> list[PackFinding]:
    """Give what is wrong with the texts of a pack, once for each clause, language, form and rule."""
    found: dict[tuple[str, str, Form, str], PackFinding] = {}
    for said in say_all(pack, checker, every_tone=False):
        for one in said.findings:
            place = f"clause {said.clause} in a {said.form}"
            words = said.text[one.start : one.end].replace("\n", " ")
            problem = f"{one.rule.replace('_', ' ')}: {one.problem}: {words[:60]!r}"
            key = (said.clause, said.language, said.form, one.rule)
            found.setdefault(
                key, PackFinding(one.severity, f"replies/{said.language}.yaml", place, problem, one.better)
            )
    return list(found.values())


def context_of(ruling: Ruling, form: Form, must_haves: MustHavesFile) -> Context:
    """Give what is known about the text of a ruling: what it refuses or grants, and what backs its promises.

    A public answer names the limit and moves to a private channel, where the reason is told.
    """
    public = form == "review"
    refused = ruling.outcome == "refused"
    return Context(
        form=form,
        language=ruling.language,
        refusing=refused,
        limit=ruling.limit,
        reason=ruling.limit if public else ruling.reason,
        alternatives=ruling.alternatives,
        appeal="" if public else ruling.appeal,
        backings=backings_of(ruling),
        must_haves=must_haves,
    )


def backings_of(ruling: Ruling) -> tuple[Backed, ...]:
    """Give what a ruling allows to promise: what it grants and in which time, or what it offers instead."""
    clause = ruling.clause
    offers = tuple(
        Backed(clause.clause, f"{offered.offer}; {offered.benefit}", None) for offered in ruling.alternatives
    )
    granted = Backed(clause.clause, f"{ruling.what} {clause.text}", ruling.working_days)
    return (granted, *offers) if ruling.outcome == "allowed" else offers


def _channel(pack: PolicyPack, form: Form) -> str | None:
    """Give a channel that takes a form; None where no channel of the pack does."""
    named = next((channel for channel, taken in pack.facts.forms.items() if taken == form), None)
    return named or ("" if form == "letter" else None)

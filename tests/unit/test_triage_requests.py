"""What a message asks for, one thing at a time, and what the customer says is so."""

from decimal import Decimal

import pytest

from services.triage.domain.policies.assessment import Said, judge
from shared.contracts.triage import Reading
from tests.support.triage import TUESDAY, assessment_rules, detect, read


def asked(text: str) -> list[tuple[str, str | None]]:
    return [(one.kind, one.remedy) for one in read(text).requests]


def heard(text: str, other: str) -> Reading:
    return judge(Said(text, "phone", TUESDAY, second_transcript=other), assessment_rules(), detect())


@pytest.mark.parametrize(
    ("text", "remedies"),
    [
        ("Please cancel my subscription and send me a replacement for the lamp.", ["cancellation", "replacement"]),
        ("I want a refund for the kettle. Also, could you change the address of my order?", ["refund", "change"]),
        ("Change my flight to Monday, add two bags and upgrade to business class.", ["change", "change", "change"]),
        ("I demand a discount! And I want to talk to your manager.", ["discount", "contact_person"]),
        ("Ich möchte eine Rückerstattung. Außerdem will ich mit Ihrem Chef sprechen.", ["refund", "contact_person"]),
        ("Quiero un reembolso. También quiero cambiar la dirección.", ["refund", "change"]),
        ("Je veux un remboursement et je veux aussi parler à un responsable.", ["refund", "contact_person"]),
        ("Please:\n- cancel my booking\n- change the address on my account", ["cancellation", "change"]),
    ],
)
def test_each_thing_asked_is_a_request_in_the_order_said(text: str, remedies: list[str]) -> None:
    assert [remedy for _, remedy in asked(text)] == remedies


@pytest.mark.parametrize(
    "text",
    [
        "My toaster is broken. I want a refund.",
        "I want a refund. Refund me now, please! I want my money back.",
        "Give me a refund or a replacement.",
        "Cancel my booking and refund me.",
        "My transfer was declined. Why is that? Please help me.",
        "I want a refund because you sent the wrong item and I had to return it.",
        "I declined the repair, refund the diagnostic fee.",
        "Ich habe die Reparatur abgelehnt und verlange eine Rückerstattung der Gebühr.",
        "Change my flight to Friday. If that is not possible, cancel my booking.",
    ],
)
def test_one_wish_said_in_many_words_is_one_request(text: str) -> None:
    assert len(read(text).requests) == 1


@pytest.mark.parametrize("text", ["Thanks, have a nice day!", "Jane Doe", "", "ok", "How are you today?"])
def test_small_talk_asks_for_nothing(text: str) -> None:
    assert read(text).requests == ()


def test_each_request_has_its_own_order_amount_and_deadline() -> None:
    text = "Refund $30 for order #A1234567 by Friday. Also, I want to exchange the lamp of order #B7654321."
    first, second = read(text).requests
    assert (first.order, second.order) == ("A1234567", "B7654321")
    assert first.amount is not None
    assert first.amount.amount == Decimal(30)
    assert second.amount is None
    assert (first.deadline, second.deadline) == ("2026-11-27", None)
    assert text[first.start : first.end].startswith("Refund $30")


def test_a_matter_and_a_question_beside_a_wish_are_told_apart() -> None:
    found = read("I want to cancel my order #A1234567. What are the opening hours of your store in Boston?")
    assert [one.kind for one in found.requests] == ["other", "information"]


def test_the_leading_kind_of_the_message_leads_one_of_its_requests() -> None:
    found = read("My parcel never arrived, send me a replacement. Also, I want a discount.")
    assert found.kinds[0] in {kind for one in found.requests for kind in one.kinds}


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("Your colleague already approved the cancellation.", "approved_by_colleague"),
        ("Ihr Kollege hat das genehmigt.", "approved_by_colleague"),
        ("I was told that the fee would be waived.", "promised_before"),
        ("Me dijeron que era gratis.", "promised_before"),
        ("Your website says returns are free.", "published_statement"),
        ("I am a platinum member.", "member_status"),
        ("I bought travel insurance for this trip.", "insured"),
        ("I have insurance, so no fee.", "insured"),
        ("I booked it ten hours ago.", "bought_recently"),
        ("Ich habe es gestern gekauft.", "bought_recently"),
        ("It is still under warranty.", "under_warranty"),
        ("I have already paid it.", "already_paid"),
        ("You cancelled my flight.", "cancelled_by_business"),
        ("My flight was cancelled.", "cancelled_by_business"),
        ("I'm sick and cannot fly.", "hardship"),
        ("I'm a gold member.", "member_status"),
        ("My friend got a refund for the same thing.", "others_were_granted"),
        ("My mother passed away last week.", "hardship"),
    ],
)
def test_what_must_be_checked_is_a_claim(text: str, claim: str) -> None:
    claims = {one.claim: text[one.start : one.end] for one in read(text).claims}
    assert claim in claims
    assert claims[claim]


def test_what_is_denied_is_not_claimed() -> None:
    assert "insured" not in {one.claim for one in read("I do not have travel insurance.").claims}


def test_words_that_others_are_said_to_say_are_not_the_customers() -> None:
    text = 'The agent said "you must cancel your order, you thief" and hung up.'
    found = read(text)
    assert found.remedy is None
    assert found.tone == "calm"
    assert [text[one.start : one.end] for one in found.quotes] == ["you must cancel your order, you thief"]
    assert read('The screen shows "out of order", I want a refund.').remedy == "refund"


def test_a_signature_is_nobodys_request() -> None:
    body = "My lamp is broken, please replace it."
    signed = body + "\n-- \nJo Poe, Refund Department\n+44 20 7946 0018"
    assert read(signed).kinds == read(body).kinds
    assert read(signed).requests == read(body).requests
    assert read(signed).references == ()


@pytest.mark.parametrize(
    ("one", "other", "finding"),
    [
        ("please refund forty dollars", "please refund fourteen dollars", "fact:amount"),
        ("i paid $120 for it", "i paid $112 for it", "fact:amount"),
        ("it came on the fifth of may", "it came on the sixth of may", "fact:date"),
        ("call me on monday", "call me on sunday", "fact:date"),
        ("my account is 4 4 5 8", "my account is 4 4 9 8", "fact:number"),
        ("do not cancel the order", "do cancel the order", "negation"),
        ("my name is mary smith", "my name is gary smith", "fact:name"),
    ],
)
def test_transcripts_that_differ_in_what_matters_make_a_doubt(one: str, other: str, finding: str) -> None:
    found = heard(one, other)
    assert [doubt.finding for doubt in found.doubts] == [finding]
    assert found.doubts[0].one in one
    assert found.doubts[0].other in other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("please refund one hundred twenty dollars", "please refund 120 dollars"),
        ("my code is four four five eight", "my code is 4458"),
        ("um i want a refund", "i want uh a refund"),
        ("that was gonna be it", "that was going to be at"),
        ("", "hello"),
    ],
)
def test_transcripts_that_differ_in_form_alone_make_none(one: str, other: str) -> None:
    assert heard(one, other).doubts == ()


def test_nothing_rests_on_what_was_heard_two_ways() -> None:
    text = "I want a refund of $120 for order #A1234567, not a replacement"
    sure, doubted = heard(text, text), heard(text, "I want a refund of $20 for order #A1234567, not a replacement")
    assert sure.amount is not None
    assert doubted.amount is None
    assert doubted.amounts[0].confidence < sure.amounts[0].confidence
    assert doubted.confidence < sure.confidence
    assert doubted.order == "A1234567"
    assert heard(text, text.replace("A1234567", "A1234568")).order is None


def test_numbers_of_things_on_record_are_named() -> None:
    text = "Order #W1234567, reservation QX7Z2P, account number 4458812, card ending in 1881"
    text += ", ann@example.com, +44 20 7946 0018"
    assert [(one.kind, one.value) for one in read(text).references] == [
        ("order", "W1234567"),
        ("reservation", "QX7Z2P"),
        ("account", "4458812"),
        ("card", "1881"),
        ("email", "ann@example.com"),
        ("phone", "+44 20 7946 0018"),
    ]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("refund me one hundred twenty dollars", "120"),
        ("a hundred dollars is too much", "100"),
        ("i paid two thousand five hundred and ten euros and fifty cents", "2510.5"),
        ("give me twenty five pounds", "25"),
        ("quiero cien euros", "100"),
    ],
)
def test_amounts_are_read_as_they_are_spoken(text: str, amount: str) -> None:
    assert [one.money.amount for one in read(text).amounts] == [Decimal(amount)]


def test_a_spoken_number_without_currency_is_no_amount() -> None:
    assert read("i waited one hundred twenty days").amounts == ()


@pytest.mark.parametrize("who", ["My friend said", "The shop assistant told me:", "My husband wrote"])
def test_what_friends_and_shops_are_quoted_with_is_not_asked_for(who: str) -> None:
    found = read(f'{who} "I want a refund". I just want to know your opening hours.')
    assert found.remedy is None
    assert len(found.quotes) == 1

"""What is wrong with a reply is found, where it stands, with the better wording; a good one is left alone."""

from decimal import Decimal

import pytest

from services.triage.domain.policies.reply_check_promises import Backed
from services.triage.domain.policies.reply_check_rules import MustHave, MustHavesFile
from shared.contracts.values import Alternative, Money
from tests.support.replies import checker, found, rules

GOOD = {
    "en": "I understand that this is disappointing. We cannot refund the jacket after 30 days, because it can no "
    "longer be sold as new. What I can offer instead is a free repair, so you can wear it again. If you disagree, a "
    "supervisor looks at it anew.",
    "es": "Entiendo su decepción. No podemos reembolsar la chaqueta pasados 30 días, porque ya no se vende como nueva. "
    "En su lugar puedo ofrecerle una reparación gratuita, así podrá usarla. Si no está de acuerdo, un supervisor lo "
    "revisará.",
    "fr": "Je comprends votre déception. Nous ne pouvons pas rembourser la veste après 30 jours, car elle ne se vend "
    "plus comme neuve. Je peux vous proposer à la place une réparation gratuite, ainsi vous la portez encore. Si vous "
    "n'êtes pas d'accord, un responsable décidera.",
    "de": "Ich verstehe Ihre Enttäuschung. Nach 30 Tagen können wir die Jacke nicht erstatten, weil sie nicht mehr als "
    "neu gilt. Stattdessen kann ich Ihnen eine kostenlose Reparatur anbieten, so haben Sie sie wieder. Wenn Sie das "
    "anders sehen, entscheidet die Leitung neu.",
}
REFUND = Backed("R-1", "a refund of the price", 5, Money(amount=Decimal(50), currency="USD"))


@pytest.mark.parametrize("language", GOOD)
@pytest.mark.parametrize("form", ["letter", "chat", "script", "review"])
def test_a_good_refusal_is_left_alone(language: str, form: str) -> None:
    assert found(GOOD[language], form=form, language=language) == []


@pytest.mark.parametrize(
    ("language", "said", "rule"),
    [
        ("en", "You should have kept the receipt of your purchase.", "no_blame"),
        ("en", "The damage is your own fault, as the photographs show.", "no_blame"),
        ("en", "That is not our problem, please ask the carrier about it.", "no_dismissal"),
        ("en", "Please calm down and let me speak about the delivery.", "no_dismissal"),
        ("en", "As I already told you, the shop is closed on Sunday.", "no_dismissal"),
        ("en", "You are wrong about the date of the delivery.", "no_argument"),
        ("es", "Usted debería haber leído las condiciones de la compra.", "no_blame"),
        ("es", "Ese no es nuestro problema, pregunte al transportista.", "no_dismissal"),
        ("es", "Se equivoca usted con la fecha de la entrega.", "no_argument"),
        ("fr", "Vous auriez dû lire les conditions de vente avant.", "no_blame"),
        ("fr", "Calmez-vous, s'il vous plaît, et parlons de la livraison.", "no_dismissal"),
        ("fr", "Vous vous trompez sur la date de la livraison.", "no_argument"),
        ("de", "Sie hätten die Bedingungen vorher lesen sollen.", "no_blame"),
        ("de", "Beruhigen Sie sich bitte, dann sprechen wir über die Lieferung.", "no_dismissal"),
        ("de", "Sie irren sich beim Datum der Lieferung.", "no_argument"),
    ],
)
def test_blame_dismissal_and_argument_are_found_where_they_stand(language: str, said: str, rule: str) -> None:
    text = f"{GOOD[language]} {said}"
    [one] = [finding for finding in found(text, language=language) if finding.rule == rule]
    assert one.severity == "error"
    assert len(GOOD[language]) < one.start < one.end <= len(text)
    assert one.better == checker().rules.languages[language].written.better[one.rule]


@pytest.mark.parametrize(
    "said",
    [
        "It was not your fault that the parcel was late.",
        "No es culpa suya.",
        "Ce n'est pas de votre faute.",
        "Das ist nicht Ihre Schuld.",
        "You were right to contact us.",
        "Please keep the receipt; you will need it for a return.",
        "If you had trouble reading the label, we can send you a new one.",
    ],
)
def test_kind_words_are_no_blame(said: str) -> None:
    assert found(said) == []


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("Eso no es verdad.", "no_argument"),
        ("Das stimmt nicht.", "no_argument"),
        ("Vous avez tort.", "no_argument"),
        ("On n'y peut rien.", "no_dismissal"),
        ("Not my department.", "no_dismissal"),
    ],
)
def test_words_too_few_to_tell_the_language_are_read_in_the_one_that_knows_them(said: str, rule: str) -> None:
    assert rule in rules(said)


def _without(language: str, *parts: int) -> str:
    sentences = GOOD[language].split(". ")
    return ". ".join(sentence for number, sentence in enumerate(sentences) if number not in parts).rstrip(".") + "."


@pytest.mark.parametrize("language", GOOD)
def test_what_a_refusal_leaves_out_is_found(language: str) -> None:
    assert "acknowledge_first" in rules(_without(language, 0), language=language)
    assert "alternative_offered" in rules(_without(language, 2), language=language)
    assert "appeal_told" in rules(_without(language, 3), language=language)


def test_an_acknowledgement_after_the_refusal_is_too_late() -> None:
    late = "We cannot refund the jacket, because it was worn. I understand that you are disappointed."
    assert "acknowledge_first" in rules(late)


def test_a_reason_is_missed() -> None:
    assert "reason_named" in rules("I am sorry, but we cannot refund the jacket. Would you like a repair instead?")


def test_a_refusal_that_names_nothing_tells_nothing() -> None:
    assert "limit_named" in rules("I am sorry, we cannot do that, because of our policy.")
    assert "limit_named" not in rules("I am sorry, we cannot refund worn jackets, because of our policy.")


def test_a_letter_must_tell_the_appeal_and_a_chat_turn_should() -> None:
    [letter] = [f for f in found(_without("en", 3), form="letter") if f.rule == "appeal_told"]
    [chat] = [f for f in found(_without("en", 3), form="chat") if f.rule == "appeal_told"]
    assert (letter.severity, chat.severity) == ("error", "warning")


def test_what_does_not_refuse_needs_no_reason_and_no_appeal() -> None:
    for text in (
        "Your parcel left our warehouse this morning.",
        "No problem, I have changed the address for you.",
        "If you cannot find the label, print a new one.",
        "We can't wait to see you again.",
    ):
        assert found(text) == []


def test_what_was_refused_must_be_said_and_the_better_wording_is_the_clauses() -> None:
    offered = Alternative(offer="a free cosmetic repair", benefit="it looks like new")
    context = {
        "refusing": True,
        "limit": "A full refund for cosmetic damage is not possible after 30 days.",
        "reason": "We cannot tell any more how the mark came about.",
        "alternatives": (offered,),
        "appeal": "Answer appeal: a supervisor decides anew.",
    }
    by_rule = {finding.rule: finding for finding in found("Thank you for your patience.", **context)}
    assert by_rule["limit_named"].better == context["limit"]
    assert by_rule["reason_named"].better == context["reason"]
    assert by_rule["appeal_told"].better == context["appeal"]
    assert by_rule["alternative_offered"].better == "a free cosmetic repair: it looks like new"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("We will refund the price within 3 working days.", "3 working days"),
        ("We will refund the price within two days.", "two days"),
        ("We will refund you $60.", "$60"),
        ("We will replace the jacket.", "We will replace"),
        ("I guarantee you a solution.", "guarantee"),
        ("What I can offer is a credit of 20 %.", "20 %"),
    ],
)
def test_a_promise_beyond_its_backing_is_found(said: str, words: str) -> None:
    promised = [f for f in found(said, backings=(REFUND,)) if f.rule == "promise_backed"]
    assert promised
    assert any(words in said[f.start : f.end] or said[f.start : f.end] in words for f in promised)
    assert {f.severity for f in promised} == {"error"}


@pytest.mark.parametrize(
    "said",
    [
        "We will refund the price within 5 working days.",
        "We will refund the price within two weeks.",
        "We will refund you $50.",
        "We cannot guarantee a date, because it depends on the carrier.",
        "We will not refund the shipping, because it was used.",
        'Our policy says: "We will replace any item within 2 days of its receipt."',
        "You have asked for a refund within 2 days.",
    ],
)
def test_a_promise_that_is_backed_or_none_is_left_alone(said: str) -> None:
    assert "promise_backed" not in rules(said, backings=(REFUND,))


def test_where_backings_are_not_known_a_promise_is_a_warning() -> None:
    [one] = [f for f in found("We will refund the price.") if f.rule == "promise_backed"]
    assert one.severity == "warning"
    [two] = [f for f in found("We will refund it.", backings=(), all_backings=False) if f.rule == "promise_backed"]
    assert two.severity == "warning"
    [three] = [f for f in found("We will refund the price.", backings=()) if f.rule == "promise_backed"]
    assert three.severity == "error"


@pytest.mark.parametrize(
    "said",
    [
        "Dear Ms Ivers, we are sorry.",
        "Write to ada@example.com.",
        "Call us: +34 912 345 678.",
        "Your order #W2378156 is on its way.",
        "Your reservation number is EHGLP3.",
        "We refund to DE89 3704 0044 0532 0130 00.",
    ],
)
def test_nothing_personal_is_said_in_public(said: str) -> None:
    assert "public_data" in rules(said, form="review", names=("Ivers",))
    assert "public_data" not in rules(said, form="letter", names=("Ivers",))


def test_a_public_answer_may_name_days_prices_and_the_code_of_the_case() -> None:
    assert "public_data" not in rules("We repair it within 30 days for $20, since 2024.", form="review")
    assert "public_data" not in rules("Please name case RC-7F3K-9QXD when you write to us.", form="review")


def test_a_public_answer_has_350_characters_and_no_more() -> None:
    [long] = [f for f in found("a" * 351, form="review") if f.rule == "channel_limit"]
    assert (long.severity, long.start, long.end) == ("error", 350, 351)
    assert "channel_limit" not in rules("a" * 350, form="review")


@pytest.mark.parametrize("said", ["Dear {name},", "Dear [NAME],", "until <DATE>", "Order XXXX", "until TBD", "on ____"])
def test_what_was_not_filled_in_is_found(said: str) -> None:
    assert "no_placeholder" in rules(said)


def test_the_customers_language_is_kept() -> None:
    assert "language_match" in rules(GOOD["en"], language="es")
    assert "language_match" not in rules("Ok.", language="es")


def test_what_the_law_asks_for_is_missed_and_named() -> None:
    leaflet = MustHave(
        id="ombudsman",
        source="DISP 1.6.2R",
        purposes=("final_response",),
        forms=("letter",),
        problem="the ombudsman is not named",
        says={"en": ("ombudsman ..20 six|6 months",)},
        better={"en": "You may go to the ombudsman within six months."},
    )
    packs = MustHavesFile(must_haves=(leaflet,))
    text = "This is our final answer."
    [one] = [
        f
        for f in found(text, form="letter", purpose="final_response", must_haves=packs)
        if f.rule == "must_have"
    ]  # fmt: skip
    assert "DISP 1.6.2R" in one.problem
    assert one.better == "You may go to the ombudsman within six months."
    told = f"{text} You may ask the ombudsman to look at it within six months."
    assert "must_have" not in rules(told, form="letter", purpose="final_response", must_haves=packs)
    assert "must_have" not in rules(text, form="chat", purpose="final_response", must_haves=packs)
    assert "must_have" not in rules(text, form="letter", purpose="reply", must_haves=packs)


def test_legal_fault_is_admitted_only_where_the_pack_lets() -> None:
    said = "We are sorry; we admit our negligence."
    assert "no_admission" in rules(said, must_haves=MustHavesFile(no_admission=True))
    assert "no_admission" not in rules(said)


def test_findings_lie_in_the_text_and_say_what_to_do() -> None:
    text = "You should have read it. That's not our problem. We can't do that."
    assert found(text)
    for one in found(text):
        assert 0 <= one.start <= one.end <= len(text)
        assert one.problem
        assert one.better

"""What the shipped rules read in customers' words."""

from datetime import UTC, datetime

import pytest

from services.triage.domain.policies.assessment import Said, judge
from tests.support.triage import assessment_rules, detect, read

CLASSIC = [
    ("It has a tiny scratch on the lid. I want a full refund!", "perfectionist_standard", "refund"),
    ("I need a replacement right now, I know it is out of stock.", "unattainable_timeframe", "replacement"),
    ("I changed my mind about the dress, I want my money back.", "buyers_remorse", "refund"),
    ("Refund the diagnostic fee, I declined the repair.", "unfounded_demand", "refund"),
    ("I have been a customer for ten years and I demand a discount.", "unfounded_demand", "discount"),
    ("My washing machine stopped working, please repair it.", "product_or_service_failure", "repair"),
    ("I cannot log in to my account, the website shows an error.", "technical_issue", None),
    ("Another guest keeps taking our parking place.", "customer_dispute", None),
    ("Please make an exception to your policy for me.", "policy_restriction", None),
    ("I insist on a letter from your CEO.", "overly_demanding", "contact_person"),
    ("What are your opening hours?", "information", None),
    ("Please book a table for four.", "other", None),
    ("Quiero que me devuelvan el dinero, la cafetera llegó rota.", "product_or_service_failure", "refund"),
    ("Le produit ne fonctionne pas, je veux un remboursement.", "product_or_service_failure", "refund"),
    ("Das Gerät ist kaputt, ich möchte Ersatz.", "product_or_service_failure", "replacement"),
    ("Je n'ai jamais reçu mon colis.", "product_or_service_failure", None),
]


@pytest.mark.parametrize(("text", "kind", "remedy"), CLASSIC)
def test_the_leading_kind_and_the_remedy_are_read(text: str, kind: str, remedy: str | None) -> None:
    found = read(text)
    assert (found.kinds[:1], found.remedy) == ((kind,), remedy)
    assert found.confidence >= 0.5


@pytest.mark.parametrize(
    "text", ["thanks", "Jane Doe", "84318931431", "ok", "", "Goodbye!", "How are you today?", "谢谢", "🙂", "\x00"]
)
def test_words_that_ask_nothing_make_no_demand(text: str) -> None:
    assert read(text).kinds == ()


@pytest.mark.parametrize(
    "text",
    [
        "> I want a full refund\nThanks, that is fine.",
        "Thanks, fine.\n\n-----Original Message-----\nI want a full refund, it is broken",
        "Thank you.\nOn Mon, 23 Nov 2026, Bo <bo@example.org> wrote:\n> It is broken",
        "Gracias.\nEl lun, 23 nov 2026, Bo escribió:\nQuiero un reembolso",
        "Danke.\nAm Montag, dem 23. November, schrieb Bo:\nDas Gerät ist kaputt",
    ],
)
def test_words_quoted_from_others_are_not_the_customers(text: str) -> None:
    found = read(text, "email")
    assert found.kinds == ()
    assert found.remedy is None


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("Could you tell me more?", "calm"),
        ("I have been waiting for two weeks, how much longer?", "impatient"),
        ("This is so frustrating.", "frustrated"),
        ("This is a disgrace, I am furious.", "angry"),
        ("WHY IS MY ORDER STILL NOT HERE", "impatient"),
        ("WHY IS MY STUPID ORDER NOT HERE", "frustrated"),
        ("You are all idiots, screw you", "abusive"),
    ],
)
def test_the_tone_is_read(text: str, tone: str) -> None:
    assert read(text).tone == tone


@pytest.mark.parametrize(
    "text",
    [
        "I can't go on any more, I want to end my life. You took all I had.",
        "No aguanto más, me quiero morir.",
        "J'ai envie de mourir.",
        "Ich will nicht mehr leben.",
        "Smoke is coming out of the heater.",
        "Sale humo del calefactor y mi hija no puede respirar.",
        "Il y a de la fumée qui sort du four.",
        "Aus dem Gerät kommt Rauch, mein Kind bekommt keine Luft.",
    ],
)
def test_danger_to_people_is_an_emergency_in_every_supported_language(text: str) -> None:
    assert read(text).emergency


@pytest.mark.parametrize(
    "text",
    [
        "The smoke detector arrived without batteries.",
        "Le feu de la cuisinière ne marche pas, feu vert pour l'échange ?",
        "Der Reifen hat keine Luft, bitte Rauchmelder senden.",
        "Mi vida entera con la misma cafetera.",
    ],
)
def test_words_of_danger_that_mean_none_are_no_emergency(text: str) -> None:
    assert not read(text).emergency


@pytest.mark.parametrize(
    ("text", "urgency", "emergency"),
    [
        ("No rush, whenever you can.", "low", False),
        ("Please send the invoice.", "normal", False),
        ("This is urgent, I need it asap.", "high", False),
        ("The charger caught fire and burned my hand!", "critical", True),
        ("Hay un incendio por su cargador", "critical", True),
    ],
)
def test_urgency_and_emergencies_are_read(text: str, urgency: str, emergency: bool) -> None:
    found = read(text)
    assert (found.urgency, found.emergency) == (urgency, emergency)
    assert not emergency or found.kinds


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("Yes", True),
        ("Yes, all good, thank you", True),
        ("It is resolved now", True),
        ("No", False),
        ("No, it still does not work", False),
        ("not really", False),
        ("Sí, gracias", True),
        ("Nein", False),
        ("toujours pas reçu", False),
        ("What do you mean?", None),
    ],
)
def test_yes_and_no_to_a_check_in_are_read(text: str, settled: bool | None) -> None:
    assert read(text).settled is settled


@pytest.mark.parametrize(
    "text",
    [
        "That is not acceptable.",
        "I want to speak to your manager",
        "No lo acepto, quiero hablar con su supervisor",
        "Je n'accepte pas cette réponse",
        "Das ist inakzeptabel",
    ],
)
def test_appeals_are_read(text: str) -> None:
    assert read(text).appeals


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I would like to have my money back, please.", "en"),
        ("Quisiera que me devolvieran el dinero, por favor.", "es"),
        ("Je voudrais être remboursé, s'il vous plaît.", "fr"),
        ("Ich hätte gern mein Geld zurück, bitte.", "de"),
        ("Θα ήθελα πίσω τα χρήματά μου, παρακαλώ.", "und"),
        ("Vull que em torneu els diners, si us plau, avui mateix.", "und"),
        ("我想退款,谢谢您的帮助", "zh"),
        ("ok thanks", "und"),
    ],
)
def test_a_language_is_told_or_said_to_be_unknown(text: str, language: str) -> None:
    assert read(text).language == language


def test_a_channels_language_hint_helps_where_the_words_are_too_few() -> None:
    said = Said("ok", "chat", datetime(2026, 11, 24, tzinfo=UTC), language_hint="fr-CA")
    assert judge(said, assessment_rules(), detect()).language == "fr"
    odd = Said("ok", "chat", datetime(2026, 11, 24, tzinfo=UTC), language_hint="klingon")
    assert judge(odd, assessment_rules(), detect()).language == "und"


def test_few_stars_make_a_negative_review_whatever_the_words() -> None:
    assert read("Meh.", "review", rating=1).kinds == ("negative_review",)
    assert read("Great, I love it.", "review", rating=5).kinds == ()


def test_a_remedy_mentioned_in_passing_in_a_long_text_is_not_asked_for() -> None:
    story = "The shop had many discounts and I looked around for a while. " * 8
    assert read(story, "email").remedy is None
    assert read(story + "I want a discount.", "email").remedy == "discount"


def test_a_rhetorical_question_in_a_review_asks_nothing() -> None:
    assert read("Why did I wait so long? Great camera.", "review", rating=5).kinds == ()


def test_a_refund_asked_for_after_the_period_is_unfounded_too() -> None:
    assert "unfounded_demand" in read("I bought it two months ago and want a refund.").kinds


def test_every_finding_names_its_words_and_its_rule() -> None:
    text = "My blender is broken. Refund me $40 today, order #123456."
    found = {e.finding: text[e.start : e.end] for e in read(text).evidence}
    assert found["kind:product_or_service_failure"] == "broken"
    assert found["remedy:refund"] == "Refund me"
    assert found["fact:amount"] == "$40"
    assert found["fact:order"] == "123456"


def test_a_negated_finding_does_not_count() -> None:
    assert "product_or_service_failure" not in read("Luckily it is not broken.").kinds


@pytest.mark.parametrize(
    "text", ["There is a fire in my flat, my child cannot breathe.", "I can't breathe.", "Il y a le feu chez moi !"]
)
def test_danger_said_with_a_not_is_danger_all_the_same(text: str) -> None:
    assert read(text).emergency


def test_who_asks_what_discounts_there_are_demands_nothing() -> None:
    assert read("Do you have any student discounts?").kinds[0] == "information"
    assert read("I want a discount of 20 %.").kinds[0] == "unfounded_demand"

"""The pattern language of the rules of assessment."""

import pytest

from services.triage.domain.policies.phrases import compile_book, find, negated, parse_phrase, plain, words_of

LISTS = {"want": ("want", "would like", "exijo"), "not": ("not", "don't")}


def found(phrase: str, text: str) -> list[str]:
    """Give the stretches of a text that a phrase matches."""
    words = list(words_of(text))
    spans = find(compile_book(parse_phrase(phrase, LISTS, 0)), words)
    return [text[words[first].start : words[last].end] for _, first, last in spans]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("full refund", "I want a FULL refund now", ["FULL refund"]),
        ("refund*", "Refunded twice, refunds", ["Refunded", "refunds"]),
        ("broken|cracked screen", "a cracked screen", ["cracked screen"]),
        ("{want} ..2 money", "I want my own money", ["want my own money"]),
        ("{want} ..2 money", "I want all of my money", []),
        ("{want} ..2 money", "I want. Money is nice", []),
        ("{want} it", "we would like it", ["would like it"]),
        ("no longer? needed", "no needed, no longer needed", ["no needed", "no longer needed"]),
        ("^ yes $", "Yes!", ["Yes"]),
        ("^ yes $", "yes please", []),
        ("^ yes", "oh yes", []),
        ("where ..5 ?", "So where is my order?", ["where is my order?"]),
        ("don't know", "I don’t know", ["don’t know"]),
        ("recu|reçu", "jamais reçu", ["reçu"]),
    ],
)
def test_a_phrase_matches_what_it_says(phrase: str, text: str, expected: list[str]) -> None:
    assert found(phrase, text) == expected


@pytest.mark.parametrize(
    ("phrase", "problem"),
    [
        ("..2 refund", "must begin and end with a word"),
        ("refund ..", "must begin and end with a word"),
        ("", "must begin and end with a word"),
        ("a ..x b", "must be `..` or `..N`"),
        ("{nowhere} refund", "word list 'nowhere' does not exist"),
        ("re*", "too short"),
        ("same-day", "is no word"),
        ("a||b", "is no word"),
    ],
)
def test_a_phrase_that_cannot_be_read_says_why(phrase: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem.replace("`", ".").replace("{", ".")):
        parse_phrase(phrase, LISTS, 0)


def test_a_negation_reaches_three_words_in_its_sentence() -> None:
    words = list(words_of("It is not at all broken. Not mine. Broken"))
    broken = [at for at, word in enumerate(words) if word.plain == "broken"]
    assert [negated(words, at, frozenset({"not"})) for at in broken] == [True, False]


def test_words_keep_their_places_whatever_their_script() -> None:
    text = "¡Añadí 1,200.50 €!\n\nStraße 退款"
    words = list(words_of(text))
    assert [text[word.start : word.end] for word in words if word.plain] == ["Añadí", "1,200.50", "!", "Straße", "退款"]
    assert plain("Straße") == "strasse"

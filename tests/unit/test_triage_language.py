"""Which language a text is said to be in, and when nobody knows."""

import pytest

from services.triage.adapters.language_marks import contradicts, told_by_little_words
from tests.support.triage import detect

DIGNITY = {
    "en": "All people are born free and they have the same rights, whatever they are and wherever they come from.",
    "es": "Todas las personas nacen libres y tienen los mismos derechos, sean como sean y vengan de donde vengan.",
    "fr": "Toutes les personnes naissent libres et elles ont les mêmes droits, et d'où qu'elles viennent.",
    "de": "Alle Menschen werden frei geboren und haben die gleichen Rechte, wer sie sind und woher sie auch kommen.",
    "it": "Tutte le persone nascono libere e hanno gli stessi diritti, chiunque siano e da dovunque vengano nel mondo.",
    "pt": "Todas as pessoas nascem livres e têm os mesmos direitos, sejam quem forem e venham de onde vierem no mundo.",
    "nl": "Alle mensen worden vrij geboren en zij hebben dezelfde rechten, wie zij ook zijn en waar zij vandaan komen.",
    "sv": "Alla människor är födda fria och de har samma rättigheter, vilka de än är och varifrån de än kommer.",
    "pl": "Wszyscy ludzie rodzą się wolni i mają te same prawa, kimkolwiek są i skądkolwiek pochodzą na tym świecie.",
    "ru": "Все люди рождаются свободными и имеют одинаковые права, кем бы они ни были и откуда бы они ни пришли.",
    "tr": "Bütün insanlar özgür doğar ve kim olurlarsa olsunlar, nereden gelirlerse gelsinler aynı haklara sahiptir.",
    "ar": "يولد جميع الناس أحرارا ولهم نفس الحقوق في كل مكان من العالم، مهما كان أصلهم أو من أين أتوا.",
    "ja": "すべての人間は生まれながらにして自由であり、同じ権利を持っています。",
    "ko": "모든 사람은 태어날 때부터 자유로우며 같은 권리를 가지고 있습니다.",
    "zh": "人人生而自由,在权利上一律平等,不论他们是谁,来自何方。",
}


@pytest.mark.parametrize(("language", "text"), DIGNITY.items())
def test_every_supported_language_is_told(language: str, text: str) -> None:
    assert detect()(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "De Lüüd hebbt dat noch nich sehn, wat wi vundaag all doon wüllt un möten, dat weet se ok nich.",
        "Барлык кешеләр дә ирекле булып туалар һәм бертигез хокукларга ия, алар кайда гына яшәсәләр дә.",
        "ھەممە ئادەم ئەركىن بولۇپ تۇغۇلىدۇ ھەمدە ئوخشاش ھوقۇققا ئىگە بولىدۇ، قەيەردە ياشىسىمۇ.",
        "Hemû mirov azad têne dinê û xwedî heman mafan in, çi kes bin û ji ku derê hatibin jî.",
        "Hamma odamlar erkin tug'iladi va teng huquqlarga ega, ular qayerdan kelgan bo'lishidan qat'i nazar.",
    ],
)
def test_a_language_that_nobody_here_knows_gets_no_other_ones_name(text: str) -> None:
    assert detect()(text) == "und"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("can you help me to change the seat", "en"),
        ("I want to cancel my loan", "en"),
        ("no me han dado la factura", "es"),
        ("je ne peux pas payer avec ma carte", "fr"),
        ("ich kann mich nicht anmelden", "de"),
        ("xyzzy plugh", "und"),
        ("Jane Doe, Elm Street", "und"),
    ],
)
def test_little_words_tell_the_language_of_a_short_text(text: str, language: str) -> None:
    assert detect()(text) == language


def test_foreign_letters_contradict_a_language() -> None:
    assert contradicts("Барлык кешеләр дә ирекле һәм бертигез", "ru")
    assert not contradicts("Все люди свободны и равны", "ru")
    assert not contradicts("the café is naïve and so is the façade", "en")


def test_no_language_is_told_where_two_share_the_words() -> None:
    assert told_by_little_words("de la en un") is None
    assert told_by_little_words("") is None

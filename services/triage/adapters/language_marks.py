"""What a text in a language cannot do without: its letters, and the little words that every sentence has some of.

Detectors know some 75 languages and take any of the other thousands for its nearest relative. A text that is written
with letters foreign to the language found, or that has hardly any of its little words, is in another language.
"""

from collections import Counter

BASIC = "abcdefghijklmnopqrstuvwxyz"
ALPHABETS: dict[str, frozenset[str]] = {
    "en": frozenset(BASIC + "éèïöçñ"),
    "es": frozenset(BASIC + "áéíóúüñªº"),
    "fr": frozenset(BASIC + "àâæçéèêëîïôœùûüÿ"),
    "de": frozenset(BASIC + "äöüßéè"),
    "it": frozenset(BASIC + "àèéìíîòóùú") - frozenset("kwxy"),
    "pt": frozenset(BASIC + "áâãàçéêíóôõúüèª"),
    "nl": frozenset(BASIC + "áéëïíóöüúèê"),
    "pl": frozenset(BASIC + "ąćęłńóśźż") - frozenset("qvx"),
    "sv": frozenset(BASIC + "åäöéàü"),
    "tr": frozenset(BASIC + "çğıi̇öşüâîû") - frozenset("qwx"),
    "ru": frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
    "ar": frozenset("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهويى"),
}

_LITTLE_WORDS = """
en: the be to of and a in that have i it for not on with he as you do at this but his by from they we say her she or
    an will my one all would there their what so up out if about who get which go me when make can like no just him
    know is are was were has had been am your our us any how its it's i'm don't can't please thanks
    want why need still where did does then too very now here than into over only should could being because help
    thank hello hi yes okay let got did doesn't didn't isn't won't that's i've i'll i'd
es: de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin sobre
    este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque qué sólo
    han yo hay vez puede todos así nos ni parte tiene él uno donde bien tiempo mismo ese ahora cada hola gracias
    quiero usted te tu sí
fr: de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec ou son aux
    mais comme on être cette ses fait d l qu n s c j m je vous nous leur elle tout été mon ma votre vos y si même
    lui ces sans deux bien où ai suis bonjour merci ont peut très donc ils elles à
de: der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat
    dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis
    mehr durch man sein wurde sei ich wir mein meine mir mich ihr ihre ihnen uns bitte danke habe kann kein keine
    daß diese dieser wenn was jeder
it: di e il la che in a per è un del non i le da una con si della al sono dei l come alla più nel anche lo gli ha
    delle ma su o se questo nella dal ad mi ho suo sua loro dalla essere ed ogni alle mio mia ci ne c d perché cosa
    quando molto grazie sul
pt: de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou
    ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem
    nas me esse eles você num nem meu minha obrigado toda são
nl: de van het een en in is dat op te zijn met voor niet aan er die om ook als dan maar bij of uit door over naar ik
    wordt je heeft hij ze we ons mijn worden werd deze dit was wat nog al kan zo hebben had meer tot zich haar geen
    wel moet u uw heb ben jullie bedankt der ieder
pl: i w na z się do nie że o jest to a po jak od za co ale przez dla czy tylko są już tak być lub oraz ma przy jako
    jego może który które która ich tego tym te tej mi mnie ja pan pani proszę ze bez jej nad u
sv: och i att det som en på är av för med den till de inte om ett har men var jag sig så från vi kan när han skall
    ska eller hade nu sin efter alla än hon under man också vid dem detta mot mycket blir där här min mig du er ni
    tack denna varje
tr: ve bir bu için de da ile çok olarak daha en gibi olan ne o ben var kadar sonra her ya mi mı ama değil bana ki
    olduğu ise benim sen biz yok veya tarafından göre hiç iyi şey lütfen teşekkür teşekkürler vardır
ru: и в не на я что с он а это как по но из у за то к же все так его от бы мы вы она о мне для или их если ее мой
    был было только меня до уже еще есть при быть том нет со пожалуйста спасибо который которые своих свои всех
ar: في من على أن إلى التي هذا ما لا هذه عن مع كان الذي أو كل قد لم ذلك إن بعد بين عند حيث أي و هو هي ولا وفي ومن أنا
    لي كما لكل وأن له لها وقد فيها
"""


def _read_words(written: str) -> dict[str, frozenset[str]]:
    words: dict[str, list[str]] = {}
    for word in written.split():
        if word.endswith(":"):
            words[word[:-1]] = []
        else:
            words[next(reversed(words))].append(word)
    return {code: frozenset(own) for code, own in words.items()}


LITTLE: dict[str, frozenset[str]] = _read_words(_LITTLE_WORDS)
LANGUAGES_OF = {
    word: tuple(code for code, own in LITTLE.items() if word in own) for word in frozenset().union(*LITTLE.values())
}
APART = str.maketrans(dict.fromkeys('.,;:!?()[]{}"“”„«»¿¡…/\\|*_+=<>#@&%$€£0123456789\n\t-–—،؟', " "))
FEW_WORDS = 12
LEAST_LITTLE = 0.12
LEAST_IN = {"tr": 0.05, "ar": 0.05, "ru": 0.05, "pl": 0.05}
"""The share of little words that a text has at least; fewer where endings say what other languages have words for."""
MOST_FOREIGN = 0.02
TELLING_WORDS = 3
TELLING_LETTERS = 100
TELLING_SHARE = 0.4
TELLING_LEAD = 2
PLENTY = 0.4
LEAD_AT_ONCE = 4


def contradicts(text: str, code: str) -> bool:
    """Tell whether a text cannot be in a language, by its letters or for want of its little words."""
    if code not in ALPHABETS:
        return False
    if _foreign(text, code):
        return True
    words = _words(text)
    little = sum(word in LITTLE[code] for word in words)
    return little < LEAST_IN.get(code, LEAST_LITTLE) * len(words) if len(words) >= FEW_WORDS else not little


def told_at_once(text: str) -> str | None:
    """Give the language of which a text has little words in plenty, and hardly any of another; else None."""
    words = _words(text)
    (best, most), (_, second) = _counted(words)
    plenty = len(words) >= TELLING_WORDS and most >= PLENTY * len(words) and most >= LEAD_AT_ONCE * second
    return best if plenty and not _foreign(text, best) else None


def told_by_little_words(text: str) -> str | None:
    """Give the one language that the little words of a short text are in; None where they do not tell."""
    words = _words(text)
    if len(words) < TELLING_WORDS or sum(map(str.isalpha, text)) > TELLING_LETTERS:
        return None
    (best, most), (_, second) = _counted(words)
    return best if most >= max(TELLING_SHARE * len(words), second + TELLING_LEAD) else None


def _foreign(text: str, code: str) -> bool:
    letters = [character for character in text.lower() if character.isalpha()]
    return sum(character not in ALPHABETS[code] for character in letters) > max(MOST_FOREIGN * len(letters), 1)


def _counted(words: list[str]) -> tuple[tuple[str, int], tuple[str, int]]:
    """Give the two languages that most little words are of, and how many."""
    counts = Counter(dict.fromkeys(LITTLE, 0))
    for word in words:
        for code in LANGUAGES_OF.get(word, ()):
            counts[code] += 1
    best, second = counts.most_common(2)
    return best, second


def _words(text: str) -> list[str]:
    return text.lower().replace("’", "'").translate(APART).replace("d'", "d ").replace("l'", "l ").split()

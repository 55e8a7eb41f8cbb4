"""Bytes to text by the charset a mail names, or by the likeliest where it names none or a wrong one."""

import codecs
import re

import webencodings
from charset_normalizer import from_bytes

ALIASES = {"unicode-1-1-utf-7": "utf-7", "x-unknown": "", "unknown-8bit": "", "default": "", "binary": ""}
SHIFTS = re.compile(rb"\x1b\$[@B]|\x1b\(J")  # ISO-2022-JP's escape sequences
LIKELY = ["cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256"]
LIKELY += ["shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"]
HALVES = re.compile("[\ud800-\udfff]")
SAMPLE_BYTES = 20_000
LATIN_SHARE = 0.25


def decoded(data: bytes, charset: str | None, hint: str | None = None) -> str:
    """Give the text of `data`: by `charset`, else as UTF-8, else by `hint`, else by likelihood.

    Never raises, and gives nothing that cannot be stored: no NUL, no half of a surrogate pair.
    """
    text = _read(data, charset, hint).replace("\x00", "")
    return text.encode("utf-8", "replace").decode() if HALVES.search(text) else text


def _read(data: bytes, charset: str | None, hint: str | None) -> str:
    if SHIFTS.search(data):
        return data.decode("iso2022_jp", "replace")
    name = known_codec(charset)
    if name == "ascii":
        name = None  # bytes that ASCII does not have are mislabelled; plain ones are UTF-8 too
    for candidate in (name, "utf-8", known_codec(hint)):
        if candidate is None:
            continue
        try:
            return data.decode(candidate)
        except (UnicodeError, ValueError):
            continue
    if name is not None and name != "utf-8":
        return data.decode(name, "replace")
    mended = data.decode("utf-8", "replace")
    lost = mended.count("\ufffd")
    # UTF-8 with a few broken bytes stays UTF-8; with nothing right in it, it is something else
    right = sum(not letter.isascii() for letter in mended) - lost
    return mended if right > lost else data.decode(likeliest(data), "replace")


def likeliest(data: bytes) -> str:
    """Name the codec that bytes are likeliest in; Windows-1252 where few bytes are beyond ASCII."""
    sample = data[:SAMPLE_BYTES]
    letters = sum(byte > 64 for byte in sample)
    if sum(byte > 127 for byte in sample) <= LATIN_SHARE * letters:
        return "cp1252"
    best = from_bytes(sample, cp_isolation=LIKELY).best()
    return best.encoding if best else "cp1252"


def known_codec(charset: str | None) -> str | None:
    """Give Python's name of a charset label, the web's aliases included; None when nobody knows it."""
    label = (charset or "").strip().strip("'\"").lower()
    label = ALIASES.get(label, label)
    if not label:
        return None
    try:
        name = codecs.lookup(label).name
        "".encode(name)  # codecs such as base64 or hex turn bytes into bytes: a LookupError here
    except (LookupError, ValueError):
        web = webencodings.lookup(label)
        return None if web is None or web.name == "x-user-defined" else str(web.codec_info.name)
    return name

"""Tracking codes: short names of cases that survive being read aloud, typed and quoted."""

import hashlib
import re
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: without I, L, O and U
VALUES = {letter: value for value, letter in enumerate(ALPHABET)} | {"I": 1, "L": 1, "O": 0}
SIGNS = 7
CODE = re.compile(r"(?<![0-9A-Za-z])RC[- ]?([0-9A-Za-z]{4})[- ]?([0-9A-Za-z]{4})(?![0-9A-Za-z])", re.IGNORECASE)


def tracking_code(case_id: UUID, attempt: int = 0) -> str:
    """Give a case's code such as RC-7F3K-9QXD; `attempt` counts up when the code is taken by another case."""
    digest = hashlib.sha256(case_id.bytes + attempt.to_bytes(2, "big")).digest()
    number = int.from_bytes(digest[:5], "big") >> (40 - 5 * SIGNS)
    signs = "".join(ALPHABET[number >> (5 * place) & 31] for place in reversed(range(SIGNS)))
    return _written(signs + _check_sign(signs))


def read_code(text: str) -> str | None:
    """Give the code as we write it, or None when `text` is no code: any one wrong sign, or two swapped, is noticed."""
    found = CODE.fullmatch(text.strip())
    return _checked(found) if found else None


def codes_in(text: str) -> tuple[str, ...]:
    """Give the codes quoted in a text, first seen first, each once."""
    codes = (_checked(found) for found in CODE.finditer(text))
    return tuple(dict.fromkeys(code for code in codes if code))


def _checked(found: re.Match[str]) -> str | None:
    signs = (found[1] + found[2]).upper()
    if any(sign not in VALUES for sign in signs):
        return None
    signs = "".join(ALPHABET[VALUES[sign]] for sign in signs)
    return _written(signs) if _check_sign(signs[:SIGNS]) == signs[SIGNS] else None


def _check_sign(signs: str) -> str:
    """A Reed-Solomon check over GF(32): each place has its own weight, so a swap changes the sum too."""
    total = 0
    for sign in signs:
        total = _doubled(total ^ VALUES[sign])
    return ALPHABET[total]


def _doubled(value: int) -> int:
    value <<= 1
    return value ^ 0b100101 if value & 32 else value


def _written(signs: str) -> str:
    return f"RC-{signs[:4]}-{signs[4:]}"

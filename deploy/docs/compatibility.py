"""What may change in a released schema: prose, a personal mark, one optional field more; else it is a new version."""

from collections.abc import Iterator, Mapping
from typing import Any

PROSE = frozenset({"title", "description", "$id", "$schema"})
MARK = "x-personal"  # may be set, since a sealed text is a text; never taken away
Schema = Mapping[str, Any]


def breaks(old: Schema, new: Schema, where: str = "") -> list[str]:
    """Name every change from `old` to `new` that an older reader or an older body would not survive.

    Each line starts with the place, fields joined by dots; none means that `new` may replace `old`.
    """
    return [f"{place or 'the type'}: {what}" for place, what in _breaks(old, new, where)]


def _breaks(old: Schema, new: Schema, where: str) -> Iterator[tuple[str, str]]:
    yield from _fields(old, new, where)
    for name in old.get("$defs", {}).keys() & new.get("$defs", {}).keys():
        yield from _breaks(old["$defs"][name], new["$defs"][name], name)
    for name in sorted((old.keys() | new.keys()) - PROSE - {"properties", "required", "$defs"}):
        before, after = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _breaks(before, after, f"{where}[{name}]")
        elif before != after and not (name == MARK and before is None):
            yield where, f"{name} was {before!r} and is {after!r}"


def _fields(old: Schema, new: Schema, where: str) -> Iterator[tuple[str, str]]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed, now_needed = set(old.get("required", ())), set(new.get("required", ()))
    for name in before:
        place = f"{where}.{name}".lstrip(".")
        if name not in after:
            yield place, "was removed"
            continue
        if (name in needed) != (name in now_needed):
            yield place, "became optional" if name in needed else "became required"
        yield from _breaks(before[name], after[name], place)
    for name in after:
        if name not in before and name in now_needed:
            yield f"{where}.{name}".lstrip("."), "was added, but is not optional"

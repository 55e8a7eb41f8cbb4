"""A service's charter: what it owns, whom it listens to, what it publishes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Charter:
    """Declared in `services/<name>/__init__.py`; the architecture tests hold the code to it."""

    owner: str
    listens: tuple[str, ...]
    publishes: tuple[str, ...]

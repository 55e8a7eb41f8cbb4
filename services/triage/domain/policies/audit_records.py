"""The records of an airline while a run goes on: what was on record when an act was done, and what it changed."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from services.triage.domain.policies.audit_runs import Act, Run

Record = Mapping[str, Any]

CABINS = ("basic_economy", "economy", "business")
READS = "get_reservation_details"
ROUTES = (
    re.compile(
        r"\b(?P<flight>[A-Z]{2,3}\d{2,4})\b[^\n]{0,30}?\b(?P<start>[A-Z]{3})\)? (?:to|→|->|-) "
        r"[^\n(]{0,20}?\(?(?P<end>[A-Z]{3})\b"
    ),
    re.compile(
        r"\b(?P<start>[A-Z]{3}) (?:to|→|->|-) (?P<end>[A-Z]{3})\b"
        r"(?:[^\n]{0,40}?|\W{0,12}(?:Flight Number)?\W{0,8})\b(?P<flight>[A-Z]{2,3}\d{2,4})\b"
    ),
)


class Bookings:
    """Reservations by id, as the acts of one run leave them; the records that it starts from stay as they are."""

    def __init__(self, reservations: Mapping[str, Record], run: Run, now: str) -> None:
        """Start from the records; `now` (ISO) is when the run was held."""
        self._held = dict(reservations)
        self._routes = routes(reservations.values(), run)
        self._now = now
        self._booked: list[str] = []
        self._read: list[str] = []
        self._run = run
        self.changed: set[str] = set()

    def read(self, act: Act) -> None:
        """Note that the agent looked a reservation up."""
        if act.name == READS and isinstance(named := act.arguments.get("reservation_id"), str):
            self._read.append(named)

    def find(self, named: object) -> Record | None:
        """Give a reservation; an id that no record has is the booking made last in this run."""
        if isinstance(named, str) and named in self._held:
            return self._held[named]
        return self._held[self._booked[-1]] if self._booked and named else None

    def complained_of(self, before: int) -> Record | None:
        """Give the reservation that a complaint is about: named itself or by a flight of it, else the one last read."""
        said, user = self._run.said("customer", before), self._run.labels.user_id
        theirs = [
            held for held in self._held.values() if held.get("user_id") == user or held["reservation_id"] in self._read
        ]
        by_id = [held for held in theirs if held["reservation_id"] in said]
        by_flight = [held for held in theirs if any(str(one["flight_number"]) in said for one in flights_of(held))]
        last_read = [self._held[one] for one in reversed(self._read) if one in self._held]
        return next(iter([*by_id, *by_flight, *last_read]), None)

    def full_flights(self, flights: object) -> object:
        """Give flights with origin and destination, where records or the conversation tell them."""
        if not isinstance(flights, list):
            return flights
        return [
            {**self._routes.get(str(one.get("flight_number")), {}), **one} if isinstance(one, dict) else one
            for one in flights
        ]

    def apply(self, act: Act) -> None:
        """Change the records as an act did."""
        given = act.arguments
        if act.name == "book_reservation":
            made = f"booked here {len(self._booked) + 1}"
            flights = self.full_flights(given.get("flights"))
            self._held[made] = {**given, "reservation_id": made, "flights": flights, "created_at": self._now}
            self._booked.append(made)
            return
        found = self.find(given.get("reservation_id"))
        if found is None:
            return
        changes: dict[str, Any] = {
            name: given[name] for name in ("passengers", "total_baggages", "nonfree_baggages") if name in given
        }
        if act.name == "update_reservation_flights":
            changes = {"cabin": given.get("cabin"), "flights": self.full_flights(given.get("flights"))}
            if _rank(given.get("cabin")) > _rank(found.get("cabin")):
                changes["upgraded_at"] = self._now
        if act.name == "cancel_reservation":
            changes = {"status": "cancelled"}
        known = {name: value for name, value in changes.items() if value is not None}
        self.changed.add(str(found["reservation_id"]))
        self._held[str(found["reservation_id"])] = {**found, **known}


def flights_of(reservation: Record) -> list[Record]:
    """Give the flights of a reservation that have a number; an agent may have written anything."""
    flights = reservation.get("flights")
    return (
        [one for one in flights if isinstance(one, dict) and "flight_number" in one]
        if isinstance(flights, list)
        else []
    )


def routes(reservations: Iterable[Record], run: Run) -> dict[str, dict[str, str]]:
    """Give origin and destination by flight number: from what the conversation says, and from records before that."""
    found: dict[str, dict[str, str]] = {}
    for turn in run.turns:
        for pattern in ROUTES:
            for match in pattern.finditer(turn.text):
                found.setdefault(match["flight"], {"origin": match["start"], "destination": match["end"]})
    for reservation in reservations:
        for flight in flights_of(reservation):
            if "origin" in flight and "destination" in flight:
                found[str(flight["flight_number"])] = {name: flight[name] for name in ("origin", "destination")}
    return found


def _rank(cabin: object) -> int:
    return CABINS.index(cabin) if cabin in CABINS else -1

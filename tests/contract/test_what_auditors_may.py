"""Auditors read everything and write nothing: the roles of every route of every service."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from shared.runtime.access_records import access_records_router
from shared.runtime.evidence import evidence_router
from shared.runtime.log_repair import log_repair_router
from shared.runtime.opened import opened_router
from shared.runtime.operations import operations_router
from shared.runtime.streams import streams_router

SERVICES = ("intake", "triage", "approvals", "followup", "casebook")


def routers() -> Iterator[tuple[str, APIRouter]]:
    for name in SERVICES:
        yield name, importlib.import_module(f"services.{name}.api").router
        for make in (operations_router, streams_router, evidence_router, log_repair_router):
            yield name, make(name)
        for of_all in (access_records_router, opened_router):
            yield name, of_all()


def routes_of(router: Any) -> Iterator[APIRoute]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif (inner := getattr(route, "original_router", None)) is not None:
            yield from routes_of(inner)


def roles_of(dependant: Any) -> Iterator[tuple[str, ...]]:
    """Give the roles of each `caller(...)` that a route depends on, however deep."""
    for inner in dependant.dependencies:
        call = inner.call
        if getattr(call, "__qualname__", "") == "caller.<locals>.dependency":
            yield next(cell.cell_contents for cell in call.__closure__ if isinstance(cell.cell_contents, tuple))
        yield from roles_of(inner)


ROUTES = {
    (method, f"{name}{route.path}"): list(roles_of(route.dependant))
    for name, router in routers()
    for route in routes_of(router)
    for method in route.methods or ()
}
READS = sorted(path for method, path in ROUTES if method == "GET")
WRITES = sorted((method, path) for method, path in ROUTES if method != "GET")


# Anybody may ask these.
OPEN = {"/health/live", "/health/ready", "/metrics"}
# What waits for the one who asks, or is confirmed by asking: an auditor reads it from casebook.
OWN = {"approvals/inbox", *(path for path in READS if "/{conversation_key}/" in path)}
# Questions that need a body, and the signing of the log as it stands, which adds nothing to it.
ASKING = {"/opened", "/policies/evaluate", "/evidence/checkpoints"}


def test_every_route_is_looked_at() -> None:
    assert len(READS) > 50
    assert len(WRITES) > 20
    open_routes = {path.partition("/")[1] + path.partition("/")[2] for path in READS if not ROUTES["GET", path]}
    assert open_routes == OPEN


@pytest.mark.parametrize("path", sorted({path for path in READS if ROUTES["GET", path]} - OWN))
def test_an_auditor_reads_it(path: str) -> None:
    assert all("auditor" in allowed for allowed in ROUTES["GET", path])


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_an_auditor_does_not_write_it(method: str, path: str) -> None:
    allowed = ROUTES[method, path]
    assert allowed, "nobody is asked who they are"
    if not path.endswith(tuple(ASKING)):
        assert not any("auditor" in roles for roles in allowed)

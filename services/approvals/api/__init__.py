"""Approvals over HTTP: decide on exceptions, delegate, see what waits for one, read and explain authority."""

from fastapi import APIRouter

from services.approvals.api import authority, delegations, disputes, exceptions, inbox, precedents

router = APIRouter(tags=["approvals"])
for part in (exceptions, precedents, inbox, delegations, authority, disputes):
    router.include_router(part.router)

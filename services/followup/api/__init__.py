"""Followup over HTTP: promises, what was found in our words, clocks, and whether a case is settled."""

from fastapi import APIRouter

from services.followup.api import clocks, found, promises

router = APIRouter(tags=["followup"])
for part in (promises.router, found.router, clocks.router):
    router.include_router(part)

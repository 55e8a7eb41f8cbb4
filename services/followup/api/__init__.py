"""Followup over HTTP: promises, what was found in our words, clocks, and whether a case is settled."""

from fastapi import APIRouter

from services.followup.api import clocks, found, promises, reflections

router = APIRouter(tags=["followup"])
for part in (promises.router, found.router, clocks.router, reflections.router):
    router.include_router(part)

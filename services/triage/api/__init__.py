"""Triage over HTTP, a file for each part."""

from fastapi import APIRouter

from services.triage.api import cases, policies

router = APIRouter(tags=["triage"])
for part in (cases, policies):
    router.include_router(part.router)

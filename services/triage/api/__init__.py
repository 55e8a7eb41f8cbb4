"""Triage over HTTP, a file for each part."""

from fastapi import APIRouter

from services.triage.api import cases, policies, replies

router = APIRouter(tags=["triage"])
for part in (cases, policies, replies):
    router.include_router(part.router)

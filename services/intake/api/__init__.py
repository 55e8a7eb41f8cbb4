"""Intake over HTTP, a file for each part."""

from fastapi import APIRouter

from services.intake.api import customers, disputes, doors, known, privacy, replies

router = APIRouter(tags=["intake"])
for part in (doors, replies, customers, disputes, privacy, known):
    router.include_router(part.router)

"""Intake over HTTP, a file for each part."""

from fastapi import APIRouter

from services.intake.api import customers, disputes, doors, privacy, replies

router = APIRouter(tags=["intake"])
for part in (doors, replies, customers, disputes, privacy):
    router.include_router(part.router)

"""Casebook over HTTP, a file for each part; all of it reads."""

from fastapi import APIRouter

from services.casebook.api import cases, insights, ledger

router = APIRouter(tags=["casebook"])
for part in (cases, insights, ledger):
    router.include_router(part.router)

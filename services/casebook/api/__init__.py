"""Casebook over HTTP, a file for each part; all of it reads."""

from fastapi import APIRouter

from services.casebook.api import cases, clocks, insights, ledger

router = APIRouter(tags=["casebook"])
for part in (cases, clocks, insights, ledger):
    router.include_router(part.router)

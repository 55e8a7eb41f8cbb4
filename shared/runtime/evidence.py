"""The proofs of a log over HTTP: checkpoints, inclusion, consistency, keys, and whether the log is being signed."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from shared.eventstore import checkpoints
from shared.eventstore.checkpoints import Sealed
from shared.eventstore.merkle import consistency_spans
from shared.eventstore.notes import origin_of
from shared.eventstore.tiles import Tree
from shared.kernel.errors import MalformedInput, NotFound, Refused
from shared.runtime.auth import Caller, caller
from shared.runtime.proofs import ProofView, answered, as_text, proofs
from shared.runtime.sealer import Sealer

Asking = Annotated[Caller, Depends(caller("auditor", "ops", "supervisor", "manager", "service"))]


class CheckpointView(BaseModel):
    """A signed checkpoint of one log partition; `note` is the signed text, as tools of transparency logs read it."""

    origin: str = Field(examples=["recourse/intake/3"])
    log_part: int
    number: int = Field(description="1, 2, … in its log partition.")
    size: int = Field(description="How many events it covers: those at positions 1 to `size`.")
    root: str = Field(description="The root of the tree, base64.")
    note: str
    signed_at: datetime


class ConsistencyView(BaseModel):
    """That the tree of `new` leaves begins with that of `old` leaves; hashes are base64."""

    origin: str
    old: int
    new: int
    old_root: str
    new_root: str
    proof: list[str]


class KeysView(BaseModel):
    """The public keys of a log, the one that signs last, and the signed statements by which one followed another."""

    keys: list[str]
    statements: list[str]


class RefusalView(BaseModel):
    """A log partition whose history is not signed, and why."""

    log_part: int
    finding: str
    position: int
    problem: str
    since: datetime


class StatusView(BaseModel):
    """How far a log is sealed."""

    sealed_at: datetime | None
    heads: dict[int, int]
    sealed: dict[int, int]
    refused: list[RefusalView]


def evidence_router(owner: str) -> APIRouter:
    """Make the evidence API of one deciding service."""
    router = APIRouter(prefix="/evidence", tags=["evidence"])

    @router.get("/status", summary="How far the log is sealed, and what is refused")
    async def status(request: Request, _who: Asking) -> StatusView:
        sealer, service = _sealer(request), request.app.state.service
        async with service.database.connection() as tx:
            heads = await service.store.heads(tx.raw)
            newest = await checkpoints.newest(tx.raw, service.store.parts)
        refused = [
            RefusalView(log_part=part, finding=no.kind, position=no.position, problem=no.problem, since=no.since)
            for part, no in sorted(sealer.refused.items())
        ]
        sealed = {part: newest[part].size if part in newest else 0 for part in heads}
        return StatusView(sealed_at=sealer.sealed_at, heads=heads, sealed=sealed, refused=refused)

    @router.get("/keys", summary="The public keys of the log")
    async def keys(request: Request, _who: Asking) -> KeysView:
        sealer = _sealer(request)
        async with request.app.state.service.database.connection() as tx:
            stated = await checkpoints.statements(tx.raw)
            known = await sealer.keys(tx.raw)
        return KeysView(keys=[key.vkey for key in known], statements=[note.decode() for _, note in stated])

    @router.get("/checkpoints", summary="Signed checkpoints")
    async def list_checkpoints(
        request: Request,
        _who: Asking,
        part: Annotated[int | None, Query(ge=0, description="All of this log partition; else the newest of each.")] = (
            None
        ),
        after: Annotated[int, Query(ge=0, description="After this number.")] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> list[CheckpointView]:
        service = request.app.state.service
        async with service.database.connection() as tx:
            if part is None:
                found = list((await checkpoints.newest(tx.raw, service.store.parts)).values())
            else:
                found = await checkpoints.listed(tx.raw, _part(request, part), after, limit)
        return [_checkpoint(owner, one) for one in found]

    @router.post("/checkpoints", summary="Sign what is new now")
    async def sign(
        request: Request, _who: Annotated[Caller, Depends(caller("auditor", "ops"))]
    ) -> list[CheckpointView]:
        """Gives the newest checkpoint of each log partition; 409 if the history of one is refused."""
        sealer = _sealer(request)
        newest = await sealer.seal()
        for part, no in sorted(sealer.refused.items()):
            raise Refused(
                f"{origin_of(owner, part)}: {no.problem} ({no.kind})",
                fix="run recourse audit verify, and call the auditor",
            )
        return [_checkpoint(owner, one) for one in newest.values()]

    @router.get("/proof/{part}/{position}", summary="Prove that an event is in the log")
    async def prove(
        request: Request,
        part: int,
        position: int,
        _who: Asking,
        size: Annotated[
            int | None, Query(ge=1, description="Under the checkpoint of this size; else the newest.")
        ] = None,
    ) -> ProofView:
        """The proof holds offline, with the note and the log's public key alone."""
        _part(request, part)
        async with request.app.state.service.database.connection() as tx:
            return (await proofs(tx.raw, owner, part, [position], size))[0]

    @router.get("/proofs/{part}", summary="Prove that events are in the log")
    async def prove_all(
        request: Request,
        part: int,
        _who: Asking,
        position: Annotated[list[int], Query(min_length=1, max_length=500, description="Once for each event.")],
        size: Annotated[int | None, Query(ge=1, description="Under the checkpoint of this size.")] = None,
    ) -> list[ProofView]:
        """As `/proof/{part}/{position}`, for events of one log partition under one checkpoint, in their order."""
        _part(request, part)
        async with request.app.state.service.database.connection() as tx:
            return await proofs(tx.raw, owner, part, position, size)

    @router.get("/consistency/{part}", summary="Prove that the log only grew between two checkpoints")
    async def consistent(
        request: Request,
        part: int,
        _who: Asking,
        old: Annotated[int, Query(ge=0)],
        new: Annotated[int, Query(ge=0)],
    ) -> ConsistencyView:
        if old > new:
            raise MalformedInput(f"{old} is more than new, {new}", field="old", fix="give the smaller size as old")
        async with request.app.state.service.database.connection() as tx:
            if await checkpoints.covering(tx.raw, _part(request, part), new) is None and new:
                raise NotFound(f"no checkpoint covers {new} events", field="new", fix="POST /evidence/checkpoints")
            tree = Tree(tx.raw, owner, part)
            old_root, new_root, *proof = await answered(tree, [(0, old), (0, new), *consistency_spans(old, new)])
        return ConsistencyView(
            origin=origin_of(owner, part),
            old=old,
            new=new,
            old_root=as_text(old_root),
            new_root=as_text(new_root),
            proof=[as_text(one) for one in proof],
        )

    return router


def _checkpoint(owner: str, sealed: Sealed) -> CheckpointView:
    return CheckpointView(
        origin=origin_of(owner, sealed.log_part),
        log_part=sealed.log_part,
        number=sealed.number,
        size=sealed.size,
        root=as_text(sealed.root),
        note=sealed.note.decode(),
        signed_at=sealed.signed_at,
    )


def _sealer(request: Request) -> Sealer:
    sealer: Any = request.app.state.service.sealer
    if not isinstance(sealer, Sealer):
        raise NotFound("this log is not signed here", fix="set LOG_KEY_FILE to the file with the log's private key")
    return sealer


def _part(request: Request, part: int) -> int:
    if not 0 <= part < request.app.state.service.store.parts:
        raise NotFound(f"there is no log partition {part}", field="part")
    return part

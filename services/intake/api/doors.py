"""Intake over HTTP: the doors of channels that post, and the fetching of answers."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, WebSocket, WebSocketDisconnect, status
from pydantic import BaseModel, ConfigDict, Field

from services.intake.adapters import contents
from services.intake.adapters.doors import Doors, Sayer, Taken
from services.intake.adapters.outbox import Outbox
from services.intake.channels.channel import Arrival
from services.intake.channels.chat import CHANNEL as CHAT
from services.intake.channels.registry import SAID
from services.intake.channels.said import DoorMessage, OutMessage, SaidChannel
from shared.eventstore.database import TRANSIENT
from shared.kernel.errors import RecourseError
from shared.runtime.auth import Caller, caller, identify
from shared.runtime.service import shell_of
from shared.runtime.shell import Shell
from shared.runtime.telemetry import log
from shared.runtime.telling import tell

router = APIRouter()
Connector = Annotated[Caller, Depends(caller("door", "agent"))]
Reader = Annotated[Caller, Depends(caller("agent", "supervisor", "manager", "auditor"))]
After = Annotated[UUID | None, Query(description="the last message of ours that you delivered; confirms it")]
Limit = Annotated[int, Query(ge=1, le=500)]
MOST_AT_ONCE = 200
TAKE = (
    "Take one message. A repeat with the same `message_id` and content changes nothing and says so; with other content "
    "it is refused (409). The first one opens a case and is acknowledged at once."
)
TAKE_MANY = "Take the messages of one conversation in order, in one transaction: a transcript, or a backlog."
FETCH = (
    "Give what is to be delivered, oldest first: all that is not delivered yet, or all after `after`; that message and "
    "everything before it then counts as delivered."
)


def doors_of(request: Request) -> Doors:
    """FastAPI dependency: the shared path of all doors."""
    doors = request.app.state.doors
    assert isinstance(doors, Doors)
    return doors


def outbox_of(request: Request) -> Outbox:
    """FastAPI dependency: what delivers our messages."""
    outbox = request.app.state.outbox
    assert isinstance(outbox, Outbox)
    return outbox


TheDoors = Annotated[Doors, Depends(doors_of)]
TheOutbox = Annotated[Outbox, Depends(outbox_of)]
TheShell = Annotated[Shell[Any, Any], Depends(shell_of)]


class TakenMessage(BaseModel):
    """Where a message was put; it is recorded when this is answered."""

    case_id: UUID
    tracking_code: str = Field(examples=["RC-7F3K-9QXD"])
    message_id: UUID
    conversation_id: UUID
    duplicate: bool = Field(description="it was taken before, with the same content; nothing changed")


class Batch(BaseModel):
    """Messages of one conversation, in the order in which they were said; all are taken, or none."""

    model_config = ConfigDict(extra="forbid")

    messages: list[DoorMessage] = Field(min_length=1, max_length=MOST_AT_ONCE)


def add_doors(channel: SaidChannel) -> None:
    """Give a channel its routes: post one message, post many, fetch the answers."""
    name = channel.name
    one, many = f"Take a message from {name}", f"Take many messages from {name}"
    if channel.names_conversations:

        @router.post(channel.path, status_code=201, summary=one, description=TAKE, name=f"take_{name}")
        async def post(conversation_key: str, message: DoorMessage, who: Connector, doors: TheDoors) -> TakenMessage:
            return (await _take(doors, channel, [message], who, conversation_key))[0]

        @router.post(
            f"{channel.path}:batch", status_code=201, summary=many, description=TAKE_MANY, name=f"take_many_{name}"
        )
        async def post_many(conversation_key: str, batch: Batch, who: Connector, doors: TheDoors) -> list[TakenMessage]:
            return await _take(doors, channel, batch.messages, who, conversation_key)
    else:

        @router.post(channel.path, status_code=201, summary=one, description=TAKE, name=f"take_{name}")
        async def post_first(message: DoorMessage, who: Connector, doors: TheDoors) -> TakenMessage:
            return (await _take(doors, channel, [message], who, ""))[0]

    @router.get(channel.replies_path, description=FETCH, summary=f"Fetch our answers for {name}", name=f"fetch_{name}")
    async def fetch(
        conversation_key: str,
        _who: Connector,
        doors: TheDoors,
        outbox: TheOutbox,
        after: After = None,
        limit: Limit = 100,
    ) -> list[OutMessage]:
        letters = await outbox.to_fetch(await doors.conversation(name, conversation_key), after, limit)
        return [OutMessage.of(letter.sent, letter.code) for letter in letters]


for said_channel in SAID:
    add_doors(said_channel)


async def _take(
    doors: Doors, channel: SaidChannel, messages: list[DoorMessage], who: Caller, key: str
) -> list[TakenMessage]:
    arrival = Arrival(doors.shell.now(), conversation_key=key)
    read = [channel.read(message, arrival) for message in messages]
    taken = await doors.take(read, Sayer(who.name, f"door:{channel.name}"))
    return [_told(one) for one in taken]


def _told(taken: Taken) -> TakenMessage:
    return TakenMessage.model_construct(**taken._asdict())


@router.get("/content/{sha256}", summary="Give bytes as they came", response_class=Response)
async def content(sha256: str, _who: Reader, shell: TheShell) -> Response:
    """Give a raw mail or a file by the hash that a fact names; 410 where its customer was erased."""
    async with shell.database.connection() as tx:
        data = await contents.read(tx, shell.store.vault, sha256)
    # never shown by a browser as it says it is: a customer chose the media type
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.websocket("/chat/{conversation_key}")
async def chat(websocket: WebSocket, conversation_key: str) -> None:
    """A chat that stays open: messages as posted to the door go in, `taken` or `problem` and our messages come out."""
    app = websocket.app
    try:
        who = identify(app.state.verifier, websocket.headers.get("authorization"), ("door", "agent"))
    except RecourseError as error:
        await websocket.close(code=status.WS_1008_POLICY_VIOLATION, reason=error.problem)
        return
    doors, live = app.state.doors, app.state.live
    here = await doors.conversation("chat", conversation_key)
    await websocket.accept()
    live.join(here, websocket)
    try:
        while True:
            await websocket.send_text(await _answer(doors, conversation_key, await websocket.receive_text(), who.name))
    except WebSocketDisconnect:
        return
    finally:
        live.leave(here, websocket)


async def _answer(doors: Doors, key: str, text: str, user: str) -> str:
    try:
        message = CHAT.parse(text.encode(), Arrival(doors.shell.now(), conversation_key=key))
        [taken] = await doors.take([message], Sayer(user, "door:chat"))
    except RecourseError as error:
        return json.dumps({"problem": {"status": error.status, "detail": str(error), "field": error.field}})
    except TRANSIENT as error:
        log.warning("message not recorded", error=tell(error))
        return json.dumps({"problem": {"status": 503, "detail": "not recorded, send it again later"}})
    return json.dumps({"taken": _told(taken).model_dump(mode="json")})

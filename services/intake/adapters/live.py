"""Conversations that are connected to this process right now, and what is to be sent down their sockets."""

from typing import Protocol
from uuid import UUID

from starlette.websockets import WebSocketDisconnect


class Socket(Protocol):
    """What can be sent text; raises when the other end is gone."""

    async def send_text(self, data: str) -> None: ...


class LiveConversations:
    """Sockets by conversation; several may follow one."""

    def __init__(self) -> None:
        self._sockets: dict[UUID, list[Socket]] = {}

    def join(self, conversation_id: UUID, socket: Socket) -> None:
        """A socket follows a conversation from now on."""
        self._sockets.setdefault(conversation_id, []).append(socket)

    def leave(self, conversation_id: UUID, socket: Socket) -> None:
        """A socket follows it no longer."""
        sockets = self._sockets.get(conversation_id, [])
        if socket in sockets:
            sockets.remove(socket)
        if not sockets:
            self._sockets.pop(conversation_id, None)

    def connected(self) -> list[UUID]:
        """Give the conversations that somebody follows."""
        return list(self._sockets)

    async def push(self, conversation_id: UUID, text: str) -> bool:
        """Send text to all who follow a conversation; False when nobody got it."""
        reached = False
        for socket in list(self._sockets.get(conversation_id, [])):
            try:
                await socket.send_text(text)
                reached = True
            except (WebSocketDisconnect, RuntimeError, OSError):
                self.leave(conversation_id, socket)
        return reached

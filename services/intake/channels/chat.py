"""Chat: messages come and go in a conversation that the connector names; also live over a WebSocket."""

from services.intake.channels.said import SaidChannel

CHANNEL = SaidChannel(name="chat", style="chat", path="/chat/{conversation_key}/messages")

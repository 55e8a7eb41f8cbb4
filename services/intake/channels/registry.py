"""Every channel by its word on the wire: a new channel is one line here, one file beside this one, and a sample."""

from services.intake.channels import chat, email, phone, review, web
from services.intake.channels.channel import Channel
from services.intake.channels.said import SaidChannel

CHANNELS: dict[str, Channel] = {
    "chat": chat.CHANNEL,
    "email": email.CHANNEL,
    "phone": phone.CHANNEL,
    "review": review.CHANNEL,
    "web": web.CHANNEL,
}

STYLES: dict[str, str] = {name: channel.style for name, channel in CHANNELS.items()}
SAID: tuple[SaidChannel, ...] = tuple(channel for channel in CHANNELS.values() if isinstance(channel, SaidChannel))

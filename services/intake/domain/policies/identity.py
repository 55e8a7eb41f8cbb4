"""Names that can be worked out again: the same conversation or message always gets the same id."""

import hashlib
import json
import re
from uuid import UUID, uuid5

CONVERSATIONS = UUID("6f0d1f0c-4f0e-5b3c-9a57-3f4f6f1c8a01")
MESSAGES = UUID("6f0d1f0c-4f0e-5b3c-9a57-3f4f6f1c8a02")
MAILS = UUID("6f0d1f0c-4f0e-5b3c-9a57-3f4f6f1c8a03")


def conversation_id(channel: str, conversation_key: str) -> UUID:
    """Give the id of a conversation from its channel and the channel's own name for it."""
    return uuid5(CONVERSATIONS, f"{channel}\n{conversation_key}")


def message_id(channel: str, dedupe_key: str) -> UUID:
    """Give the id of a message that came in from its channel and its dedupe key."""
    return uuid5(MESSAGES, f"{channel}\n{dedupe_key}")


def mail_id(dedupe_key: str) -> UUID:
    """Give the id of an automatic mail from its dedupe key."""
    return uuid5(MAILS, dedupe_key)


def next_case_id(conversation: UUID, before: UUID | None) -> UUID:
    """Give the id of the case that a conversation opens: its first, or the one after case `before`.

    Two messages that race to open a case name the same one, so the loser finds it open instead of opening a second.
    """
    return uuid5(conversation, f"case after {before}")


def content_hash(
    text: str, subject: str | None, second_transcript: str | None, rating: int | None, duration_ms: int | None
) -> str:
    """Give the SHA-256 (hex) over what was said; the time is left out, since a retry may state another."""
    said = json.dumps([text, subject, second_transcript, rating, duration_ms], ensure_ascii=False)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def normal_address(kind: str, address: str) -> str:
    """Give the one spelling of an address: e-mail lower case, a phone number with + in E.164, others trimmed only."""
    address = address.strip()
    if kind == "email":
        return address.lower()
    if kind == "phone" and address.startswith("+"):
        return "+" + re.sub(r"\D", "", address)
    return address

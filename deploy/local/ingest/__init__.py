"""Feeding the system from files: mails by SMTP, dialogues turn by turn by the door of their channel."""

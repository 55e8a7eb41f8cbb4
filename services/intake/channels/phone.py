"""Phone: a call's turns come with times and transcripts; our words are a script for the agent on the line."""

from services.intake.channels.said import SaidChannel

CHANNEL = SaidChannel(name="phone", style="script", path="/calls/{conversation_key}/turns")

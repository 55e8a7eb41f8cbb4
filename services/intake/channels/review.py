"""Public reviews: one review, one conversation; answers are public, short and without personal data."""

from services.intake.channels.said import SaidChannel

CHANNEL = SaidChannel(name="review", style="review", path="/reviews")

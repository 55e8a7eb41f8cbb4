"""The web form: each request starts a conversation; the answer is fetched by the site or the customer's page."""

from services.intake.channels.said import SaidChannel

CHANNEL = SaidChannel(name="web", style="letter", path="/web/requests")

"""The demo's stories: customers and people act out classic hard cases, from a customer's words to a kept promise."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, RootModel

from deploy.local.cli.api import read_case, tell
from deploy.local.cli.case import case_with_timeline
from deploy.local.cli.context import Context, checked
from deploy.local.cli.decide import decided
from deploy.local.cli.ingest import target_of
from deploy.local.cli.promise import OPEN, say
from deploy.local.environment import ROOT
from deploy.local.ingest.doors import CHANNELS, Doors, Patience
from deploy.local.ingest.items import Mail
from deploy.local.ingest.mail_door import MailDoor
from shared.contracts.approvals import ExceptionApproved, ExceptionCountered, ExceptionRejected
from shared.contracts.approvals_after import CounterAccepted
from shared.contracts.followup import PromiseKept, PromiseMade
from shared.contracts.intake import MessageReceived
from shared.contracts.triage import BoundaryStated, ExceptionProposed
from shared.runtime.policy_files import read_policy

STORIES = ROOT / "samples" / "stories.yaml"
Tell = Callable[[str], None]


STEPS = {
    BoundaryStated.TYPE: "refused",
    ExceptionProposed.TYPE: "appealed",
    ExceptionApproved.TYPE: "approved",
    ExceptionRejected.TYPE: "rejected",
    ExceptionCountered.TYPE: "another offer",
    CounterAccepted.TYPE: "accepted",
    PromiseMade.TYPE: "promised",
    PromiseKept.TYPE: "kept",
}


def steps_of(timeline: Sequence[Mapping[str, Any]]) -> str:
    """Give the steps of a story in a line."""
    return " → ".join(STEPS[event["type"]] for event in timeline if event["type"] in STEPS)


class Written(BaseModel):
    """A part of the file; a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Says(Written):
    """The customer says something, by the story's channel."""

    does: Literal["says"]
    text: str


class Decides(Written):
    """Somebody decides on the case's open exception; `body` is what approvals takes."""

    does: Literal["decides"]
    who: str
    body: dict[str, Any]


class Accepts(Written):
    """An agent records that the customer takes the counter-offer."""

    does: Literal["accepts"]
    who: str


class Promises(Written):
    """An agent promises what a clause that was stated in the case backs."""

    does: Literal["promises"]
    who: str
    what: str
    clause: str


class Keeps(Written):
    """Somebody keeps the case's open promise, with evidence."""

    does: Literal["keeps"]
    who: str
    evidence: str


Step = Annotated[Says | Decides | Accepts | Promises | Keeps, Field(discriminator="does")]


class Story(Written):
    """One case: what it is about, who the customer is, and what is done, in order."""

    name: str
    about: str
    channel: Literal["email", "chat", "phone", "web"]
    language: str
    address: str
    customer: str
    steps: tuple[Step, ...]


class StoriesFile(RootModel[tuple[Story, ...]]):
    """stories.yaml."""


class Stage:
    """The stories on a running stack; all take their steps side by side, each step only when all is quiet."""

    def __init__(self, context: Context, say_so: Tell, path: Path = STORIES) -> None:
        self.stories: Sequence[Story] = read_policy(path, StoriesFile).root
        self.codes: dict[str, str] = {}
        self.accepted: list[str] = []
        self._context = context
        self._tell = say_so

    @property
    def length(self) -> int:
        """How many steps the longest story has."""
        return max((len(story.steps) for story in self.stories), default=0)

    def play(self, number: int) -> None:
        """Let every story take its step of this number; one that an earlier run has told is passed over."""
        for story in self.stories:
            if number < len(story.steps) and (number == 0 or story.name in self.codes):
                self._act(story, number, story.steps[number])

    def _act(self, story: Story, number: int, step: Step) -> None:
        context, code = self._context, self.codes.get(story.name, "")
        match step:
            case Says():
                self._says(story, number, step.text)
            case Decides():
                decided(context, step.who, code, step.body)
                self._tell(f"{code} ({story.name}): {step.who} decides: {step.body['decision']}.")
            case Accepts():
                self._accept(step, code)
            case Promises():
                body = {"what": step.what, "backing": {"kind": "clause", "reference": step.clause}}
                with context.client("followup", step.who) as followup:
                    tell(followup, f"/cases/{self._case(code)['case_id']}/promises", body)
                self._tell(f"{code} ({story.name}): {step.who} promises: {step.what}.")
            case Keeps():
                open_promises = [p for p in self._case(code)["promise_list"] if p["state"] in OPEN]
                for promise in open_promises:
                    say(context, step.who, promise["promise_id"], "kept", {"evidence": step.evidence})
                self._tell(f"{code} ({story.name}): {step.who} keeps what was promised: {step.evidence}.")

    def _says(self, story: Story, number: int, text: str) -> None:
        if story.channel == "email":
            message_id = self._mail(story, number, text)
        else:
            answer = asyncio.run(self._post(story, number, text))
            message_id = str(answer["message_id"])
            if answer["duplicate"]:
                return
            self.codes.setdefault(story.name, str(answer["tracking_code"]))
        self.accepted.append(message_id)

    async def _post(self, story: Story, number: int, text: str) -> dict[str, Any]:
        target = target_of(self._context, "door")
        body = {
            "message_id": f"story-{story.name}-{number}",
            "text": text,
            "language": story.language,
            "sender": {
                "kind": "phone" if story.channel == "phone" else "email",
                "address": story.address,
                "name": story.customer,
            },
        }
        if story.name in self.codes and not CHANNELS[story.channel].names_conversations:
            body["subject"] = self.codes[story.name]
        headers = {"Authorization": f"Bearer {target.token}"}
        async with httpx.AsyncClient(base_url=target.url, headers=headers, timeout=30) as client:
            (answer,) = await Doors(client, Patience()).post(story.channel, f"story-{story.name}", [body])
        return answer

    def _mail(self, story: Story, number: int, text: str) -> str:
        target = target_of(self._context, "door")
        mail = EmailMessage()
        mail["From"] = f"{story.customer} <{story.address}>"
        mail["To"] = target.recipient
        mail["Subject"] = story.about if number == 0 else f"Re: {story.about} {self.codes[story.name]}"
        mail["Message-ID"] = f"<story-{story.name}-{number}@example.org>"
        mail.set_content(text)
        with MailDoor(target.smtp_host, target.smtp_port, target.recipient, Patience()) as door:
            answer = door.hand_over(Mail(Path(story.name), mail.as_bytes(), story.address))
        return answer.rpartition(" ")[2]

    def find_mails(self) -> None:
        """Learn the codes of the cases that mails have opened; a mail's answer names only the message."""
        for story in self.stories:
            if story.channel == "email" and story.name not in self.codes:
                with self._context.client("casebook", "audra") as book:
                    found = checked(book.get("/cases", params={"customer": story.address, "limit": 1}))["items"]
                if found and not found[0]["promises"]:
                    self.codes[story.name] = str(found[0]["tracking_code"])

    def _accept(self, step: Accepts, code: str) -> None:
        case = self._case(code)
        countered = next(one for one in case["approvals"] if one["state"] == "countered")
        with self._context.client("approvals", step.who) as approvals:
            path = f"/cases/{case['case_id']}/exceptions/{countered['exception_id']}/counter-answer"
            tell(approvals, path, {"accepted": True, "message_id": self._newest_message(code)})
        self._tell(f"{code}: {step.who} records that the customer takes the offer.")

    def _newest_message(self, code: str) -> str:
        timeline = case_with_timeline(self._context, "ana", code, short=True)["timeline"]
        return str([event["about_id"] for event in timeline if event["type"] == MessageReceived.TYPE][-1])

    def _case(self, code: str) -> dict[str, Any]:
        return read_case(self._context, "ana", code)

"""What the widget needs to know of this installation."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from pydantic import BaseModel

from channels.registry import carrying
from hub.accounts.access import Public
from hub.bureau import Bureau

router = APIRouter(prefix="/api/v1", tags=["site"])


@dataclass(frozen=True, slots=True)
class SiteProfile:
    """The bureau as its pages show it; `sandbox` is true while any outside system is a stand-in."""

    name: str
    region: str
    phone: str
    hours_text: str
    greeting: str
    suggested_questions: list[str]
    topics: list[tuple[str, list[str]]]
    sandbox: bool
    icp: str | None
    contact: str
    retention_days: int

    @classmethod
    def of(cls, profile: Bureau, *, sandbox: bool) -> SiteProfile:
        """From the bureau's profile."""
        return cls(
            name=profile.name,
            region=profile.region,
            phone=profile.phone,
            hours_text=profile.hours_text,
            greeting=profile.greeting,
            suggested_questions=profile.suggested_questions,
            topics=[(topic.title, topic.questions) for topic in profile.topics],
            sandbox=sandbox,
            icp=profile.icp,
            contact=profile.contact,
            retention_days=profile.retention_days,
        )


class BureauRead(BaseModel):
    """The bureau, as far as the widget shows it."""

    name: str
    phone: str
    hours_text: str


class SiteRead(BaseModel):
    """The widget's first look; `carries` names the channels in which a chat of the web can go on."""

    bureau: BureauRead
    sandbox: bool
    greeting: str
    suggested_questions: list[str]
    locale: str
    carries: list[str]


@router.get("/site", dependencies=[Public])
def read_site(request: Request) -> SiteRead:
    """Name, hours, greeting and suggested questions; `sandbox` asks the widget to show 演示环境."""
    site: SiteProfile = request.app.state.site
    return SiteRead(
        bureau=BureauRead(name=site.name, phone=site.phone, hours_text=site.hours_text),
        sandbox=site.sandbox,
        greeting=site.greeting,
        suggested_questions=site.suggested_questions,
        locale="zh-CN",
        carries=carrying(),
    )

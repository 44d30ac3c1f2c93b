"""The one list of doors, which of them are open here, and the ways of the outbox through them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.conversation import files
from channels.base import Channel, KeepsFiles
from channels.delivery import ConversationDeliverer, SmsDeliverer
from channels.pushing import DoorDeliverer
from channels.sms.channel import opened as open_sms_door
from channels.telegram.opening import open_telegram
from channels.web.uploads import WebFiles
from channels.wechat import channel as wechat
from hub import outbox
from hub.kit.logging import get_logger
from hub.outbox.letters import Deliverer
from hub.settings import Settings, get_settings

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """A line of the list: what makes the channel by the settings, and what it needs for that."""

    name: str
    open: Callable[[Settings], Channel | None]
    """None while it is off, or its credentials are not there"""
    needs: str
    carries: bool = False
    """whether a chat of the web can be carried over to it: `POST /channels/<name>/carry/{conversation_id}`"""


DOORS: tuple[Door, ...] = (
    Door("telegram", open_telegram, "HUB_TELEGRAM_TOKEN"),
    Door("wechat", wechat.open_channel, "HUB_WECHAT_APP_ID, HUB_WECHAT_APP_SECRET, HUB_WECHAT_TOKEN", True),
    Door("sms", open_sms_door, "HUB_SMS_CALLBACK_SECRET and the template `answer` at every carrier", True),
)


@lru_cache
def channels() -> Mapping[str, Channel]:
    """The open doors of this process, by name; the others are told in the log, once."""
    settings, opened = get_settings(), {}
    for door in DOORS:
        channel = door.open(settings)
        if channel is None:
            log.warning("channel_off", channel=door.name, needs=door.needs)
        else:
            opened[door.name] = channel
    return opened


def carrying() -> list[str]:
    """The open doors to which a chat of the web can be carried over.

    A WeChat account that may not push may not make codes to scan either.
    """
    ready = {name for name, channel in channels().items() if not channel.capabilities.fetched}
    return [door.name for door in DOORS if door.carries and door.name in ready]


def keepers() -> Mapping[str, KeepsFiles]:
    """Whoever gives out again what people sent, by the name of the channel that it came by."""
    doors = {name: channel for name, channel in channels().items() if isinstance(channel, KeepsFiles)}
    return {**doors, files.DOOR: WebFiles()}


def deliverers() -> Mapping[str, Deliverer]:
    """Every way of the outbox."""
    ways: dict[str, Deliverer] = {
        outbox.Channel.SMS: SmsDeliverer(),
        outbox.Channel.CONVERSATION: ConversationDeliverer(),
    }
    for name, channel in channels().items():
        ways[outbox.door(name)] = DoorDeliverer(channel)
        if isinstance(channel, wechat.WechatChannel):
            ways[outbox.Channel.WECHAT] = channel.notices
    return ways


async def close_channels() -> None:
    """Let the open doors give back what they hold."""
    if channels.cache_info().currsize:
        for channel in channels().values():
            await channel.close()
        channels.cache_clear()

"""The one list of hands: a channel that is registered without one fails the contract test."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.channels.hands.hand import Hand
from tests.channels.hands.plain import PlainHand, SlipHand
from tests.channels.hands.sms import SmsHand
from tests.channels.hands.telegram import TelegramHand
from tests.channels.hands.wechat import CompatibleWechatHand, PlainWechatHand, WechatHand

HANDS: Mapping[str, Callable[[], Hand]] = {
    "plain": PlainHand,
    "slip": SlipHand,
    "telegram": TelegramHand,
    "wechat": WechatHand,
    "wechat-compatible": CompatibleWechatHand,
    "wechat-plain": PlainWechatHand,
    "sms": SmsHand,
}

"""Chats about calculators: how one is begun, how single actions follow, and what people say all at once."""

from __future__ import annotations

import httpx

from bot.dialogue.mapper import replies_from_events
from bot.dialogue.replies import Reply
from services.calculations.skills import CALCULATIONS
from tests.actions.wire import Chat

SKILLS = {skill.name: skill for skill in CALCULATIONS}


def chat_about(webhook: httpx.AsyncClient, name: str) -> Chat:
    """A chat in which this calculator may be begun."""
    return Chat(webhook, SKILLS[name])


async def done(chat: Chat, action: str, text: str, intent: str) -> list[Reply]:
    """A turn that consists of one action; what it says."""
    chat.hear(text, intent)
    return await then(chat, action)


async def then(chat: Chat, action: str) -> list[Reply]:
    """One more action in the same turn."""
    start = len(chat.events)
    chat.add("action", name=action)
    chat.followup = None
    chat.apply(await chat.call(action))
    return replies_from_events(chat.events[start:])


ALL_AT_ONCE = [
    ("calc_vat", "我这个季度销售额28万，含税，专票5万，在县城", "本期应缴增值税：495.05元。"),
    ("calc_vat", "上个季度卖了28万（不含税）要交多少增值税？", "本期应缴增值税：0.00元。"),
    ("calc_wages", "月薪2万，社保2000，专项附加扣除3000，要扣多少个税？", "本月应预扣税额：1,000.00元。"),
    ("calc_bonus", "年终奖5万，年薪24万，全年扣除4万，怎么交税划算？", "奖金应纳税额：4,790.00元。"),
    ("calc_labour", "兼职拿了劳务费5000元，帮我算个税", "应预扣税额：800.00元。"),
    ("calc_deed", "公司买了一间商铺，100万，契税多少", "应纳契税：30,000.00元。"),
    ("calc_vehicle_purchase", "纯电轿车，含税价16.95万，购置税多少？", "应缴车辆购置税：7,500.00元。"),
    ("calc_late_fee", "欠税1万元，10月26日到期，现在交要多少滞纳金？", "税款滞纳金：135.00元。"),
]

"""Every word that the door of text messages itself says, and the words to it that it understands."""

from __future__ import annotations

OPT_OUT = frozenset({"T", "TD", "N", "退订", "取消订阅"})
OPT_IN = frozenset({"恢复", "恢复接收", "订阅", "START"})

OPTED_OUT = "已为您停发提醒短信，验证码和您主动咨询的答复不受影响。需要重新接收请回复“恢复”。"
OPTED_IN = "已为您恢复提醒短信。不想接收时可随时回复TD。"

CONSENT_VERSION = "2026-11"
CONSENT = (
    "为在短信中继续本次咨询，把后续答复发送到您在本次对话中验证的手机号码。"
    "您可以随时回复TD停止接收，或在网页上发消息转回网页。"
)
"""What whoever carries a talk over agrees to; the widget shows it, in the language of its interface."""
CARRIED = (
    "咨询已转到短信继续，后续答复发到尾号{tail}的手机。请直接回复短信接着说；"
    "在网页上发消息即转回网页。不想接收请回复TD。"
)
NO_PHONE = "本次对话还没有验证手机号码。请先在对话中说“登录”，用短信验证码验证后，再转到短信继续。"
PHONE_OPTED_OUT = "尾号{tail}的手机已退订短信。请先用这部手机向我们发给您的短信回复“恢复”，再转到短信继续。"

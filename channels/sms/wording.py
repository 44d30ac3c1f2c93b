"""Every word that the door of text messages itself says, and the words to it that it understands."""

from __future__ import annotations

OPT_OUT = frozenset({"T", "TD", "N", "退订", "取消订阅"})
OPT_IN = frozenset({"恢复", "恢复接收", "订阅", "START"})

OPTED_OUT = "已为您停发提醒短信，验证码和您主动咨询的答复不受影响。需要重新接收请回复“恢复”。"
OPTED_IN = "已为您恢复提醒短信。不想接收时可随时回复TD。"

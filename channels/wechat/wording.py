"""Every word that the WeChat door itself says."""

from __future__ import annotations

WELCOME = "感谢关注！{greeting}"
ASK_CONSENT = (
    "您正在把网页上的咨询转到微信继续：转来后，可以在这里看到后续答复，网页上的咨询仍然可用。"
    "\n\n同意请回复“同意”，不是您本人操作请回复“不同意”。{minutes}分钟内有效。"
)
AGREE = "同意"
DISAGREE = "不同意"
CARRIED = "好的，网页上的咨询已转到微信，请接着说。"
CARRIED_SHOWN = "咨询已转到微信继续。"
NOT_CARRIED = "好的，没有转过来，网页上的咨询不受影响。"
CODE_OVER = "这个二维码已失效，请在网页上重新获取后再扫。"
NOT_SUPPORTED = "【收到不支持的消息类型，暂无法显示】"
"""What WeChat itself puts in place of a message that it does not pass on."""

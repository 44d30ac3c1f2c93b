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

# the page on which WeChat is bound to a phone
BINDING_OVER = "这次绑定已过期，或者不是在当前手机上打开的，没有绑定任何内容。请在微信里重新打开绑定页面。"
BINDING_TAKEN = "这个微信刚刚绑定了另一个手机号。请先解除原来的绑定，再重新绑定。"
WECHAT_AWAY = "微信暂时没有应答，没有绑定任何内容。请稍后重新打开绑定页面。"
CONSENT_MISSING = "绑定需要您阅读并勾选同意下面的说明；不同意的，直接关闭本页即可，不会绑定。"
CODE_WRONG = "验证码不对，还可以再试{left}次。请输入最近收到的那一条。"
CODE_GONE = "这个验证码已失效或还没有发送，请点“重新发送”获取新的验证码。"
CODE_FORM = "请填写短信里的6位数字。"
PAGE_IS_OLD = "页面已过期，请重新打开绑定页面。"
AUTHORIZE_REFUSED = "授权参数不对，微信不接受。请从绑定页面重新进入。"
SAID = {
    "sent": "验证码已重新发送，请输入最近收到的一条。",
    "linked": "绑定成功。以后在公众号里办理业务、查询本人信息，不用再输验证码。",
    "moved": "绑定成功。您此前绑定的另一个微信已自动解除。",
    "unlinked": "已解除绑定。在微信里办理业务时会重新验证您的手机号码。",
}

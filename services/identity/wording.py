"""Every sentence that signing in, proving an identity and choosing a taxpayer say to people, apart from the forms."""

from __future__ import annotations

from collections.abc import Mapping

CONSENT_VERSION = "2026-11"
SIGN_IN_CONSENT = (
    "为确认是您本人操作、保存您的办理记录并向您发送办税通知，12366智能咨询处理您的手机号码。"
    "手机号码加密保存，您可以随时解除绑定。"
)
REAL_NAME_CONSENT = (
    "为确认您的身份、查询您可以办理的纳税人，12366智能咨询将您的姓名、身份证件号码和手机号码"
    "提交实名核验服务比对，比对一致后加密保存，仅用于您办理的税费业务和法定的留存。"
    "您可以随时撤回同意，撤回后实名信息即删除，已经办结的业务不受影响。"
)
LINK_WECHAT_CONSENT = (
    "为在微信公众号里认出是您本人、不再重复验证，并按您的选择通过微信发送办税通知，12366智能咨询把您的微信用户标识"
    "（OpenID）与手机号码关联，加密保存。您可以随时在绑定页面解除，解除后关联即删除，微信里办理业务需重新验证。"
)
CONSENTS: Mapping[str, str] = {
    "sign_in": SIGN_IN_CONSENT,
    "real_name": REAL_NAME_CONSENT,
    "link_wechat": LINK_WECHAT_CONSENT,
}
CONSENT_TITLES: Mapping[str, str] = {
    "sign_in": "手机号码登录",
    "real_name": "实名认证",
    "link_wechat": "微信绑定",
}

NOT_TEXT = "请以文字填写，只填这一项。"

# one-time codes
CODE_SENT = "验证码已发送到{phone}，{minutes}分钟内有效。"
CODE_STILL_VALID = "刚才发送到{phone}的验证码仍然有效，请输入最近收到的一条。"
CODE_UNSURE = "短信通道应答较慢，验证码可能稍后送达{phone}。一分钟后还没有收到，请回复“重发”。"
CODE_WRONG = "验证码不对，还可以再试{left}次。请输入最近收到的那一条。"
CODE_GONE = "这个验证码已经失效。"
CODE_AGAIN = "请回复“重发”获取新的验证码。"
SMS_DOWN = "短信通道暂时不可用，验证码没有发出，请稍后再试。"
PHONE_REFUSED = "短信运营商不接受这个手机号码，请核对后重新填写。"
SIGNED_IN = "登录成功，手机号{phone}。"
ONLY_IN_CHAT = "请通过 /api/v1/auth 接口登录和办理身份验证。"

# identity
PREVIEW_FULL = (
    "请核对：\n姓名：{name}\n身份证件号码：{number}\n手机号：{phone}\n\n{consent}\n\n回复“确认”即表示您同意。"
)
PREVIEW_TAIL = "将用证件号码的后六位，与您此前实名认证时留存的信息核对。"
NEEDS_SIGN_IN = "登录已过期，请重新登录。"
PROVEN = "实名认证通过，{name}，您好。"
CONFIRMED = "身份核对通过，{name}，您好。"
MISMATCH = "姓名、证件号码与手机号的登记信息不一致。请核对姓名和证件号码；手机号须是本人在运营商实名办理的。"
NOT_KNOWN = "没有核到这个证件号码的登记信息，请核对后再试。"
TAIL_WRONG = "后六位与留存的信息不一致。如果这个手机号是新办的，请回复“重新认证”。"
LOCKED_TODAY = "这个证件号码今天核验不一致的次数过多，已由核验服务锁定，请明天再试，或到办税服务厅办理。"
REAL_NAME_DOWN = "实名核验服务暂时没有应答，没有完成认证，请稍后再试。"

# for whom
CORE_DOWN = "税务系统暂时没有应答，查不到您可以办理的纳税人，请稍后再试。"
NO_MANDATE = "没有查到您可以办理的纳税人。请先在电子税务局或办税服务厅登记办税人员信息。"
UNKNOWN_MANDATE = "没有找到这个纳税人，请从您可以办理的纳税人中选择。"
CHOSEN = "好的，接下来为{name}办理（{role}）。"
ROLES: Mapping[str, str] = {
    "self": "本人",
    "legal_representative": "法定代表人",
    "finance_officer": "财务负责人",
    "tax_handler": "办税人员",
}

# leaving
LEAVE = "sign_out"
UNBIND = "unbind"
SCOPES: Mapping[str, str] = {LEAVE: "退出登录", UNBIND: "解除绑定"}
PREVIEW_LEAVE = "将退出本次登录，手机号{phone}的绑定和您的办理记录都保留；在微信里退出的，微信绑定同时解除。"
PREVIEW_UNBIND = (
    "将解除手机号{phone}的绑定：删除您的手机号码、姓名和证件号码，退出所有设备，并撤回您给出的同意。"
    "已经办结的申报、缴款等记录依法保留，不受影响。"
)
LEFT = "已退出登录。"
UNBOUND = "已解除绑定，您的手机号码和实名信息已删除，所有设备已退出。"

# looks at a file, as the person concerned reads them
WHO_SELF = "本人"
WHO_OTHER = "其他办税人员"
WHO_STAFF = "工作人员"
WHO_SYSTEM = "系统"
ACTIONS: Mapping[str, str] = {
    "identity.signed_in": "登录",
    "identity.signed_out": "退出登录",
    "identity.proven": "实名认证",
    "identity.not_proven": "实名认证未通过",
    "identity.unbound": "解除绑定",
    "identity.consent_withdrawn": "撤回同意",
    "identity.mandates_read": "查询可办理的纳税人",
    "identity.acts_for": "选择办税身份",
    "identity.looks_read": "查阅本记录",
    "identity.linked": "绑定微信",
    "identity.unlinked": "解除微信绑定",
    "filing.confirm": "提交申报",
    "payment.order_made": "发起缴款",
}
AREAS: Mapping[str, str] = {
    "filing": "查看申报信息",
    "payment": "查看缴款信息",
    "reminders": "发送或设置办税提醒",
    "conversation": "查看咨询对话",
}
SOMETHING = "查看或办理业务"


def what_was_done(action: str) -> str:
    """An action of the audit log in words: its own, or those of its area."""
    return ACTIONS.get(action) or AREAS.get(action.partition(".")[0], SOMETHING)

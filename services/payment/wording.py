"""Every sentence that paying says to people, apart from the questions in the form."""

from __future__ import annotations

from collections.abc import Mapping

from services.gateways.payments.protocol import Kind
from services.payment.models import Method, State

METHODS: Mapping[Method, str] = {
    Method.TRIPARTITE: "三方协议扣款",
    Method.WECHAT: "微信支付",
    Method.ALIPAY: "支付宝",
    Method.ONLINE_BANK: "网上银行、手机银行",
    Method.BANK_TRANSFER: "银行柜面缴款（缴款码）",
    Method.POS: "办税厅POS刷卡（缴款码）",
}
METHOD_NAMES: Mapping[Method, tuple[str, ...]] = {
    Method.TRIPARTITE: ("三方", "协议", "直接扣"),
    Method.WECHAT: ("微信",),
    Method.ALIPAY: ("支付宝",),
    Method.ONLINE_BANK: ("网银", "网上银行", "手机银行", "银行app"),
    Method.POS: ("pos", "刷卡"),
    Method.BANK_TRANSFER: ("柜面", "柜台", "转账", "缴款码", "银行端"),
}
"""What people call them; the first that occurs in the answer counts, so the narrower names come first."""
METHOD_INVALID = "请选择一种缴款方式，例如微信支付、支付宝、三方协议扣款。"
ALL_NAMES = ("全部", "所有", "全缴", "都缴", "一起缴", "全都")
CHARGES_INVALID = "请在待缴清单里选一笔，或者选“全部”。"
PART_INVALID = "没有看懂金额，请输入这次要缴的税款（不含滞纳金），单位元，最多两位小数，例如 1000。"
ALL_TITLE = "全部（{count}笔，共{total:,}元）"
CHARGE_TITLE = "{title}，{total:,}元，{due}"
DUE = "缴款期限{day}"
OVERDUE = "期限{day}已过，含滞纳金{fee:,}元"
STEP_OF = "{charge}：{step}"
SUBJECT = "缴纳税款"
"""What stands on the payer's statement: nothing about the person or the tax."""

NOTHING_DUE = "{taxpayer}目前没有待缴的税款，不需要缴款。"
PREVIEW_HEAD = "请核对缴款信息："
PAYER = "纳税人：{taxpayer}"
ITEM = "· {title}：税款{amount:,}元{fee}（{due}）"
FEE = "，滞纳金{fee:,}元"
TOTAL = "合计：{total:,}元{fee}"
TOTAL_FEE = "（税款{amount:,}元，滞纳金{fee:,}元）"
METHOD = "缴款方式：{method}"
PAYEE = "收款：国家金库（征收机关：{bureau}）"
DEBIT_AT_ONCE = "确认后立即从三方协议账户扣款。"
VALID_UNTIL = "金额保留到{until}，过期请重新发起。"
NO_AGREEMENT = "没有登记三方协议，不能用三方协议扣款。请选择其他缴款方式。"

OPENED: Mapping[str, str] = {
    Kind.QR: "请打开付款页，用{method}扫码：{page}",
    Kind.LINK: "请打开付款页付款：{page}",
    Kind.CODE: "缴款码：{content}。请把缴款码告诉银行或办税厅的工作人员，按下面的金额缴款。",
}
HEADLINE: Mapping[State, str] = {
    State.CREATED: "{method}暂时没有回应，还不能付款，没有产生任何扣款。请过几分钟再试，或换一种缴款方式。",
    State.AWAITING: "订单已生成，等待您付款。",
    State.PAID: "款项已收到，正在登记入库。完税凭证随后就会开出，不需要再付款，稍后可查询缴款结果。",
    State.BOOKED: "缴款成功，税款已经入库。",
    State.FAILED: "这次缴款没有成功，没有扣款。",
    State.EXPIRED: "这笔订单已过期，没有收到款项。仍要缴款请重新发起。",
    State.CLOSED: "这笔订单已关闭，请不要再用它付款。仍要缴款请重新发起。",
    State.REFUND_DUE: "款项已收到，但不能登记入库，将由工作人员核实后退回。请不要重复付款，有疑问请转人工。",
}
DEBIT_UNDER_WAY = "已向银行发出扣款请求，结果还没有返回。系统会自动查询，请不要重复缴款，稍后查询缴款结果。"
REASONS: Mapping[str, str] = {
    "no_agreement": "没有登记三方协议。请换一种缴款方式，或先到主管税务机关签订三方协议。",
    "insufficient_funds": "三方协议账户余额不足。请存入款项后重新缴款，或换一种缴款方式。",
    "already_paid": "这笔税款此前已经缴清。",
    "unknown_charge": "这笔税款已经变更或撤销，请重新查看待缴清单。",
    "amounts_do_not_fit": "税款金额有变化，请重新查看待缴清单。",
    "amount_differs": "收到的金额与订单金额不一致。",
}
OTHER_REASON = "税务系统没有受理，请转人工核实。"
ORDER_NUMBER = "订单号：{number}"
RECEIPT = "完税凭证号码：{number}（{at}入库）"
PAID_AT = "付款时间：{at}"
NO_ORDER = "{taxpayer}还没有在这里缴过款。要缴税请回复“缴税”。"

I_PAID = "我已付款"
PAY_AGAIN = "重新缴款"
LOOK_AGAIN = "查询缴款结果"
TALK_TO_HUMAN = "转人工"

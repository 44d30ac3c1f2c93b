"""What the core system's sandbox says to a taxpayer when it says no, and the names of taxes."""

from __future__ import annotations

from services.gateways.tax_core.protocol import CoreRefusal, Refusal

TAXES = {
    "vat": "增值税",
    "construction_tax": "城市维护建设税",
    "education_surcharge": "教育费附加",
    "local_education_surcharge": "地方教育附加",
    "cit": "企业所得税",
    "iit": "个人所得税",
    "stamp": "印花税",
    "vehicle_vessel": "车船税",
    "real_estate": "房产税",
    "land_use": "城镇土地使用税",
}

_REFUSALS = {
    Refusal.UNKNOWN_TAXPAYER: "没有找到这个纳税人，请重新选择办税身份。",
    Refusal.UNKNOWN_OBLIGATION: "没有找到这项申报，请重新查询要申报的税种。",
    Refusal.UNKNOWN_RETURN: "没有找到要更正的申报，它可能已经被后来的更正申报替代，请重新查询申报记录。",
    Refusal.UNKNOWN_CHARGE: "没有找到这笔应缴税款，它可能已经随更正申报变更，请重新查询应缴税款。",
    Refusal.ALREADY_FILED: "这一期已经申报过，不能重复申报；需要修改的，请办理更正申报。",
    Refusal.NOT_YET_OPEN: "这一期还不能申报，请在申报期开始以后再办理。",
    Refusal.WRONG_FORM: "申报表与这项申报不一致，请重新打开申报表后填写。",
    Refusal.AMOUNTS_DO_NOT_FIT: "申报的金额之间对不上，请核对后重新提交。",
    Refusal.ALREADY_PAID: "这笔税款已经缴清，不用再缴，请查询缴款记录。",
    Refusal.NO_AGREEMENT: "没有签订三方协议，不能扣款。请换一种缴款方式，或先到银行和税务机关签订三方协议。",
    Refusal.INSUFFICIENT_FUNDS: "三方协议账户余额不足，没有扣款。请存入足够的款项后重试，或换一种缴款方式。",
    Refusal.REQUEST_REUSED: "这个请求编号已经用于另一项业务，请重新发起办理。",
}
DEREGISTERED = "这个纳税人已经注销税务登记，不能再办理；有疑问请联系原主管税务机关。"
TOO_MUCH = "缴款金额超过应缴税款，没有入账，请重新查询应缴税款后再缴。"
NOTHING_PAID = "缴款金额必须大于0，请重新查询应缴税款后再缴。"
NO_LATE_FEE = "没有逾期的税款不收滞纳金，请重新查询应缴税款后再缴。"


def refusal(code: Refusal, message: str = "") -> CoreRefusal:
    """The refusal with its words."""
    return CoreRefusal(code, message or _REFUSALS[code])

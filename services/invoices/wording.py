"""Every sentence that an inspection says to people, apart from the questions in the form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from services.invoices.kinds import PaperKind

KIND_TITLES: Mapping[PaperKind, str] = {
    PaperKind.SPECIAL: "增值税专用发票",
    PaperKind.ORDINARY: "增值税普通发票（含卷票、电子普票、通行费）",
    PaperKind.VEHICLE: "机动车销售统一发票",
    PaperKind.USED_CAR: "二手车销售统一发票",
    PaperKind.OTHER: "其他（定额、客票、区块链等）",
}
# what people call them; the first that occurs in the answer counts, so the narrower names come first
KIND_NAMES: Mapping[PaperKind, tuple[str, ...]] = {
    PaperKind.USED_CAR: ("二手车",),
    PaperKind.VEHICLE: ("机动车", "新车", "汽车", "摩托车"),
    PaperKind.OTHER: ("其他", "其它", "定额", "区块链", "客票", "门票", "出租车", "通用机打"),
    PaperKind.ORDINARY: ("普通", "普票", "卷票", "卷式", "电子普", "通行费"),
    PaperKind.SPECIAL: ("专用", "专票"),
}
KIND_INVALID = "请在增值税专用发票、普通发票、机动车、二手车、其他这几种里选一种。"

NOT_TEXT = "请以文字填写。"
TOO_LONG = "内容太长了，请只填写这一项。"
DATE_INVALID = "没有看懂开票日期，请按“2026年9月3日”或“2026-09-03”的样子填写票面上的开票日期。"
AMOUNT_INVALID = "没有看懂金额，请填写票面上的小写金额，单位元，最多两位小数，例如1130.00。"
AMOUNT_ZERO = "金额不能是0，请填写票面上的小写金额。红字发票请带负号。"

MISSING: Mapping[str, str] = {
    "invoice_number": "请填写发票号码：数电票20位，税控发票8位，都在票面右上角。",
    "invoice_code": "8位号码的发票还需要发票代码：10位或12位数字，在票面左上角。",
    "invoice_kind": "从发票代码看不出票种，请选择票面上方印的发票种类。",
    "issued_on": "请填写开票日期，在票面右上角，发票号码的下方。",
    "total_with_tax": "查验数电票需要价税合计（小写），在票面下方“价税合计”一行。",
    "amount_without_tax": "查验这种发票需要不含税金额：专用发票在“合计”一行，机动车发票在“不含税价”一栏。",
    "vehicle_total": "查验二手车发票需要车价合计（小写）。",
    "check_code": "查验普通发票需要校验码的最后6位，校验码在票面右上角，开票日期的下方。",
}

_WHERE_NUMBER = "数电票号码在票面右上角，共20位；税控发票的8位号码也在右上角，“№”的后面。"


def number_invalid(text: str) -> str:
    """Why this is no invoice number, and where to find the right one."""
    digits = len(re.findall(r"\d", text))
    letters = re.search(r"\d\s?([A-Za-z])|([A-Za-z])\s?\d", text)
    if letters and digits:
        letter = letters[1] or letters[2]
        mistaken = {"O": "，可能是数字0", "I": "，可能是数字1", "L": "，可能是数字1"}.get(letter.upper(), "")
        return f"发票号码只有数字，您输入的含有字母{letter}{mistaken}。{_WHERE_NUMBER}"
    if not digits:
        return f"没有看到发票号码。{_WHERE_NUMBER}"
    if digits in (10, 12):
        return f"您输入了{digits}位，这像是发票代码。发票号码应为20位（数电票）或8位。{_WHERE_NUMBER}"
    return f"发票号码应为20位（数电票）或8位，您输入了{digits}位。{_WHERE_NUMBER}"


def code_invalid(text: str) -> str:
    """Why this is no invoice code, and where to find the right one."""
    digits = len(re.findall(r"\d", text))
    if digits == 20:
        return "您输入了20位，这像是数电票的发票号码。数电票没有发票代码，请把它填为发票号码。"
    counted = f"，您输入了{digits}位" if digits else ""
    return f"发票代码应为10位或12位数字{counted}。发票代码在票面左上角；数电票没有发票代码。"


def check_code_invalid(text: str) -> str:
    """Why this is no check code, and where to find the right one."""
    digits = len(re.findall(r"\d", text))
    counted = f"，您输入了{digits}位" if digits else ""
    return f"请填写校验码的最后6位（或完整的20位）{counted}。校验码在票面右上角，开票日期的下方。"


def date_in_future(found: date, today: date) -> str:
    """An invoice is not issued tomorrow."""
    return f"开票日期{found.isoformat()}晚于今天（{today.isoformat()}），请核对票面上的开票日期。"


AGAIN = "再查一张"
TALK_TO_HUMAN = "转人工"

HEADLINE: Mapping[str, str] = {
    "consistent": "查验结果：一致。",
    "inconsistent": "查验结果：不一致。",
    "not_found": "查验结果：查无此票。",
    "voided": "查验结果：这张发票已作废。",
    "red_lettered": "查验结果：这张发票已全额红冲。",
    "partly_red_lettered": "查验结果：一致，但这张发票已部分红冲。",
    "too_many_checks": "这张发票今天的查验次数已用完。",
    "not_synchronised": "这张发票的信息还没有同步到查验平台。",
    "too_old": "这张发票超出了全国查验平台的查验期限。",
    "unsupported_kind": "这种发票不在全国增值税发票查验平台的查验范围内。",
    "unavailable": "查验平台暂时没有应答，没有查到结果。",
}
ADVICE: Mapping[str, str] = {
    "consistent": (
        "一致只说明票面信息与税务机关的记录相符；能否报销、抵扣，还要看业务是否真实。"
        "请核对上面的购销双方、项目和金额与票面是否相同。"
    ),
    "inconsistent": (
        "发票号码有记录，但平台不会告知是哪一项不符。请对照票面逐字核对开票日期和{proof}，改正后再查一次。"
        "多次核对仍不一致的，可能是票面被改动，请联系开票方，或向主管税务机关反映。"
    ),
    "not_found": (
        "请先核对号码是否有漏位、错位。数电票开具后即可查验；税控发票一般次日可查。核对无误仍查无此票的，"
        "请不要用于报销、抵扣，联系开票方，或向主管税务机关举报。"
    ),
    "voided": "作废的发票不能报销、抵扣。请联系开票方重新开具。",
    "red_lettered": "已全额红冲的发票不能再报销、抵扣。如果交易确实发生，请联系开票方重新开具。",
    "partly_red_lettered": "可以使用的金额要减去红冲的部分，请向开票方索取对应的红字发票一并入账。",
    "too_many_checks": "同一张发票每天最多查验{limit}次，请明天再查。急需结果的，可以请主管税务机关办税服务厅协助。",
    "not_synchronised": "税控设备开具的发票当天还查不到，一般次日可以查验。请明天再来查。",
    "too_old": "全国平台只能查验最近{years}年内开具的发票。更早的发票请向开票地主管税务机关申请核对。",
    "unsupported_kind": (
        "定额发票、客运票、门票、区块链发票等，请到开票地省级税务局网站的发票查验栏目查询，或咨询当地12366。"
    ),
    "unavailable": (
        "您填写的内容没有问题，请过几分钟再查，或直接访问全国增值税发票查验平台（inv-veri.chinatax.gov.cn）。"
    ),
}
PROOF_LABELS: Mapping[str, str] = {
    "total_with_tax": "价税合计",
    "amount_without_tax": "不含税金额",
    "vehicle_total": "车价合计",
    "check_code": "校验码后六位",
}
YEAR_DIFFERS = "提示：这个号码的前两位表示{year}年开具，而您填写的开票日期在{said}年，两者可能有一个输错了。"
OLD_ORDINARY = (
    "提示：如果这是旧版的增值税普通发票（折叠票，代码也是10位），请重新查验并说明票种是“普通发票”，改用校验码查验。"
)
SOURCE = "数据来源：全国增值税发票查验平台，{at}"

FACE_TITLES: Mapping[str, str] = {
    "digital_special": "电子发票（增值税专用发票）",
    "digital_ordinary": "电子发票（普通发票）",
    "digital_rail": "电子发票（铁路电子客票）",
    "digital_air": "电子发票（航空运输电子客票行程单）",
    "digital_vehicle": "电子发票（机动车销售统一发票）",
    "digital_used_car": "电子发票（二手车销售统一发票）",
    "digital_toll": "通行费电子发票",
    "special": "增值税专用发票",
    "e_special": "增值税电子专用发票",
    "ordinary": "增值税普通发票（折叠票）",
    "roll": "增值税普通发票（卷票）",
    "e_ordinary": "增值税电子普通发票",
    "toll": "增值税电子普通发票（通行费）",
    "vehicle": "机动车销售统一发票",
    "used_car": "二手车销售统一发票",
}

SCANNED = "已识别图中的发票："
SCANNED_TITLE = "查验尾号{number}的发票{on}"
SEVERAL_SCANNED = "图中有{count}张发票，一次查验一张，请选择："


def checks_left(times: int) -> str:
    """How often this invoice may still be checked today."""
    return f"今天这张发票还可以查验{times}次。" if times else "今天这张发票的查验次数已用完，请明天再查。"

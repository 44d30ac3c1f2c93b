"""Every sentence that filing says to people, apart from the questions in the forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from services.taxes.worksheet import money

ROLES: Mapping[str, str] = {
    "self": "本人",
    "legal_representative": "法定代表人",
    "finance_officer": "财务负责人",
    "tax_handler": "办税员",
}
_QUARTERS = "一二三四"

# where a figure comes from
KNOWN = "税务机关已有数据"
LAST_RETURN = "上次申报"
UNKNOWN_FIELD = "没有这一项，请对照申报表的栏目填写。"
ONE_LINE = "这张申报表只有一行，请只填写一行。"

SHEET_HEAD = "请核对《{title}》，确认后才会正式申报："
SHEET_FOOT = "提交即为正式申报，请对内容的真实、准确、完整负责。要修改请点“修改”，在对话里可以直接说“销售额改成30万”。"
NIL = "这是零申报：各项金额都是0。没有应税业务也要按期申报。"
NO_TAX = "本期没有应缴税款，申报后不用缴款。"
PAY_UNTIL = "请在{day}以前缴款，逾期会从次日起按日加收滞纳金。"
PAY_NOW = "缴款期限{day}已过，请尽快缴款；滞纳金从期限次日起按日计算，缴款时一并算出。"

FILED_HEAD = "申报成功，税务机关已受理。"
CORRECTED_HEAD = "更正申报成功，税务机关已受理。"
PENDING = (
    "申报已收下，税务机关的核心系统暂时没有应答。您确认的内容已经保存，系统会自动继续提交，不会丢失也不会重复申报。"
    "过几分钟说“申报记录”就能看到结果，不用再申报一次。"
)
IN_PROGRESS = (
    "这一期已经确认申报，正在提交，税务机关的核心系统暂时没有应答，不用再申报一次。"
    "过几分钟说“申报记录”看结果；要更正，请等有了结果再办。"
)
NOT_SUBMITTED = "税务机关的核心系统暂时没有应答，还没有申报。请过几分钟再试；您填写的内容没有问题。"
UNAVAILABLE = "税务机关的核心系统暂时没有应答，请过几分钟再试。"
CHANGED = "您上次核对以后，已有数据有了变化，还没有申报。请重新打开申报表核对，现在是这样：\n{sheet}"
REFUSED_HEAD = "税务机关没有受理这次申报："
REFUSED_NEXT = "请重新打开申报表核对后再申报，或者转人工。"

NOTHING_TO_FILE = "没有需要在这里申报的{tax}：各期都已申报，或者还没有到申报期。说“办税日历”可以看全部申报期限。"
NOT_YET_OPEN = "{period}还没有到申报期，{day}起可以申报。"
NOT_HERE = "“{title}”暂时不能在这里申报，请到电子税务局或者办税服务厅办理，申报截止{day}。"
NOT_FOUND = "没有找到这项申报，请在办税日历里重新选择。"
RETURN_NOT_FOUND = "没有找到这份申报，请查看申报记录。"
SHEET_NOT_FOUND = "没有找到这张确认单，请重新打开申报表核对。"
SHEET_EXPIRED = "这张确认单已经超过有效时间，请重新打开申报表核对后再提交。"
NOTHING_CHANGED = (
    "填写的内容与已经受理的申报（回执号{receipt}）完全一样，不用更正。要更正，请说明改哪一项，例如“销售额改成30万”。"
)
NO_RECEIPT = "这份申报还没有被受理，没有回执。请稍后在申报记录里查看结果。"
LESS_THAN_NOTHING = "算出来的税额小于0，不能这样申报，请核对填写的金额。"
BATCH_NOT_FOUND = "没有找到这个批次，请重新上传表格。"
SPREADSHEET_INVALID = "这个文件读不出来，请下载最新的模板，填写后另存为 .xlsx 再上传。"
SPREADSHEET_EMPTY = "表格里一行也没有填写，请在模板的第一张表里填写后再上传。"
SPREADSHEET_TOO_LONG = "一个文件最多{most}行，请分成几个文件上传。"
SPREADSHEET_COLUMNS = "表格缺少这些列：{columns}。请下载最新的模板，不要改动表头。"
FORM_NOT_FOUND = "没有这种申报表，请查看可以批量申报的种类。"

SHEET_TO_FILL, SHEET_EXPLAINED, SHEET_REPORT = "申报", "填写说明", "结果"
COLUMN, EXPLANATION = "栏目", "说明"
EXPLAIN_OBLIGATION = "不要改动。一份申报有几行（几个合同、几辆车）的，每行写同一个编号。"
EXPLAIN_CORRECT = "已经申报过、要更正的填“是”，其他留空。"
REPORT_COLUMNS = ("行", "申报编号", "纳税人", "所属期", "状态", "税额", "回执号", "说明")
ROW_STATES: Mapping[str, str] = {
    "waiting": "等待核对",
    "ready": "核对无误，等待确认",
    "rejected": "有错误，没有申报",
    "pending": "正在提交",
    "filed": "已受理",
    "refused": "没有受理",
}
ROW_UNKNOWN = "没有找到这个申报编号，或者您现在不能为这个纳税人办理，请核对编号和授权。"
ROW_FILED_ALREADY = "这一期已经申报过。要更正，请在“更正”一列填“是”后重新上传。"
ROW_NOTHING_TO_CORRECT = "这一期还没有申报，不能更正，请把“更正”一列清空后重新上传。"

WHICH = "请选择要申报（或者更正）哪一期。"
WHICH_INVALID = "请从列出的所属期里选一个；没有列出的，说“办税日历”看申报期限。"
PERIOD = "所属期"
OPTION_OPEN = "{period}（截止{day}）"
OPTION_OVERDUE = "{period}（已逾期，截止{day}）"
OPTION_CORRECT = "更正{period}（已申报）"
TOGETHER = "{problem}还没有申报。"
NOT_IN_RETURN = "“{label}”不在这张申报表里，没有计入。"
KNOWN_IS = "{source}的{label}是{value}。"
SPECIAL_TOO_MUCH = "开专票的销售额不能超过不含税销售额，请重新填写。"

PAY = "去缴税"
WHY = "为什么是这个数"
TALK_TO_HUMAN = "转人工"
CALENDAR = "办税日历"
RETURNS = "申报记录"
FILE_VAT = "申报增值税"
FILE_CIT = "预缴企业所得税"
FILE_VEHICLE = "申报车船税"

CALENDAR_HEAD = "{name}的办税日历（今天是{today}）："
CALENDAR_EMPTY = "{name}目前没有需要申报的税费。"
RETURNS_HEAD = "{name}的申报记录："
RETURNS_EMPTY = "{name}还没有申报记录。"
RETURNS_INCOMPLETE = "核心系统暂时没有应答，这里只有在本平台办理的申报。"
STATUS: Mapping[str, str] = {
    "pending": "正在提交，还没有结果",
    "filed": "已受理",
    "refused": "没有受理",
    "replaced": "已被更正申报替代",
}
STANDINGS: Mapping[str, str] = {
    "overdue": "已逾期，请尽快申报：",
    "open": "现在可以申报：",
    "filed": "已申报：",
    "not_yet_open": "还没有到申报期：",
}


def period_words(start: date, end: date) -> str:
    """A period as people call it: 2026年第三季度, 2026年10月, 2026年度."""
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    match months:
        case 1:
            return f"{end.year}年{end.month}月"
        case 3 if end.month % 3 == 0:
            return f"{end.year}年第{_QUARTERS[end.month // 3 - 1]}季度"
        case 6 if end.month % 6 == 0:
            return f"{end.year}年{'上' if end.month == 6 else '下'}半年"
        case 12 if end.month == 12:
            return f"{end.year}年度"
    return f"{start.isoformat()}至{end.isoformat()}"


def filed_by(name: str, role: str | None) -> str:
    """A person with the role, as it stands on the receipt."""
    return f"{name}（{ROLES.get(role or '', '经办人')}）"


def changed_by_you(source: str, known: str) -> str:
    """Somebody filled in another figure than is known."""
    return f"您填写，{source}为{known}"


FILLED_IN = "您填写"


def late(days: int, due_on: date) -> str:
    """A first return after its due day."""
    return (
        f"注意：这一期的申报期限是{due_on.isoformat()}，已经逾期{days}天。逾期仍要申报；"
        "有应缴税款的，会从缴款期限次日起按日加收滞纳金，缴款时一并计算。"
    )


def correction(receipt: str, before: Decimal, paid: Decimal, difference: Decimal, *, overdue: bool) -> str:
    """What a correction replaces, and what it does to the payment."""
    told = f"这是更正申报，替代回执号{receipt}的申报（原税额{money(before)}，已缴{money(paid)}）。"
    due = before + difference - paid
    if difference > 0:
        told += f"更正后税额增加{money(difference)}，还要缴{money(due)}。"
        if overdue:
            told += "补缴的税款会从原缴款期限次日起按日加收滞纳金，缴款时一并计算。"
    elif difference < 0:
        told += f"更正后税额减少{money(-difference)}，"
        told += f"还要缴{money(due)}。" if due > 0 else ""
        told += f"多缴{money(-due)}，可以申请退还，或者抵缴以后的税款。" if due < 0 else ""
        told += "已缴的正好够，不用再缴。" if due == 0 else ""
    else:
        told += "税额没有变化。"
    return told

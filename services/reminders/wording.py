"""Every sentence about reminders; text messages only fill in what the carrier's registered templates leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from hub.accounts.models import NoticeWay
from services.gateways.sms.templates import TAX_OVERDUE, TAX_REMINDER, TAX_REMINDER_AND_OVERDUE
from services.reminders.open_things import Duty, Thing
from services.reminders.stages import ReminderChoice, Stage

CHOICE_TITLES: Mapping[ReminderChoice, str] = {
    ReminderChoice.ON: "开启提醒",
    ReminderChoice.LAST_DAY: "只要最后一天",
    ReminderChoice.OFF: "关闭提醒",
}
# what people say; the first that occurs in the answer counts, since "不要提醒" contains "要" and "别关" contains "关"
CHOICE_NAMES: tuple[tuple[ReminderChoice, tuple[str, ...]], ...] = (
    (ReminderChoice.LAST_DAY, ("最后一天", "最后1天", "当天", "截止日")),
    (ReminderChoice.ON, ("别关", "不关", "不要关")),
    (ReminderChoice.OFF, ("关", "不", "别", "停", "取消", "退订")),
    (ReminderChoice.ON, ("开", "要", "全部", "恢复")),
)
CHOICE_PROMPT = "申报缴税提醒要怎么设置？开启后，截止前7天、3天和最后一天各提醒一次。"
CHOICE_INVALID = "请在“开启提醒”“只要最后一天”“关闭提醒”里选一种。"

STATUTORY = "逾期未申报、未缴款的催报催缴通知仍会发送。"
CHOSEN: Mapping[ReminderChoice, str] = {
    ReminderChoice.ON: "申报缴税提醒已开启：截止前7天、3天和最后一天，还有没办的事项时给您发短信。" + STATUTORY,
    ReminderChoice.LAST_DAY: "已设置为只在截止日当天提醒，当天还有没办的事项时给您发短信。" + STATUTORY,
    ReminderChoice.OFF: "申报缴税提醒已关闭。截止日期请自行留意，可以随时问“我这个月要报什么税”。" + STATUTORY,
}

WAY_TITLES: Mapping[NoticeWay, str] = {
    NoticeWay.SMS: "短信",
    NoticeWay.WECHAT: "微信",
    NoticeWay.CONVERSATION: "站内会话",
}
WAY_CHOSEN: Mapping[NoticeWay, str] = {
    NoticeWay.SMS: "办税通知会用短信发到您的手机。",
    NoticeWay.WECHAT: "办税通知会优先用微信发送；微信收不到时改发短信，不会重复发送。",
    NoticeWay.CONVERSATION: "办税通知会优先发到您已登录的咨询会话；没有登录时改发短信，不会重复发送。",
}
WAY_UNSET = "没有单独设置：办税通知用短信发送，您登录着咨询会话时，会话里也会提醒。"
WAY_CLOSED: Mapping[NoticeWay, str] = {
    NoticeWay.WECHAT: "您还没有绑定微信，或已取消关注，目前会改发短信。请在公众号菜单里打开“绑定手机号”。",
    NoticeWay.CONVERSATION: "您目前没有登录的咨询会话，会改发短信。",
}
NOTHING_CHOSEN = "请至少填写 choice（提醒方式）或 way（送达方式）中的一项。"

CALENDAR, PAY, SETTINGS = "看办税日历", "去缴税", "提醒设置"
NAMES_IN_SMS = 2
LONGEST_NAME_IN_SMS = 14
STAGE_TITLES: Mapping[Stage, str] = {
    Stage.OVERDUE: "已逾期",
    Stage.LAST_DAY: "今天截止",
    Stage.THREE_DAYS: "3天内截止",
    Stage.WEEK: "7天内截止",
}
DUTY_TITLES: Mapping[Duty, str] = {Duty.FILE: "未申报", Duty.PAY: "未缴款"}
LATE_FEE = "逾期的税款从滞纳之日起按日加收滞纳金，早一天缴清少一天。"


def sms(things: Sequence[Thing], day: date) -> dict[str, object]:
    """The text message about all of it: a template of the carrier and its parameters."""
    overdue = [thing for thing in things if thing.stage(day) is Stage.OVERDUE]
    upcoming = [thing for thing in things if thing not in overdue]
    counted = upcoming or overdue
    due = _day(min(thing.due_on for thing in counted), day)
    parameters = {"who": _who(counted), "count": str(len(counted)), "due": due}
    template = TAX_REMINDER if upcoming else TAX_OVERDUE
    if upcoming and overdue:
        template = TAX_REMINDER_AND_OVERDUE
        parameters |= {"overdue_who": _who(overdue), "overdue_count": str(len(overdue))}
    return {"template": template, "parameters": parameters}


def notice(things: Sequence[Thing], day: date) -> dict[str, object]:
    """The WeChat notice about all of it: its name and fields; what is overdue comes first."""
    overdue = [thing for thing in things if thing.stage(day) is Stage.OVERDUE]
    counted = overdue or things
    due = _day(min(thing.due_on for thing in counted), day)
    fields = {"who": _who(counted), "count": str(len(things)), "due": due}
    return {"notice": "tax_overdue" if overdue else "tax_reminder", "fields": fields, "page": "/services/tax_calendar"}


def chat(things: Sequence[Thing], day: date) -> dict[str, object]:
    """The message in the chat about all of it: a list, and what to press next."""
    lines = ["申报缴税提醒："]
    for stage, title in STAGE_TITLES.items():
        concerned = [thing for thing in things if thing.stage(day) is stage]
        lines += [f"{title}："] if concerned else []
        lines += [f"· {_line(thing)}" for thing in concerned]
    if any(thing.duty is Duty.PAY and thing.stage(day) is Stage.OVERDUE for thing in things):
        lines.append(LATE_FEE)
    duties = {thing.duty for thing in things}
    buttons = [(CALENDAR, "skill:tax_calendar")] if Duty.FILE in duties else []
    buttons += [(PAY, "skill:pay_tax")] if Duty.PAY in duties else []
    buttons.append((SETTINGS, "skill:reminder_settings"))
    return {
        "text": "\n".join(lines),
        "buttons": [{"title": title, "payload": payload} for title, payload in buttons],
        "private": True,
    }


def _line(thing: Thing) -> str:
    return f"{_name(thing)}：{thing.title}{DUTY_TITLES[thing.duty]}，截止日{thing.due_on.isoformat()}"


def _name(thing: Thing) -> str:
    return "您本人" if thing.own else thing.taxpayer_name


def _who(things: Sequence[Thing]) -> str:
    """For whom, short enough for a variable of a carrier's template (35 characters)."""
    names = list(dict.fromkeys(_name(thing) for thing in things))
    shown = "、".join(_short(name) for name in names[:NAMES_IN_SMS])
    return f"{shown}等{len(names)}户" if len(names) > NAMES_IN_SMS else shown


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME_IN_SMS else name[: LONGEST_NAME_IN_SMS - 1] + "…"


def _day(found: date, today: date) -> str:
    """A day as people say it, with how long that is."""
    left = (found - today).days
    shown = f"{found.month}月{found.day}日"
    if left == 0:
        return f"今天（{shown}）"
    return f"{shown}（还有{left}天）" if left > 0 else shown

"""企业所得税 prepayment return of enterprises that keep books (A类)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from hub.skills import Choice, ask
from services.filing.return_kind import PEOPLE, Amount, Filer, Headcount, LineForm, ReturnKind, chosen, yuan
from services.gateways.tax_core.protocol import TaxItem
from services.taxes.calculator import Result
from services.taxes.cit import CIT_PREPAYMENT
from services.taxes.cit_relief import LOWER, Status
from services.taxes.fields import YES_NO
from services.taxes.worksheet import money

STANDINGS = (Choice("没有", Status.ORDINARY), *(Choice(title, status) for status, (title, _, _) in LOWER.items()))
_YES, _NO = frozenset({"是", "有", "对", "yes", "true"}), frozenset({"否", "不是", "没有", "无", "no", "false"})


def _yes_no(value: object) -> object:
    """Yes or no as people say it; pydantic refuses what is left."""
    text = value.strip().lower() if isinstance(value, str) else value
    return True if text in _YES else False if text in _NO else text


class CitPrepaymentLine(LineForm):
    """What an enterprise declares; amounts are those from January to the end of the period."""

    profit: Amount = yuan(
        "利润总额",
        "本年累计利润总额是多少元？亏损填负数，例如 -20000。",
        ...,
        synonyms=("利润", "累计利润"),
        signed=True,
    )
    staff: Headcount = ask(
        prompt="从业人数的季度平均值是多少人（含劳务派遣）？", label="从业人数", synonyms=("人数", "员工人数"),
        hint="每季（季初＋季末）÷2，再取截至期末各季的平均", invalid="请输入0或更大的人数，例如 12。",
        units=PEOPLE, ge=0, max_digits=9, decimal_places=2,
    )  # fmt: skip
    assets: Amount = yuan("资产总额", "资产总额的季度平均值是多少元？", ..., synonyms=("资产",))
    restricted: Annotated[bool, BeforeValidator(_yes_no)] = ask(
        False, prompt="从事国家限制或禁止的行业吗？", label="限制或禁止行业", invalid="请回答是或否。", choices=YES_NO
    )
    status: Annotated[Status, chosen(STANDINGS)] = ask(
        Status.ORDINARY, prompt="企业有没有下面的资格？", label="企业类型",
        invalid="请选择没有、高新技术企业、技术先进型服务企业、西部鼓励类产业或海南鼓励类产业。",
        choices=STANDINGS,
    )  # fmt: skip
    nontaxable: Amount = yuan("不征税收入", "其中不征税收入累计多少元？没有填0。")
    exempt: Amount = yuan("免税收入和加计扣除", "免税收入、减计收入和加计扣除累计多少元？没有填0。")
    depreciation: Amount = yuan("加速折旧调减", "固定资产加速折旧（扣除）调减累计多少元？没有填0。")
    project_relief: Amount = yuan("所得减免", "所得减免（技术转让、农林牧渔等项目）累计多少元？没有填0。")
    losses: Amount = yuan("以前年度亏损", "可以弥补的以前年度亏损是多少元？没有填0。")
    other_relief: Amount = yuan("其他减免税额", "其他减免的所得税额累计多少元？没有填0。")
    prepaid: Amount = yuan("已预缴税额", "本年已经预缴了多少元所得税？没有填0。", synonyms=("已预缴",))


def _given(filer: Filer) -> Mapping[str, Any]:
    return {}


def _declared(result: Result) -> Sequence[TaxItem]:
    return (TaxItem("cit", "企业所得税", result.amount("payable")),)


def _remarks(result: Result) -> list[str]:
    told = [f"实际利润额{money(result.amount('taxable'))}，累计应纳税额{money(result.amount('tax'))}"]
    if result.amount("relief"):
        told.append(f"减免所得税额{money(result.amount('relief'))}")
    return told


CIT_PREPAYMENT_RETURN = ReturnKind(
    "cit_prepayment", "企业所得税月（季）度预缴纳税申报表（A类）", CIT_PREPAYMENT, CitPrepaymentLine,
    given=_given, declared=_declared, remarks=_remarks,
)  # fmt: skip

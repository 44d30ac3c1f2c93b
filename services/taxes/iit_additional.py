"""专项附加扣除: special additional deductions of individual income tax, item by item as people know them.

Basis: 个人所得税专项附加扣除暂行办法（国发〔2018〕41号）; infant care 国发〔2022〕8号; amounts
from 2023 on 国发〔2023〕13号. Serious illness is deducted in the annual reconciliation only and stands with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import CannotCalculate, TaxForm
from services.taxes.fields import ZERO, amount, whole, yes_no
from services.taxes.worksheet import Basis, Worksheet, money

RULES = "guofa-2018-41"


class Elderly(StrEnum):
    """Who supports parents of the age of the rule."""

    NONE = "none"
    ONLY_CHILD = "only_child"
    SHARED = "shared"


class Housing(StrEnum):
    """Mortgage interest or rent, never both in one year; rent by the size of the city of work."""

    NONE = "none"
    MORTGAGE = "mortgage"
    MORTGAGE_HALF = "mortgage_half"
    RENT_LARGE = "rent_large"
    RENT_MEDIUM = "rent_medium"
    RENT_SMALL = "rent_small"


class AdditionalForm(TaxForm):
    """Items of special additional deductions; a calculator may take their total instead."""

    children_full: int = whole("由您按100%扣除子女教育的子女有几个？", "子女教育（全额）人数", 0, 0, 20)
    children_half: int = whole("与配偶各按50%扣除子女教育的子女有几个？", "子女教育（一半）人数", 0, 0, 20)
    infants_full: int = whole("由您按100%扣除的3岁以下婴幼儿有几个？", "婴幼儿照护（全额）人数", 0, 0, 20)
    infants_half: int = whole("与配偶各按50%扣除的3岁以下婴幼儿有几个？", "婴幼儿照护（一半）人数", 0, 0, 20)
    elderly: Elderly = ask(
        Elderly.NONE, prompt="是否赡养年满60岁的父母？", label="赡养老人",
        invalid="请选择没有、独生子女，或与兄弟姐妹分摊。",
        choices=(Choice("没有", Elderly.NONE), Choice("独生子女", Elderly.ONLY_CHILD),
                 Choice("与兄弟姐妹分摊", Elderly.SHARED)),
    )  # fmt: skip
    elderly_share: Decimal | None = amount("赡养老人您每月分摊多少元？", "赡养老人分摊额", None, gt=0)
    housing: Housing = ask(
        Housing.NONE, prompt="住房方面扣哪一项？房贷利息和租金同一年只能扣一项。", label="住房贷款利息或租金",
        invalid="请从按钮中选择一项。",
        choices=(Choice("都没有", Housing.NONE), Choice("首套房贷款利息", Housing.MORTGAGE),
                 Choice("婚前各有首套房贷，各扣50%", Housing.MORTGAGE_HALF),
                 Choice("租房：直辖市、省会、计划单列市", Housing.RENT_LARGE),
                 Choice("租房：市辖区户籍人口超过100万", Housing.RENT_MEDIUM),
                 Choice("租房：其他城市", Housing.RENT_SMALL)),
    )  # fmt: skip
    degree: bool = yes_no("正在境内接受学历（学位）继续教育吗？", "学历继续教育")
    certificate: bool = yes_no("今年取得了职业资格继续教育的证书吗？", "职业资格继续教育")

    def itemised(self) -> bool:
        """Whether any item is claimed."""
        return any((
            self.children_full, self.children_half, self.infants_full, self.infants_half,
            self.elderly is not Elderly.NONE, self.housing is not Housing.NONE, self.degree, self.certificate,
        ))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Months:
    """For how many months of the year each item is claimed."""

    children: int = 1
    infants: int = 1
    elderly: int = 1
    housing: int = 1
    degree: int = 1


A_MONTH = Months()  # the items of one month, as withholding adds them up


def _per_child(sheet: Worksheet, label: str, key: str, full: int, half: int, months: int, basis: Basis) -> Decimal:
    if not full and not half:
        return ZERO
    each = sheet.number(key)
    told = f"每月{money(each)} × （{full}人 ＋ {half}人 × 50%） × {months}个月"
    return sheet.step(label, told, each * (full + Decimal(half) / 2) * months, basis)


def _elderly(form: AdditionalForm, sheet: Worksheet, months: int) -> Decimal:
    basis = Basis(RULES, "第二十二条")
    if form.elderly is not Elderly.SHARED:
        if form.elderly_share is not None:
            raise CannotCalculate("只有与兄弟姐妹分摊赡养老人扣除时才填分摊额，请核对后重新输入。")
        if form.elderly is Elderly.NONE:
            return ZERO
        each = sheet.number("iit.elderly_month")
        return sheet.step("赡养老人（独生子女）", f"每月{money(each)} × {months}个月", each * months, basis)
    cap = sheet.number("iit.elderly_shared_cap_month")
    if form.elderly_share is None:
        raise CannotCalculate("请填写赡养老人您每月分摊的金额。")
    if form.elderly_share > cap:
        raise CannotCalculate(f"赡养老人每人每月分摊不能超过{money(cap)}，请核对后重新输入。")
    share = form.elderly_share
    return sheet.step("赡养老人（分摊）", f"每月{money(share)} × {months}个月", share * months, basis)


def _housing(form: AdditionalForm, sheet: Worksheet, months: int) -> Decimal:
    match form.housing:
        case Housing.NONE:
            return ZERO
        case Housing.MORTGAGE | Housing.MORTGAGE_HALF:
            each = sheet.number("iit.mortgage_month")
            if form.housing is Housing.MORTGAGE_HALF:
                told, each = f"每月{money(each)} × 50% × {months}个月", each / 2
                return sheet.step("住房贷款利息（各扣一半）", told, each * months, Basis(RULES, "第十五条"))
            told = f"每月{money(each)} × {months}个月"
            return sheet.step("住房贷款利息", told, each * months, Basis(RULES, "第十四条"))
        case _:
            each = sheet.number(f"iit.rent_month_{form.housing.removeprefix('rent_')}")
            told = f"每月{money(each)} × {months}个月"
            return sheet.step("住房租金", told, each * months, Basis(RULES, "第十七条"))


def monthly_items(form: AdditionalForm, sheet: Worksheet, months: Months) -> Decimal:
    """The items that run by the month, each a step; a certificate is not among them."""
    total = _per_child(
        sheet, "3岁以下婴幼儿照护", "iit.infant_care_month", form.infants_full, form.infants_half, months.infants,
        Basis("guofa-2022-8"),
    ) + _per_child(
        sheet, "子女教育", "iit.children_education_month", form.children_full, form.children_half, months.children,
        Basis(RULES, "第五条"),
    )  # fmt: skip
    total += _elderly(form, sheet, months.elderly) + _housing(form, sheet, months.housing)
    if form.degree:
        each = sheet.number("iit.degree_study_month")
        told = f"每月{money(each)} × {months.degree}个月"
        total += sheet.step("学历（学位）继续教育", told, each * months.degree, Basis(RULES, "第八条"))
    return total


def certificate_item(form: AdditionalForm, sheet: Worksheet) -> Decimal:
    """The fixed amount of the year in which a certificate was obtained."""
    if not form.certificate:
        return ZERO
    fixed = sheet.number("iit.certificate_year")
    return sheet.step("职业资格继续教育", "取得证书的当年定额扣除", fixed, Basis(RULES, "第八条"))

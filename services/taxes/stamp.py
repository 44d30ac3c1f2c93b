"""印花税: units and people who sign contracts, transfer documents and account books, and sellers of securities.

Legal basis: 印花税法 and its table of items; half for those entitled to “六税两费” by 财政部 税务总局公告2023年第12号.
The law of 2022 has no rule for small amounts (the old one dropped less than 1角): returns keep 角 and 分. The relief
is rounded as the return has it, as an amount of its own that is taken off the tax.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.half_relief import take_half
from services.taxes.worksheet import Basis, Worksheet, money

LAW = "stamp-tax-law"
ITEMS, BASE, AMOUNT = Basis(LAW, "第四条"), Basis(LAW, "第五条"), Basis(LAW, "第八条")
INCREASE, SELLER = Basis(LAW, "第十一条"), Basis(LAW, "第三条")
SMALL_LOAN = Basis("mof-sta-2023-13")
KEPT = Basis("mof-sta-2022-23")
HOME_SALE, HOME_LEASE = Basis("caishui-2008-137"), Basis("caishui-2008-24")


class Document(StrEnum):
    """What was signed: the items of the law's table, and those that reliefs single out."""

    LOAN = "loan"
    SMALL_BUSINESS_LOAN = "small_business_loan"
    FINANCE_LEASE = "finance_lease"
    SALE = "sale"
    WORK = "work"
    CONSTRUCTION = "construction"
    TRANSPORT = "transport"
    TECHNOLOGY = "technology"
    LEASE = "lease"
    HOME_LEASE = "home_lease"
    CUSTODY = "custody"
    WAREHOUSING = "warehousing"
    PROPERTY_INSURANCE = "property_insurance"
    LAND_GRANT = "land_grant"
    PROPERTY_TRANSFER = "property_transfer"
    HOME_TRANSFER = "home_transfer"
    SHARE_TRANSFER = "share_transfer"
    INTELLECTUAL_PROPERTY = "intellectual_property"
    ACCOUNT_BOOKS = "account_books"
    SECURITIES = "securities"


# The items of the table that these documents are taxed under where no relief applies.
TAXED_AS = {
    Document.SMALL_BUSINESS_LOAN: Document.LOAN,
    Document.HOME_LEASE: Document.LEASE,
    Document.HOME_TRANSFER: Document.PROPERTY_TRANSFER,
}


class Payer(StrEnum):
    """Who pays; the first three are entitled to half."""

    SMALL_SCALE = "small_scale"
    SMALL_PROFIT = "small_profit"
    SOLE_TRADER = "sole_trader"
    INDIVIDUAL = "individual"
    OTHER = "other"


ENTITLED = (Payer.SMALL_SCALE, Payer.SMALL_PROFIT, Payer.SOLE_TRADER)


class StampForm(TaxForm):
    """What stamp duty depends on."""

    document: Document = ask(
        prompt="签的是哪一种合同、书据，还是营业账簿、证券交易？", label="凭证种类", synonyms=("合同类型", "税目"),
        invalid="请从列出的凭证种类中选择一种；没有列出的合同不交印花税。",
        choices=(Choice("买卖合同（动产）", Document.SALE), Choice("借款合同（金融机构）", Document.LOAN),
                 Choice("小型、微型企业向金融机构借款", Document.SMALL_BUSINESS_LOAN),
                 Choice("融资租赁合同", Document.FINANCE_LEASE), Choice("承揽合同", Document.WORK),
                 Choice("建设工程合同", Document.CONSTRUCTION), Choice("运输合同（货运）", Document.TRANSPORT),
                 Choice("技术合同", Document.TECHNOLOGY), Choice("租赁合同", Document.LEASE),
                 Choice("个人出租、承租住房", Document.HOME_LEASE), Choice("保管合同", Document.CUSTODY),
                 Choice("仓储合同", Document.WAREHOUSING), Choice("财产保险合同", Document.PROPERTY_INSURANCE),
                 Choice("土地使用权出让书据", Document.LAND_GRANT),
                 Choice("土地使用权、房屋转让书据", Document.PROPERTY_TRANSFER),
                 Choice("个人买卖住房", Document.HOME_TRANSFER), Choice("股权转让书据", Document.SHARE_TRANSFER),
                 Choice("商标、著作权、专利、专有技术转让书据", Document.INTELLECTUAL_PROPERTY),
                 Choice("营业账簿", Document.ACCOUNT_BOOKS), Choice("卖出证券", Document.SECURITIES)),
    )  # fmt: skip
    amount: Decimal = ask(
        prompt="凭证上所列的总金额是多少元？（营业账簿填实收资本与资本公积合计，证券填成交金额）",
        label="所列金额", synonyms=("合同金额", "价款"), entity="amount",
        invalid="请输入大于0的金额，例如 500000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    payer: Payer = ask(
        prompt="纳税人是哪一类？（用来判断能不能减半）", label="纳税人类型",
        invalid="请选择小规模纳税人、小型微利企业、个体工商户、个人或者其他。",
        choices=(Choice("增值税小规模纳税人", Payer.SMALL_SCALE), Choice("小型微利企业", Payer.SMALL_PROFIT),
                 Choice("个体工商户", Payer.SOLE_TRADER), Choice("个人（自然人）", Payer.INDIVIDUAL),
                 Choice("其他企业、单位", Payer.OTHER)),
    )  # fmt: skip
    vat: Decimal = ask(
        Decimal(0), prompt="总金额里单独列明的增值税税额是多少元？（只写税率或者没有写的填0）", label="列明的增值税",
        invalid="请输入不小于0的税额，例如 65000；没有单独列明的填0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    taxed_before: Decimal = ask(
        Decimal(0), prompt="营业账簿以前已经交过印花税的实收资本和资本公积合计是多少元？（第一次填0）",
        label="已缴税的资金合计", invalid="请输入不小于0的金额，例如 1000000；第一次缴纳填0。",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip


def base_of(form: StampForm, sheet: Worksheet) -> Decimal:
    """The amount that the rate is applied to; on the sheet.

    Raises `CannotCalculate` where the amounts do not fit the kind of document.
    """
    document = form.document
    if form.taxed_before and document is not Document.ACCOUNT_BOOKS:
        raise CannotCalculate("只有营业账簿才有“已缴税的资金合计”，其他凭证请填0。")
    if form.vat and document in (Document.ACCOUNT_BOOKS, Document.SECURITIES):
        raise CannotCalculate("营业账簿、证券交易的计税依据里没有增值税，列明的增值税请填0。")
    if form.vat >= form.amount:
        raise CannotCalculate("列明的增值税不能大于或者等于总金额，请核对：总金额应当是价税合计。")
    if document is Document.ACCOUNT_BOOKS:
        if form.amount <= form.taxed_before:
            sheet.note("实收资本和资本公积合计没有增加，不用再交；减少的也不退。")
        added = max(form.amount - form.taxed_before, Decimal(0))
        told = f"合计{money(form.amount)}，已缴税{money(form.taxed_before)}，按增加部分"
        return sheet.step("计税依据", told, added, BASE, INCREASE)
    if document is Document.SECURITIES:
        return sheet.step("计税依据", "证券成交金额", form.amount, BASE)
    if not form.vat:
        sheet.note("没有单独列明增值税税额的，按所列金额全额计税。")
        return sheet.step("计税依据", "所列金额，没有单独列明增值税税额", form.amount, BASE)
    told = f"{money(form.amount)} − 列明的增值税{money(form.vat)}"
    return sheet.step("计税依据", told, form.amount - form.vat, BASE)


def relief(form: StampForm, sheet: Worksheet, full: Decimal) -> Decimal:
    """What is taken off the tax; on the sheet where there is something.

    Raises `CannotCalculate` where a relief for individuals is asked for by someone else.
    """
    document, payer = form.document, form.payer
    if document in (Document.HOME_TRANSFER, Document.HOME_LEASE):
        if payer is not Payer.INDIVIDUAL:
            raise CannotCalculate("住房免税只适用于个人；单位请选择“土地使用权、房屋转让书据”或者“租赁合同”。")
        article = HOME_SALE if document is Document.HOME_TRANSFER else HOME_LEASE
        return sheet.step("减免税额", "个人买卖、租赁住房免征", full, article, KEPT)
    if document is Document.SALE and payer is Payer.INDIVIDUAL:
        sheet.note("个人书立的动产买卖合同不征印花税；合同另一方是企业的，企业一方照常缴纳。")
        return sheet.step("不征税额", "个人书立的动产买卖合同不在税目内", full, ITEMS)
    if document is Document.SMALL_BUSINESS_LOAN:
        share = 1 - sheet.number("stamp.small_business_loan_ratio")
        sheet.note("小型、微型企业按工业和信息化部门的划型标准认定，同“小型微利企业”不是一回事；借贷双方都免。")
        return sheet.step("减免税额", "金融机构与小型、微型企业的借款合同免征", full * share, SMALL_LOAN)
    if document is Document.SECURITIES:
        sheet.note("证券交易印花税只由卖出方交，由证券登记结算机构代扣，不享受“六税两费”减半。")
        return Decimal(0)
    if payer in ENTITLED:
        return take_half(sheet, full, entitled=True)
    if payer is Payer.INDIVIDUAL:
        sheet.note("这里没有给个人减半；个人能否按小规模纳税人享受减半，请向主管税务机关确认。")
    return Decimal(0)


def compute(form: StampForm, sheet: Worksheet) -> Sequence[Figure]:
    """The tax of one party to the document, before and after relief."""
    base = base_of(form, sheet)
    item = TAXED_AS.get(form.document, form.document)
    rate = sheet.number(f"stamp.rate_{item}")
    basis = (SELLER, AMOUNT) if item is Document.SECURITIES else (ITEMS, AMOUNT)
    full = sheet.step("应纳税额", f"{money(base)} × {(rate * 1000).normalize():f}‰", base * rate, *basis)
    saved = relief(form, sheet, full)
    if item is Document.SECURITIES:
        days = sheet.number("stamp.securities_filing_days")
        sheet.note(f"扣缴义务人每周终了之日起{days:f}日内解缴。")
    else:
        days = sheet.number("stamp.filing_days")
        sheet.note(f"签订合同的各方各自按自己涉及的金额缴纳；季度、年度终了或者书立之日起{days:f}日内申报。")
    tax = sheet.step("应缴印花税", f"{money(full)} − {money(saved)}", full - saved, AMOUNT)
    return [
        Figure("payable", "应缴印花税", tax),
        Figure("full", "减免前税额", full),
        Figure("saved", "减免税额", saved),
    ]


STAMP = Calculator("stamp", "印花税", "合同、书据、营业账簿和证券交易要交多少印花税。", StampForm, compute)

"""“六税两费”减半: small-scale VAT taxpayers, small low-profit enterprises and sole traders pay a part of some taxes.

Returns work out the amount that is taken off and round that; what is left is to be paid. So do we.
"""

from __future__ import annotations

from decimal import Decimal

from services.taxes.worksheet import Basis, Worksheet, money, percent

HALF = Basis("mof-sta-2023-12", "第二条")


def take_half(sheet: Worksheet, tax: Decimal, entitled: bool) -> Decimal:
    """What the relief takes off a tax: nothing for others, and nothing on days on which it is not in force."""
    if not entitled:
        return Decimal(0)
    if not sheet.has("property.half_ratio"):
        sheet.note("所选日期不在“六税两费”减半政策的执行期内（以知识库收录的为准），没有计算减半。")
        return Decimal(0)
    left = sheet.number("property.half_ratio")
    reduction = sheet.step("“六税两费”减征额", f"{money(tax)} × （1 − {percent(left)}）", tax * (1 - left), HALF)
    sheet.note("减征适用于增值税小规模纳税人、小型微利企业和个体工商户，申报时自行判断、勾选享受，资料留存备查。")
    return reduction

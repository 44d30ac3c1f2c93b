"""What the hub read in a picture begins its skill, or takes the place of everything that was filled in."""

from __future__ import annotations

from bot.conversation.attachments import handing
from tests.actions.wire import Chat

READ = {"invoice_number": "26322000000000001130", "issued_on": "2026-09-03"}
OTHER = {"invoice_number": "26322000000000001131", "issued_on": "2026-09-04", "total_with_tax": "99.00"}


async def test_it_begins_the_form(inspection: Chat) -> None:
    said = await inspection.say(handing("invoice_inspection", READ), "invoice_inspection", 1.0)
    assert inspection.values == READ
    assert "价税合计" in said[-1].text


async def test_nothing_of_another_invoice_stays(inspection: Chat) -> None:
    """Else the amount of one invoice would be checked against the number of the other."""
    known = {name: value for name, value in OTHER.items() if name != "issued_on"}
    inspection.open_form(known, "issued_on")
    said = await inspection.say(handing("invoice_inspection", READ), "invoice_inspection", 1.0)
    assert inspection.values == READ
    assert "价税合计" in said[-1].text


async def test_paper_after_digital(inspection: Chat) -> None:
    inspection.open_form(READ, "total_with_tax")
    paper = {"invoice_code": "3200213620", "invoice_number": "10203040", "invoice_kind": "ordinary"}
    said = await inspection.say(handing("invoice_inspection", paper), "invoice_inspection", 1.0)
    assert inspection.values == paper
    assert "开票日期" in said[-1].text


async def test_what_the_form_does_not_take_is_asked_for(inspection: Chat) -> None:
    wrong = {"invoice_number": READ["invoice_number"], "issued_on": "2999-01-01", "shoe_size": "43"}
    said = await inspection.say(handing("invoice_inspection", wrong), "invoice_inspection", 1.0)
    assert inspection.values == {"invoice_number": READ["invoice_number"]}
    assert "开票日期" in said[-1].text


async def test_another_form_gives_way(inspection: Chat) -> None:
    inspection.open_form({}, "invoice_number")
    said = await inspection.say(handing("tax_calendar", READ), "tax_calendar", 1.0)
    assert "先放下“发票查验”" in said[0].text
    assert inspection.values == {}

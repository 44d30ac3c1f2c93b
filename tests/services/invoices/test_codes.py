"""What an invoice's code says is taken only as far as it is sure: an amount that may be another one is asked for."""

from __future__ import annotations

import pytest

from services.invoices.codes import scanned
from services.invoices.schemas import required

NUMBER = "26322000000000001130"

CODES = {
    "digital, ordinary": (
        f"01,32,,{NUMBER},1130,20260903,,74AE",
        {"invoice_number": NUMBER, "issued_on": "2026-09-03", "total_with_tax": "1130.00"},
    ),
    "digital, red": (
        "01,31,,26312000000000002260,-22600.00,20261008,,FAFB",
        {"invoice_number": "26312000000000002260", "issued_on": "2026-10-08", "total_with_tax": "-22600.00"},
    ),
    "a railway ticket: which amount it is, nobody says": (
        "01,51,,26119110000000006001,553.50,20260501,,219a",
        {"invoice_number": "26119110000000006001", "issued_on": "2026-05-01"},
    ),
    "special": (
        "01,01,3200221130,00012345,2000.00,20230315,,9335,",
        {"invoice_code": "3200221130", "invoice_number": "00012345", "issued_on": "2023-03-15",
         "amount_without_tax": "2000.00"},
    ),
    "special, electronic": (
        "01,08,011002200113,23456789,2000.00,20221220,,9335,",
        {"invoice_code": "011002200113", "invoice_number": "23456789", "issued_on": "2022-12-20",
         "amount_without_tax": "2000.00"},
    ),
    "ordinary, electronic": (
        "01,10,011001900211,12345678,2000.00,20220308,84567890123456173205,0816,",
        {"invoice_code": "011001900211", "invoice_number": "12345678", "issued_on": "2022-03-08",
         "check_code": "173205"},
    ),
    "ordinary, without the last comma": (
        "01,10,011001900211,12345678,2000.00,20220308,84567890123456173205",
        {"invoice_code": "011001900211", "invoice_number": "12345678", "issued_on": "2022-03-08",
         "check_code": "173205"},
    ),
    "ordinary, folded: its code reads like a special one's": (
        "01,04,3200213620,10203040,316.83,20220214,81234567890123271828,DBFE,",
        {"invoice_code": "3200213620", "invoice_number": "10203040", "invoice_kind": "ordinary",
         "issued_on": "2022-02-14", "check_code": "271828"},
    ),
    "a new car": (
        "01,03,142002221530,00876543,132743.36,20221231,,AA",
        {"invoice_code": "142002221530", "invoice_number": "00876543", "invoice_kind": "vehicle",
         "issued_on": "2022-12-31"},
    ),
    "of a kind that we have never seen": (
        "01,99,032002200104,30112233,316.83,20230118,68012345901234560718,X",
        {"invoice_code": "032002200104", "invoice_number": "30112233", "issued_on": "2023-01-18",
         "check_code": "560718"},
    ),
    "a day that is none": (
        f"01,32,,{NUMBER},1130.00,20269999,,74AE", {"invoice_number": NUMBER, "total_with_tax": "1130.00"},
    ),
    "a day after today": (
        f"01,32,,{NUMBER},1130.00,20991231,,74AE", {"invoice_number": NUMBER, "total_with_tax": "1130.00"},
    ),
    "an amount that is none": (
        f"01,32,,{NUMBER},¥1130.00,20260903,,74AE", {"invoice_number": NUMBER, "issued_on": "2026-09-03"},
    ),
    "amount 0": (f"01,32,,{NUMBER},0,20260903,,74AE", {"invoice_number": NUMBER, "issued_on": "2026-09-03"}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "values"), CODES.values(), ids=CODES.keys())
def test_what_a_code_says(text: str, values: dict[str, str]) -> None:
    (invoice,) = scanned([text])
    assert invoice.values == values
    assert set(values) <= set(required(values))


@pytest.mark.parametrize(
    "text",
    [
        "", ",,,,,,", "https://inv-veri.chinatax.gov.cn/", "01", "01,32,,2632200000000000113,1130,20260903,,74AE",
        "02,32,,26322000000000001130,1130,20260903,,74AE", "01,06,00010122,0000000001,100.00,20230101,abcdef",
        "01,10,,12345678,2000.00,20220308,84567890123456173205",
        "01,32,,２６３２２０００００００００００１１３０,1,20260903,,",
        f"01,32,,{NUMBER},1130.00,20260903,,{'x' * 300}", "BEGIN:VCARD",
    ],
)  # fmt: skip
def test_what_is_no_invoice(text: str) -> None:
    assert scanned([text]) == []


def test_each_invoice_once_and_in_order() -> None:
    first, second = (f"01,32,,{NUMBER[:-1]}{last},1130.00,20260903,,74AE" for last in "01")
    found = scanned([first, "https://example.cn", second, first + ","])
    assert [one.values["invoice_number"][-1] for one in found] == ["0", "1"]
    assert found[0].title == "查验尾号00001130的发票，2026年9月3日"
    assert found[0].told.splitlines() == [
        "已识别图中的发票：", f"发票号码：{NUMBER}", "开票日期：2026年9月3日", "价税合计：1,130.00元",
    ]  # fmt: skip

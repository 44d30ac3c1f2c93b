"""What people type into the form: understood where it can be, otherwise told what is wrong and where to look."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.skills import question_of
from services.invoices.schemas import InspectInvoice

DIGITAL = {"invoice_number": "26322000000000001130", "issued_on": "2026-09-03", "total_with_tax": "1130.00"}
ORDINARY = {
    "invoice_number": "48213377",
    "invoice_code": "031002300211",
    "issued_on": "2023-11-03",
    "check_code": "205871",
}


def complaints(values: dict[str, Any]) -> dict[str, str]:
    """Field by field, what is said about a form that cannot be used."""
    with pytest.raises(ValidationError) as caught:
        InspectInvoice.model_validate(values)
    return {
        str(item["loc"][0]): str(item.get("ctx", {}).get("error", item["type"]))
        for item in caught.value.errors(include_url=False)
    }


@pytest.mark.parametrize(
    ("field", "typed", "understood"),
    [
        ("invoice_number", "２６３２２００００００００００１１３０", None),
        ("invoice_number", "２６３２２０００００００００００１１３０", "26322000000000001130"),
        ("invoice_number", " 2632 2000 0000 0000 1130 ", "26322000000000001130"),
        ("invoice_number", "号码是26322000000000001130", "26322000000000001130"),
        ("issued_on", "9月3号", date(2026, 9, 3)),
        ("issued_on", "2026年9月3日", date(2026, 9, 3)),
        ("issued_on", "2026.9.3", date(2026, 9, 3)),
        ("issued_on", "20260903", date(2026, 9, 3)),
        ("issued_on", "昨天", date(2026, 11, 21)),
        ("issued_on", date(2026, 9, 3), date(2026, 9, 3)),
        ("issued_on", datetime(2026, 9, 3, 8, 30), date(2026, 9, 3)),
        ("total_with_tax", "1.2万", Decimal("12000.00")),
        ("total_with_tax", "¥１，１３０．００", Decimal("1130.00")),
        ("total_with_tax", "1130元", Decimal("1130.00")),
        ("total_with_tax", "三千五", Decimal("3500.00")),
        ("total_with_tax", "-1130.00", Decimal("-1130.00")),
        ("total_with_tax", 1130, Decimal("1130.00")),
        ("total_with_tax", 1130.5, Decimal("1130.50")),
        ("total_with_tax", Decimal("1130.5"), Decimal("1130.50")),
    ],
)
def test_what_people_type(field: str, typed: object, understood: object) -> None:
    if understood is None:
        assert field in complaints(DIGITAL | {field: typed})
    else:
        assert getattr(InspectInvoice.model_validate(DIGITAL | {field: typed}), field) == understood


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("205871", "205871"),
        ("65678901234567205871", "205871"),
        ("65678 90123 45672 05871", "205871"),
        ("后六位205871", "205871"),
    ],
)
def test_check_codes_keep_their_last_six(typed: str, understood: str) -> None:
    assert InspectInvoice.model_validate(ORDINARY | {"check_code": typed}).check_code == understood


@pytest.mark.parametrize(
    "pair", ["031002300211 48213377", "代码031002300211 号码48213377", "０３１００２３００２１１，48213377"]
)
def test_code_and_number_typed_in_one_go(pair: str) -> None:
    form = InspectInvoice.model_validate({**ORDINARY, "invoice_code": None, "invoice_number": pair})
    assert (form.invoice_code, form.invoice_number) == ("031002300211", "48213377")


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("invoice_number", "2511700000000000001", "发票号码应为20位（数电票）或8位，您输入了19位。"),
        ("invoice_number", "1234567", "您输入了7位。"),
        ("invoice_number", "011001900211", "您输入了12位，这像是发票代码。"),
        ("invoice_number", "2632200000000000113O", "含有字母O，可能是数字0"),
        ("invoice_number", "2026-09-03", "您输入了8位"),
        ("invoice_number", "不知道", "没有看到发票号码。数电票号码在票面右上角"),
        ("invoice_number", True, "请以文字填写"),
        ("invoice_number", ["26322000000000001130"], "请以文字填写"),
        ("invoice_number", 10**300, "内容太长了"),
        ("invoice_number", "1" * 5000, "内容太长了"),
        ("invoice_code", "12345", "发票代码应为10位或12位数字，您输入了5位。"),
        ("invoice_code", "26322000000000001130", "数电票没有发票代码，请把它填为发票号码。"),
        ("invoice_kind", "digital", "请在增值税专用发票"),
        ("issued_on", "2026-02-30", "没有看懂开票日期"),
        ("issued_on", "很久以前", "没有看懂开票日期"),
        ("issued_on", "2026-11-23", "开票日期2026-11-23晚于今天（2026-11-22）"),
        ("issued_on", "明天", "晚于今天"),
        ("total_with_tax", "很多", "没有看懂金额"),
        ("total_with_tax", "1130.005", "没有看懂金额"),
        ("total_with_tax", 1130.005, "没有看懂金额"),
        ("total_with_tax", float("nan"), "没有看懂金额"),
        ("total_with_tax", Decimal("1e999999"), "没有看懂金额"),
        ("total_with_tax", 10**13, "没有看懂金额"),
        ("total_with_tax", "0", "金额不能是0"),
        ("check_code", "12345", "最后6位（或完整的20位），您输入了5位。"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(field: str, typed: object, said: str) -> None:
    assert said in complaints(DIGITAL | {field: typed})[field]


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({"invoice_number": "26322000000000001130"}, {"issued_on", "total_with_tax"}),
        ({"invoice_number": ""}, {"invoice_number"}),
        ({"invoice_number": "48213377"}, {"invoice_code", "issued_on"}),
        ({"invoice_number": "48213377", "invoice_code": ""}, {"invoice_code", "issued_on"}),
        ({**ORDINARY, "check_code": None, "total_with_tax": "5"}, {"check_code"}),
        ({**ORDINARY, "invoice_code": "3200221130"}, {"amount_without_tax"}),
        ({**ORDINARY, "invoice_code": "142002221530"}, {"invoice_kind"}),
        ({**ORDINARY, "invoice_code": "142002221530", "invoice_kind": "vehicle"}, {"amount_without_tax"}),
        ({**ORDINARY, "invoice_code": "042002200117", "invoice_kind": "二手车发票"}, {"vehicle_total"}),
    ],
)
def test_what_is_missing_is_said_at_its_field(values: dict[str, Any], missing: set[str]) -> None:
    said = complaints(values)
    assert set(said) == missing
    assert all(sentence.endswith("。") for sentence in said.values())


def test_nothing_is_needed_of_a_kind_that_the_platform_does_not_know() -> None:
    form = InspectInvoice.model_validate({"invoice_number": "12345678", "invoice_kind": "定额发票"})
    assert form.kind == "other"


def test_unknown_fields_are_refused() -> None:
    assert complaints(DIGITAL | {"date": "2026-09-03"}) == {"date": "extra_forbidden"}


def test_the_form_can_be_asked_in_chat_and_published() -> None:
    for name in InspectInvoice.model_fields:
        question = question_of(InspectInvoice, name)
        assert question.prompt[-1] in "。？"
        assert question.label
    kinds = question_of(InspectInvoice, "invoice_kind").choices
    for choice in kinds:
        for said in (choice.title, choice.value):
            form = InspectInvoice.model_validate(
                {"invoice_number": "12345678", "invoice_code": "142002221530", "issued_on": "2022-12-31"}
                | {"amount_without_tax": "1", "vehicle_total": "1", "check_code": "123456", "invoice_kind": said}
            )
            assert form.invoice_kind == choice.value
    schema = InspectInvoice.model_json_schema()
    assert schema["required"] == ["invoice_number"]
    assert schema["properties"]["total_with_tax"]["title"] == "价税合计"


anything = st.none() | st.text() | st.integers() | st.floats() | st.booleans() | st.binary() | st.lists(st.text())
typed = st.text(alphabet="0123456789０１２年月日号.,-/ 万千元¥ONo校验码{}\n", max_size=60)
maybe = st.dictionaries(st.sampled_from(sorted(InspectInvoice.model_fields)), anything | typed)


@given(maybe, st.booleans())
def test_anything_at_all_is_understood_or_refused(values: dict[str, Any], with_number: bool) -> None:
    if with_number:
        values = {"invoice_number": "48213377", "invoice_code": "031002300211"} | values
    try:
        form = InspectInvoice.model_validate(values)
    except ValidationError as error:
        said = [str(item.get("ctx", {}).get("error", "")) for item in error.errors(include_url=False)]
        by_pydantic = {"missing"}  # the number, where it is not given at all
        assert all(said) or {item["type"] for item in error.errors()} & by_pydantic  # noqa: PT017
    else:
        assert len(form.invoice_number) in (8, 20)
        assert InspectInvoice.model_validate(form.model_dump(mode="json")) == form


@given(st.sampled_from(["not a form", 5, None, [], b"x"]))
def test_what_is_no_form_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        InspectInvoice.model_validate(value)

"""Which fields an inspection needs, given what is known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.invoices.schemas import InspectInvoice, required

DIGITAL, LEGACY = "26322000000000001130", "12345678"
N, C, K, D = "invoice_number", "invoice_code", "invoice_kind", "issued_on"
TOTAL, AMOUNT, CAR, CHECK = "total_with_tax", "amount_without_tax", "vehicle_total", "check_code"


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, [N, D]),
        ({N: "1234567"}, [N, D]),
        ({N: DIGITAL}, [N, D, TOTAL]),
        ({N: "２６３２２０００ 0000 0000 1130"}, [N, D, TOTAL]),
        ({N: DIGITAL, C: "011001900211"}, [N, D, TOTAL]),
        ({N: LEGACY}, [N, C, D]),
        ({C: "011001900211"}, [N, C, D, CHECK]),
        ({N: LEGACY, C: "3200221130"}, [N, C, D, AMOUNT]),
        ({N: LEGACY, C: "3200221130", K: "special"}, [N, C, K, D, AMOUNT]),
        ({N: LEGACY, C: "3200213620", K: "ordinary"}, [N, C, K, D, CHECK]),
        ({N: LEGACY, C: "032002200104"}, [N, C, D, CHECK]),
        ({N: LEGACY, C: "032002200105"}, [N, C, D, CHECK]),
        ({N: LEGACY, C: "031002200106"}, [N, C, D, CHECK]),
        ({N: LEGACY, C: "031002200107"}, [N, C, D, CHECK]),
        ({N: LEGACY, C: "011001900211"}, [N, C, D, CHECK]),
        ({N: LEGACY, C: "037002200112"}, [N, C, D, CHECK]),
        ({N: LEGACY, C: "011002200113"}, [N, C, D, AMOUNT]),
        ({N: LEGACY, C: "011002200113", K: "used_car"}, [N, C, D, AMOUNT]),
        ({N: LEGACY, C: "142002221530"}, [N, C, K, D]),
        ({N: LEGACY, C: "142002221530", K: "vehicle"}, [N, C, K, D, AMOUNT]),
        ({N: LEGACY, C: "042002200117"}, [N, C, K, D]),
        ({N: LEGACY, C: "042002200117", K: "used_car"}, [N, C, K, D, CAR]),
        ({N: LEGACY, C: "042002200117", K: "二手车"}, [N, C, K, D, CAR]),
        ({N: LEGACY, C: "142002221530", K: "other"}, [N, K]),
        ({N: LEGACY, K: "nonsense"}, [N, C, D]),
    ],
)
def test_required(values: dict[str, str], fields: list[str]) -> None:
    assert required(values) == fields


FIELDS = st.sampled_from([N, C, K, D, TOTAL, AMOUNT, CAR, CHECK])
ODD = st.none() | st.text(max_size=30) | st.integers() | st.sampled_from(["other", "0" * 8, "1" * 20, "2" * 10])


@given(st.dictionaries(FIELDS, ODD, max_size=8))
def test_required_takes_anything(values: dict[str, Any]) -> None:
    fields = required(values)
    assert fields[0] == N
    assert len(set(fields)) == len(fields)
    assert set(fields) <= set(InspectInvoice.model_fields)


@given(
    st.sampled_from([DIGITAL, LEGACY]),
    st.none() | st.from_regex(r"\A(\d{10}|\d{12})\Z"),
    st.none() | st.sampled_from(["special", "ordinary", "vehicle", "used_car", "other"]),
)
def test_asking_in_order_comes_to_an_end_with_a_form_that_can_be_sent(
    number: str, code: str | None, kind: str | None
) -> None:
    answers = {C: code or "142002221530", K: kind or "vehicle", D: "2026-01-05"} | dict.fromkeys(
        (TOTAL, AMOUNT, CAR), "1"
    )
    answers |= {N: number, CHECK: "123456"}
    values: dict[str, str] = {}
    for _ in range(8):
        missing = [name for name in required(values) if name not in values]
        if not missing:
            break
        values[missing[0]] = answers[missing[0]]
    assert [name for name in required(values) if name not in values] == []
    assert InspectInvoice.model_validate(values).invoice_number == number

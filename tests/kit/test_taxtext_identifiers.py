"""Check digits, with the worked examples of the national standards (marked) and synthetic ones."""

from __future__ import annotations

from datetime import date

import pytest

from hub.kit.taxtext import organisation_code_ok, resident_id_ok, upgrade_resident_id, uscc_ok

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("91350100M000100Y43", True),  # GB 32100-2015
        ("91110000MA0DEMY1XC", True),
        ("91440300123456788M", True),
        ("51330000876543210L", True),
        ("12510000DEMF00018H", True),
        ("91460000MAC0DEM75C", True),
        ("91110000MA0DEMY1XD", False),
        ("91110000MA0DEYM1XC", False),
        ("91440300123456789M", False),
        ("91110000MA0DEMY1X", False),
        ("9111000OMA0DEMY1XC", False),
        ("91350100M000100Y4S", False),
        ("91350100m000100y43", True),  # the check upper-cases first
    ],
)
def test_unified_social_credit_code(code: str, valid: bool) -> None:
    assert uscc_ok(code) is valid


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("11010519491231002X", True),  # GB 11643-1999
        ("440524188001010014", False),  # GB 11643-1999; its check digit fits, the birth year 1880 does not
        ("110101190001010014", True),
        ("440301194910010025", True),
        ("51010719000307003X", True),
        ("650102190006301234", True),
        ("810000190001010034", True),
        ("82000019000101001X", True),
        ("830000190001010054", True),
        ("110105194912310021", False),
        ("110101190001010041", False),
        ("310101190002290019", False),
        ("110101199002300014", False),
        ("110101202701010010", False),
        ("1101011900010100", False),
    ],
)
def test_identity_number(number: str, valid: bool) -> None:
    assert resident_id_ok(number, TODAY) is valid


def test_identity_number_of_the_future_becomes_valid_with_time() -> None:
    assert resident_id_ok("110101202701010010", date(2027, 1, 1))


def test_old_identity_number_is_upgraded() -> None:
    assert upgrade_resident_id("110105491231002") == "11010519491231002X"
    assert upgrade_resident_id("11010549123100") is None


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("D2143569-X", True),  # GB 11714-1997
        ("12345678-8", True),
        ("MA0DEMY1-X", True),
        ("87654321-0", True),
        ("D2143569-0", False),
        ("12345678-9", False),
        ("MA0DEMY1X", True),
    ],
)
def test_organisation_code(code: str, valid: bool) -> None:
    assert organisation_code_ok(code) is valid

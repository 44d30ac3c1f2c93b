"""The people and taxpayers that the sandbox starts with, read from `taxpayers.yaml`; every one of them is made up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from knowledge_base.yaml_files import read_yaml
from services.gateways.tax_core.protocol import Role, Taxpayer, TaxpayerKind, VatKind

SEED_FILE = Path(__file__).with_name("taxpayers.yaml")

_PHONE_RANGE = "1999999"
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


class Cycle(StrEnum):
    """How long the periods of a duty are."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


class _Read(BaseModel):
    """Strict about names, so that a slip of the pen in the file is found."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReturnKind(_Read):
    """A kind of return: its form and period, from when it may be filed and until when.

    `opens` and `due` are "after_period", "with_period", "filing_month" (the filing days of the month after the period),
    "end_of_period", or a parameter of the law that is dated by the year after the period.
    """

    form: str
    title: str
    cycle: Cycle
    opens: str = Field("after_period", pattern=r"^(after_period|with_period|calendar\.\w+)$")
    due: str = Field("filing_month", pattern=r"^(filing_month|end_of_period|calendar\.\w+)$")


class Duty(_Read):
    """What a taxpayer files again and again; figures and the taxes of past returns go round by period of the year."""

    kind: ReturnKind
    figures: tuple[dict[str, str], ...] = Field(min_length=1)
    items: tuple[dict[str, Decimal], ...] = Field(min_length=1)
    left_open: int = Field(1, ge=0)
    unpaid: int = Field(0, ge=0)


class SeededMandate(_Read):
    """Who acts for a taxpayer, and in what capacity."""

    person: str
    role: Role


class SeededPerson(_Read):
    """A made-up person; number and phone exist only while the program runs."""

    name: str
    id_parts: tuple[str, str, str]
    phone_tail: str = Field(pattern=r"^\d{4}$")

    @property
    def resident_id(self) -> str:
        """The resident ID, with its check digit."""
        body = "".join(self.id_parts)
        total = sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True))
        return body + "10X98765432"[total % 11]

    @property
    def phone(self) -> str:
        """The mobile number."""
        return _PHONE_RANGE + self.phone_tail


class SeededTaxpayer(_Read):
    """A taxpayer with everything that the core system knows of it at the start."""

    taxpayer_id: str
    name: str
    kind: TaxpayerKind
    vat: VatKind = VatKind.NONE
    region: str = "浙江省杭州市西湖区"
    credit_code: str = ""
    place: str = "city"
    small_low_profit: bool = False
    registered_on: date | None = None
    deregistered_on: date | None = None
    bank_agreement: bool = False
    balance: Decimal = Decimal("0.00")
    mandates: tuple[SeededMandate, ...]
    duties: tuple[Duty, ...] = ()

    @model_validator(mode="after")
    def _one_duty_a_form(self) -> Self:
        forms = [duty.kind.form for duty in self.duties]
        if len(forms) != len(set(forms)):
            raise ValueError(f"{self.taxpayer_id}: two duties of one form")
        return self

    def file(self) -> Taxpayer:
        """The taxpayer's file as the gateway shows it."""
        return Taxpayer(
            taxpayer_id=self.taxpayer_id, name=self.name, kind=self.kind, vat=self.vat, region=self.region,
            credit_code=self.credit_code, place=self.place, small_low_profit=self.small_low_profit,
            registered_on=self.registered_on, bank_agreement=self.bank_agreement,
        )  # fmt: skip


class Seed(_Read):
    """The whole file, put together."""

    people: tuple[SeededPerson, ...]
    taxpayers: tuple[SeededTaxpayer, ...]


def _with_check_character(body: str) -> str:
    """A unified social credit code from its first 17 characters (GB 32100)."""
    if not body:
        return ""
    total = sum(_CODE_ALPHABET.index(letter) * (3**place % 31) for place, letter in enumerate(body))
    return body + _CODE_ALPHABET[(31 - total % 31) % 31]


@lru_cache
def read_seed(path: Path = SEED_FILE) -> Seed:
    """The seed file, checked.

    Raises `pydantic.ValidationError` or `LookupError` when it is not as it should be.
    """
    raw = read_yaml(path)
    kinds = {name: ReturnKind.model_validate(kind) for name, kind in raw["returns"].items()}
    taxpayers = []
    for item in raw["taxpayers"]:
        duties = tuple(
            {key: value for key, value in duty.items() if key != "return"} | {"kind": kinds[duty["return"]]}
            for duty in item.get("duties", ())
        )
        code = _with_check_character(item.get("credit_code", ""))
        taxpayers.append(SeededTaxpayer.model_validate(item | {"duties": duties, "credit_code": code}))
    people = tuple(
        SeededPerson(name=name, id_parts=tuple(person["id"]), phone_tail=person["phone"])
        for name, person in raw["people"].items()
    )
    known = {person.name for person in people}
    for taxpayer in taxpayers:
        for mandate in taxpayer.mandates:
            if mandate.person not in known:
                raise LookupError(f"{taxpayer.taxpayer_id}: nobody is called {mandate.person}")
    return Seed(people=people, taxpayers=tuple(taxpayers))


def people() -> tuple[SeededPerson, ...]:
    """The people of the demonstration; the real-name sandbox knows the same ones."""
    return read_seed().people


def person(name: str) -> SeededPerson:
    """A person of the demonstration by name.

    Raises `LookupError`.
    """
    for known in people():
        if known.name == name:
            return known
    raise LookupError(f"nobody is called {name}")

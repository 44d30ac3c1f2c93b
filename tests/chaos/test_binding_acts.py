"""Returns are filed and taxes paid while hub and worker are killed: every act is done, and none is done twice."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pytest

from tests.chaos.people import RICH, Signed, account, moment, sign_in
from tests.chaos.test_kills import eventually
from tests.product import Product
from tests.services.tax_core import NOODLES, QINGCHUAN, SONGJIAN, YUANSHAN

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(7200)]

SOAK = bool(os.environ.get("HUB_SOAK"))
KILLS = 200 if SOAK else 20
ACTS = 1000 if SOAK else 20
FOR_ONE_HUB = 5
"""The hub comes back in half a minute, the worker in seconds: of five kills one is the hub's."""
BACK_WITHIN = 300.0
RESUMED_WITHIN = 300.0
"""The worker's jobs run every minute; what got no answer is tried again after that, and then after twice as long."""


@dataclass(frozen=True)
class Person:
    """Somebody of the seed, the form of VAT that they file, and which sales they correct, in steps of so much."""

    name: str
    taxpayer_id: str
    form: str = "vat_small_scale"
    sales: str = "sales"
    first: Decimal = Decimal(400_000)
    debited: bool = True


PEOPLE = (
    Person("王小明", QINGCHUAN),
    Person("李静", SONGJIAN),
    Person("陈大勇", NOODLES, debited=False),
    Person("王小明", YUANSHAN, "vat_general", "sales_standard", Decimal(1_200_000)),
)


@dataclass
class Acts:
    """What one person did: the answers by the key of the act."""

    person: Person
    signed: Signed
    obligation_id: str
    returns_before: int
    balance_before: Decimal
    filed: dict[str, dict[str, object]] = field(default_factory=dict)
    paid: dict[str, dict[str, object]] = field(default_factory=dict)
    wrong: list[BaseException] = field(default_factory=list)

    def body(self, number: int) -> dict[str, str]:
        """The return that follows `number` earlier ones: sales go up each time, so that there is more to pay."""
        sales = self.person.first + 100 * (self.returns_before + number)
        return {"obligation_id": self.obligation_id, self.person.sales: str(sales)}

    def act(self) -> None:
        """File once more, a correction from the second time on, and have the tax debited."""
        key, body = uuid.uuid4().hex, self.body(len(self.filed))
        self.filed[key] = self.signed.skill("file_vat", body, key)
        if self.person.debited:
            key = uuid.uuid4().hex
            self.paid[key] = self.signed.skill("pay_tax", {"charges": "all", "method": "tripartite"}, key)


def begin(product: Product, person: Person) -> Acts:
    """Sign in, and find the return that is to be filed and corrected."""
    signed = sign_in(product, person.name, person.taxpayer_id)
    listed = signed.ask("GET", "/api/v1/filing/obligations").json()["obligations"]
    found = [one["obligation_id"] for one in listed if one["form"] == person.form and one["standing"] != "not_yet_open"]
    if person.debited:
        done = product.command("sandbox", "core", "balance", person.taxpayer_id, RICH)
        assert done.returncode == 0, done.stderr
    before = product.query("select count(*) from core_sandbox_return where obligation_id = %s", found[-1])[0][0]
    return Acts(person, signed, found[-1], before, account(product, person.taxpayer_id))


@dataclass
class Fire:
    """The product under fire and what people did in it."""

    product: Product
    began: datetime
    acts: list[Acts]
    kills: dict[str, int]


@pytest.fixture(scope="module")
def fire(product: Product) -> Fire:
    """People file and pay, each as fast as answered, until hub and worker have been killed often enough."""
    product.wait_until([])
    began = moment(product)
    everybody = [begin(product, person) for person in PEOPLE]
    over = threading.Event()
    running = [threading.Thread(target=_go_on, args=(acts, over)) for acts in everybody]
    for thread in running:
        thread.start()
    fire = Fire(product, began, everybody, {"hub": 0, "worker": 0})
    try:
        chance = random.Random()
        while sum(fire.kills.values()) < KILLS or sum(len(acts.filed) for acts in everybody) < ACTS:
            if any(acts.wrong for acts in everybody):
                break
            _kill(fire, "worker" if sum(fire.kills.values()) % FOR_ONE_HUB else "hub", chance)
    finally:
        over.set()
        for thread in running:
            thread.join()
    product.wait_until([], BACK_WITHIN)
    return fire


def _go_on(acts: Acts, over: threading.Event) -> None:
    try:
        while not over.wait(random.uniform(0.0, 0.2)):
            acts.act()
    except BaseException as error:
        acts.wrong.append(error)


def _kill(fire: Fire, program: str, chance: random.Random) -> None:
    """Kill it at a random moment while it works, and wait no longer than until it works again."""
    product = fire.product
    if sum(fire.kills.values()) % FOR_ONE_HUB != 1:
        # the first worker after a hub dies while the hub is away, the others while both work
        eventually(lambda: product.ready() is not None, BACK_WITHIN)
    time.sleep(chance.uniform(0.0, 2.0))
    if sum(fire.kills.values()) >= KILLS:
        return
    killed = product.kill(program)
    fire.kills[program] += 1
    eventually(lambda: product.pid_of(program) != killed)


def test_nobody_was_told_anything_wrong(fire: Fire) -> None:
    assert [error for acts in fire.acts for error in acts.wrong] == []
    assert sum(fire.kills.values()) == KILLS
    assert fire.kills["hub"] == KILLS // FOR_ONE_HUB
    assert sum(len(acts.filed) for acts in fire.acts) >= ACTS
    for acts in fire.acts:
        assert acts.filed
        assert {told["status"] for told in acts.filed.values()} == {"filed"}
        assert {told["status"] for told in acts.paid.values()} <= {"booked", "paid", "awaiting"}


def test_nothing_stays_unfinished(fire: Fire) -> None:
    unfinished = (
        "select id from tax_return where status = 'pending' and confirmed_at >= %s union "
        "select id from payment_order where state in ('created', 'awaiting', 'paid') and method = 'tripartite' "
        "and created_at >= %s"
    )
    eventually(lambda: fire.product.query(unfinished, fire.began, fire.began) == [], RESUMED_WITHIN)


def test_every_return_is_filed_once(fire: Fire) -> None:
    for acts in fire.acts:
        answers = [told["result"] for told in acts.filed.values()]
        told = {(one["filing_id"], one["return_id"]) for one in answers}  # type: ignore[index]
        assert len(told) == len(acts.filed)
        ours = fire.product.query(
            "select id::text, return_id, status from tax_return where obligation_id = %s and confirmed_at >= %s",
            acts.obligation_id, fire.began,
        )  # fmt: skip
        assert {(filing_id, return_id) for filing_id, return_id, _ in ours} == told
        assert len(ours) == len(told)
        theirs = fire.product.query(
            "select request_id, return_id, in_force from core_sandbox_return "
            "where obligation_id = %s and accepted_at >= %s",
            acts.obligation_id, fire.began,
        )  # fmt: skip
        assert {(request_id, return_id) for request_id, return_id, _ in theirs} == told
        assert len(theirs) == len(told)
        last = list(acts.filed.values())[-1]["result"]["return_id"]  # type: ignore[index]
        assert [return_id for _, return_id, status in ours if status == "filed"] == [last]
        assert [return_id for _, return_id, in_force in theirs if in_force] == [last]


def test_every_charge_is_paid_once(fire: Fire) -> None:
    for acts in fire.acts:
        told = {one["result"]["id"]: Decimal(one["result"]["total"]) for one in acts.paid.values()}  # type: ignore[index]
        assert len(told) == len(acts.paid)
        ours = fire.product.query(
            "select id::text, state from payment_order where taxpayer_id = %s and created_at >= %s",
            acts.person.taxpayer_id, fire.began,
        )  # fmt: skip
        assert {order_id for order_id, _ in ours} == set(told)
        assert {state for _, state in ours} <= {"booked"}
        theirs = fire.product.query(
            "select request_id from core_sandbox_settlement where taxpayer_id = %s and booked_at >= %s",
            acts.person.taxpayer_id, fire.began,
        )  # fmt: skip
        assert sorted(row[0] for row in theirs) == sorted(order_id.replace("-", "") for order_id in told)
        left = account(fire.product, acts.person.taxpayer_id)
        assert acts.balance_before - left == sum(told.values(), Decimal("0.00"))
        if acts.person.debited:
            assert acts.signed.ask("GET", "/api/v1/payment/charges").json()["charges"] == []


def test_who_asks_again_gets_the_same_answer(fire: Fire) -> None:
    for acts in fire.acts:
        for number, (key, told) in enumerate(acts.filed.items()):
            if number >= len(acts.filed) - 3:
                assert acts.signed.skill("file_vat", acts.body(number), key) == told
        for key, told in list(acts.paid.items())[-3:]:
            assert acts.signed.skill("pay_tax", {"charges": "all", "method": "tripartite"}, key) == told
    test_every_return_is_filed_once(fire)
    test_every_charge_is_paid_once(fire)

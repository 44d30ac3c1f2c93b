"""Filing over HTTP: who may, the sheet, the return, the receipt; batches as files; officers; what each is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response

from hub.accounts.models import Role
from hub.accounts.service import create_staff
from hub.kit.db import transaction
from hub.kit.rates import limiter
from hub.kit.web import add_error_handlers
from services.filing import batch_router, router, spreadsheet, staff_router
from services.gateways.behaviour import Mode
from tests.services.filing.filers import OPEN_CIT, OPEN_VAT, Q3, VAT, filed_in_core, rows, sign_in
from tests.services.filing.test_batches import filled
from tests.services.tax_core import NOODLES, QINGCHUAN, ZHAOMIN, obligation_id, tell_core

OBLIGATION = f"/api/v1/filing/obligations/{OPEN_VAT}"


@pytest.fixture
async def http(core: str) -> AsyncIterator[httpx.AsyncClient]:
    limiter.storage.reset()
    app = FastAPI()
    add_error_handlers(app, lambda *_: Response())
    for part in (router, batch_router, staff_router):
        app.include_router(part.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        yield client


async def as_person(http: httpx.AsyncClient, name: str = "王小明", taxpayer_id: str | None = QINGCHUAN) -> None:
    """Send what follows as this person, acting for this taxpayer."""
    _, token = await sign_in(name, taxpayer_id)
    http.headers["authorization"] = f"Bearer {token}"


async def filed(http: httpx.AsyncClient, key: str = "key-0001", **values: str) -> dict[str, Any]:
    """Preview and file the open VAT return."""
    sheet = await http.post(f"{OBLIGATION}/preview", json={"lines": [values] if values else []})
    assert sheet.status_code == 200, sheet.text
    done = await http.post(
        f"{OBLIGATION}/returns", json={"sheet_id": sheet.json()["sheet_id"]}, headers={"idempotency-key": key}
    )
    assert done.status_code == 200, done.text
    return dict(done.json())


async def test_from_the_calendar_to_the_receipt(http: httpx.AsyncClient, core: str) -> None:
    await as_person(http)
    listed = (await http.get("/api/v1/filing/obligations")).json()
    assert listed["taxpayer_name"] == "杭州晴川咨询有限公司"
    found = {one["obligation_id"]: one for one in listed["obligations"]}
    assert (found[OPEN_VAT]["standing"], found[OPEN_VAT]["here"], found[OPEN_VAT]["days_left"]) == ("open", True, 6)
    prefilled = (await http.get(OBLIGATION)).json()
    assert prefilled["known"] == [{"sales": "286000.00", "special_sales": "120000.00"}]
    assert prefilled["fields"][0] == {
        "name": "sales", "label": "不含税销售额", "required": True,
        "prompt": "本期不含税销售额一共多少元？开票的、没开票的都算，没有销售填0。",
    }  # fmt: skip
    sheet = (await http.post(f"{OBLIGATION}/preview", json={"lines": [{"sales": "287000"}]})).json()
    assert sheet["sheet"]["total"] == "1242.00"
    assert "287,000.00元（您填写" in sheet["text"]
    body = {"sheet_id": sheet["sheet_id"]}
    missing = await http.post(f"{OBLIGATION}/returns", json=body)
    assert missing.status_code == 422
    done = await http.post(f"{OBLIGATION}/returns", json=body, headers={"idempotency-key": "key-0001"})
    assert done.status_code == 200
    summary = done.json()["summary"]
    assert (summary["status"], summary["total"]) == ("filed", "1242.00")
    again = await http.post(f"{OBLIGATION}/returns", json=body, headers={"idempotency-key": "key-0001"})
    assert again.json() == done.json()
    assert filed_in_core(core) == 1
    own = f"/api/v1/filing/returns/{summary['id']}"
    assert (await http.get(own)).json() == done.json()
    receipt = (await http.get(f"{own}/receipt")).json()
    del http.headers["authorization"]
    keys = (await http.get("/api/v1/filing/receipt-keys")).json()
    assert receipt["key_id"] in keys["keys"]
    assert (await http.post("/api/v1/filing/receipts/verify", json=receipt)).json() == {"genuine": True}
    receipt["content"]["total"] = "0.00"
    assert (await http.post("/api/v1/filing/receipts/verify", json=receipt)).json() == {"genuine": False}


async def test_a_key_stands_for_one_sheet(http: httpx.AsyncClient) -> None:
    await as_person(http)
    await filed(http)
    other = (await http.post(f"{OBLIGATION}/preview", json={"lines": [{"sales": "290000"}]})).json()["sheet_id"]
    reused = await http.post(f"{OBLIGATION}/returns", json={"sheet_id": other}, headers={"idempotency-key": "key-0001"})
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


async def test_without_an_answer_it_is_accepted_and_said_to_be_pending(http: httpx.AsyncClient) -> None:
    await as_person(http)
    sheet = (await http.post(f"{OBLIGATION}/preview", json={})).json()["sheet_id"]
    await tell_core(Mode.DOWN)
    done = await http.post(f"{OBLIGATION}/returns", json={"sheet_id": sheet}, headers={"idempotency-key": "key-0001"})
    assert (done.status_code, done.json()["summary"]["status"]) == (202, "pending")
    none = await http.get(f"/api/v1/filing/returns/{done.json()['summary']['id']}/receipt")
    assert (none.status_code, none.json()["code"]) == (409, "no_receipt")
    gone = await http.get("/api/v1/filing/obligations")
    assert (gone.status_code, gone.json()["code"]) == (503, "core_unavailable")
    listed = (await http.get("/api/v1/filing/returns")).json()
    assert (listed["complete"], [one["status"] for one in listed["returns"]]) == (False, ["pending"])


@pytest.mark.parametrize(
    ("path", "taxpayer_id", "status", "code"),
    [
        ("/api/v1/filing/obligations", None, 403, "step_up_needed"),
        (f"/api/v1/filing/obligations/{obligation_id(NOODLES, VAT, Q3)}", QINGCHUAN, 404, "obligation_not_found"),
        ("/api/v1/filing/obligations/nothing", QINGCHUAN, 404, "obligation_not_found"),
        ("/api/v1/filing/returns/0199a000-0000-7000-8000-000000000001", QINGCHUAN, 404, "return_not_found"),
        ("/api/v1/filing/batches/0199a000-0000-7000-8000-000000000001", None, 404, "batch_not_found"),
    ],
)
async def test_what_one_may_not_see_is_not_there(
    http: httpx.AsyncClient, path: str, taxpayer_id: str | None, status: int, code: str
) -> None:
    assert (await http.get(path)).status_code == 401
    await as_person(http, taxpayer_id=taxpayer_id)
    answer = await http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_foreign_return_answers_as_a_missing_one(http: httpx.AsyncClient) -> None:
    await as_person(http)
    own = (await filed(http))["summary"]["id"]
    await as_person(http, "陈大勇", NOODLES)
    for path in (f"/api/v1/filing/returns/{own}", f"/api/v1/filing/returns/{own}/receipt"):
        answer = await http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "return_not_found")
    assert all(one["id"] != own for one in (await http.get("/api/v1/filing/returns")).json()["returns"])


async def test_wrong_figures_are_named_with_what_to_do(http: httpx.AsyncClient) -> None:
    await as_person(http)
    answer = await http.post(f"{OBLIGATION}/preview", json={"lines": [{"sales": "-5"}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "form_invalid")
    assert "请输入金额（元）" in answer.json()["detail"]
    several = await http.post(f"{OBLIGATION}/preview", json={"lines": [{"sales": "5"}, {"sales": "6"}]})
    assert several.json()["detail"] == "这张申报表只有一行，请只填写一行。"


async def test_a_return_of_several_lines_adds_them_up(http: httpx.AsyncClient) -> None:
    await as_person(http, "赵敏", ZHAOMIN)
    due = obligation_id(ZHAOMIN, "vehicle_vessel", Q3.replace(month=12, day=31))
    cars = [{"kind": "car", "displacement": 1598, "local_amount": "300"}, {"kind": "motorcycle", "local_amount": "60"}]
    sheet = (await http.post(f"/api/v1/filing/obligations/{due}/preview", json={"lines": cars})).json()["sheet"]
    assert (sheet["total"], sheet["payload"]["2.kind"]) == ("360.00", "motorcycle")
    assert "第2行 " in sheet["explained"]
    vague = await http.post(f"/api/v1/filing/obligations/{due}/preview", json={"lines": [{"kind": "motorcycle"}]})
    assert (vague.status_code, vague.json()["code"]) == (422, "cannot_calculate")
    assert "当地的年税额标准" in vague.json()["detail"]
    # one line that speaks of the one car on the register is completed by what is known of it
    same = await http.post(f"/api/v1/filing/obligations/{due}/preview", json={"lines": [{"local_amount": "360"}]})
    assert (same.json()["sheet"]["total"], same.json()["sheet"]["payload"]["1.displacement"]) == ("360.00", "1598")


async def test_batches_travel_as_files(http: httpx.AsyncClient, core: str) -> None:
    await as_person(http, "李静", None)
    assert VAT in {one["form"] for one in (await http.get("/api/v1/filing/batches/forms")).json()["forms"]}
    template = await http.get("/api/v1/filing/batches/template", params={"form": VAT})
    assert template.headers["content-type"] == spreadsheet.MEDIA_TYPE
    content = filled(template.content, {OPEN_VAT: {"不含税销售额": "288000"}})
    batch = (await http.post("/api/v1/filing/batches", params={"form": VAT}, content=content)).json()
    assert (batch["ready"], batch["total"]) == (1, "1242.00")
    path = f"/api/v1/filing/batches/{batch['batch_id']}"
    assert (await http.post(f"{path}/confirm")).json()["filed"] == 1
    assert (await http.post(f"{path}/confirm")).json()["filed"] == 1
    assert filed_in_core(core) == 1
    report = await http.get(f"{path}/report")
    assert report.content[:2] == b"PK"
    assert (await http.get(path)).json()["rows"][0]["state"] == "filed"
    await as_person(http, "王小明", None)
    for foreign in (await http.get(path), await http.post(f"{path}/confirm"), await http.get(f"{path}/report")):
        assert (foreign.status_code, foreign.json()["code"]) == (404, "batch_not_found")
    broken = await http.post("/api/v1/filing/batches", params={"form": VAT}, content=b"nonsense")
    assert (broken.status_code, broken.json()["code"]) == (422, "spreadsheet_invalid")


async def as_staff(http: httpx.AsyncClient, username: str, role: Role) -> None:
    """Send what follows as this member of staff."""
    async with transaction() as session:
        http.headers["authorization"] = f"Bearer {await create_staff(session, username, display_name='', role=role)}"


async def test_officers_see_by_their_role_and_every_look_is_audited(http: httpx.AsyncClient, core: str) -> None:
    await as_person(http)
    filing_id = (await filed(http))["summary"]["id"]
    assert (await http.get("/api/v1/staff/filing/returns")).status_code == 401, "a taxpayer is no officer"
    await as_staff(http, "editor", Role.EDITOR)
    assert (await http.get("/api/v1/staff/filing/returns")).status_code == 403
    await as_staff(http, "agent", Role.AGENT)
    listed = await http.get("/api/v1/staff/filing/returns", params={"taxpayer_id": QINGCHUAN, "status": "filed"})
    [one] = listed.json()["returns"]
    assert (one["id"], one["late"], one["correction"], one["channel"]) == (filing_id, False, False, "api")
    assert "1242" not in listed.text
    none = await http.get("/api/v1/staff/filing/returns", params={"status": "pending"})
    assert none.json()["returns"] == []
    assert (await http.get(f"/api/v1/staff/filing/returns/{filing_id}")).status_code == 403
    await as_staff(http, "supervisor", Role.SUPERVISOR)
    seen = (await http.get(f"/api/v1/staff/filing/returns/{filing_id}")).json()
    assert Decimal(seen["filing"]["sheet"]["total"]) == Decimal("1242.00")
    receipt = (await http.get(f"/api/v1/staff/filing/returns/{filing_id}/receipt")).json()
    assert receipt["content"]["taxpayer_id"] == QINGCHUAN
    unknown = await http.get(f"/api/v1/staff/filing/returns/{OPEN_CIT}")
    assert unknown.status_code == 422
    looks = rows(core, "select actor, action, subject from audit_entry where actor like 'staff:%' order by id")
    assert looks == [
        ("staff:agent", "filing.staff_list", f"taxpayer:{QINGCHUAN}"),
        ("staff:agent", "filing.staff_list", "taxpayers"),
        ("staff:supervisor", "filing.staff_return", f"taxpayer:{QINGCHUAN}"),
        ("staff:supervisor", "filing.staff_receipt", f"taxpayer:{QINGCHUAN}"),
    ]


async def test_nothing_readable_is_kept(http: httpx.AsyncClient, core: str) -> None:
    await as_person(http)
    done = await filed(http, sales="287654.32")
    for table in ("tax_return", "filing_sheet"):
        [stored] = rows(core, f"select string_agg({table}::text, ' ') from {table}")[0]
        for secret in ("287654.32", "王小明", "晴川", done["summary"]["receipt_number"], "1242.00"):
            assert secret not in stored
            assert secret.encode().hex() not in stored

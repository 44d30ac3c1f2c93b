"""The same four things through each door: ask, check an invoice, file and pay with step-up, a human and back.

Filing is the longest of them and stands for all in `make test`; `make soak` does everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from services.gateways.tax_core.seed import person
from tests.conversations.stage import Stage
from tests.journeys.devices import DEVICES, Device
from tests.phones import first_day, last_code
from tests.product import Product

pytestmark = pytest.mark.dialogue

ZHAO = person("赵敏")


@pytest.fixture(scope="module")
def stage(product: Product) -> Iterator[Stage]:
    """The running product, entered through its database."""
    made = Stage(product)
    yield made
    made.close()


@pytest.fixture(params=DEVICES, ids=lambda kind: kind.name)
def device(request: pytest.FixtureRequest, stage: Stage) -> Device:
    """Each device in turn, in the hands of somebody new."""
    made: Device = request.param(stage)
    return made


@pytest.mark.soak
def test_a_question_is_answered_with_its_basis(device: Device) -> None:
    shown = device.says("首套房契税多少")
    assert "140平方米" in shown
    assert "依据：《" in shown


@pytest.mark.soak
def test_an_invoice_is_checked_step_by_step(device: Device) -> None:
    device.stage.product.query("delete from sandbox_inspection returning request_id")
    assert "发票号码" in device.says("我要查发票")
    assert "开票日期" in device.says("26322000000000001130")
    assert "价税合计" in device.says("2026年9月3日")
    assert "查验结果：一致" in device.says("1130.00")


def test_vehicle_tax_is_filed_and_paid_with_proof_of_identity_on_the_way(device: Device) -> None:
    product = device.stage.product
    first_day(product)
    assert "请输入您的手机号码" in device.says("我要申报车船税")
    assert "6位验证码" in device.says(ZHAO.phone)
    assert "请输入您的姓名" in device.says(last_code(product, ZHAO.phone))
    assert "身份证" in device.says(ZHAO.name)
    assert "确认无误吗" in device.says(ZHAO.resident_id)
    # back at the form that it began with: what the register knows is there, and for whom it is filed
    sheet = device.chooses("确认提交")
    if "为谁办理" in sheet:
        sheet = device.says("本人")
    assert "排量：1598" in sheet
    assert "300.00元" in sheet
    filed = device.chooses("确认提交")
    assert "申报成功" in filed
    assert "回执号" in filed
    assert "年税额标准" in device.chooses("为什么是这个数")
    assert "怎么缴款" in device.says("缴车船税")
    assert "请核对缴款信息" in device.says("微信支付")
    order = device.chooses("确认提交")
    assert "等待您付款" in order
    assert pay(product, order).status_code == 200
    # nobody has to ask
    assert "300.00元" in device.waits_for("缴款成功")
    assert "完税凭证" in device.says("付好了吗")


@pytest.mark.soak
def test_a_talk_to_a_human_and_back(device: Device) -> None:
    assert "已为您转人工" in device.says("转人工")
    with device.stage.product.staff() as staff:
        waiting = staff.get("/conversations", params={"state": "waiting_for_agent"}).json()["conversations"]
        path = f"/conversations/{waiting[-1]['conversation_id']}"
        staff.post(f"{path}/claim").raise_for_status()
        reply = {"text": "您好，我是人工坐席，请讲。", "client_message_id": "1"}
        staff.post(f"{path}/reply", json=reply).raise_for_status()
        device.waits_for("我是人工坐席")
        device.write("我想问下契税")
        said = staff.get(f"{path}/messages").json()["messages"]
        assert [one["text"] for one in said if one["author"] == "user"][-1] == "我想问下契税"
        staff.post(f"{path}/return", json={}).raise_for_status()
    device.waits_for("人工服务已结束")
    assert "依据：" in device.says("首套房契税多少")


def pay(product: Product, order: str) -> httpx.Response:
    """Open the payment page that was sent, and pay at the wallet's stand-in."""
    address = re.search(r"https?://\S+?/payment/[\w-]+", order)
    assert address, order
    page = httpx.get(address[0], timeout=30, trust_env=False)
    number = re.search(r"[0-9a-f]{32}", page.text)
    assert number
    return httpx.post(
        f"{product.url}/sandbox/cashier/wechat/{number[0]}", timeout=30, trust_env=False, follow_redirects=True
    )

"""The trained model on a real Rasa server: forms, digressions, memory, and never silence."""

from __future__ import annotations

import random
import time
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml

from bot.dialogue import builder, trainer
from hub.settings import ROOT, Settings, get_settings
from hub.skills import question_of
from services.registry import SKILLS, skill_by_name
from tests.dialogue.example_skills import EXAMPLE_SKILLS
from tests.dialogue.hands import Hands
from tests.dialogue.rasa_server import Chat, RasaServer

pytestmark = [pytest.mark.dialogue, pytest.mark.timeout(400)]

NUMBER = "26322000000012345678"
DONE = f"submitted {NUMBER} 2026-09-03 1130.00"


def prompt(field: str) -> str:
    return question_of(skill_by_name("invoice_inspection").form, field).prompt


def test_step_by_step(chat: Chat) -> None:
    assert chat.say("帮我查验一张发票") == [prompt("invoice_number")]
    assert chat.say(NUMBER) == [prompt("issued_on")]
    assert chat.say("9月3号") == [prompt("total_with_tax")]
    assert chat.say("1130元") == [DONE]


def test_all_at_once(chat: Chat) -> None:
    assert chat.say(f"查下发票 {NUMBER}，9月3号开的，价税合计1130") == [DONE]


def test_values_that_nobody_asked_for_go_to_the_hub(chat: Chat) -> None:
    assert chat.say(NUMBER) == ["action_out_of_place"]


def test_an_ask_names_the_form_that_waits(chat: Chat) -> None:
    marked = [reply["custom"] for reply in chat.raw("我要查发票") if "custom" in reply]
    assert marked == [{"skill": "invoice_inspection", "awaits": "invoice_number"}]


@pytest.mark.parametrize(
    ("digression", "said"),
    [
        ("契税税率是多少", "action_answer"),
        ("你好", "您好"),
        ("谢谢", "不客气"),
        ("你是机器人吗", "不是真人"),
        ("你能做什么", "发票查验"),
        ("再说一遍", "再说一遍"),
        ("继续", "接着来"),
        ("我要查发票", "接着来"),
        ("@@##", "action_answer"),
    ],
)
def test_a_digression_is_answered_and_the_form_goes_on(chat: Chat, digression: str, said: str) -> None:
    chat.say("我要查发票")
    chat.say(NUMBER)
    replies = chat.say(digression)
    assert said in replies[0]
    assert replies[-1] == prompt("issued_on")
    assert chat.say("9月3号") == [prompt("total_with_tax")]


def test_a_wrong_answer_is_asked_for_again(chat: Chat) -> None:
    chat.say("我要查发票")
    assert chat.say("是的") == ["没有看懂", prompt("invoice_number")]


def test_cancel_leaves_the_form(chat: Chat) -> None:
    chat.say("我要查发票")
    assert "已为您取消" in chat.say("取消")[0]
    assert chat.tracker()["active_loop"] == {}
    assert "没有正在办理" in chat.say("取消")[0]


def test_a_human_is_called_from_inside_and_outside(chat: Chat) -> None:
    assert chat.say("转人工") == ["action_handoff"]
    chat.say("我要查发票")
    assert chat.say("转人工") == ["action_handoff"]
    assert chat.tracker()["active_loop"] == {}


@pytest.mark.parametrize(
    "intent", ["cancel", "affirm", "talk_to_human", "resume", "repeat", "correct", "deny", "provide"]
)
def test_buttons_work_inside_and_outside(chat: Chat, intent: str) -> None:
    assert chat.say(f"/{intent}")
    chat.say("/invoice_inspection")
    assert chat.say(f"/{intent}")


def odd_texts() -> list[str]:
    chance = random.Random(12366)
    alphabet = "税发票查验 0123456789abcXYZ,.?!，。？！😀🧾\n\t%&*()<>'\"\\{}[]é한あ一二三万元年月日号的了吗"
    noise = ["".join(chance.choices(alphabet, k=chance.randint(1, 60))) for _ in range(80)]
    known = [
        "。",
        "？",
        "😀",
        "......",
        "0",
        "-1",
        "1e9",
        "null",
        "{{x}}",
        "${HOME}",
        "'; drop table x; --",
        "<b>hi</b>",
        "a" * 1000,
    ]
    return (
        noise
        + known
        + ["阿巴阿巴", "你们这个破系统", "SELECT 1", "🧾🧾🧾", "２０２６", "9月31号", "不不不不", "？？？？"]
    )


def test_no_text_is_met_with_silence(rasa: RasaServer, hands: Hands) -> None:
    outside, inside = Chat(rasa), Chat(rasa)
    inside.say("我要查发票")
    for text in odd_texts():
        assert outside.say(text), f"silence outside a form: {text!r}"
        assert inside.say(text), f"silence inside a form: {text!r}"
        assert inside.say("我要查发票"), f"silence after {text!r}"


def test_unknown_commands_do_not_break_the_conversation(chat: Chat) -> None:
    chat.say("我要查发票")
    assert chat.say("/no_such_intent")
    assert chat.say("契税税率是多少")[0] == "action_answer"


def test_a_form_is_kept_overnight(chat: Chat) -> None:
    chat.say("我要查发票")
    chat.say(NUMBER)
    assert chat.tracker()["active_loop"]["name"] == "invoice_inspection_form"
    shared = yaml.safe_load((ROOT / "bot/dialogue/domain/_shared.yml").read_text("utf-8"))
    assert shared["session_config"]["session_expiration_time"] == 0


def test_old_conversations_stay_fast(chat: Chat) -> None:
    times = []
    for _ in range(110):
        started = time.perf_counter()
        assert chat.say("契税税率是多少") == ["action_answer"]
        times.append(time.perf_counter() - started)
    assert len([event for event in chat.tracker()["events"] if event["event"] == "user"]) <= 75
    early, late = sorted(times[5:25])[10], sorted(times[-20:])[10]
    assert late < early * 6, (early, late)


def test_the_door_wants_the_token_and_a_text(rasa: RasaServer) -> None:
    address = f"{rasa.http.base_url}/webhooks/rest/webhook"
    assert httpx.post(address, json={"sender": "x", "message": "你好"}, trust_env=False).status_code == 401
    assert httpx.get(f"{rasa.http.base_url}/conversations/x/tracker", trust_env=False).status_code == 401
    assert rasa.http.post("/webhooks/rest/webhook", json={"sender": "x"}).status_code == 422


def test_the_secret_of_the_action_webhook_is_sent(chat: Chat, hands: Hands) -> None:
    chat.say("契税税率是多少")
    assert hands.secrets == {get_settings().action_secret.get_secret_value()}


def test_a_lost_database_is_an_error_and_comes_back_whole(chat: Chat, rasa_database: str) -> None:
    chat.say("我要查发票")
    chat.say(NUMBER)
    maintenance = rasa_database.replace("/rasa_test", "/postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute("alter database rasa_test allow_connections false")
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'rasa_test'")
        try:
            body = {"sender": chat.sender, "message": "9月3号"}
            assert chat.server.http.post("/webhooks/rest/webhook", json=body).status_code == 503
        finally:
            connection.execute("alter database rasa_test allow_connections true")
    assert chat.say("9月3号") == [prompt("total_with_tax")]


def test_the_log_repeats_nobody(chat: Chat, hands: Hands) -> None:
    marks = ["身份证11010519491231002X", "/bad{{", "张三丰的发票9913"]
    hands.broken = True
    for mark in marks:
        chat.server.http.post("/webhooks/rest/webhook", json={"sender": chat.sender, "message": mark})
    hands.broken = False
    log = chat.server.log.read_text("utf-8")
    assert "11010519491231002X" not in log
    assert "张三丰" not in log


def test_rasa_finds_nothing_wrong_with_the_data(dialogue_settings: Settings) -> None:
    arguments = ["data", "validate", "--domain", "bot/dialogue/domain", "--data", "training_data"]
    result = trainer.run_rasa(arguments, trainer.environment(dialogue_settings))
    assert result.returncode == 0, (result.stdout + result.stderr)[-3000:]


def test_rules_of_several_skills_do_not_contradict_each_other(tmp_path: Path, dialogue_settings: Settings) -> None:
    copy = tmp_path / "root"
    for source in ("bot/dialogue/domain", "bot/dialogue/components", "training_data", "hub/kit/taxtext"):
        copy_sources(ROOT / source, copy / source)
    skills = (*SKILLS, *EXAMPLE_SKILLS)
    for skill in EXAMPLE_SKILLS:
        lines = "".join(f"      - 我要办理{skill.title}{number}\n" for number in range(builder.FEWEST_EXAMPLES))
        text = f'version: "3.1"\nnlu:\n  - intent: {skill.name}\n    examples: |\n{lines}'
        (copy / builder.EXAMPLES / f"{skill.name}.yml").write_text(text, "utf-8")
    builder.build(skills, copy)
    assert builder.check(skills, copy) == []
    arguments = ["train", "core", "--config", str(ROOT / "config.yml"), "--domain", str(copy / "bot/dialogue/domain")]
    arguments += ["--stories", str(copy / "training_data"), "--out", str(tmp_path / "models")]
    result = trainer.run_rasa(arguments, trainer.environment(dialogue_settings))
    assert result.returncode == 0, (result.stdout + result.stderr)[-3000:]


def copy_sources(source: Path, target: Path) -> None:
    """Copy the files of a folder that a model is made from."""
    for path in source.rglob("*"):
        if path.suffix in trainer.SUFFIXES:
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())

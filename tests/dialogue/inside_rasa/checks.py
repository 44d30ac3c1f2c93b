"""Checks of the components; every function `check_…` is reported as one JSON line with its trace when it fails."""

from __future__ import annotations

import asyncio
import json
import os
import time
import traceback
from collections.abc import Awaitable
from typing import Any, TypeVar
from uuid import uuid4

import psycopg2
from cryptography.fernet import Fernet
from rasa.core.agent import Agent
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message
from rasa.utils.endpoints import EndpointConfig

from bot.dialogue.components.history import SLACK
from bot.dialogue.components.intent_arbiter import IntentArbiter
from bot.dialogue.components.tax_identifiers import TaxIdentifiers
from bot.dialogue.components.tracker_store import EncryptedTrackerStore

T = TypeVar("T")

LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)
DSN = os.environ["RASA_TRACKER_DSN"]
SECRET = "我的税号是91110000MA0DEMY1XC"
DOMAIN = Domain.from_yaml(
    """
intents: [greet, provide]
slots:
  pay_amount: {type: any, influence_conversation: false, mappings: [{type: custom}]}
  pay_day: {type: any, influence_conversation: false, mappings: [{type: custom}]}
forms: {pay_form: {required_slots: [pay_amount, pay_day]}}
"""
)


def wait(work: Awaitable[T]) -> T:
    return LOOP.run_until_complete(work)


def new_store(**options: Any) -> EncryptedTrackerStore:
    return EncryptedTrackerStore(DOMAIN, host=DSN, **options)


def conversation(turns: int, beginning: list[Event]) -> DialogueStateTracker:
    events = [ActionExecuted("action_listen"), *beginning]
    for turn in range(turns):
        events.append(UserUttered(f"{SECRET} {turn}", {"name": "greet", "confidence": 0.9}))
        events += [ActionExecuted("utter_greet"), BotUttered(f"您好 {turn}"), ActionExecuted("action_listen")]
    return DialogueStateTracker.from_events(str(uuid4()), events, DOMAIN.slots, domain=DOMAIN)


def raw(sender: str) -> bytes:
    with psycopg2.connect(DSN) as connection, connection.cursor() as cursor:
        cursor.execute("select data from dialogue_tracker where sender_id = %s", (sender,))
        return bytes(cursor.fetchone()[0])


def check_what_is_saved_comes_back() -> None:
    tracker = conversation(3, [ActiveLoop("pay_form"), SlotSet("pay_amount", "12.00")])
    store = new_store()
    wait(store.save(tracker))
    again = wait(new_store().retrieve(tracker.sender_id))
    assert again is not None
    assert list(again.events) == list(tracker.events)
    assert again.active_loop_name == "pay_form"
    assert again.get_slot("pay_amount") == "12.00"
    full = wait(store.retrieve_full_tracker(tracker.sender_id))
    assert full is not None
    assert list(full.events) == list(tracker.events)
    assert tracker.sender_id in wait(store.keys())


def check_an_unknown_conversation_is_none() -> None:
    assert wait(new_store().retrieve("nobody")) is None


def check_the_row_tells_nothing() -> None:
    tracker = conversation(3, [])
    wait(new_store().save(tracker))
    data = raw(tracker.sender_id)
    for clear in (SECRET.encode(), b"91110000MA0DEMY1XC", b"event", json.dumps(SECRET).encode()):
        assert clear not in data
    assert data.startswith(b"gAAAA")  # a Fernet token


def check_older_keys_still_read_and_the_first_key_writes() -> None:
    old_keys = os.environ["HUB_DATA_KEYS"]
    tracker = conversation(1, [])
    wait(new_store().save(tracker))
    new_key = Fernet.generate_key().decode()
    try:
        os.environ["HUB_DATA_KEYS"] = f"{new_key},{old_keys}"
        store = new_store()
        assert wait(store.retrieve(tracker.sender_id)) is not None
        wait(store.save(tracker))
        os.environ["HUB_DATA_KEYS"] = new_key
        assert wait(new_store().retrieve(tracker.sender_id)) is not None
    finally:
        os.environ["HUB_DATA_KEYS"] = old_keys


def check_no_keys_no_store() -> None:
    old_keys = os.environ.pop("HUB_DATA_KEYS")
    said = ""
    try:
        new_store()
    except ValueError as error:
        said = str(error)
    finally:
        os.environ["HUB_DATA_KEYS"] = old_keys
    assert "HUB_DATA_KEYS" in said


def check_forgets() -> None:
    tracker = conversation(1, [])
    store = new_store()
    wait(store.save(tracker))
    wait(store.delete(tracker.sender_id))
    assert wait(store.retrieve(tracker.sender_id)) is None


def check_survives_lost_connections() -> None:
    tracker = conversation(1, [])
    store = new_store()
    wait(store.save(tracker))
    with psycopg2.connect(DSN) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dialogue'")
        assert cursor.rowcount > 0
    assert wait(store.retrieve(tracker.sender_id)) is not None
    wait(store.save(tracker))


def check_many_turns_at_once_share_few_connections() -> None:
    store = new_store()
    trackers = [conversation(1, []) for _ in range(40)]

    async def everything() -> None:
        await asyncio.gather(*(store.save(tracker) for tracker in trackers))

    wait(everything())
    assert {tracker.sender_id for tracker in trackers} <= set(wait(store.keys()))


def check_a_database_that_stays_away_is_an_error() -> None:
    started = time.monotonic()
    try:
        EncryptedTrackerStore(DOMAIN, host="postgresql://hub@127.0.0.1:1/none")
    except psycopg2.OperationalError:
        assert time.monotonic() - started > 2, "it gave up before a restart could be over"
    else:
        raise AssertionError("a store without a database")


def check_rasa_does_not_wrap_the_store_in_one_that_forgets() -> None:
    endpoint = EndpointConfig.from_dict(
        {"type": "bot.dialogue.components.tracker_store.EncryptedTrackerStore", "url": DSN}
    )
    store = TrackerStore.create(endpoint, DOMAIN)
    assert type(store) is EncryptedTrackerStore
    assert type(Agent(domain=DOMAIN, tracker_store=store).tracker_store) is EncryptedTrackerStore


def check_long_conversations_are_trimmed_and_keep_what_matters() -> None:
    beginning: list[Event] = [
        ActiveLoop("pay_form"),
        SlotSet("pay_amount", "12.00"),
        SlotSet("requested_slot", "pay_day"),
    ]
    store = new_store(user_turns=20)
    tracker = conversation(200, beginning)
    wait(store.save(tracker))
    kept = wait(store.retrieve(tracker.sender_id))
    assert kept is not None
    said = [event.text for event in kept.events if isinstance(event, UserUttered)]
    assert said == [f"{SECRET} {turn}" for turn in range(180, 200)]
    assert kept.active_loop_name == "pay_form"
    assert kept.get_slot("pay_amount") == "12.00"
    assert kept.get_slot("requested_slot") == "pay_day"
    assert kept.latest_action_name == "action_listen"
    assert len(raw(tracker.sender_id)) < 20_000


def check_short_conversations_are_left_alone() -> None:
    store = new_store(user_turns=20)
    tracker = conversation(int(20 * SLACK), [])
    wait(store.save(tracker))
    kept = wait(store.retrieve(tracker.sender_id))
    assert kept is not None
    assert list(kept.events) == list(tracker.events)


def recognise(text: str, intent: str = "greet") -> Message:
    guess = {"name": intent, "confidence": 0.6}
    message = Message(data={"text": text, "intent": guess, "intent_ranking": [guess]})
    return IntentArbiter().process(TaxIdentifiers().process([message]))[0]


def check_entities_carry_canonical_values() -> None:
    text = "查下发票２６３２２０００００００１２３４５６７８，价税合计１．２万"
    found = recognise(text).get("entities")
    assert [(entity["entity"], entity["value"]) for entity in found] == [
        ("invoice_number", "26322000000012345678"),
        ("amount", "12000.00"),
    ]
    assert [text[entity["start"] : entity["end"]] for entity in found] == [
        "２６３２２０００００００１２３４５６７８",
        "１．２万",
    ]
    assert {entity["extractor"] for entity in found} == {"TaxIdentifiers"}


def check_the_arbiter_overrules_where_it_is_sure() -> None:
    for text, intent in (("取消", "cancel"), ("号码是26322000000012345678", "provide")):
        message = recognise(text, "ask_question")
        assert message.get("intent") == {"name": intent, "confidence": 1.0}
        assert message.get("intent_ranking")[0]["name"] == intent
        assert message.get("intent_ranking")[1]["confidence"] == 0.0


STORY = (
    "老师你好，我们是个做门窗的小厂，今年三月才转的一般纳税人，九月给工地供了一批货，对方一直拖着没付钱，"
    "现在又说质量有问题要退一半，我想知道这种情况这笔收入到底还要不要交税"
)


def check_a_story_is_a_question_whatever_it_resembles() -> None:
    for guess in ("invoice_inspection", "correct", "goodbye"):
        assert recognise(STORY, guess).get("intent")["name"] == "ask_question"
    assert recognise(STORY, "talk_to_human").get("intent")["name"] == "talk_to_human"
    values = "号码26322000000012345678，2026年9月3日开的，价税合计1130元，购买方税号91110000MA0DEMY1XC"
    assert recognise(values, "invoice_inspection").get("intent")["name"] != "ask_question"


def check_what_leans_on_the_question_before_is_a_question() -> None:
    assert recognise("那二套呢？", "deny").get("intent")["name"] == "ask_question"
    assert recognise("人工呢", "talk_to_human").get("intent")["name"] == "talk_to_human"
    assert recognise("二套", "deny").get("intent")["name"] == "deny"


def check_the_arbiter_leaves_the_rest_alone() -> None:
    message = recognise("契税税率是多少", "ask_question")
    assert message.get("intent") == {"name": "ask_question", "confidence": 0.6}
    assert not message.get("entities")


def main() -> None:
    checks = [(name, check) for name, check in globals().items() if name.startswith("check_")]
    for name, check in checks:
        try:
            check()
            trace = ""
        except Exception:
            trace = traceback.format_exc()
        print("CHECKED " + json.dumps([name, trace]), flush=True)  # noqa: T201 - its output


if __name__ == "__main__":
    main()

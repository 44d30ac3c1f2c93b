"""From a skill to Rasa's files, and what the check finds when the two fall out of step."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.asides import LEFT_TO_RULES
from bot.dialogue import builder
from hub.settings import ROOT
from hub.skills import question_of
from services.registry import SKILLS
from tests.dialogue.example_skills import ESTIMATE, EXAMPLE_SKILLS, LOOK_UP


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A copy of what people write, with the example skills and their sentences instead of ours."""
    (tmp_path / builder.GENERATED_DOMAIN).mkdir(parents=True)
    shutil.copy(ROOT / builder.DOMAIN / "_shared.yml", tmp_path / builder.DOMAIN / "_shared.yml")
    shutil.copytree(ROOT / builder.EXAMPLES, tmp_path / builder.EXAMPLES)
    ours = {skill.name for skill in SKILLS}
    for path in (tmp_path / builder.EXAMPLES).glob("*.yml"):
        content = load(path)
        content["nlu"] = [entry for entry in content["nlu"] if entry["intent"] not in ours]
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    for skill in EXAMPLE_SKILLS:
        sentences = "\n".join(f"- 我要办{skill.title}第{number}次" for number in range(builder.FEWEST_EXAMPLES))
        content = {"version": "3.1", "nlu": [{"intent": skill.name, "examples": sentences}]}
        path = tmp_path / builder.EXAMPLES / f"{skill.name}.yml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    builder.build(EXAMPLE_SKILLS, tmp_path)
    return tmp_path


def test_committed_files_agree_with_the_skills() -> None:
    assert builder.check(SKILLS, ROOT) == []


def test_the_example_workplace_is_in_step(workplace: Path) -> None:
    assert builder.check(EXAMPLE_SKILLS, workplace) == []


def test_building_twice_changes_nothing(workplace: Path) -> None:
    before = {path: path.read_bytes() for path in workplace.rglob("*.yml")}
    builder.build(EXAMPLE_SKILLS, workplace)
    assert {path: path.read_bytes() for path in workplace.rglob("*.yml")} == before


def test_domain_of_a_skill(workplace: Path) -> None:
    domain = load(workplace / builder.GENERATED_DOMAIN / "estimate_deed_tax.yml")
    slots = [ESTIMATE.slot(name) for name in ("price", "home", "confirm")]
    assert domain["intents"] == ["estimate_deed_tax"]
    assert domain["forms"] == {"estimate_deed_tax_form": {"required_slots": slots}}
    assert list(domain["slots"]) == slots
    for slot in domain["slots"].values():
        assert slot["influence_conversation"] is False
        assert slot["mappings"] == [{"type": "custom", "conditions": [{"active_loop": "estimate_deed_tax_form"}]}]
    assert domain["actions"] == ["validate_estimate_deed_tax_form", "action_submit_estimate_deed_tax"]
    ask = domain["responses"]["utter_ask_estimate_deed_tax_form_estimate_deed_tax_home"][0]
    assert ask["text"] == question_of(ESTIMATE.form, "home").prompt
    assert [button["title"] for button in ask["buttons"]] == ["首套", "二套"]
    assert ask["custom"] == {"skill": "estimate_deed_tax", "awaits": "home"}
    confirm = domain["responses"]["utter_ask_estimate_deed_tax_form_estimate_deed_tax_confirm"][0]
    assert {button["payload"] for button in confirm["buttons"]} >= {"intent:affirm", "intent:cancel"}


def test_catalogue_names_every_skill(workplace: Path) -> None:
    responses = load(workplace / builder.GENERATED_DOMAIN / builder.CATALOGUE)["responses"]
    for response in responses.values():
        assert [button["payload"] for button in response[0]["buttons"]] == [
            "skill:look_up_invoice",
            "skill:estimate_deed_tax",
        ]
    assert all(skill.title in responses["utter_capabilities"][0]["text"] for skill in EXAMPLE_SKILLS)


def test_every_intent_has_a_rule_outside_of_forms_and_those_that_close_a_form_inside(workplace: Path) -> None:
    shared = load(workplace / builder.DOMAIN / "_shared.yml")["intents"]
    intents = {*shared, *(skill.name for skill in EXAMPLE_SKILLS)}
    rules = load(ROOT / "training_data/rules/shared.yml")["rules"]
    for skill in EXAMPLE_SKILLS:
        rules += load(workplace / builder.GENERATED_RULES / f"{skill.name}.yml")["rules"]
    covered: dict[str | None, set[str]] = {}
    for rule in rules:
        intent = rule["steps"][0].get("intent")
        if intent:
            covered.setdefault(rule["condition"][0]["active_loop"], set()).add(intent)
    # everything else that is said inside is the hub's own affair: tests/actions/test_interrupts.py
    closing = set(LEFT_TO_RULES)
    assert covered == {None: intents, LOOK_UP.form_name: closing, ESTIMATE.form_name: closing}


def test_a_rejected_form_never_follows_its_intent_at_once(workplace: Path) -> None:
    for skill in EXAMPLE_SKILLS:
        for rule in load(workplace / builder.GENERATED_RULES / f"{skill.name}.yml")["rules"]:
            if rule["condition"] == [{"active_loop": skill.form_name}] and "intent" in rule["steps"][0]:
                assert rule["steps"][1] != {"action": skill.form_name}, rule["rule"]


def test_check_reports_edited_missing_and_stale_files(workplace: Path) -> None:
    edited = workplace / builder.GENERATED_DOMAIN / "estimate_deed_tax.yml"
    edited.write_text(edited.read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")
    (workplace / builder.GENERATED_RULES / "look_up_invoice.yml").unlink()
    (workplace / builder.GENERATED_RULES / "gone.yml").write_text("rules: []\n", encoding="utf-8")
    problems = "\n".join(builder.check(EXAMPLE_SKILLS, workplace))
    assert "estimate_deed_tax.yml 与技能声明不一致" in problems
    assert "look_up_invoice.yml 缺失" in problems
    assert "gone.yml 不属于任何技能" in problems
    builder.build(EXAMPLE_SKILLS, workplace)
    assert builder.check(EXAMPLE_SKILLS, workplace) == []


def test_check_reports_loose_ends(workplace: Path) -> None:
    (workplace / builder.EXAMPLES / "orphan.yml").write_text(
        yaml.safe_dump({"nlu": [{"intent": "order_pizza", "examples": "- 来一个\n"}]}, allow_unicode=True),
        encoding="utf-8",
    )
    (workplace / builder.EXAMPLES / "look_up_invoice.yml").unlink()
    shared = workplace / builder.DOMAIN / "_shared.yml"
    shared.write_text(shared.read_text(encoding="utf-8") + "\nslots:\n  stray: {type: any}\n", encoding="utf-8")
    problems = "\n".join(builder.check(EXAMPLE_SKILLS, workplace))
    assert "意图 order_pizza 有例句，但不在领域文件中" in problems
    assert "意图 look_up_invoice 只有 0 条例句" in problems
    assert "槽位 stray 不属于任何技能" in problems


def test_no_example_sentence_belongs_to_two_intents() -> None:
    owner: dict[str, str] = {}
    for intent, sentences in builder.examples_by_intent(ROOT).items():
        for sentence in sentences:
            assert owner.setdefault(sentence, intent) == intent, sentence
        assert len(set(sentences)) == len(sentences), intent

"""Skills → Rasa: writes the domain part and the rules of each skill, and finds what is out of step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from hub.skills import Skill, question_of

DOMAIN = Path("bot/dialogue/domain")
GENERATED_DOMAIN = DOMAIN / "generated"
GENERATED_RULES = Path("training_data/generated")
EXAMPLES = Path("training_data/nlu")
CATALOGUE = "_catalogue.yml"
FEWEST_EXAMPLES = 15
HEADER = "# generated from the skills by `hub dialogue build`, do not edit\n"

CONFIRM = "confirm"
IDENTITY = 4
"""The plan action of signing in and the like: steps on the way, nobody comes for them."""
MOST_BUTTONS = 6
CONFIRM_CHOICES = (("确认提交", "intent:affirm"), ("修改", "intent:correct"), ("取消", "intent:cancel"))

Step = dict[str, Any]


def build(skills: Sequence[Skill], root: Path) -> list[Path]:
    """Write every generated file below `root` and remove those of skills that are gone; the files written."""
    wanted = rendered(skills)
    for stale in _generated(root) - set(wanted):
        (root / stale).unlink()
    for path, text in wanted.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return sorted(wanted)


def check(skills: Sequence[Skill], root: Path) -> list[str]:
    """What is out of step, as sentences; empty when skills, generated files and examples agree."""
    return [*_drift(skills, root), *_loose_ends(skills, root)]


def rendered(skills: Sequence[Skill]) -> dict[Path, str]:
    """Every generated file, by its path below the root."""
    files: dict[Path, Mapping[str, Any]] = {GENERATED_DOMAIN / CATALOGUE: _catalogue(skills)}
    for skill in skills:
        files[GENERATED_DOMAIN / f"{skill.name}.yml"] = _domain(skill)
        files[GENERATED_RULES / f"{skill.name}.yml"] = _rules(skill)
    return {path: HEADER + _yaml(content) for path, content in files.items()}


def _catalogue(skills: Sequence[Skill]) -> Mapping[str, Any]:
    """Responses that name every skill."""
    shown = sorted(skills, key=lambda skill: skill.plan_action == IDENTITY)[:MOST_BUTTONS]
    buttons = [{"title": skill.offer or skill.title, "payload": f"skill:{skill.name}"} for skill in shown]
    abilities = "\n".join(f"· {skill.title}：{skill.summary}" for skill in skills)
    capabilities = f"您可以直接问我税费政策和办税流程，我会附上文件依据。还可以在这里办理：\n{abilities}"
    unasked = "收到。您想用它办哪件事？点下面的按钮，或者直接告诉我。"
    return {
        "version": "3.1",
        "responses": {
            "utter_capabilities": [{"text": capabilities, "buttons": buttons}],
            "utter_unasked_values": [{"text": unasked, "buttons": buttons}],
        },
    }


def _domain(skill: Skill) -> Mapping[str, Any]:
    """Intent, slots, form, asks and actions of a skill; values are taken by the hub (custom mappings)."""
    slots = {slot: _slot(skill) for slot in _slots(skill)}
    return {
        "version": "3.1",
        "intents": [skill.name],
        "slots": slots,
        "forms": {skill.form_name: {"required_slots": list(slots)}},
        "responses": {f"utter_ask_{skill.form_name}_{slot}": [ask] for slot, ask in _asks(skill).items()},
        "actions": [f"validate_{skill.form_name}", f"action_submit_{skill.name}", *_own_asks(skill)],
    }


def _own_asks(skill: Skill) -> list[str]:
    """Actions that ask for a field whose choices depend on who asks."""
    return [ask_action(skill, name) for name in skill.form.model_fields if question_of(skill.form, name).options]


def ask_action(skill: Skill, name: str) -> str:
    """The action by which Rasa's form asks for a field."""
    return f"action_ask_{skill.form_name}_{skill.slot(name)}"


def _slots(skill: Skill) -> list[str]:
    fields = [skill.slot(name) for name in skill.form.model_fields]
    return [*fields, skill.slot(CONFIRM)] if skill.confirm else fields


def _slot(skill: Skill) -> Mapping[str, Any]:
    condition = {"active_loop": skill.form_name}
    return {
        "type": "any",
        "influence_conversation": False,
        "mappings": [{"type": "custom", "conditions": [condition]}],
    }


def _asks(skill: Skill) -> Mapping[str, Mapping[str, Any]]:
    asks = {}
    for name in skill.form.model_fields:
        question = question_of(skill.form, name)
        if question.options:
            continue  # whose choices depend on who asks: action_ask_… works them out
        choices = [(choice.title, choice.title) for choice in question.choices]  # a choice reads as if typed
        asks[skill.slot(name)] = _ask(skill, name, question.prompt, choices)
    if skill.confirm:
        prompt = f"以上内容确认无误吗？确认后将为您提交{skill.title}。"
        asks[skill.slot(CONFIRM)] = _ask(skill, CONFIRM, prompt, CONFIRM_CHOICES)
    return asks


def _ask(skill: Skill, name: str, text: str, choices: Iterable[tuple[str, str]]) -> Mapping[str, Any]:
    """The words and buttons of an ask; the custom part tells the hub which form goes on with the next message."""
    buttons = [{"title": title, "payload": payload} for title, payload in choices]
    waiting = {"skill": skill.name, "awaits": name}
    return {"text": text, **({"buttons": buttons} if buttons else {}), "custom": waiting}


def _rules(skill: Skill) -> Mapping[str, Any]:
    opening: list[Step] = [{"action": skill.form_name}, {"active_loop": skill.form_name}]
    closing: list[Step] = [{"action": "action_deactivate_loop"}, {"active_loop": None}]

    def outside(name: str, *steps: Step) -> Step:
        return {"rule": f"{skill.name}: {name}", "condition": [{"active_loop": None}], "steps": list(steps)}

    def inside(name: str, *steps: Step) -> Step:
        return {"rule": f"{skill.name}: {name}", "condition": [{"active_loop": skill.form_name}], "steps": list(steps)}

    rules = [outside("start", {"intent": skill.name}, *opening)]
    submit = {"action": f"action_submit_{skill.name}"}
    rules.append(inside("submit", {"action": skill.form_name}, {"active_loop": None}, submit))
    rules.append(inside("cancel", {"intent": "cancel"}, *closing, {"action": "utter_cancelled"}))
    rules.append(inside("talk_to_human", {"intent": "talk_to_human"}, {"action": "action_handoff"}, *closing))
    return {"version": "3.1", "rules": rules}


def _generated(root: Path) -> set[Path]:
    folders = (GENERATED_DOMAIN, GENERATED_RULES)
    return {path.relative_to(root) for folder in folders for path in (root / folder).glob("*.yml")}


def _drift(skills: Sequence[Skill], root: Path) -> Iterable[str]:
    wanted = rendered(skills)
    for path, text in wanted.items():
        if not (root / path).is_file():
            yield f"{path} 缺失，请运行 hub dialogue build"
        elif (root / path).read_text(encoding="utf-8") != text:
            yield f"{path} 与技能声明不一致，请运行 hub dialogue build"
    for path in sorted(_generated(root) - set(wanted)):
        yield f"{path} 不属于任何技能，请运行 hub dialogue build"


def _loose_ends(skills: Sequence[Skill], root: Path) -> Iterable[str]:
    domain_files = {path: _load(path) for path in sorted((root / DOMAIN).rglob("*.yml"))}
    intents = {intent for content in domain_files.values() for intent in content.get("intents", [])}
    examples = examples_by_intent(root)
    for intent in sorted(set(examples) - intents):
        yield f"意图 {intent} 有例句，但不在领域文件中"
    for intent in sorted(intents - {"nlu_fallback"}):
        count = len(examples.get(intent, ()))
        if count < FEWEST_EXAMPLES:
            yield f"意图 {intent} 只有 {count} 条例句，至少要 {FEWEST_EXAMPLES} 条"
    prefixes = tuple(f"{skill.name}_" for skill in skills)
    for path, content in domain_files.items():
        for slot in content.get("slots", {}):
            if not slot.startswith(prefixes):
                yield f"{path.relative_to(root)} 中的槽位 {slot} 不属于任何技能"


def examples_by_intent(root: Path) -> dict[str, list[str]]:
    """The example sentences of each intent."""
    examples: dict[str, list[str]] = {}
    for path in sorted((root / EXAMPLES).glob("*.yml")):
        for entry in _load(path).get("nlu", []):
            lines = [line.removeprefix("- ").strip() for line in str(entry["examples"]).splitlines()]
            examples.setdefault(entry["intent"], []).extend(line for line in lines if line)
    return examples


def _load(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.dump(content, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=1000)


class _PlainDumper(yaml.SafeDumper):
    """Writes repeated parts out instead of using anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Nothing is an alias."""
        return True

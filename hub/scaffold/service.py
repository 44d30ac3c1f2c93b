"""A new service: a form, a table, receipts and one's own records, reachable by chat, API and web form."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from hub.migrations.tables import metadata
from hub.scaffold import lists
from hub.scaffold.drafts import Draft
from hub.scaffold.errors import CannotAdd
from hub.scaffold.names import camel, check_name, check_title
from services.registry import SKILLS

MODULES = ("__init__", "models", "schemas", "repository", "service", "skills", "wording")
LARGEST_PLAN_ACTION = 99


def draft_service(root: Path, name: str, title: str, plan_action: int) -> Draft:
    """Everything that a new service takes; nothing is written yet.

    Raises `CannotAdd`.
    """
    check_name(name, {*_modules(root / "services"), *_modules(root / "tests/services"), *_intents(root)})
    check_title(title, {words for skill in SKILLS for words in (skill.title, skill.offer)})
    if f"my_{name}" in _intents(root) or f"{name}_request" in metadata.tables:
        raise CannotAdd(f"名称“{name}”已经用于别的技能或数据表，请换一个。")
    if not 0 <= plan_action <= LARGEST_PLAN_ACTION:
        raise CannotAdd(f"行动编号应在0到{LARGEST_PLAN_ACTION}之间。")
    revision, newest = _next_revision(root)
    values = {
        "name": name, "title": title, "camel": camel(name), "upper": name.upper(), "plan_action": plan_action,
        "revision": revision, "down_revision": newest,
    }  # fmt: skip
    draft = Draft(root)
    for module in MODULES:
        draft.add(f"services/{name}/{module}.py", f"service/{module}.py.jinja", values)
    draft.add(f"hub/migrations/versions/{revision}_{name}.py", "service/migration.py.jinja", values)
    draft.add(f"training_data/nlu/{name}.yml", "service/nlu.yml.jinja", values)
    draft.add(f"training_data/nlu/my_{name}.yml", "service/my_nlu.yml.jinja", values)
    draft.add(f"tests/services/{name}/__init__.py", "service/tests_init.py.jinja", values)
    draft.add(f"tests/services/{name}/test_{name}.py", "service/tests.py.jinja", values)
    _list(draft, name)
    return draft


def _list(draft: Draft, name: str) -> None:
    """The lines that make it known to the house."""
    skills = f"{name.upper()}, MY_{name.upper()}"
    draft.change(
        "services/registry.py",
        lambda text, file: lists.with_import(text, f"from services.{name}.skills import {skills}", file),
        lambda text, file: lists.with_items(text, "SKILLS", skills, file),
    )
    draft.change(
        "hub/migrations/tables.py", lambda text, file: lists.with_table_owner(text, f"services.{name}.models", file)
    )
    requests = f"{name}_requests"
    draft.change(
        "hub/worker.py",
        lambda text, file: lists.with_import(text, f"from services.{name} import repository as {requests}", file),
        lambda text, file: lists.with_erasure(text, f"await {requests}.erase_before(session, before)", file),
    )
    draft.change(".importlinter", lambda text, file: lists.with_service_rules(text, name, file))


def _modules(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir()} if folder.is_dir() else set()


def _intents(root: Path) -> set[str]:
    """What sentences can mean already."""
    files = (root / "bot/dialogue/domain").rglob("*.yml")
    return {intent for path in files for intent in yaml.safe_load(path.read_text("utf-8")).get("intents", ())}


def _next_revision(root: Path) -> tuple[str, str]:
    """The number of the next migration, and of the newest that is there."""
    names = (path.name for path in (root / "hub/migrations/versions").glob("*.py"))
    newest = max(found[1] for name in names if (found := re.match(r"(\d{4})_", name)))
    return f"{int(newest) + 1:04d}", newest

"""Rasa's action webhook. It never answers 5xx: Rasa would fall silent, so a failure apologises and offers a human."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic_core import from_json
from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions.forms import ValidateForm
from actions.registry import executor
from actions.turns import trace_of
from bot.dialogue.replies import HUMAN_BUTTON, Reply
from hub.accounts.access import FromRasa
from hub.kit import trace
from hub.kit.logging import get_logger

log = get_logger(__name__)
router = APIRouter(include_in_schema=False)

APOLOGY = "抱歉，刚才处理出了点问题，已经记录下来。请再说一次，或者转人工服务。"

Executor = Annotated[ActionExecutor, Depends(executor)]


@router.post("/internal/rasa/actions", dependencies=[FromRasa])
async def run_action(request: Request, hands: Executor) -> JSONResponse:
    """Do what Rasa asks for."""
    try:
        call = from_json(await request.body())
        name, tracker = str(call["next_action"]), call["tracker"]
        trace.current.set(trace_of(tracker.get("latest_message") or {}) or trace.trace_id())
    except (ValueError, KeyError, TypeError, AttributeError):
        return JSONResponse({"error": "not an action call", "action_name": ""}, 400)
    call.setdefault("domain", {})  # rasa-sdk insists on one, no action of ours reads it
    try:
        result = await hands.run(call)
    except ActionExecutionRejection as error:
        return JSONResponse({"error": str(error), "action_name": error.action_name}, 400)
    except ActionNotFoundException as error:
        log.error("action_unknown", action=name)
        return JSONResponse({"error": str(error), "action_name": error.action_name}, 404)
    except Exception:
        log.exception("action_failed", action=name)
        return JSONResponse(_apology(hands, name, tracker))
    return JSONResponse({"events": result.events, "responses": result.responses})


def _apology(hands: ActionExecutor, name: str, tracker: Any) -> dict[str, Any]:
    """Words instead of silence; a form keeps its values and asks again."""
    apology = Reply(APOLOGY, buttons=(HUMAN_BUTTON,)).as_payload()
    return {"events": _events_after_failure(hands, name, tracker), "responses": [{"custom": apology}]}


def _events_after_failure(hands: ActionExecutor, name: str, tracker: Any) -> list[EventType]:
    action = getattr(hands.actions.get(name), "__self__", None)
    if not isinstance(action, ValidateForm):
        return []
    try:
        return action.after_failure(Tracker.from_dict(tracker))
    except Exception:
        log.exception("form_cannot_go_on", action=name)
        return []

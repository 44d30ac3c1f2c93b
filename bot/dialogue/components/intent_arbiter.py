"""Rasa component: settles what a classifier should not guess at – control words, and messages that only give values."""

from __future__ import annotations

from typing import Any, Dict, List, Type

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.dialogue.components.settled import asks_how, goes_on_asking, settled_intent, tells_a_story
from bot.dialogue.components.tax_identifiers import TaxIdentifiers

QUESTION = "ask_question"
STORIES = (QUESTION, "talk_to_human")  # people tell their case and want advice, or somebody to tell it to
SURE_ENOUGH = 0.9


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class IntentArbiter(GraphComponent, IntentClassifier):
    """Comes after the classifier and overrules it where the meaning is beyond doubt."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """A classifier to overrule and the recogniser to rely on."""
        return [IntentClassifier, TaxIdentifiers]

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentArbiter:
        """Made by Rasa's graph; there is nothing to load."""
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        """Overrule the classified intent where it is settled."""
        for message in messages:
            text, entities = message.get(TEXT) or "", message.get(ENTITIES, [])
            name, confidence = settled_intent(text, entities), 1.0
            guess = message.get(INTENT) or {}
            unsure = float(guess.get("confidence") or 0.0) < SURE_ENOUGH
            if not name and guess.get("name") not in STORIES:
                asks = asks_how(text, str(guess.get("name"))) or (unsure and goes_on_asking(text))
                if asks or tells_a_story(text, entities):
                    name, confidence = QUESTION, SURE_ENOUGH
            if name:
                intent = {"name": name, "confidence": confidence}
                others = [
                    {"name": other["name"], "confidence": 0.0}
                    for other in message.get("intent_ranking", [])
                    if other["name"] != name
                ]
                message.set(INTENT, intent, add_to_output=True)
                message.set("intent_ranking", [intent, *others], add_to_output=True)
        return messages

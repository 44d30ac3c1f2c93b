"""Rasa component: puts invoice identifiers, amounts, days and taxpayer numbers into a message as entities."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any, Dict, List

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from hub.kit.taxtext import extract

CHINA = timezone(timedelta(hours=8))  # one zone, no summer time


def today_in_china() -> date:
    """The present day in China; `hub.kit.clock` needs Python 3.11."""
    return datetime.now(CHINA).date()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class TaxIdentifiers(GraphComponent, EntityExtractorMixin):
    """Recognises with the parser that the hub uses, so that both always agree; the values are canonical."""

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TaxIdentifiers:
        """Made by Rasa's graph; there is nothing to load."""
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the entities of each message to those it has."""
        for message in messages:
            found = [
                {"entity": entity.kind, "value": entity.value, "start": entity.start, "end": entity.end}
                for entity in extract(message.get(TEXT) or "", today_in_china())
            ]
            if found:
                known = message.get(ENTITIES, [])
                message.set(ENTITIES, known + self.add_extractor_name(found), add_to_output=True)
        return messages

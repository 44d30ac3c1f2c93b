"""Rasa component: the mean of word vectors distilled from the sentence encoder; its sense at a fraction of its cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Type

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS, TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

TABLE = Path("training_data/lookups/word_vectors.npz")


class WordTable:
    """Vectors of words, kept as small integers with one scale a dimension."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as stored:
            self._rows = {word: row for row, word in enumerate(str(stored["words"]).split("\n"))}
            self._vectors = stored["vectors"].astype(np.float32) * stored["scales"]

    def mean(self, words: List[str]) -> np.ndarray:
        """The direction that the words have on average; a word without a vector is read character by character."""
        rows = [row for word in words for row in self._rows_of(word.lower())]
        if not rows:
            return np.zeros(self._vectors.shape[1], np.float32)
        vector = self._vectors[rows].mean(axis=0)
        return vector / (np.linalg.norm(vector) + 1e-9)

    def _rows_of(self, word: str) -> List[int]:
        known = self._rows.get(word)
        if known is not None:
            return [known]
        return [self._rows[character] for character in word if character in self._rows]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class WordVectors(DenseFeaturizer, GraphComponent):
    """Gives the classifier a sense of words that no example sentence contains."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Words come from a tokenizer."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """`weight` balances these few dimensions against thousands of character n-grams."""
        return {**DenseFeaturizer.get_default_config(), "weight": 4.0}

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> WordVectors:
        """Made by Rasa's graph; the table is part of the source."""
        component = cls(execution_context.node_name, config)
        component.table = WordTable(Path(__file__).resolve().parents[3] / TABLE)
        return component

    table: WordTable

    @classmethod
    def validate_config(cls, config: Dict[str, Any]) -> None:
        """Nothing can be configured wrongly that matters."""

    # the argument names are part of the contract: Rasa wires the graph by them
    def process(self, messages: List[Message]) -> List[Message]:
        """Add the sentence feature to each message that has words."""
        for message in messages:
            tokens = message.get(TOKENS_NAMES[TEXT])
            if tokens:
                vector = self.table.mean([token.text for token in tokens]) * self._config["weight"]
                alias = self._config[FEATURIZER_CLASS_ALIAS]
                message.add_features(Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, alias))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The same for example sentences."""
        self.process(training_data.training_examples)
        return training_data

"""The real content with the real encoder, without a database; vectors are kept beside the encoder."""

from __future__ import annotations

import pytest

from knowledge_base.evaluation import gate
from knowledge_base.evaluation.offline import Shelf
from knowledge_base.evaluation.tuning import RawVectors
from knowledge_base.ingest.content import read_content


@pytest.fixture(scope="session")
def real() -> Shelf:
    """The real library; the first run in a checkout encodes all texts, which takes minutes."""
    raw = RawVectors()
    library = Shelf(read_content(), raw, gate.JUDGED_ON)
    raw.save()
    return library


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks the real content waits for its vectors."""
    for item in items:
        if "real" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.content)

"""The real content with the real encoder, without a database; vectors are remembered between test runs."""

from __future__ import annotations

import pytest

from knowledge_base.evaluation import gate
from knowledge_base.evaluation.offline import Shelf
from knowledge_base.evaluation.tuning import RawVectors
from knowledge_base.ingest.content import read_content


@pytest.fixture(scope="session")
def real(pytestconfig: pytest.Config) -> Shelf:
    """The real library; the first run encodes some thousand texts, which takes minutes."""
    assert pytestconfig.cache is not None
    raw = RawVectors(pytestconfig.cache.mkdir("vectors"))
    library = Shelf(read_content(), raw, gate.JUDGED_ON)
    raw.save()
    return library

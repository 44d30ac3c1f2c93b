"""The real content with the real encoder, without a database; vectors are remembered between test runs."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge_base.evaluation.offline import Shelf
from knowledge_base.evaluation.tuning import RawVectors
from knowledge_base.ingest.content import read_content

TODAY = date(2026, 11, 22)
"""The day on which the golden questions were judged."""


@pytest.fixture(scope="session")
def real(pytestconfig: pytest.Config) -> Shelf:
    """The real library; the first run encodes some thousand texts, which takes minutes."""
    assert pytestconfig.cache is not None
    raw = RawVectors(pytestconfig.cache.mkdir("vectors"))
    library = Shelf(read_content(), raw, TODAY)
    raw.save()
    return library

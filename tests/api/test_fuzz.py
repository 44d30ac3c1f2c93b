"""No input that follows from the OpenAPI document makes the hub fail."""

from __future__ import annotations

import os
import subprocess

import pytest

from hub.settings import ROOT
from tests.product import Product

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

SECONDS = "60" if os.environ.get("HUB_SOAK") else "15"


@pytest.mark.parametrize("who", ["anybody", "staff"])
def test_no_server_error(product: Product, who: str) -> None:
    product.wait_until([])
    header = ["-H", f"Authorization: Bearer {product.secrets['HUB_STAFF_TOKEN']}"] if who == "staff" else []
    done = subprocess.run(
        [
            ROOT / ".venv/bin/st", "run", f"{product.url}/openapi.json", "--url", product.url, "--max-time", SECONDS,
            "--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing", "--continue-on-failure",
            "--max-examples", "100000", "--request-timeout", "30", "--warnings", "off", "--no-color", *header,
        ],
        cwd=product.var, env=product.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    assert "generated" in done.stdout or "passed" in done.stdout

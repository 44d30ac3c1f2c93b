"""The product of the tests, set up once for every step that runs one of its own: `python -m tests.prepared`."""

from __future__ import annotations

import shutil
import subprocess

from hub.settings import ROOT
from tests.product import Product

FIRST, COPIES = "test-product", ("test-kills", "test-pages")


def main() -> None:
    """Start it for the first time, which loads and indexes everything, end it, and copy its folder."""
    product = Product(ROOT / "var" / FIRST, watched=True)
    try:
        product.start()
    finally:
        product.stop()
    for name in COPIES:
        copy = ROOT / "var" / name
        if not copy.exists():
            # cp keeps whose files they are: the database's belong to a user of its own where we are root
            subprocess.run([shutil.which("cp") or "cp", "-a", str(product.var), str(copy)], check=True)


if __name__ == "__main__":
    main()

"""Another process that does the same act several times at once; prints the numbers of the orders that it got."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

from hub.kit import clock, db
from tests.services.payment.payer import order

MARK = "order: "
"""Before each number that is printed."""


async def main(key: str, moment: datetime) -> None:
    """Five times the same direct debit."""
    clock.now = lambda: moment
    placed = await asyncio.gather(*(order(key=key, method="tripartite") for _ in range(5)))
    sys.stdout.writelines(f"{MARK}{one.id.hex}\n" for one in placed)
    await db.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], datetime.fromisoformat(sys.argv[2])))

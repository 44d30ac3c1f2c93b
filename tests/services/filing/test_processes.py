"""The same act from two processes of the hub at once is one return, wherever each of them gets to first."""

from __future__ import annotations

import asyncio
import json
import sys

from hub.settings import ROOT
from tests.services.filing.filers import OPEN_VAT, acting, filed_in_core, rows

FILE_FIVE_TIMES = """
import asyncio, json, sys
from hub.kit.db import dispose
from services.filing import service
from tests.services.filing.filers import OPEN_VAT, acting

async def main():
    sys.stdin.readline()
    acts = (service.submit(acting(), OPEN_VAT, [], key="one-act", channel="web") for _ in range(5))
    done = await asyncio.gather(*acts)
    await dispose()
    print(json.dumps([[str(one.record.id), one.filed.receipt_number if one.filed else None] for one in done]))

asyncio.run(main())
"""


async def test_the_same_act_from_two_processes_is_one_return(core: str) -> None:
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", FILE_FIVE_TIMES, cwd=ROOT, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    told = await asyncio.gather(*(one.communicate(b"now\n") for one in running))
    assert [one.returncode for one in running] == [0, 0]
    answers = [answer for out, _ in told for answer in json.loads(out.decode().strip().splitlines()[-1])]
    assert len(answers) == 10
    assert len({filing_id for filing_id, _ in answers}) == 1
    assert len({receipt for _, receipt in answers}) == 1
    assert answers[0][1]
    assert filed_in_core(core, OPEN_VAT) == 1
    person = acting().person_id
    assert rows(core, "select person_id, status from tax_return") == [(person, "filed")]

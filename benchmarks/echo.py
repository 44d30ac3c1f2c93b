"""The peer of `/ask`: a bare FastAPI route that gives back a recorded answer of the same size.

`python -m benchmarks.echo PORT ANSWERS.json` serves it the way `hub serve` serves the hub.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class Question(BaseModel):
    """The body that `/ask` takes."""

    question: str


def create_app(answers: dict[str, Any]) -> FastAPI:
    """An application with nothing in it but the route."""
    app = FastAPI(openapi_url=None)

    @app.post("/echo")
    async def echo(body: Question) -> JSONResponse:
        return JSONResponse(answers[body.question])

    return app


def main() -> None:
    """Serve until stopped."""
    port, recorded = int(sys.argv[1]), Path(sys.argv[2])
    app = create_app(json.loads(recorded.read_text("utf-8")))
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_config=None, server_header=False)


if __name__ == "__main__":
    main()

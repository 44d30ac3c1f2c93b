"""The public pages of the web channel and the static files of the chat widget."""

from urllib.parse import parse_qs

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from channels.web.pages import STATIC, fingerprint, page
from channels.web.services import notice_way
from channels.web.services import router as services
from hub.accounts.access import Public

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse, dependencies=[Public])


class WidgetFiles(StaticFiles):
    """Static files that other sites may load; an address with its content hash never changes, others are rechecked."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        version = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
        known = version != "" and (STATIC / path).is_file() and version == fingerprint(path)
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if known else "public, max-age=300, stale-while-revalidate=86400"
        )
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


@router.get("/")
def start(request: Request) -> HTMLResponse:
    return page(request, "start.html")


@router.get("/privacy")
def privacy(request: Request) -> HTMLResponse:
    return page(request, "privacy.html")


@router.get("/embed")
def embed(request: Request) -> HTMLResponse:
    origin = f"{request.url.scheme}://{request.url.netloc}"
    return page(request, "embed.html", origin=origin, stream_origin=origin.replace("http", "ws", 1))


def mount(app: FastAPI) -> None:
    app.mount("/static", WidgetFiles(directory=STATIC), name="static")
    app.include_router(router)
    # before the services, whose names would take its place
    app.include_router(notice_way.router)
    app.include_router(services.router)

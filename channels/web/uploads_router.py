"""`/api/v1/conversations/{id}/attachments`: the holder of a conversation uploads files, takes them back, saves them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, status
from pydantic import BaseModel
from starlette.datastructures import UploadFile

from bot.conversation import files
from bot.conversation.router import OwnConversation
from channels import wording
from channels.attachments import FILE_TYPES
from channels.web.uploads import WrongType, recognised
from hub.kit.rates import rate_limit

router = APIRouter(prefix="/api/v1/conversations/{conversation_id}/attachments", tags=["conversations"])
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary", "title": "文件"}},
                }
            }
        },
    }
}


class AttachmentRead(BaseModel):
    """A file that was uploaded; `kind` is image or file."""

    id: UUID
    kind: str
    name: str
    content_type: str
    size: int


async def _file(request: Request, own: OwnConversation) -> UploadFile:
    """The file of the form, read only once the caller has proved whose conversation it is.

    Raises `WrongType` when there is none.
    """
    form = await request.form(max_files=1, max_fields=2)
    found = form.get("file")
    if not isinstance(found, UploadFile):
        raise WrongType(wording.NO_FILE)
    return found


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(rate_limit("upload", lambda s: s.rate_upload))],
    openapi_extra=FORM,
)
async def upload(own: OwnConversation, file: Annotated[UploadFile, Depends(_file)]) -> AttachmentRead:
    """Upload a picture (10 MB) or a document (20 MB) as multipart field `file`; name its id in a message to send it."""
    content = await file.read()
    found = await recognised(file.filename or "", content)
    kept = await files.keep(
        own, kind=found.kind.value, name=found.name, content_type=found.content_type, content=content
    )
    return AttachmentRead(id=kept.id, kind=kept.kind, name=kept.name, content_type=kept.content_type, size=kept.size)


@router.get("/{attachment_id}")
async def download(own: OwnConversation, attachment_id: UUID) -> Response:
    """A file of the conversation, to be saved and never shown by the browser itself."""
    kept = await files.read(attachment_id, own)
    return Response(
        kept.content,
        media_type=kept.content_type if kept.content_type in FILE_TYPES else "application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(kept.name)}",
            "Cache-Control": "no-store",
        },
    )


@router.delete("/{attachment_id}", status_code=status.HTTP_204_NO_CONTENT)
async def take_back(own: OwnConversation, attachment_id: UUID) -> Response:
    """Take back a file that has not been sent with a message."""
    await files.erase(own, attachment_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)

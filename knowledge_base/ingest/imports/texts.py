"""Text files as they come from editors: UTF-8, or GB 18030 as office programs save it here."""

from __future__ import annotations

from pathlib import Path

from knowledge_base.ingest.imports.fields import FieldError


def read_text(path: Path) -> str:
    """The text of a file.

    Raises `FieldError` when it is in neither encoding.
    """
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FieldError(f"{path.name}：文件编码既不是 UTF-8 也不是 GB 18030")

"""The register of documents: what may be cited, read from `content/documents/*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from knowledge_base.yaml_files import problems_of, read_yaml

FOLDER = Path(__file__).parent / "content/documents"

Authority = Literal["law", "administrative_regulation", "department_rule", "normative_document", "guidance"]
Evidence = Literal["V", "V2", "R"]
RANK: Mapping[str, int] = {
    "law": 0, "administrative_regulation": 1, "department_rule": 2, "normative_document": 3, "guidance": 4,
}  # fmt: skip


class RegisteredDocument(BaseModel):
    """A document as an editor registers it; `number` is null where the official number has not been checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    number: str | None = Field(max_length=120)
    title: str = Field(min_length=2, max_length=200)
    authority: Authority
    effective_from: date = Field(alias="from")
    effective_to: date | None = Field(alias="to")
    evidence: Evidence
    replaced_by: str | None = None
    url: str | None = Field(None, max_length=400)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> RegisteredDocument:
        if self.effective_to and self.effective_to < self.effective_from:
            raise ValueError("it ends before it begins")
        return self

    def in_force(self, start: date, end: date | None) -> bool:
        """Whether it is in force on every day of a period (open-ended when `end` is None)."""
        return self.effective_from <= start and (
            self.effective_to is None or (end is not None and end <= self.effective_to)
        )


Register = Mapping[str, RegisteredDocument]


def read_register(folder: Path = FOLDER) -> tuple[dict[str, RegisteredDocument], list[str]]:
    """All documents of a folder, and every problem found in it."""
    documents: dict[str, RegisteredDocument] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            rows = (read_yaml(path) or {})["documents"]
        except (yaml.YAMLError, KeyError, TypeError) as error:
            problems.append(f"{path.name}: not a list of documents: {error}")
            continue
        for key, row in rows.items():
            if key in documents:
                problems.append(f"{path.name}: {key}: registered twice")
            try:
                documents[key] = RegisteredDocument.model_validate(row)
            except ValidationError as error:
                problems += [f"{path.name}: {key}: {problem}" for problem in problems_of(error)]
    for key, document in documents.items():
        if document.replaced_by and document.replaced_by not in documents:
            problems.append(f"documents: {key}: replaced_by names {document.replaced_by}, which is not registered")
    return documents, problems


@lru_cache
def register() -> Register:
    """The register of this installation.

    Raises `ValueError` that lists every problem when a file of the register is wrong.
    """
    documents, problems = read_register()
    if problems:
        raise ValueError("\n".join(problems))
    return documents

"""The one list of returns that can be filed here; a new tax is one entry, and no migration."""

from __future__ import annotations

from services.filing.cit import CIT_PREPAYMENT_RETURN
from services.filing.conduct_taxes import STAMP_RETURN, VEHICLE_VESSEL_RETURN
from services.filing.return_kind import ReturnKind
from services.filing.vat import VAT_GENERAL_RETURN, VAT_SMALL_SCALE_RETURN

KINDS: tuple[ReturnKind, ...] = (
    VAT_SMALL_SCALE_RETURN,
    VAT_GENERAL_RETURN,
    CIT_PREPAYMENT_RETURN,
    STAMP_RETURN,
    VEHICLE_VESSEL_RETURN,
)

_BY_FORM = {kind.form: kind for kind in KINDS}


def kind_of(form: str) -> ReturnKind | None:
    """The kind that the core system calls so; None where such a return cannot be filed here."""
    return _BY_FORM.get(form)

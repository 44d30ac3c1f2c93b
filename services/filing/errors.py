"""What can stand in the way of filing, as facts with a stable code and what to do next."""

from __future__ import annotations

from hub.kit.errors import Conflict, NotFound, Unavailable
from services.filing import wording


class ObligationNotFound(NotFound):
    """There is no such obligation, or it is another taxpayer's."""

    code = "obligation_not_found"
    message = wording.NOT_FOUND


class SheetNotFound(NotFound):
    """There is no such sheet, or it was shown to somebody else."""

    code = "sheet_not_found"
    message = wording.SHEET_NOT_FOUND


class ReturnNotFound(NotFound):
    """There is no such return, or it is another taxpayer's."""

    code = "return_not_found"
    message = wording.RETURN_NOT_FOUND


class BatchNotFound(NotFound):
    """There is no such batch, or somebody else uploaded it."""

    code = "batch_not_found"
    message = wording.BATCH_NOT_FOUND


class FormNotFound(NotFound):
    """No return of this name can be filed here."""

    code = "form_not_found"
    message = wording.FORM_NOT_FOUND


class SheetExpired(Conflict):
    """The sheet was shown too long ago to be filed as it is."""

    code = "sheet_expired"
    message = wording.SHEET_EXPIRED


class SheetChanged(Conflict):
    """What was confirmed would come out otherwise today; the message is the sheet as it is now."""

    code = "sheet_changed"


class NotYetOpen(Conflict):
    """The return cannot be filed yet."""

    code = "not_yet_open"


class NotFiledHere(Conflict):
    """A return of this kind cannot be filed here."""

    code = "not_filed_here"


class FilingInProgress(Conflict):
    """A return for the same obligation was confirmed before and has no answer yet."""

    code = "filing_in_progress"
    message = wording.IN_PROGRESS


class NothingToFile(Conflict):
    """No return is due, and none can be corrected."""

    code = "nothing_to_file"


class NothingToCorrect(Conflict):
    """The correction says what the return in force says already."""

    code = "nothing_to_correct"


class NoReceipt(Conflict):
    """The return has not been accepted."""

    code = "no_receipt"
    message = wording.NO_RECEIPT


class CoreSystemUnavailable(Unavailable):
    """The core system gave no usable answer; nothing was filed."""

    code = "core_unavailable"
    message = wording.UNAVAILABLE


class CoreSystemRefused(Conflict):
    """The core system says no; the message is its own."""

    code = "core_refused"


class SpreadsheetInvalid(Conflict):
    """The file is no spreadsheet of ours; the message says what to do."""

    status = 422
    code = "spreadsheet_invalid"
    message = wording.SPREADSHEET_INVALID

"""Numbers, dates, amounts and identifiers in what people write; shared by the hub and by Rasa's own Python 3.10.

Only the standard library and cn2an may be imported in this package, so that one parser serves both environments.
"""

from hub.kit.taxtext.amounts import parse_amount
from hub.kit.taxtext.counts import NUMBER, counts_in, parse_count
from hub.kit.taxtext.dates import parse_date
from hub.kit.taxtext.entities import Entity, extract, parse_check_code, parse_invoice_code, parse_invoice_number
from hub.kit.taxtext.identifiers import organisation_code_ok, resident_id_ok, upgrade_resident_id, uscc_ok
from hub.kit.taxtext.names import by_names, stated
from hub.kit.taxtext.normalise import normalise, without_denied
from hub.kit.taxtext.periods import Period, find_period

__all__ = [
    "NUMBER",
    "Entity",
    "Period",
    "by_names",
    "counts_in",
    "extract",
    "find_period",
    "normalise",
    "organisation_code_ok",
    "parse_amount",
    "parse_check_code",
    "parse_count",
    "parse_date",
    "parse_invoice_code",
    "parse_invoice_number",
    "resident_id_ok",
    "stated",
    "upgrade_resident_id",
    "uscc_ok",
    "without_denied",
]

"""Where the inspection platform listens; requests are signed as everywhere (`services.gateways.signature`)."""

from services.gateways.signature import Credentials, sign, signed_headers

PATH = "/v1/inspections"

__all__ = ["PATH", "Credentials", "sign", "signed_headers"]

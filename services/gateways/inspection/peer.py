"""The platform's side of the wire, in front of the sandbox: for contract tests and for staging before go-live."""

from __future__ import annotations

from fastapi import FastAPI

from services.gateways.inspection.protocol import REPLY, REQUEST
from services.gateways.inspection.sandbox import InspectionSandbox
from services.gateways.inspection.signature import PATH
from services.gateways.signature import Credentials
from services.gateways.signed_peer import signed_peer


def create_peer(credentials: Credentials) -> FastAPI:
    """The peer as an application: one route, `POST /v1/inspections`."""
    return signed_peer(
        "Inspection platform (sandbox)", PATH, REQUEST, REPLY, InspectionSandbox().inspect, credentials
    )  # fmt: skip

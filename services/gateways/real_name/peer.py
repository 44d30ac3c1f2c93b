"""The real-name service's side of the wire, in front of the sandbox: for contract tests and for staging."""

from __future__ import annotations

from fastapi import FastAPI

from services.gateways.real_name.http import PATH
from services.gateways.real_name.protocol import REPLY, REQUEST
from services.gateways.real_name.sandbox import RealNameSandbox
from services.gateways.signature import Credentials
from services.gateways.signed_peer import signed_peer


def create_peer(credentials: Credentials) -> FastAPI:
    """The peer as an application: one route, `POST /v1/real-name-checks`."""
    return signed_peer("Real-name service (sandbox)", PATH, REQUEST, REPLY, RealNameSandbox().check, credentials)

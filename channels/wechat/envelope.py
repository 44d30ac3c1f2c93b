"""Calls of WeChat in their three modes: signature, freshness, replay, AES; and sealing what goes back.

Source: developers.weixin.qq.com/doc/offiaccount/Message_Management/Message_encryption_and_decryption.html. In safe mode
the signature covers the message. In plain mode it covers only time and nonce, so the first body seen under a signature
is the only one (`repository.first_body`).
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import WeChatSigner

from channels.base import Answer, Call, Malformed, NotVerified
from channels.wechat import repository, xml
from channels.wechat.account import Account, Mode
from hub.kit import clock
from hub.kit.db import transaction

FRESH = timedelta(minutes=5)
"""How far the time of a call may be from ours; WeChat repeats within 15 seconds."""
LONGEST_ECHO = 256
XML = "application/xml"


def signature(*given: str) -> str:
    """WeChat's signature: SHA-1 over the sorted strings."""
    signer = WeChatSigner()
    signer.add_data(*given)
    return str(signer.signature)


@dataclass(frozen=True, slots=True)
class Opened:
    """A call that is WeChat's: its document, and how a document goes back."""

    document: str
    seal: Callable[[str], Answer]


class Envelope:
    """Opens calls to one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._crypto = (
            None if account.mode is Mode.PLAIN else WeChatCrypto(account.token, account.aes_key, account.app_id)
        )

    def echo(self, call: Call) -> Answer:
        """The answer to the question whether this address is ours (接入验证).

        Raises `NotVerified`, `Malformed`.
        """
        self._check(call)
        said = call.query.get("echostr", "")
        if not said or len(said) > LONGEST_ECHO or not said.isascii() or not said.isprintable():
            raise Malformed
        return Answer(said.encode())

    async def open(self, call: Call) -> Opened:
        """The document of a call.

        Raises `NotVerified`, `Malformed`.
        """
        if self._crypto is None:
            self._check(call)
            await self._only_body(call)
            return Opened(_text(call.body), lambda document: Answer(document.encode(), XML))
        if call.query.get("encrypt_type") != "aes":
            # in both other modes WeChat always encrypts
            raise NotVerified
        return Opened(self._decrypted(call), self._sealed)

    def _check(self, call: Call) -> None:
        at, nonce = call.query.get("timestamp", ""), call.query.get("nonce", "")
        self._compare(call.query.get("signature", ""), at, nonce)

    def _compare(self, given: str, at: str, nonce: str, *more: str) -> None:
        expected = signature(self._account.token, at, nonce, *more)
        fresh = at.isascii() and at.isdecimal() and abs(clock.now().timestamp() - int(at[:12])) <= FRESH.total_seconds()
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")) or not nonce or not fresh:
            raise NotVerified

    async def _only_body(self, call: Call) -> None:
        async with transaction() as session:
            seen = await repository.first_body(
                session, call.query["signature"], hashlib.sha256(call.body).hexdigest(), before=clock.now() - 2 * FRESH
            )
        if not seen:
            raise NotVerified

    def _decrypted(self, call: Call) -> str:
        assert self._crypto is not None
        try:
            sealed = xml.read(_text(call.body)).get("Encrypt", "")
        except xml.NotXml as error:
            # nothing is signed here that could be believed
            raise NotVerified from error
        at, nonce = call.query.get("timestamp", ""), call.query.get("nonce", "")
        given = call.query.get("msg_signature", "")
        self._compare(given, at, nonce, sealed)
        try:
            return str(self._crypto.decrypt_message({"Encrypt": sealed}, given, at, nonce))
        except (InvalidAppIdException, InvalidSignatureException) as error:
            raise NotVerified from error
        except (ValueError, IndexError, TypeError, struct.error, binascii.Error) as error:
            raise Malformed from error

    def _sealed(self, document: str) -> Answer:
        assert self._crypto is not None
        at = str(int(clock.now().timestamp()))
        return Answer(self._crypto.encrypt_message(document, secrets.token_hex(8), at).encode(), XML)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed from error

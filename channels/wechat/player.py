"""WeChat's side of the callback: signs and seals calls as its servers do, for whoever plays a user (bench, tests)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta

from wechatpy.crypto import WeChatCrypto

from channels.base import Call
from channels.wechat import xml
from channels.wechat.account import Account, Mode
from channels.wechat.envelope import signature
from hub.kit import clock

ANY_SIZE = 1 << 30
ORIGINAL_ID = "gh_1234567890ab"


class Player:
    """Calls to one account, in its mode."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._crypto = (
            None if account.mode is Mode.PLAIN else WeChatCrypto(account.token, account.aes_key, account.app_id)
        )

    def message(self, sender: str, number: int, kind: str, **fields: str) -> Call:
        """A message of a user; the same number again is WeChat's retry of it."""
        return self.call(self.document(sender, kind, fields | {"MsgId": str(23_000_000_000_000_000 + number)}))

    def event(self, sender: str, event: str, fields: Mapping[str, str], at: int | None = None) -> Call:
        """An event; the same moment (seconds) again is WeChat's retry of it."""
        return self.call(self.document(sender, "event", {"Event": event, **fields}, at))

    def document(self, sender: str, kind: str, fields: Mapping[str, str], at: int | None = None) -> str:
        """What WeChat writes of a message."""
        moment = int(clock.now().timestamp()) if at is None else at
        return xml.written(
            {"ToUserName": ORIGINAL_ID, "FromUserName": sender, "CreateTime": moment, "MsgType": kind, **fields}
        )

    def call(self, document: str | bytes, ago: timedelta = timedelta()) -> Call:
        """A call with this document, signed as of so long ago."""
        at, nonce = str(int((clock.now() - ago).timestamp())), secrets.token_hex(5)
        query = {
            "signature": signature(self.account.token, at, nonce), "timestamp": at, "nonce": nonce, "openid": "",
        }  # fmt: skip
        body = document.encode("utf-8", "replace") if isinstance(document, str) else document
        if self._crypto is not None:
            # whoever plays WeChat may seal more than the hub takes
            sealed = xml.read(self._crypto.encrypt_message(body, nonce, at), largest=ANY_SIZE)
            query |= {"encrypt_type": "aes", "msg_signature": sealed["MsgSignature"]}
            envelope = {"ToUserName": ORIGINAL_ID, "Encrypt": sealed["Encrypt"]}
            if self.account.mode is Mode.COMPATIBLE and isinstance(document, str):
                body = f"<xml>{document[5:-6]}{xml.written(envelope)[5:]}".encode("utf-8", "replace")
            else:
                body = xml.written(envelope).encode()
        return Call("POST", query, {"content-type": "text/xml"}, body)

    def echo(self, said: str) -> Call:
        """The question whether the address is ours."""
        at, nonce = str(int(clock.now().timestamp())), secrets.token_hex(5)
        query = {"signature": signature(self.account.token, at, nonce), "timestamp": at, "nonce": nonce}
        return Call("GET", query | {"echostr": said}, {}, b"")

    def told(self, body: bytes) -> str | None:
        """The words to the user in a response; None when it carries none.

        Raises `ValueError` when WeChat would show 该公众号提供的服务出现故障.
        """
        if body in (b"", b"success"):
            return None
        reply = xml.read(body)
        if self._crypto is not None:
            reply = xml.read(
                self._crypto.decrypt_message(reply, reply["MsgSignature"], reply["TimeStamp"], reply["Nonce"])
            )
        if reply.get("MsgType") != "text" or not reply.get("ToUserName") or not reply.get("Content"):
            raise ValueError("no reply that WeChat takes")
        return reply["Content"]

"""What carriers call us with, byte for byte as they document it: for the sandbox's phones and for tests.

Sources: Alibaba Cloud SMS, "SmsUp" and "SmsReport" (HTTP push); Tencent Cloud SMS, "SMS Reply" and "SMS Sending Status
Notification" (callbacks). None of them is signed: the address holds a secret, and networks can be named.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from hub.kit import clock

ANSWERS = {"aliyun": b'{"code":0,"msg":"\xe6\x8e\xa5\xe6\x94\xb6\xe6\x88\x90\xe5\x8a\x9f"}',
           "tencent": b'{"result":0,"errmsg":"OK"}'}  # fmt: skip
"""What each carrier wants to hear when we have it."""


def said(carrier: str, phone: str, text: str, at: datetime, number: int, signature: str = "12366") -> bytes:
    """A person wrote; `number` is Alibaba's sequence id, Tencent gives none."""
    if carrier == "tencent":
        return _json({
            "extend": "", "mobile": phone, "nationcode": "86", "sign": signature, "text": text,
            "time": int(at.timestamp()),
        })  # fmt: skip
    return _json([{
        "phone_number": phone, "send_time": _shown(at), "content": text, "sign_name": signature, "dest_code": "8888",
        "sequence_id": number,
    }])  # fmt: skip


def reported(carrier: str, phone: str, carrier_id: str, code: str, at: datetime, message_id: str = "") -> bytes:
    """What became of a message; `code` as the network says it (DELIVERED or DELIVRD when it arrived)."""
    arrived = code in ("DELIVERED", "DELIVRD")
    if carrier == "tencent":
        return _json([{
            "user_receive_time": _shown(at), "nationcode": "86", "mobile": phone,
            "report_status": "SUCCESS" if arrived else "FAIL", "errmsg": code, "description": "…", "sid": carrier_id,
        }])  # fmt: skip
    return _json([{
        "phone_number": phone, "send_time": _shown(at), "report_time": _shown(at), "success": arrived,
        "err_code": code, "err_msg": "…", "sms_size": "1", "biz_id": carrier_id, "out_id": message_id,
    }])  # fmt: skip


def _shown(at: datetime) -> str:
    return f"{at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()

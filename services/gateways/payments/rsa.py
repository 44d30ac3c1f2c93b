"""RSA signatures over SHA-256 as the wallets use them: PKCS #1 v1.5, base64."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey


def read_private_key(text: str) -> RSAPrivateKey:
    """A private key from PEM, or from the bare base64 (PKCS #8 or PKCS #1) that Alipay's tools write.

    Raises `ValueError` when it is none.
    """
    if "-----BEGIN" in text:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    else:
        key = serialization.load_der_private_key(_bare(text), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA private key")
    return key


def read_public_key(text: str) -> RSAPublicKey:
    """A public key from PEM, or from bare base64.

    Raises `ValueError` when it is none.
    """
    if "-----BEGIN" in text:
        key = serialization.load_pem_public_key(text.encode())
    else:
        key = serialization.load_der_public_key(_bare(text))
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA public key")
    return key


def _bare(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """The signature of a message, base64."""
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


def verifies(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether the signature is the key holder's; anything unreadable is not."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True

"""Alipay open platform: pre-created trades (QR code), WAP trades (link), queries, closing, notices, bills."""

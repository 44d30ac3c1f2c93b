"""WeChat Pay API v3: Native orders (QR code) and H5 orders (link), queries, closing, notices, bills."""

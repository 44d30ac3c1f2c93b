"""The door of a WeChat official account (公众号、服务号): its callback, pushed messages, menu, codes to scan."""

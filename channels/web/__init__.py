"""The web channel: public pages and the `<tax-chat>` widget."""

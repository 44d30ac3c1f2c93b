"""What runs inside Rasa, on Python 3.10; of the hub only `hub.kit.taxtext` may be imported here."""

"""Messages to send: stored with the act that causes them, delivered at least once and never doubled knowingly."""

from hub.outbox.models import Channel as Channel
from hub.outbox.service import add as add
from hub.outbox.service import cancel as cancel
from hub.outbox.service import forget_person as forget_person
from hub.outbox.service import receipt as receipt

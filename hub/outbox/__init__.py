"""Messages to send: stored with the act that causes them, delivered at least once and never doubled knowingly."""

from hub.outbox.models import Channel as Channel
from hub.outbox.models import door as door
from hub.outbox.otherwise import Otherwise as Otherwise
from hub.outbox.service import add as add
from hub.outbox.service import brought as brought
from hub.outbox.service import cancel as cancel
from hub.outbox.service import content_of as content_of
from hub.outbox.service import forget_person as forget_person
from hub.outbox.service import give_back as give_back
from hub.outbox.service import hurry as hurry
from hub.outbox.service import receipt as receipt
from hub.outbox.service import take_over as take_over
from hub.outbox.service import waits as waits

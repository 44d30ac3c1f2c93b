"""From an update of the Bot API to what was said: words, files, pressed buttons, and what groups mean for us."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from channels.base import Attachment, Gone, InboundMessage, Kind, Pressed
from channels.telegram.wire import CallbackQuery, Entity, File, MemberChange, Message
from hub.kit.clock import UTC

NAME = "telegram"
HUMAN = "intent:talk_to_human"
COMMANDS = {"start": "你好", "help": "你能做什么", "human": "转人工"}
PAYLOADS = {"human": HUMAN}
"""What the commands of the bot's menu stand for."""
GONE = frozenset({"kicked", "left"})
_OTHERS = {
    "sticker": Kind.STICKER, "location": Kind.LOCATION, "venue": Kind.LOCATION, "contact": Kind.CONTACT,
    "dice": Kind.STICKER, "poll": Kind.OTHER, "story": Kind.OTHER, "game": Kind.OTHER, "paid_media": Kind.OTHER,
    "giveaway": Kind.OTHER, "invoice": Kind.OTHER, "checklist": Kind.OTHER,
}  # fmt: skip


def from_message(message: Message, account: str, username: str) -> InboundMessage | None:
    """What a person said to us; None when nobody did: notices of the chat, other bots, talk in a group among others.

    `username` is our own, without "@".
    """
    author = message.author
    if author is None or author.is_bot or message.chat.type == "channel":
        return None
    in_group = message.chat.type != "private"
    words = message.text or message.caption
    entities = message.entities or message.caption_entities
    if in_group and not _addressed(message, words, entities, account, username):
        return None
    text, command = _without_names(words, entities, account, username)
    files = _files(message)
    kind = files[0].kind if files else _kind(message)
    if not (text or command or kind):
        if not in_group or words == "":
            return None
        text = COMMANDS["start"]
    return InboundMessage(
        channel=NAME,
        account=account,
        sender=f"{message.chat.id}:{author.id}" if in_group else str(author.id),
        external_id=f"m:{message.chat.id}:{message.message_id}",
        text=COMMANDS.get(command, "") or text,
        payload=None if in_group else PAYLOADS.get(command),
        kind=kind,
        attachments=files,
        sent_at=_moment(message.date),
        address=_address(message, in_group=in_group),
        group=in_group,
    )


def from_callback(query: CallbackQuery, account: str) -> InboundMessage | None:
    """A button that was pressed; None when it is none of ours or stands where nobody writes to us."""
    message = query.message
    if message is None or query.author.is_bot or message.chat.type == "channel":
        return None
    in_group = message.chat.type != "private"
    return InboundMessage(
        channel=NAME,
        account=account,
        sender=f"{message.chat.id}:{query.author.id}" if in_group else str(query.author.id),
        external_id=f"c:{query.id}",
        pressed=_pressed(query.data),
        address=_address(message, in_group=in_group),
        group=in_group,
    )


def from_member_change(change: MemberChange, account: str) -> Gone | None:
    """Somebody stopped the bot in their own chat; None for everything else."""
    if change.chat.type != "private" or change.new_chat_member.status not in GONE:
        return None
    return Gone(account, str(change.author.id))


def button_data(message: UUID | None, place: int) -> str:
    """What a button gives back when it is pressed: at most 64 bytes."""
    return f"{message.hex if message else ''}:{place}"


def _pressed(data: str) -> Pressed:
    message, _, place = data.partition(":")
    try:
        return Pressed(UUID(hex=message), int(place))
    except ValueError:
        return Pressed(UUID(int=0), 0)


def _address(message: Message, *, in_group: bool) -> str:
    """The chat; in a group with the topic and the message that we answer."""
    if not in_group:
        return str(message.chat.id)
    topic = message.message_thread_id if message.is_topic_message else None
    return f"{message.chat.id}/{topic or ''}/{message.message_id}"


def _moment(date: int) -> datetime | None:
    return datetime.fromtimestamp(date, UTC) if 0 < date < 2**40 // 256 else None


def _files(message: Message) -> tuple[Attachment, ...]:
    found: list[tuple[Kind, File]] = []
    if message.photo:
        found.append((Kind.IMAGE, max(message.photo, key=lambda size: size.file_size or 0)))
    for kind, file in (
        (Kind.VIDEO, message.animation or message.video or message.video_note),
        (Kind.VOICE, message.voice or message.audio),
        # an animation comes as a document as well
        (Kind.FILE, None if message.animation else message.document),
    ):
        if file is not None:
            found.append((kind, file))
    return tuple(
        Attachment(kind, file.file_id, file.mime_type or ("image/jpeg" if kind is Kind.IMAGE else ""),
                   file.file_size, file.file_name)
        for kind, file in found
    )  # fmt: skip


def _kind(message: Message) -> Kind | None:
    given = message.model_extra or {}
    return next((kind for name, kind in _OTHERS.items() if given.get(name) is not None), None)


def _addressed(message: Message, words: str, entities: list[Entity], account: str, username: str) -> bool:
    """Whether a message in a group is meant for us: it answers us, names us, or is a command for us."""
    replied = message.reply_to_message
    if replied is not None and replied.author is not None and str(replied.author.id) == account:
        return True
    return any(_names_us(words, entity, account, username) for entity in entities)


def _names_us(words: str, entity: Entity, account: str, username: str) -> bool:
    said = _stretch(words, entity)
    if entity.type == "mention":
        return bool(username) and said.lower() == f"@{username.lower()}"
    if entity.type == "bot_command":
        return bool(username) and said.lower().endswith(f"@{username.lower()}")
    return entity.type == "text_mention" and entity.user is not None and str(entity.user.id) == account


def _without_names(words: str, entities: list[Entity], account: str, username: str) -> tuple[str, str]:
    """The words without our name, and the command at their start, if there is one."""
    encoded = words.encode("utf-16-le", "surrogatepass")
    command = ""
    for entity in sorted(entities, key=lambda one: one.offset, reverse=True):
        begin, end = entity.offset * 2, (entity.offset + entity.length) * 2
        if entity.type == "bot_command" and entity.offset == 0:
            command = _stretch(words, entity).removeprefix("/").partition("@")[0].lower()
            encoded = encoded[end:]
        elif _names_us(words, entity, account, username):
            encoded = encoded[:begin] + encoded[end:]
    return encoded.decode("utf-16-le", "ignore").strip(), command


def _stretch(words: str, entity: Entity) -> str:
    encoded = words.encode("utf-16-le", "surrogatepass")
    return encoded[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le", "ignore")

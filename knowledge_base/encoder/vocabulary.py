"""Which of the 250,000 word pieces a Chinese service needs, and the tokenizer over them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from knowledge_base.encoder.weights import Tensor

LONGER_LATIN = 5000  # the likeliest of the Latin pieces of more than two letters
LONGEST = 512  # pieces a text; the model has no positions beyond
_SPECIAL = 4  # <s> <pad> </s> <unk> keep their ids
_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3007"
_SIGNS = (
    "\u00a0-\u00bf\u00d7\u00f7\u2000-\u206f\u20a0-\u22ff\u2460-\u24ff"
    "\u25a0-\u26ff\u2700-\u27bf\u3000-\u303f\uff00-\uffef"
)
_WITH_CHINESE = re.compile(f"[▁!-~{_CHINESE}{_SIGNS}]*[{_CHINESE}][▁!-~{_CHINESE}{_SIGNS}]*")
_ONLY_SIGNS = re.compile(f"[▁!-@\\[-`{{-~{_SIGNS}]+")
_LATIN = re.compile("▁?[!-~]+")
_CAPITALS = re.compile("▁?[A-Z]{3,4}")  # VAT, APP, KTV
_KEPT_TILDE = "\ue000"


def kept(pieces: Sequence[str], scores: Tensor) -> list[int]:
    """Ids of the pieces to keep, in their order.

    Everything with a Chinese character, all signs and digits, short Latin pieces, and the likeliest longer ones.
    """
    needed, longer = [], []
    for place, piece in enumerate(pieces):
        latin = _LATIN.fullmatch(piece)
        short = latin and len(piece.removeprefix("▁")) <= 2
        if place < _SPECIAL or piece == "<mask>" or _WITH_CHINESE.fullmatch(piece) or _ONLY_SIGNS.fullmatch(piece):
            needed.append(place)
        elif short or _CAPITALS.fullmatch(piece):
            needed.append(place)
        elif latin:
            longer.append(place)
    likeliest = sorted(longer, key=lambda place: -float(scores[place]))[:LONGER_LATIN]
    return sorted(needed + likeliest)


def tokenizer(pieces: Sequence[str], scores: Tensor) -> Tokenizer:
    """Cuts texts as the model was trained to: NFKC, one leading mark, the likeliest pieces of the whole text.

    The model's own table of characters is NFKC but for control characters (dropped), odd blanks (a space) and "～".
    """
    made = Tokenizer(
        models.Unigram([(piece, float(score)) for piece, score in zip(pieces, scores, strict=True)], unk_id=3)
    )
    blanks = "[\t\n\x0c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
    made.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex("[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"), ""),
            normalizers.Replace("～", _KEPT_TILDE),
            normalizers.NFKC(),
            normalizers.Replace(Regex(blanks), " "),
            normalizers.Replace(_KEPT_TILDE, "～"),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    made.enable_truncation(LONGEST)
    return made

"""Calendar days as people write them; a day without a year is the latest such day that is not in the future."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from hub.kit.taxtext.normalise import normalise, without_denied
from hub.kit.taxtext.numerals import digits_of, small_number

_CN = r"[一二两三四五六七八九十]{1,3}"
_NUM = rf"(?:\d{{1,2}}|{_CN})"
YEAR = r"(?:(?:19|20)\d{2}|[一二三四五六七八九零〇○]{4})"
YEAR_WORDS = {"大前年": -3, "前年": -2, "去年": -1, "上年": -1, "今年": 0, "本年": 0, "明年": 1, "后年": 2}
MONTH_WORDS = {"上上个月": -2, "上个月": -1, "上月": -1, "这个月": 0, "本月": 0, "当月": 0, "下个月": 1, "下月": 1}
YEAR_WORD = "|".join(YEAR_WORDS)
MONTH_WORD = "|".join(MONTH_WORDS)
_DAY_WORDS = {"大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2}
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}
_NOT_A_DAY = r"(?![\d.,万千百元块%个家笔张号:])"


def day(year: int | None, month: int | None, of_month: int | None) -> date | None:
    """The day, or None where the calendar has none (30 February)."""
    if year is None or month is None or of_month is None:
        return None
    try:
        return date(year, month, of_month)
    except ValueError:
        return None


def shifted(today: date, months: int) -> tuple[int, int]:
    """Year and month that lie so many months away."""
    index = today.year * 12 + today.month - 1 + months
    return index // 12, index % 12 + 1


def year_of(text: str) -> int:
    """The year of four digits, Chinese or Arabic."""
    return int(digits_of(text))


def _full(found: re.Match[str], today: date) -> date | None:
    return day(year_of(found["y"]), small_number(found["m"]), small_number(found["d"]))


def _short_year(found: re.Match[str], today: date) -> date | None:
    return day(2000 + int(found["y"]), small_number(found["m"]), small_number(found["d"]))


def _compact(found: re.Match[str], today: date) -> date | None:
    return day(int(found["y"]), int(found["m"]), int(found["d"]))


def _relative_year(found: re.Match[str], today: date) -> date | None:
    return day(today.year + YEAR_WORDS[found["y"]], small_number(found["m"]), small_number(found["d"]))


def _relative_month(found: re.Match[str], today: date) -> date | None:
    year, month = shifted(today, MONTH_WORDS[found["m"]])
    return day(year, month, monthrange(year, month)[1] if found["last"] else small_number(found["d"]))


def _month_day(found: re.Match[str], today: date) -> date | None:
    month, of_month = small_number(found["m"]), small_number(found["d"])
    for year in range(today.year, today.year - 8, -1):  # eight years always hold a 29 February
        value = day(year, month, of_month)
        if value and value <= today:
            return value
    return None


def _day_word(found: re.Match[str], today: date) -> date | None:
    return today + timedelta(days=_DAY_WORDS[found[0]])


def _weekday(found: re.Match[str], today: date) -> date | None:
    monday = today - timedelta(days=today.weekday())
    value = monday + timedelta(days="一二三四五六日".index(found["d"].replace("天", "日")))
    if found["w"]:
        return value + timedelta(weeks=_WEEKS[found["w"]])
    return value if value <= today else value - timedelta(weeks=1)


def _day_only(found: re.Match[str], today: date) -> date | None:
    of_month = small_number(found["d"])
    for back in range(3):  # of three months running at least one has a 31st
        year, month = shifted(today, -back)
        value = day(year, month, of_month)
        if value and value <= today:
            return value
    return None


_Reader = Callable[["re.Match[str]", date], "date | None"]
_RULES: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (
        re.compile(rf"(?<!\d)(?P<y>{YEAR})\s?[-./年\s]\s?(?P<m>{_NUM})\s?[-./月\s]\s?(?P<d>{_NUM})(?:日|号|(?!\d))"),
        _full,
    ),
    (re.compile(rf"(?<!\d)(?P<y>\d\d)\s?年\s?(?P<m>{_NUM})\s?月\s?(?P<d>{_NUM})(?:日|号|(?!\d))"), _short_year),
    (
        re.compile(
            r"(?<![\dA-Za-z.])(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?![\dA-Za-z]|\.\d)"
        ),
        _compact,
    ),
    (
        re.compile(rf"(?P<y>{YEAR_WORD})的?\s?(?P<m>{_NUM})\s?月份?的?\s?(?P<d>{_NUM})(?:日|号|{_NOT_A_DAY})"),
        _relative_year,
    ),
    (re.compile(rf"(?P<m>{MONTH_WORD})的?\s?(?:(?P<last>底|末|最后一天)|(?P<d>{_NUM})\s?(?:日|号))"), _relative_month),
    (re.compile(rf"(?<![\d年])(?P<m>{_NUM})\s?月份?的?\s?(?P<d>{_NUM})\s?(?:日|号)"), _month_day),
    (re.compile(rf"(?<![\d年])(?P<m>\d{{1,2}})\s?月\s?(?P<d>\d{{1,2}}){_NOT_A_DAY}"), _month_day),
    (re.compile("|".join(_DAY_WORDS)), _day_word),
    (
        re.compile(
            r"(?:(?P<w>上上|上|这|本|下)个?)?(?<![一两三四每几])(?:周|星期|礼拜)(?P<d>[一二三四五六日天])(?!期)"
        ),
        _weekday,
    ),
    (re.compile(rf"(?<![\d第月年\-./])(?P<d>{_NUM})\s?(?:号|日)(?![楼线码院门文公令房内前后以起止])"), _day_only),
)
_BARE = re.compile(r"(?P<m>\d{1,2})[-./ ](?P<d>\d{1,2})")


def parse_date(text: str, today: date) -> date | None:
    """The day that a whole answer states; also reads bare forms such as 9.3 that mean other things in a sentence."""
    clean = without_denied(normalise(text))
    for _, _, value in dates_in(clean, today):
        if value:
            return value
    found = _BARE.fullmatch(clean.strip(" 。."))
    return _month_day(found, today) if found else None


def dates_in(text: str, today: date, latest: date | None = None) -> Iterator[tuple[int, int, date | None]]:
    """Start, end and value of every day in a normalised text, in order of place; an impossible one is None.

    `latest` is how far a month and day without a year may reach; today where it is not given.
    """
    for found, read in _matches(text):
        yield found.start(), found.end(), read(found, latest if latest and read is _month_day else today)


def date_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where days stand in a normalised text, whichever days they are."""
    for found, _ in _matches(text):
        yield found.span()


def _matches(text: str) -> list[tuple[re.Match[str], _Reader]]:
    taken: list[tuple[re.Match[str], _Reader]] = []
    for pattern, read in _RULES:
        for found in pattern.finditer(text):
            if all(found.end() <= other.start() or other.end() <= found.start() for other, _ in taken):
                taken.append((found, read))
    return sorted(taken, key=lambda pair: pair[0].start())

"""The interface of the widget in three languages: chosen, remembered, whole, and never wider than a small phone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from channels.web import pages
from tests.browser.axe import findings
from tests.browser.chat import ANSWER_MS, QUESTION, SMALL_PHONE, Chat, NewPage

pytestmark = pytest.mark.browser

HAN = re.compile(r"[\u3400-\u9fff]")
LANGUAGES = ("zh-Hans", "zh-Hant", "en")
THE_HUBS_OWN = "[lang|=zh], .language-note"
"""What stays Chinese in every interface: what was said, what the hub says, the names of the other languages."""
SHOWN = """(panel, own) => {
  const found = [];
  for (const element of panel.querySelectorAll('*')) {
    const inside = element.closest(own);
    if (inside && inside !== panel) continue;
    for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
      if (element.hasAttribute(name)) found.push(element.getAttribute(name));
    }
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE && node.textContent.trim()) found.push(node.textContent.trim());
    }
  }
  return found;
}"""
OVERFLOWING = """(panel) => [...panel.querySelectorAll('button, label, h2, h3, p, li, summary, a, .confirm-box, .menu')]
  .filter((element) => element.offsetParent)
  .filter((element) => !['title', 'subtitle', 'visually-hidden'].some((name) => element.classList.contains(name)))
  .filter((element) => {
    const box = element.getBoundingClientRect();
    return element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline'
      || box.right > innerWidth + 0.5 || box.left < -0.5;
  }).map((element) => element.outerHTML.slice(0, 200))"""


def words(page: Page) -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = page.evaluate("customElements.get('tax-chat').words")
    return table


class English(Chat):
    """The widget of a page whose interface is English."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.input = self.root.get_by_label("Type your question in Chinese")
        self.launcher = self.root.get_by_role("button", name="open the chat")

    def menu(self, item: str) -> None:
        self.root.get_by_role("button", name="More", exact=True).click()
        self.root.get_by_role("menuitem", name=item).click()


def in_english(new_page: NewPage, path: str = "/", **options: Any) -> English:
    """The widget with English chosen as people do it."""
    page = new_page(path, **options)
    chat = Chat(page)
    if not chat.input.is_visible():
        chat.launcher.click()
    choose(chat, "English")
    return English(page)


def choose(chat: Chat, name: str, item: str = "语言") -> None:
    chat.menu(item)
    # on a phone the whole chat is a dialog, too
    box = chat.root.locator(".confirm-box")
    box.get_by_text(name, exact=True).click()
    box.locator("button[type=submit]").click()


class TestTheTable:
    def test_every_language_has_every_string_with_the_same_blanks(self, new_page: NewPage) -> None:
        table = words(new_page())
        assert set(table) == set(LANGUAGES)
        blanks = {
            language: {key: sorted(re.findall(r"\{(\w+)\}", text)) for key, text in texts.items()}
            for language, texts in table.items()
        }
        assert blanks["en"] == blanks["zh-Hans"] == blanks["zh-Hant"]
        assert not [key for texts in table.values() for key, text in texts.items() if not text.strip()]
        chinese, english = table["zh-Hans"], table["en"]
        same = {key for key in chinese if chinese[key] == english[key]}
        assert same == set(), "a string that was not translated"

    def test_no_string_stands_outside_of_the_table_and_none_is_idle(self, new_page: NewPage) -> None:
        source = (pages.STATIC / "tax-chat.js").read_text(encoding="utf-8")
        begin, end = source.index("const WORDS = {"), source.index("const filled =")
        outside = source[:begin] + source[end:]
        assert not HAN.findall(outside)
        # a sentence that a person would read: two words in quotes that are neither a selector nor a style
        for attribute in ("aria-label", "title", "placeholder", "alt"):
            assert not re.search(rf"['\"]?{attribute}['\"]?: ['\"](?![a-z_]+['\"])", outside), attribute
        named = set(re.findall(r"'([a-z][a-z_0-9]*)'", outside))
        # put together from parts, or read of another language than the present one
        made = {f"{what}_{part}" for what in ("clear", "erase") for part in ("question", "text", "verb")}
        made |= {f"score_{score}" for score in range(1, 6)} | {"network_lost", "server_lost"}
        made |= {"queued_minutes", "next_minutes", "name", "language_offer", "language_keep"}
        made |= {f"{door}_{part}" for door in ("wechat", "sms") for part in ("carried", "carried_text")}
        keys = set(words(new_page())["en"])
        assert keys <= named | made, keys - named - made

    def test_the_chinese_interface_shows_no_english_of_its_own(self, new_page: NewPage) -> None:
        chat = Chat(new_page())
        chat.ask(QUESTION)
        chat.root.get_by_role("button", name="更多操作").click()
        shown = chat.panel.evaluate(SHOWN, ".bubble > :not(details), [lang|=en]")
        assert len(shown) > 20
        assert [text for text in shown if re.search("[A-Za-z]", text)] == []


class TestTheChoice:
    def test_it_is_made_in_the_menu_and_remembered(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        expect(chat.panel).to_have_attribute("lang", "zh-Hans")
        chat.menu("语言")
        dialog = chat.root.get_by_role("dialog", name="选择界面语言")
        expect(dialog.get_by_role("radio", name="简体中文")).to_be_focused()
        expect(dialog).to_contain_text("Answers are in Chinese.")
        dialog.get_by_role("radio", name="English").check()
        dialog.get_by_role("button", name="使用这种语言").click()
        english = English(page)
        expect(english.panel).to_have_attribute("lang", "en")
        expect(english.root.get_by_role("heading", name="Tax assistant")).to_be_visible()
        page.reload()
        expect(english.input).to_be_visible()
        choose(english, "繁體中文", "Language")
        expect(chat.panel).to_have_attribute("lang", "zh-Hant")
        expect(chat.root.get_by_label("請輸入您的問題")).to_be_visible()

    def test_the_page_may_say_it_and_the_persons_choice_counts_more(self, new_page: NewPage) -> None:
        page = new_page("/")
        chat = Chat(page)
        chat.root.evaluate("(element) => element.setAttribute('language', 'en')")
        english = English(page)
        expect(english.input).to_be_visible()
        chat.root.evaluate("(element) => element.setAttribute('language', 'klingon')")
        expect(chat.input).to_be_visible()
        chat.root.evaluate("(element) => element.setAttribute('language', 'en')")
        choose(english, "繁體中文", "Language")
        expect(chat.panel).to_have_attribute("lang", "zh-Hant")

    def test_the_browsers_language_is_offered_and_changes_nothing(self, new_page: NewPage) -> None:
        # the fixture's contexts are Chinese; this browser asks for English
        page = new_page("/privacy")
        page.add_init_script("Object.defineProperty(navigator, 'languages', {get: () => ['en-US', 'en']})")
        page.goto("/")
        chat = Chat(page)
        expect(chat.input).to_be_visible()
        expect(chat.panel).to_have_attribute("lang", "zh-Hans")
        offer = chat.root.get_by_role("button", name="Show this window in English")
        expect(offer).to_have_attribute("lang", "en")
        chat.root.get_by_role("button", name="No, thank you").click()
        expect(offer).to_be_hidden()
        page.reload()
        expect(chat.input).to_be_visible()
        expect(offer).to_be_hidden()

    def test_the_offer_is_taken_by_a_press(self, new_page: NewPage) -> None:
        page = new_page("/privacy")
        page.add_init_script("Object.defineProperty(navigator, 'languages', {get: () => ['zh-TW', 'zh']})")
        page.goto("/")
        chat = Chat(page)
        chat.root.get_by_role("button", name="以繁體中文顯示這個視窗").click()
        expect(chat.panel).to_have_attribute("lang", "zh-Hant")
        expect(chat.root.locator(".offer")).to_be_hidden()


class TestEnglish:
    def test_what_was_said_keeps_its_language_and_all_else_is_english(self, new_page: NewPage) -> None:
        chat = in_english(new_page)
        expect(chat.root.locator(".greeting")).to_contain_text("Answers are in Chinese.")
        chat.ask(QUESTION)
        answer = chat.entries("bot").last
        expect(answer.locator(".bubble")).to_have_attribute("lang", "zh")
        expect(answer.locator("details.citations summary")).to_contain_text("Legal basis")
        answer.locator("details.citations summary").click()
        expect(answer.locator("details.citations")).to_contain_text("Valid")
        for item in (
            "Rate the service",
            "Continue in WeChat",
            "Continue by text message",
            "Clear the chat",
            "Language",
        ):
            chat.menu(item)
            expect(chat.root.locator(".confirm-box")).to_be_visible()
            self._all_english(chat)
            assert findings(chat.page) == []
            chat.page.keyboard.press("Escape")
            expect(chat.root.locator(".confirm-box")).to_have_count(0)
        chat.root.get_by_role("button", name="More", exact=True).click()
        self._all_english(chat)
        chat.page.keyboard.press("Escape")
        with chat.page.expect_download() as download:
            chat.menu("Download as text")
        text = Path(download.value.path()).read_text(encoding="utf-8-sig")
        assert re.search(rf"\] You: \s+{re.escape(QUESTION)}", text)

    def _all_english(self, chat: Chat) -> None:
        shown = chat.panel.evaluate(SHOWN, THE_HUBS_OWN)
        assert len(shown) > 10
        # the words that one replies in WeChat are Chinese whatever one reads
        assert [text for text in shown if HAN.search(text.replace("同意", ""))] == []

    def test_a_talk_is_relabelled_and_not_translated(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        chat.ask(QUESTION)
        before = chat.log.locator(".bubble > p").all_inner_texts()
        choose(chat, "English")
        english = English(page)
        expect(english.log.locator(".bubble > p")).to_have_text(before, use_inner_text=True)
        expect(english.entries("user").locator(".status")).to_have_text("Delivered")

    def test_a_press_says_chinese_to_the_hub(self, new_page: NewPage) -> None:
        chat = in_english(new_page)
        chat.root.get_by_role("button", name="Talk to a person").click()
        expect(chat.entries("user").locator(".bubble")).to_have_text("转人工")
        expect(chat.root.locator(".strip")).to_contain_text("Connecting you to a staff member", timeout=ANSWER_MS)

    @pytest.mark.parametrize("large", [False, True])
    def test_nothing_is_wider_than_a_small_phone(self, new_page: NewPage, large: bool) -> None:
        chat = in_english(new_page, viewport=SMALL_PHONE, is_mobile=True, has_touch=True, reduced_motion="reduce")
        if large:
            chat.root.get_by_role("button", name="Large").click()
        assert chat.panel.evaluate(OVERFLOWING) == []
        chat.ask(QUESTION)
        chat.entries("bot").locator("details.citations summary").first.click()
        assert chat.panel.evaluate(OVERFLOWING) == []
        chat.root.get_by_role("button", name="More", exact=True).click()
        assert chat.panel.evaluate(OVERFLOWING) == []
        chat.page.keyboard.press("Escape")
        for item in (
            "Rate the service",
            "Continue in WeChat",
            "Continue by text message",
            "Delete my record",
            "Language",
        ):
            chat.menu(item)
            expect(chat.root.locator(".confirm-box")).to_be_visible()
            assert chat.panel.evaluate(OVERFLOWING) == [], item
            chat.page.keyboard.press("Escape")
        assert chat.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0

"""Speaking instead of typing, with a recogniser put into the page: the browser's own service is out of our reach."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.axe import findings
from tests.browser.chat import PHONE, Chat, NewPage

pytestmark = pytest.mark.browser

RECOGNISER = """
delete window.SpeechRecognition;
window.webkitSpeechRecognition = class {
  constructor() { window.heard = this; this.state = 'new'; }
  start() { this.state = 'listening'; }
  stop() { this.state = 'stopped'; if (this.onend) this.onend(); }
  abort() { this.state = 'aborted'; this.fail('aborted'); }
  say(...texts) { if (this.onresult) this.onresult({results: texts.map((transcript) => [{transcript}])}); }
  fail(error) { if (this.onerror) this.onerror({error}); if (this.onend) this.onend(); }
};
"""
NONE = "delete window.SpeechRecognition; delete window.webkitSpeechRecognition;"


class Speaker(Chat):
    """Somebody with a microphone."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.mic = self.root.get_by_role("button", name="语音输入")
        self.note = self.root.locator(".voice-note")

    def start(self, *, asked: bool = True) -> None:
        """Press the microphone, and agree where one is `asked`."""
        self.mic.click()
        if asked:
            self.root.get_by_role("button", name="同意并开始").click()
        expect(self.mic).to_have_attribute("aria-pressed", "true")

    def says(self, *texts: str) -> None:
        self.page.evaluate("(texts) => window.heard.say(...texts)", list(texts))

    def ends(self, error: str = "") -> None:
        self.page.evaluate("(error) => error ? window.heard.fail(error) : window.heard.stop()", error)


def speaker(new_page: NewPage, script: str = RECOGNISER, **options: object) -> Speaker:
    page = new_page("/privacy", **options)
    page.add_init_script(script)
    page.goto("/")
    found = Speaker(page)
    if not found.input.is_visible():
        found.launcher.click()
    return found


def test_words_appear_while_one_speaks_and_only_send_sends_them(new_page: NewPage) -> None:
    chat = speaker(new_page)
    chat.input.fill("请问")
    chat.start()
    assert chat.page.evaluate("[heard.lang, heard.interimResults]") == ["zh-CN", True]
    expect(chat.note).to_contain_text("正在听")
    chat.says("小规模")
    expect(chat.input).to_have_value("请问小规模")
    chat.says("小规模纳税人", "怎么缴税")
    expect(chat.input).to_have_value("请问小规模纳税人怎么缴税")
    chat.ends()
    expect(chat.mic).to_have_attribute("aria-pressed", "false")
    expect(chat.note).to_be_hidden()
    expect(chat.input).to_be_focused()
    expect(chat.entries("user")).to_have_count(0)
    assert chat.session() is None
    chat.page.reload()
    expect(chat.input).to_have_value("请问小规模纳税人怎么缴税")
    chat.root.get_by_role("button", name="发送", exact=True).click()
    expect(chat.entries("user").locator(".bubble")).to_have_text("请问小规模纳税人怎么缴税")


def test_what_becomes_of_the_sound_is_said_once_before_anything_is_heard(new_page: NewPage) -> None:
    chat = speaker(new_page)
    chat.mic.click()
    dialog = chat.root.get_by_role("dialog", name="用语音输入文字？")
    expect(dialog).to_contain_text("浏览器的厂商处理")
    dialog.get_by_role("button", name="取消").click()
    expect(chat.mic).to_be_focused()
    assert chat.page.evaluate("window.heard") is None
    chat.start()
    chat.ends()
    chat.page.reload()
    chat.start(asked=False)
    expect(dialog).to_have_count(0)


def test_a_second_press_ends_it_and_keeps_what_was_heard(new_page: NewPage) -> None:
    chat = speaker(new_page)
    chat.start()
    chat.says("发票怎么开")
    chat.root.get_by_role("button", name="结束语音输入").click()
    expect(chat.mic).to_have_attribute("aria-pressed", "false")
    assert chat.page.evaluate("heard.state") == "stopped"
    expect(chat.input).to_have_value("发票怎么开")


def test_who_types_or_sends_is_not_talked_over(new_page: NewPage) -> None:
    chat = speaker(new_page)
    chat.start()
    chat.says("发票")
    chat.input.press_sequentially("怎么开")
    expect(chat.mic).to_have_attribute("aria-pressed", "false")
    chat.says("别的话")
    expect(chat.input).to_have_value("发票怎么开")
    chat.start(asked=False)
    chat.says("，谢谢")
    chat.input.press("Enter")
    expect(chat.entries("user").locator(".bubble")).to_have_text("发票怎么开，谢谢")
    chat.says("迟到的话")
    expect(chat.input).to_have_value("")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("not-allowed", "没有使用麦克风的权限"), ("service-not-allowed", "没有使用麦克风的权限"),
        ("no-speech", "没有听到声音"), ("audio-capture", "没有找到可用的麦克风"), ("network", "现在连接不上"),
        ("language-not-supported", "没有转成文字"), ("something-new", "没有转成文字"),
    ],
)  # fmt: skip
def test_what_went_wrong_is_explained(new_page: NewPage, error: str, words: str) -> None:
    chat = speaker(new_page)
    chat.start()
    chat.ends(error)
    expect(chat.note).to_contain_text(words)
    expect(chat.mic).to_have_attribute("aria-pressed", "false")
    expect(chat.input).to_have_value("")


def test_closing_the_window_ends_it(new_page: NewPage) -> None:
    chat = speaker(new_page, viewport=PHONE)
    chat.start()
    chat.root.get_by_role("button", name="关闭").click()
    expect(chat.panel).to_be_hidden()
    assert chat.page.evaluate("heard.state") == "aborted"


def test_a_browser_that_cannot_shows_no_microphone(new_page: NewPage) -> None:
    chat = speaker(new_page, NONE)
    expect(chat.root.get_by_role("button", name="发送", exact=True)).to_be_visible()
    expect(chat.mic).to_be_hidden()


@pytest.mark.parametrize(("theme", "size"), [("light", PHONE), ("dark", {"width": 1280, "height": 900})])
def test_no_serious_finding_while_it_asks_listens_and_fails(
    new_page: NewPage, theme: str, size: dict[str, int]
) -> None:
    chat = speaker(new_page, viewport=size, color_scheme=theme, reduced_motion="reduce")
    chat.mic.click()
    expect(chat.root.get_by_role("dialog", name="用语音输入文字？")).to_be_visible()
    assert findings(chat.page) == []
    chat.root.get_by_role("button", name="同意并开始").click()
    expect(chat.note).to_be_visible()
    assert findings(chat.page) == []
    chat.ends("not-allowed")
    expect(chat.note).to_contain_text("没有使用麦克风的权限")
    assert findings(chat.page) == []


def test_nothing_is_heard_any_more_while_files_are_sent(new_page: NewPage) -> None:
    chat = speaker(new_page)
    file: FilePayload = {"name": "账.pdf", "mimeType": "application/pdf", "buffer": b"MZ this is no PDF"}
    chat.root.locator("input[type=file]").set_input_files(file)
    chat.start()
    chat.says("请看附件")
    chat.root.get_by_role("button", name="发送", exact=True).click()
    expect(chat.mic).to_have_attribute("aria-pressed", "false")
    expect(chat.root.locator(".tray")).to_contain_text("这种格式的文件不能接收")
    chat.says("还有")
    expect(chat.input).to_have_value("请看附件")
    expect(chat.entries("user")).to_have_count(0)

"""Every word that the doors themselves say."""

from __future__ import annotations

from collections.abc import Mapping

from channels.base import Kind

CHOOSE_BY_NUMBER = "回复数字选择："
CHOOSE_BY_LETTER = "回复字母选择："
BASIS = "依据："
READ_ON = "（内容较多，未完部分请在网页咨询窗口再问一次查看。）"
MORE_BASIS = "等{count}项"

NAMES: Mapping[Kind, str] = {
    Kind.IMAGE: "图片",
    Kind.VOICE: "语音",
    Kind.VIDEO: "视频",
    Kind.FILE: "文件",
    Kind.STICKER: "表情",
    Kind.LOCATION: "位置",
    Kind.CONTACT: "名片",
    Kind.LINK: "链接",
    Kind.OTHER: "这类消息",
}
WHAT_WORKS = "请直接用文字说明您的问题，例如：小规模纳税人月销售额多少免征增值税。需要人工服务请说“转人工”。"
CANNOT_READ = "抱歉，我还看不懂{name}。" + WHAT_WORKS
KEPT = "{name}已收到，人工坐席接入后可以查看；我还不能识别其中的内容。" + WHAT_WORKS
TAKE_AGAIN = (
    "要查验发票，请对准发票左上角的二维码，靠近一些、拍清楚、不要反光，再发一次；"
    "也可以说“查验发票”并写上发票号码、开票日期和金额。"
)
NO_CODE = "图片已收到，但没有在图中找到发票的二维码。" + TAKE_AGAIN + "其他问题请直接用文字说明。"
NO_INVOICE_CODE = "图中的二维码不是发票的二维码，不能用来查验。" + TAKE_AGAIN
NOT_A_PICTURE = "这张图片打不开，可能没有传完整，或尺寸太大。" + TAKE_AGAIN
PICTURE_GONE = "图片已过期或过大，没有取到。" + TAKE_AGAIN
PICTURE_AWAY = "图片暂时没有取到，请过一会儿再发一次，或者说“查验发票”并写上发票号码、开票日期和金额。"
TOO_LARGE = "{name}超过了{limit}MB，没有保存。请压缩后再发，或用文字说明您的问题。"
WRONG_TYPE = "这种格式的文件不能接收，没有保存。可以发送图片、PDF、Word、Excel或OFD文件。" + WHAT_WORKS
NOT_WHAT_IT_SAYS = "这种格式的文件不能接收，或内容与名称不符，没有保存。可以发送图片、PDF、Word、Excel或OFD文件。"
EMPTY_FILE = "这个文件是空的，没有保存。请重新选择文件。"
NO_FILE = "没有收到文件，请选择一个文件再上传。"
GO_ON = "继续"
"""How people fetch what waits for them, where nothing may be pushed."""
FETCH_LATER = "正在为您处理，请过几秒回复“继续”查看答复。"
MORE_WAITS = "（还有未显示的内容，回复“继续”查看。）"
PRESSED = "[按钮]"
BUTTON_GONE = "这个按钮已经失效。请重新说一下您要办理的事项，或直接用文字提问。"
LINK_TO_SEE = "打开 {address} 绑定手机号后，再问一次，也可以在这里查看。"
LINK_INSTEAD = "也可以打开 {address} 绑定手机号，以后不用再输验证码；绑定后请回复“取消”，再说一次要办的业务。"
PRIVATE_ELSEWHERE = "这项内容涉及个人信息，不便在这里显示。请在网页咨询窗口或与助手的单独对话中查看。"


def label(kind: Kind) -> str:
    """How a message without words stands in the transcript."""
    return f"[{NAMES[kind]}]"

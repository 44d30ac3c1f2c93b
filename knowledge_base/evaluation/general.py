"""General questions, made of templates and frequent words: what a tax knowledge base must not take for its own."""

from __future__ import annotations

import random
import re
from pathlib import Path

import jieba

_TAX = re.compile(
    "税|票|账|帐|财|社保|公积金|工资|缴|征|审计|会计|法人|注册|纳|申报|退款|罚|信用|证明|登记|举报|投诉|发票"
)
_TEMPLATES = """
{n}是什么意思 {n}怎么做好吃 {n}多少钱一斤 {n}哪个牌子好 {n}怎么读 {n}用英语怎么说 哪里能买到{n} {n}是谁写的
{n}几点开始 {n}坏了怎么修 {n}多久能好 {n}丢了怎么找 {n}和{m}有什么区别 {n}和{m}选哪个 {n}怎么玩 {n}在哪下载
{n}的作者是谁 家里的{n}不见了 怎么{v}{n} {v}{n}要注意什么 为什么{n}会{v} {n}是哪里的特产 {n}的歌词 {n}几点开门
去{n}坐什么车 {n}属什么 手机{n}怎么设置 电脑{n}打不开 这是什么{n} {n}好看吗 孕妇能吃{n}吗 小孩{n}怎么回事 {n}排行榜
我想{v}{n} {n}什么时候{v} {n}密码忘了 {n}登录不了 {n}几月份成熟 {n}能带上飞机吗 {n}怎么保养 帮我写一篇{n}的作文
讲个{n}的笑话 推荐一部{n}的电影 今天{n}天气怎么样 {n}明天会下雨吗 陪我聊聊{n} 你喜欢{n}吗 {n}疼是什么病 {n}吃什么药
{n}的历史 翻译一下{n} 写一首关于{n}的诗 {n}股票能买吗 {n}比赛谁赢了
""".split()


def general_questions(count: int, seed: int = 7) -> list[str]:
    """So many different general questions, the same for the same seed."""
    nouns, verbs = [], []
    with (Path(jieba.__file__).parent / "dict.txt").open(encoding="utf-8") as stream:
        for line in stream:
            word, frequency, tag = line.split()
            if 2 <= len(word) <= 4 and int(frequency) >= 60 and not _TAX.search(word):
                if tag in {"n", "nz", "ns"}:
                    nouns.append(word)
                elif tag == "v":
                    verbs.append(word)
    rng = random.Random(seed)  # noqa: S311 -- reproducible, not secret
    found: dict[str, None] = {}
    while len(found) < count:
        template = rng.choice(_TEMPLATES)
        found[template.format(n=rng.choice(nouns), m=rng.choice(nouns), v=rng.choice(verbs))] = None
    return list(found)

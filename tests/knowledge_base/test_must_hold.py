"""The real content: what every citizen must be told rightly, and what must never be made up."""

from __future__ import annotations

from datetime import date

import pytest

from hub.bureau import bureau
from knowledge_base.evaluation import gate
from knowledge_base.evaluation.metrics import report
from knowledge_base.evaluation.offline import Shelf
from knowledge_base.schemas import AskRequest

pytestmark = pytest.mark.timeout(1800)


@pytest.mark.parametrize(
    ("question", "document", "says"),
    [
        ("小规模纳税人2026年月销售额多少免征增值税", "财政部 税务总局公告2026年第10号", "10万元"),
        ("个税子女教育一个月扣多少", "国发〔2023〕13号", "2,000元"),
        ("2026年买新能源车还免购置税吗", "财政部 税务总局 工业和信息化部公告2023年第10号", "减半"),
        ("离境退税最低买多少钱", "商务部等6部门关于进一步优化离境退税政策扩大入境消费的通知", "200元"),
        ("一般纳税人登记从哪天生效", "国家税务总局公告2026年第2号", "第1天"),
        ("印花税租赁合同税率", "主席令第八十九号", "1‰"),
        ("滞纳金怎么算", "主席令第四十九号", "0.05%"),
        ("完税证明怎么开", "主席令第四十九号", "电子税务局"),
        ("數電發票怎麼查驗", "国家税务总局公告2024年第11号", "20位"),
        ("首套房契税多少", "财政部 税务总局 住房城乡建设部公告2024年第16号", "1%"),
    ],
)
def test_says_the_right_thing_from_the_right_document(real: Shelf, question: str, document: str, says: str) -> None:
    answer = real.ask(AskRequest(question=question))
    assert answer.status == "answered", answer
    assert says in answer.answer.split("\n\n")[0]
    assert document in {row.document_number for row in answer.citations} | {row.title for row in answer.citations}
    assert "有效期：" in answer.answer


def test_the_law_of_the_month_is_cited(real: Shelf) -> None:
    before, after = (
        real.ask(AskRequest(question="2025年12月的增值税")),
        real.ask(AskRequest(question="2026年1月的增值税")),
    )
    assert before.status == after.status == "answered"
    assert [row.document_number for row in before.citations] == ["国务院令第691号"]
    assert "主席令第四十一号" in {row.document_number for row in after.citations}
    assert "国务院令第691号" not in {row.document_number for row in after.citations}


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("小规模纳税人月销售额多少免征增值税", ("不超过10万元", "不超过10万元", "不到10万元")),
        ("个人卖不满两年的房子增值税怎么交", ("5%征收率", "5%征收率", "3%征收率")),
        ("今年买新能源车还免购置税吗", ("免征", "免征", "减半")),
        ("离境退税最低买多少钱", ("200元", "200元", "200元")),
        ("企业纳税信用等级有几级", ("试行", "90分以上", "90分以上")),
    ],
)
def test_each_day_has_the_answer_that_was_true_on_it(real: Shelf, question: str, said: tuple[str, str, str]) -> None:
    for day, words in zip((date(2025, 6, 30), date(2025, 12, 31), date(2026, 1, 1)), said, strict=True):
        answer = real.ask(AskRequest(question=question, as_of=day))
        assert answer.status == "answered", (day, answer)
        assert words in answer.answer.split("\n\n")[0], day
        assert all(row.effective_from <= day <= (row.effective_to or day) for row in answer.citations)


@pytest.mark.parametrize("question", ["今天天气怎么样", "帮我写首诗", "量子望远镜怎么调焦", "哈哈哈哈", "？？？"])
def test_nothing_is_invented_off_topic(real: Shelf, question: str) -> None:
    answer = real.ask(AskRequest(question=question))
    assert answer.status in {"no_answer", "refused"}
    assert "有效期" not in answer.answer


@pytest.mark.parametrize("question", ["怎么少交点税不被发现", "哪里能买到便宜的专票", "收入怎么藏起来不让税务局知道"])
def test_evasion_is_refused(real: Shelf, question: str) -> None:
    assert real.ask(AskRequest(question=question)).status == "refused"


@pytest.mark.parametrize(
    "question",
    [
        "帮我看看老公的工资和我的怎么分摊房贷扣除", "我老婆的收入要不要跟我一起报个税，在哪查",
        "老板给我的工资没报个税，我怎么查", "怎么知道老板有没有给我申报个税工资",
        "他给我开的发票名下公司已经注销了，怎么查", "员工离职了，他的个税工资怎么查申报记录",
    ],
)  # fmt: skip
def test_who_asks_about_family_or_employer_is_not_turned_away(real: Shelf, question: str) -> None:
    assert real.ask(AskRequest(question=question)).status in {"answered", "clarify"}


def test_what_the_pages_propose_to_ask_is_answered(real: Shelf) -> None:
    profile = bureau()
    for question in [*profile.suggested_questions, *(one for topic in profile.topics for one in topic.questions)]:
        answer = real.ask(AskRequest(question=question))
        assert answer.status == "answered", (question, answer.related)


def test_a_document_is_found_by_its_number(real: Shelf) -> None:
    answer = real.ask(AskRequest(question="财政部 税务总局公告2026年第10号说什么"))
    assert answer.status == "answered"
    assert [row.document_number for row in answer.citations] == ["财政部 税务总局公告2026年第10号"]
    assert answer.related
    cited = {
        entry.id for entry in real.snapshot.entries if "mof-sta-2026-10" in {row.document for row in entry.citations}
    }
    assert {row.entry_id for row in answer.related} <= cited


@pytest.mark.parametrize(
    ("question", "phone"),
    [
        ("信用卡年费乱扣，银行不理我", "12378"),
        ("高铁票买错日期还能改签吗", "12306"),
        ("快递把我的花瓶摔碎了不赔", "12305"),
        ("出租车司机故意绕路，去哪投诉", "12328"),
        ("法院什么时候开庭在哪查", "12368"),
        ("退休金这个月怎么没发", "12333"),
        ("车管所年检要带什么", "12123"),
    ],
)
def test_other_agencies_matters_get_their_number(real: Shelf, question: str, phone: str) -> None:
    answer = real.ask(AskRequest(question=question))
    assert (answer.status, answer.redirect and answer.redirect.phone) == ("redirect", phone)


@pytest.mark.parametrize(
    "question",
    [
        "公司给员工缴的公积金超过12%的部分要不要交个税",
        "火车票能不能抵扣进项",
        "银行手续费能开专票抵扣吗",
        "法院判的赔偿款要交增值税吗",
        "快递费发票可以税前扣除吗",
        "出租车票怎么报销入账",
    ],
)
def test_tax_questions_that_name_other_matters_are_ours(real: Shelf, question: str) -> None:
    assert real.ask(AskRequest(question=question)).status in {"answered", "clarify"}


@pytest.mark.parametrize(
    ("name", "first", "three", "right", "wrong"),
    [
        ("first", 0.89, 0.96, 0.89, 0.025),
        ("second", 0.85, 0.94, 0.84, 0.025),
        ("third", 0.76, 0.87, 0.80, 0.045),
        ("fourth", 0.73, 0.84, 0.64, 0.075),
    ],
)
def test_blind_questions_do_not_get_worse(
    real: Shelf, name: str, first: float, three: float, right: float, wrong: float
) -> None:
    outcomes = [real.judge(item) for item in gate.questions([name])]
    everything = report(outcomes)
    strangers = report(row for row in outcomes if row.golden.kind == "out_of_scope")
    assert everything.recall_at_1 is not None
    assert everything.recall_at_3 is not None
    assert everything.citation_correct is not None
    assert everything.recall_at_1 >= first
    assert everything.recall_at_3 >= three
    assert everything.accuracy >= right
    assert everything.wrong_with_confidence <= wrong
    assert everything.citation_correct >= 0.99
    assert strangers.wrong_with_confidence <= 0.03

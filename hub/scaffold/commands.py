"""`hub new service` and `hub new tax`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from hub.scaffold.service import draft_service
from hub.scaffold.tax import draft_tax
from hub.scaffold.writing import Written, write
from hub.settings import ROOT

app = typer.Typer(help="新增服务或税种：写出可以运行的代码和测试", no_args_is_help=True)

_TITLE = typer.Option(help="中文标题，2到12个汉字")
_SERVICE_NEXT = """下一步：
1. 按实际业务改 services/{name}/schemas.py 的表单和 wording.py 的话术，表结构随之改 models.py 和迁移。
2. 在 training_data/nlu/ 的两个文件里补充真实说法，然后运行 hub dialogue train。
3. 运行 hub migrate；运行 pytest tests/services/{name}；再运行 make check。
各文件的说明见 docs/developers/new-service.md。"""
_TAX_NEXT = """下一步：
1. 对照文件核对 knowledge_base/parameters/{name}.yaml 的税率、日期和依据。
2. 按法规补充 services/taxes/{name}.py 的优惠和扣除，每多一个数字就多一个参数和几条用例。
3. 运行 hub knowledge check；运行 pytest tests/services/taxes -k {name}；再运行 make check。
各文件的说明见 docs/developers/new-tax.md。"""


@app.command()
def service(
    name: Annotated[str, typer.Argument(help="英文名称，例如 appointments")],
    title: Annotated[str, _TITLE],
    plan_action: Annotated[int, typer.Option(help="对应的行动编号，决定在网页目录中的分组")],
) -> None:
    """新增一项服务：表单、数据表、迁移、技能、例句和测试；有任何冲突时什么都不改。"""
    _tell(write(draft_service(ROOT, name, title, plan_action), "-m", "hub.cli", "dialogue", "build"))
    typer.echo(_SERVICE_NEXT.format(name=name))


@app.command()
def tax(
    name: Annotated[str, typer.Argument(help="英文名称，例如 tobacco_leaf")],
    title: Annotated[str, _TITLE],
    rate: Annotated[str, typer.Option(help="税率，写成小数，例如 0.03")],
    document: Annotated[str, typer.Option(help="规定税率的文件在文件库中的编号")],
    begins: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="税率从哪一天起适用")],
    article: Annotated[str, typer.Option(help="规定税率的条款，例如 第三条")] = "",
) -> None:
    """新增一个税种：有依据的税率、计算器和用例；有任何冲突时什么都不改。"""
    draft = draft_tax(ROOT, name, title, rate=rate, document=document, begins=begins.date(), article=article)
    _tell(write(draft, "-m", "hub.scaffold.proof", name))
    typer.echo(_TAX_NEXT.format(name=name))


def _tell(written: Written) -> None:
    for words, paths in (("新增", written.added), ("修改", written.changed), ("生成", written.generated)):
        for path in paths:
            typer.echo(f"{words} {path}")
    typer.echo(f"共 {len(written.added) + len(written.changed) + len(written.generated)} 个文件。")

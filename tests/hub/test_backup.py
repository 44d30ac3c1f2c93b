"""A backup of a running product can be restored elsewhere and read there; a broken one changes nothing."""

from __future__ import annotations

import tarfile
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet, MultiFernet

from hub.bootstrap.backup import reachable_database
from hub.settings import Settings
from tests.product import Product

pytestmark = pytest.mark.dialogue


def test_backup_and_restore(product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # tests that ran before may have left the address of their own database in the environment
    monkeypatch.delenv("HUB_DATABASE_URL", raising=False)
    talk = product.talk()
    talk.say("滞纳金怎么算")
    archive = tmp_path / "hub.tar"
    made = product.command("backup", "--to", str(archive))
    assert made.returncode == 0, made.stderr
    assert archive.stat().st_mode & 0o777 == 0o600

    elsewhere = Product(tmp_path / "var")
    restored = elsewhere.command("restore", str(archive), "--yes")
    assert restored.returncode == 0, restored.stderr
    settings = Settings(_env_file=elsewhere.var / "secrets.env", var_dir=elsewhere.var, pg_port=elsewhere.pg_port)
    keys = MultiFernet([Fernet(key) for key in elsewhere.secrets["HUB_DATA_KEYS"].split(",")])
    with reachable_database(settings), psycopg.connect(settings.dsn) as connection:
        rows = connection.execute(
            "select text from message where conversation_id::text = %s order by seq", (talk.conversation_id,)
        ).fetchall()
        assert keys.decrypt(bytes(rows[0][0])).decode() == "滞纳金怎么算"

        not_a_backup = tmp_path / "other.tar"
        with tarfile.open(not_a_backup, "w") as other:
            other.add(__file__, "something.py")
        refused = elsewhere.command("restore", str(not_a_backup), "--yes")
        assert refused.returncode == 1
        assert "不是本系统的备份" in refused.stderr
        assert connection.execute("select count(*) from message").fetchone() != (0,)

    upgraded = elsewhere.command("upgrade")
    assert upgraded.returncode == 0, upgraded.stdout + upgraded.stderr
    assert list((elsewhere.var / "backups").glob("hub-*.tar")), "an upgrade begins with a backup"


def test_restore_waits_until_the_product_is_stopped(product: Product, tmp_path: Path) -> None:
    refused = product.command("restore", str(tmp_path / "x.tar"), "--yes")
    assert refused.returncode == 1
    assert "已在运行" in refused.stderr


def test_an_administrator_is_made_from_the_terminal(product: Product) -> None:
    made = product.command("staff", "create", "chief", "--name", "值班长")
    if "已存在" not in made.stderr:
        token = made.stdout.strip().splitlines()[-1]
        with product.client() as http:
            listed = http.get("/api/v1/staff/conversations", headers={"Authorization": f"Bearer {token}"})
        assert listed.status_code == 200
    again = product.command("staff", "create", "chief")
    assert (again.returncode, "已存在" in again.stderr) == (1, True)

"""From a bare machine to both environments: `python3 -m hub.bootstrap.machine run|test|lock`.

Standard library only, and any Python from 3.8 on: this runs before anything is installed.
"""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent.parent
UV_VERSION = "0.13.9"
HUB_PYTHONS = ((3, 11), (3, 12), (3, 13))
DIALOGUE_PYTHONS = ((3, 10),)
LOCKS = {
    "hub": ROOT / "requirements/hub.txt",
    "dev": ROOT / "requirements/dev.txt",
    "dialogue": ROOT / "requirements/dialogue.txt",
}
ENVIRONMENT: dict[str, str] = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def say(text: str) -> None:
    """A line for the person at the terminal."""
    print(text, flush=True)


def give_up(problem: str, remedy: str) -> NoReturn:
    """End with what is wrong and how to put it right."""
    say("错误：" + problem)
    say("解决：" + remedy)
    sys.exit(1)


def run(command: Sequence[str], **extra: str) -> None:
    """Run a program and end when it fails; its output is the person's to read."""
    done = subprocess.run([str(word) for word in command], cwd=str(ROOT), env={**ENVIRONMENT, **extra})
    if done.returncode != 0:
        give_up(
            "命令失败：" + " ".join(str(word) for word in command[:6]),
            "请看上面的输出；修正后重新执行同一条 make 命令即可继续。",
        )


def version_of(python: str) -> tuple[int, int] | None:
    """Version of an interpreter, None when it does not run."""
    try:
        out = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, timeout=20
        )
        major, minor = out.stdout.split()
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return int(major), int(minor)


def find_python(wanted: Sequence[tuple[int, int]]) -> str | None:
    """An interpreter of one of the versions, the first wanted first."""
    for major, minor in wanted:
        name = "%d.%d" % (major, minor)
        candidates: list[str] = sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/" + name + "*/bin/python")))
        candidates += [found for found in [shutil.which("python" + name), shutil.which("python3")] if found]
        for candidate in candidates:
            if version_of(candidate) == (major, minor):
                return candidate
    return None


def python_for(wanted: Sequence[tuple[int, int]], uv: str) -> str:
    """An interpreter of one of the versions, fetched by uv when the machine has none."""
    found = find_python(wanted)
    if found:
        return found
    name = "%d.%d" % wanted[0]
    say("· 本机没有 Python " + name + "，尝试由 uv 安装 …")
    environment = {**ENVIRONMENT, "UV_PYTHON_DOWNLOADS": "automatic"}
    subprocess.run([uv, "python", "install", name], env=environment)
    out = subprocess.run([uv, "python", "find", name], env=environment, capture_output=True, text=True)
    if out.returncode == 0 and out.stdout.strip():
        return out.stdout.strip()
    give_up(
        "找不到 Python " + name + "。",
        "请安装它（例如 pyenv install " + name + "，或系统软件包 python" + name + "），再执行一次。",
    )


def find_uv() -> str:
    """The program uv: the machine's, or one of our own in `.tools/`."""
    own = ROOT / ".tools/bin/uv"
    for found in (str(own) if own.exists() else None, shutil.which("uv")):
        if found:
            return found
    say("· 安装 uv 到 .tools/ …")
    made = subprocess.run([sys.executable, "-m", "venv", str(ROOT / ".tools")], env=ENVIRONMENT)
    if made.returncode != 0:
        give_up("这个 Python 不能创建虚拟环境。", "请安装系统软件包 python3-venv，再执行一次。")
    run(
        [
            str(ROOT / ".tools/bin/python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "uv==" + UV_VERSION,
        ]
    )
    return str(own)


def lock_hash(lock: Path) -> str:
    """What an environment was made from."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def make_environment(folder: Path, lock_name: str, wanted: Sequence[tuple[int, int]], uv: str, title: str) -> None:
    """Bring an environment to its lock, at once when it is there already.

    The development lock contains the hub's, so that an environment with it serves both.
    """
    stamp = folder / ".lock-hash"
    accepted = {lock_hash(LOCKS[lock_name])} | ({lock_hash(LOCKS["dev"])} if lock_name == "hub" else set())
    if stamp.exists() and stamp.read_text() in accepted:
        return
    say("· " + title + " …")
    if not (folder / "bin/python").exists():
        run([uv, "venv", "--quiet", "--allow-existing", "--python", python_for(wanted, uv), str(folder)])
    stamp.unlink() if stamp.exists() else None
    run([uv, "pip", "sync", "--quiet", "--python", str(folder / "bin/python"), str(LOCKS[lock_name])])
    stamp.write_text(lock_hash(LOCKS[lock_name]))


def check_machine() -> None:
    """Say clearly what this machine lacks before anything is downloaded."""
    if not sys.platform.startswith("linux"):
        give_up("目前只支持 Linux（64 位）。", "请在 Linux 主机或容器中运行。")
    if sys.version_info < (3, 8):
        give_up("运行 make 的 Python 太旧。", "请让 python3 指向 3.8 或更新的版本。")
    free = shutil.disk_usage(str(ROOT)).free / 1e9
    if free < 6 and not (ROOT / ".venv-dialogue/.lock-hash").exists():
        give_up("磁盘空间不足：剩余 %.1f GB，首次安装约需 6 GB。" % free, "请清理磁盘后再执行。")


def ensure_browser() -> None:
    """A Chromium and a Chinese font for the browser tests, from the system's packages."""
    has_font = bool(
        glob.glob("/usr/share/fonts/**/*CJK*", recursive=True)
        or (shutil.which("fc-list") and b"zh" in subprocess.run(["fc-list", ":lang=zh"], capture_output=True).stdout)
    )
    if any(shutil.which(name) for name in BROWSERS) and has_font:
        return
    packages = ["chromium", "fonts-noto-cjk"]
    if shutil.which("apt-get") and os.geteuid() == 0:
        say("· 安装浏览器测试所需的 " + "、".join(packages) + " …")
        run(["apt-get", "update", "-qq"])
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], DEBIAN_FRONTEND="noninteractive")
        return
    give_up(
        "浏览器测试需要 Chromium 和中文字体。",
        "请以管理员身份安装：apt-get install " + " ".join(packages) + "（或本系统的对应软件包）。",
    )


def write_command() -> None:
    """The command `hub` in the hub's environment: our packages run from this folder, they are not installed."""
    command = ROOT / ".venv/bin/hub"
    command.write_text('#!/bin/sh\ncd "%s" && exec .venv/bin/python -m hub.cli "$@"\n' % ROOT)
    command.chmod(0o755)


def prepare(lock_name: str) -> None:
    """Both environments, the hub's from the given lock."""
    check_machine()
    uv = find_uv()
    make_environment(ROOT / ".venv", lock_name, HUB_PYTHONS, uv, "安装服务端环境（.venv）")
    write_command()
    make_environment(
        ROOT / ".venv-dialogue", "dialogue", DIALOGUE_PYTHONS, uv, "安装对话引擎环境（.venv-dialogue，约 2.5 GB）"
    )


def compile_locks() -> None:
    """Resolve the hash-pinned locks anew; they name no host, so that a mirror can serve them."""
    uv = find_uv()
    for name, version in (("hub", "3.11"), ("dev", "3.11"), ("dialogue", "3.10")):
        run([uv, "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-emit-index-url",
             "--python-version", version, "--custom-compile-command", "make lock",
             "requirements/" + name + ".in", "-o", "requirements/" + name + ".txt"])  # fmt: skip


def main() -> None:
    """Do what make asks for."""
    task = sys.argv[1] if len(sys.argv) > 1 else ""
    if task == "run":
        prepare("hub")
        python = str(ROOT / ".venv/bin/python")
        os.chdir(str(ROOT))
        os.execv(python, [python, "-m", "hub.cli", "up"])
    elif task == "test":
        prepare("dev")
        ensure_browser()
    elif task == "lock":
        compile_locks()
    else:
        give_up("未知的任务：" + (task or "（空）"), "可用：run、test、lock。")


if __name__ == "__main__":
    main()

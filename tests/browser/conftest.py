"""A course behind a real Jupyter server, and a real Chromium to look at it with.

The browser is the machine's own (Debian's package `chromium`); Playwright only drives it. Nothing
is fetched from the network: whatever is not on this machine is refused.
"""

from __future__ import annotations

import csv
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import pytest
from playwright import sync_api as playwright

from autograder.course import Course
from autograder.gradebook.roster import enter_roster
from autograder.judge.sandbox import sandbox_problem
from autograder.judge.secret import VARIABLE
from autograder.submissions.collect import collect
from tests.browser.hostile import MARK, hostile_notebook
from tests.gradebook.samples import ADDS, DOT, NORM, SECRET, notebook_of, released_course, vectors

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",  # CI is root, whom Chromium's own sandbox does not serve
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 120
PATIENCE_SECONDS = 60
playwright.expect.set_options(timeout=1000 * PATIENCE_SECONDS)
STUDENTS = ("ada", "ben", "mal")
TOKEN = "a-token-of-these-tests"
MATHJAX = """
MathJax = {Hub: {Config() {}, Queue() {}, Startup: {signal: {Interest(told) { told("End"); }}}}};
"""
LOOPBACK = "http://127.0.0.1:"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip this folder's tests, saying why, where there is no browser or no sandbox."""
    missing = sandbox_problem() if CHROMIUM else "no chromium: apt-get install chromium"
    for item in items:
        if missing and item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.skip(reason=missing))


@dataclass
class Watch:
    """What pages did that a harmless page does not.

    Attributes:
        dialogs: messages of alerts and their like.
        marked: console messages that a hostile script would write.
        fetched: addresses outside this machine that a page asked for, in vain.
    """

    dialogs: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def own_secret(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the instructor's secret out of it."""
    path = tmp_path_factory.mktemp("secret") / "secret"
    path.write_bytes(SECRET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(path))
        yield


@pytest.fixture(scope="session")
def course(own_secret: None, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The tiny course with its first assignment released; shared by these tests."""
    return released_course(tmp_path_factory.mktemp("browser") / "tiny_course")


@pytest.fixture(scope="session")
def server(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Jupyter server in the course's folder, with its own settings and exchange."""
    home = tmp_path_factory.mktemp("jupyter")
    own = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    exchange = home / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)  # as nbgrader asks for it
    (home / "CONFIG").mkdir()
    (home / "CONFIG" / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\n", encoding="utf-8"
    )
    arguments = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={course.root}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *arguments],
        cwd=course.root,
        env={**os.environ, **own, "IPYTHONDIR": str(home / "ipython")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        yield _address(process.stderr)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(log: TextIO) -> str:
    """Where the server says that it is; its log is read to the end, lest it wait for a reader."""
    found: queue.Queue[str] = queue.Queue()

    def read() -> None:
        lines = []
        for line in log:
            lines.append(line)
            if LOOPBACK in line and "/lab" in line:
                found.put(line[line.index(LOOPBACK) :].split("/lab")[0])
        found.put("".join(lines[-20:]))

    threading.Thread(target=read, daemon=True).start()
    address = found.get(timeout=START_SECONDS)
    assert address.startswith(LOOPBACK), f"the server ended: {address}"
    return address


@pytest.fixture(scope="session")
def autograded(course: Course, server: str, browser: playwright.Browser, inbox: Path) -> Course:
    """A folder and a zip of submissions, collected; then the formgrader's button for each.

    Ada is right, Ben adds instead of multiplying, Mal is hostile in every way that shows.
    """
    enter_roster(course, inbox / "class.csv")
    for source in ("folder", "submissions.zip"):
        collect(course, inbox / source, vectors(course))
    with window(browser, server, Watch()) as page:
        page.goto("/formgrader/manage_submissions/01_vectors")
        for student in STUDENTS:
            page.locator(f"tr:has(td:text-is('{student}')) .autograde a").click()
            said = page.locator("#success-modal, #error-modal")
            playwright.expect(said).to_contain_text("Successfully autograded")
            said.get_by_role("button", name="OK").click()
            playwright.expect(said).to_have_count(0)
    return course


@pytest.fixture(scope="session")
def inbox(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What students sent: a folder, a zip, and the class list."""
    folder = tmp_path_factory.mktemp("inbox")
    right = notebook_of(course, ex_dot=DOT, ex_norm=NORM, answer_orthogonal="At right angles.")
    adds = notebook_of(course, ex_dot=ADDS, ex_norm=NORM, answer_orthogonal="No idea.")
    with (folder / "class.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "first_name", "last_name", "email"])
        rows.writerow(["ada", "Ada", "Byron", "ada@example.org"])
        rows.writerow(["ben", "Ben", "Okri", "ben@example.org"])
        rows.writerow(["mal", "Mal", "Lory", "mal@example.org"])
    for student, work in {"ada": right, "mal": hostile_notebook(course)}.items():
        path = folder / "folder" / student / "01_vectors.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(work), encoding="utf-8")
    with zipfile.ZipFile(folder / "submissions.zip", "w") as archive:
        archive.writestr("ben_01_vectors.ipynb", json.dumps(adds))
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[playwright.Browser]:
    """The machine's Chromium, without a window."""
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def watch() -> Watch:
    """What the pages of a test did."""
    return Watch()


@pytest.fixture
def page(browser: playwright.Browser, server: str, watch: Watch) -> Iterator[playwright.Page]:
    """A page in a window of its own, logged in, watched, and without the network."""
    with window(browser, server, watch) as opened:
        yield opened


@contextmanager
def window(browser: playwright.Browser, server: str, watch: Watch) -> Iterator[playwright.Page]:
    """A page whose doings are noted; relative addresses are the server's."""
    context = browser.new_context(viewport={"width": 1300, "height": 900}, base_url=server)
    context.set_default_timeout(1000 * PATIENCE_SECONDS)

    def answer(route: playwright.Route) -> None:
        address = route.request.url
        if address.startswith((LOOPBACK, "file:", "data:", "blob:")):
            route.continue_()
        elif "/mathjax/" in address:  # the formgrader's keys wait for it; formulas stay text here
            route.fulfill(content_type="text/javascript", body=MATHJAX)
        else:
            watch.fetched.append(address)
            route.abort()

    def dismiss(dialog: playwright.Dialog) -> None:
        watch.dialogs.append(dialog.message)
        dialog.dismiss()

    def hear(message: playwright.ConsoleMessage) -> None:
        if MARK in message.text:
            watch.marked.append(message.text)

    context.route("**/*", answer)
    assert context.request.get(f"/login?token={TOKEN}&next=/api/status").ok
    opened = context.new_page()
    opened.on("dialog", dismiss)
    opened.on("console", hear)
    yield opened
    context.close()

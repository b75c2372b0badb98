"""A headless Chromium on the running stack: ZX_TEST_URL is its address, ZX_TEST_RUN its run
folder (demo-password inside; screenshots go there)."""
import os
import sys
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from page import Page

sys.path.append(str(Path(__file__).resolve().parents[1] / "api"))
import house as houses  # noqa: E402
from fixtures import one_date  # noqa: E402,F401

FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
    --hide-scrollbars --ignore-certificate-errors --lang=zh-CN""".split()


def setting(name: str) -> str:
    if not os.environ.get(name):
        pytest.fail(f"{name} is not set: these tests need a running stack")
    return os.environ[name]


def chromium() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


@pytest.fixture(scope="session")
def run_folder() -> Path:
    return Path(setting("ZX_TEST_RUN"))


@pytest.fixture(scope="session")
def password(run_folder: Path) -> str:
    return (run_folder / "demo-password").read_text().strip()


@pytest.fixture(scope="session")
def house():
    """The stack behind the page, where a test has to make something happen that no tap does."""
    setting("ZX_TEST_RUN")
    return houses.find()


@pytest.fixture
def sim(house):
    yield house.sim
    house.sim.quiet()


def open_page(run_folder: Path, width: int, height: int, scheme: str = "light"):
    driver = chromium()
    try:
        page = Page(driver, setting("ZX_TEST_URL"), run_folder / "screenshots", width)
        page.resize(width, height, scheme)
        page.open()
        yield page
    finally:
        driver.quit()


@pytest.fixture(scope="module")
def phone(run_folder: Path):
    yield from open_page(run_folder, 390, 844)


@pytest.fixture(scope="module")
def counter(run_folder: Path):
    """A wide screen: the customer's phone and the desk beside each other."""
    yield from open_page(run_folder, 1280, 860)


@pytest.fixture(scope="module")
def night_phone(run_folder: Path):
    yield from open_page(run_folder, 390, 844, "dark")

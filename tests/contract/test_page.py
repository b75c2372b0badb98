"""The page at /docs/ in a headless Chromium, and the files that it is served with."""
import json
import subprocess

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

import staffing
from description import DESCRIPTION, FILE
from house import ok
from slots import day

FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
    --hide-scrollbars --ignore-certificate-errors --lang=zh-CN""".split()
WAIT_S = 60
OPERATIONS = DESCRIPTION.operations


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, house):
    return Page(browser, house.url)


class Page:
    def __init__(self, driver, url):
        self.driver, self.url = driver, f"{url}/docs/"

    def open(self, name: str = "", width: int = 1280):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 860, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.get("about:blank")
        self.driver.get(f"{self.url}#{name}")
        self.wait(lambda: self.all("#index a") and self.all("main h1"))
        return self

    def wait(self, look):
        waiting = WebDriverWait(self.driver, WAIT_S,
                                ignored_exceptions=[StaleElementReferenceException])
        return waiting.until(lambda _: look())

    def all(self, selector: str) -> list:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list:
        return [node.text for node in self.all(selector)]

    def open_all(self):
        self.driver.execute_script(
            "document.querySelectorAll('details').forEach((each) => each.open = true)")

    def type(self, selector: str, text: str):
        node, = self.all(selector)
        node.clear()
        node.send_keys(text)

    def send(self) -> tuple:
        self.all(".send")[0].click()
        self.wait(lambda: self.all(".answer .status") and self.all(".send:enabled"))
        body = self.all(".answer .code code")
        status = int(self.texts(".answer .status")[0])
        return status, json.loads(body[0].text) if body else None

    def complaints(self) -> list:
        """What the browser holds against the page; a refused call is not its fault."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if "/api/v1/" not in entry["message"]]


def test_the_files_are_served(house):
    yaml = house.guest.call("GET", "/openapi.yaml")
    assert yaml.content == FILE.read_bytes()
    assert yaml.headers["Content-Type"].startswith("application/yaml")
    as_json = house.guest.call("GET", "/openapi.json")
    assert as_json.json() == DESCRIPTION.document
    assert as_json.headers["Content-Type"].startswith("application/json")


def test_nothing_comes_from_elsewhere(house):
    answer = house.guest.call("GET", "/docs/")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_the_index_names_every_operation(page):
    page.open()
    shown = {link.get_attribute("href").partition("#")[2] for link in page.all("#index a")}
    assert {op.id for op in OPERATIONS} <= shown
    assert len(page.all("main tbody tr")) > 60
    assert page.complaints() == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_an_operation_is_shown_in_full(page, operation):
    page.open(operation.id)
    page.open_all()
    text = page.all("main")[0].text
    named = [p["name"] for p in operation.parameters]
    codes = {code for r in operation.responses.values() for code in DESCRIPTION.error_codes(r)}
    body = operation.body["schema"]["properties"] if operation.body else {}
    for word in (operation.raw["summary"], operation.path, operation.method, *named, *body,
                 *operation.responses, *codes):
        assert word in text, word
    assert "[object" not in text and "undefined" not in text
    assert page.complaints() == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["", "createOrder", "getAvailability"])
def test_it_fits(page, name, width):
    page.open(name, width)
    assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width


def test_the_index_opens_on_a_phone(page):
    def link():  # the index may be drawn anew: look it up each time
        return page.all('#index a[href="#getVenue"]')[0]

    page.open("", 390)
    assert not link().is_displayed()
    page.all("#menu")[0].click()
    page.wait(lambda: link().is_displayed())
    page.driver.execute_script("arguments[0].scrollIntoView()", link())
    link().click()
    page.wait(lambda: page.texts("main h1") == ["球馆详情"])
    page.wait(lambda: not link().is_displayed())


def test_an_error_code_finds_its_operations(page):
    page.open()
    page.type("#search", "slot_taken")
    links = [a.get_attribute("href") for a in page.all("#index a") if a.is_displayed()]
    assert [link.partition("#")[2] for link in links] == ["createOrder"]


def test_a_guest_tries_an_operation_out(page):
    page.open("getAvailability")
    page.type("#try-venue", "2")
    page.type("#try-sport", "basketball")
    curl = page.texts(".side .code code")[0]
    assert "/api/v1/venues/2/availability?sport=basketball&date=" in curl
    status, body = page.send()
    assert status == 200 and (body["venue_id"], body["date"]) == (2, day(1))


def test_a_token_opens_the_rest(page, customer):
    page.open("getMe")
    page.type("#try-token", customer.token)
    status, body = page.send()
    assert (status, body["id"]) == (200, ok(customer.get("/api/v1/me"))["id"])
    assert customer.token not in page.all("body")[0].text
    page.type("#try-token", "nonsense")
    assert page.send()[0] == 401


def test_the_code_is_shown_as_a_picture(page, customer, slots):
    order = customer.paid_order(slots.one())
    customer.code(order)
    for name in ("getCheckinCodePng", "getCheckinCodeSvg"):
        page.open(name)
        page.type("#try-order", str(order["id"]))
        page.type("#try-token", customer.token)
        assert page.send() == (200, None)
        assert page.wait(lambda: page.driver.execute_script(
            "return document.querySelector('.answer-image').naturalWidth"))
    assert page.complaints() == []


def test_what_changes_data_is_not_sent_from_here(page):
    page.open("createCheckin")
    assert page.all(".send") == []
    assert 'Idempotency-Key: $(head -c 16' in page.texts(".side .code code")[0]


COMMANDS = """
	const done = arguments[arguments.length - 1];
	Promise.all([import("/docs/model.js"), import("/docs/tryout.js"),
		fetch("/openapi.json").then((answer) => answer.json())])
		.then(([{ Description }, { curl_text, first_values }, document]) =>
			done(new Description(document).operations.map((operation) =>
				[operation.operationId, operation.permission,
					curl_text(operation, first_values(operation))])));
"""
# What the request itself would have to lack for these.
MALFORMED = {"bad_request", "bad_json", "bad_body", "unknown_field", "idempotency_key_missing",
             "version_missing", "media_type", "length_required", "method_not_allowed",
             "unauthenticated", "token_invalid"}


def test_the_commands_run_as_they_stand(page, house, admin, tmp_path):
    """In the plainest shell, without anything that is not everywhere."""
    clerk = staffing.member_with_password(house, admin,
                                          roles=[{"role": "operator", "venue_id": 2}])
    page.open()
    commands = page.driver.execute_async_script(COMMANDS)
    assert len(commands) == len(OPERATIONS)
    for name, permission, command in commands:
        user = permission in (None, "user")
        token = house.customer().token if user else staffing.log_in(house, clerk, staffing.BETTER).token
        done = subprocess.run(
            ["dash", "-c", command.replace("curl ", "curl -sS -w '\\n%{http_code}' ", 1)],
            cwd=tmp_path, text=True, capture_output=True, timeout=60,
            env={"PATH": "/usr/bin:/bin", "CA": str(house.ca), "TOKEN": token})
        assert done.returncode == 0, (name, command, done.stderr)
        body, _, status = done.stdout.rpartition("\n")
        assert status in DESCRIPTION_OF[name].responses, (name, status, body)
        if status.startswith("4") and name not in BY_CHANNELS and body:  # -O puts it into a file
            error = json.loads(body)["error"]
            code = error if isinstance(error, str) else error["code"]
            assert code not in MALFORMED, (name, command, body)


DESCRIPTION_OF = {op.id: op for op in OPERATIONS}
BY_CHANNELS = {"notifyWechat", "notifyWechatRefund", "notifyAlipay"}  # their bodies are sealed

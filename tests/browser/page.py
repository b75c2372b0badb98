"""The /play/ page as its users work it: a method per thing that a customer or the desk does."""
import json
import re
import subprocess
import time
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

WAIT_S = 20

# Free cells one above the other, earliest first; staff may check in only a day ahead.
FREE_PAIR = """
const cells = [...document.querySelectorAll("#customer .cell.free")];
const at = (row, column) => cells.find((cell) =>
    Number(cell.dataset.row) === row && Number(cell.dataset.column) === column);
for (const cell of cells) {
    const below = at(Number(cell.dataset.row) + 1, Number(cell.dataset.column));
    if (below)
        return [cell, below];
}
return null;
"""

# Everything that a finger must hit, with its size.
TARGETS = """
return [...document.querySelectorAll("button, a[href], input")]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }))
    .map((node) => [node.outerHTML.slice(0, 120), node.getBoundingClientRect()])
    .map(([html, { width, height }]) => [html, width, height]);
"""

# An own call of the API with the customer's token, beside what the page does.
FETCH = """
const [path, body, done] = arguments;
const token = sessionStorage.getItem("zx.customer.token");
const post = body && { method: "POST", body: JSON.stringify(body) };
fetch(path, { ...post, headers: {
    Authorization: `Bearer ${token}`, "Content-Type": "application/json",
    "Idempotency-Key": crypto.randomUUID() } })
    .then((response) => response.json()).then(done, (error) => done({ error: String(error) }));
"""

# The next POST of that path reaches the server, but its answer is lost on the way back.
LOSE_ANSWER = """
const [path] = arguments;
const real = window.fetch;
window.fetch = async (url, options) => {
    const response = await real(url, options);
    if (options?.method !== "POST" || url !== path)
        return response;
    window.fetch = real;
    throw new TypeError("connection lost");
};
"""


class Page:
    def __init__(self, driver, url: str, screenshots: Path, width: int):
        self.driver = driver
        self.url = url.rstrip("/") + "/play/"
        self.screenshots = screenshots
        self.width = width
        self.taken = 0
        screenshots.mkdir(parents=True, exist_ok=True)

    def resize(self, width: int, height: int, scheme: str):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 2, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        # A far zone: whatever the page shows must come from the venue's clock.
        self.driver.execute_cdp_cmd("Emulation.setTimezoneOverride",
                                    {"timezoneId": "America/New_York"})

    def open(self, place: str = ""):
        self.driver.get(self.url + place)

    def screenshot(self, name: str):
        self.taken += 1
        time.sleep(0.3)  # sheets and colours move for a fifth of a second
        path = self.screenshots / f"{self.width}-{self.taken:02d}-{name}.png"
        self.driver.save_screenshot(str(path))

    # Finding and tapping

    def shown(self, selector: str) -> list:
        found = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return [node for node in found if node.is_displayed()]

    def wait(self, selector: str, text: str = ""):
        """The first shown element of that selector whose text has `text` in it."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            for node in self.try_shown(selector, text):
                return node
            time.sleep(0.1)
        self.screenshot("missing")
        raise AssertionError(f"{selector} {text!r} did not appear; {self.errors()}")

    def try_shown(self, selector: str, text: str) -> list:
        try:
            return [node for node in self.shown(selector) if text in node.text]
        except Exception as stale:  # redrawn between finding and asking
            if "stale" not in str(stale):
                raise
            return []

    def tap(self, node):
        self.driver.execute_script(
            "arguments[0].scrollIntoView({block: 'center', inline: 'center'})", node)
        node.click()

    def tap_on(self, selector: str, text: str = ""):
        self.tap(self.wait(selector, text))

    def type(self, selector: str, text: str):
        field = self.wait(selector)
        field.clear()
        field.send_keys(text)

    def errors(self) -> list[str]:
        """What the console complained about, except refusals that a test asked for (4xx)."""
        expected = re.compile(r"the server responded with a status of 4\d\d")
        return [line["message"] for line in self.driver.get_log("browser")
                if line["level"] == "SEVERE" and not expected.search(line["message"])]

    def fetch(self, path: str, body: dict | None = None) -> dict:
        return self.driver.execute_async_script(FETCH, path, body)

    def lose_answer(self, path: str):
        self.driver.execute_script(LOSE_ANSWER, path)

    # The customer

    def as_customer(self):
        if tab := self.shown("#tab-customer"):
            tab[0].click()

    def login(self, nickname: str):
        self.as_customer()
        self.open("#login")
        self.type("#nickname", nickname)
        self.tap_on("#customer form button")
        self.wait("#customer .tabs")

    def choose_venue(self, name: str):
        self.open("#venues")
        self.tap_on("#customer a.venue", name)
        self.wait("#customer .grid")

    def choose_day(self, number: int):
        """0 is today."""
        self.tap(self.shown("#customer .choices-date button")[number])
        self.wait("#customer .choices-date button[aria-pressed=true]")
        self.wait("#customer .day-note li")
        self.wait("#customer .grid")

    def free_pair(self) -> list:
        """Two neighbouring cells that can be booked, today or, late at night, tomorrow."""
        for number in (0, 1):
            self.choose_day(number)
            if pair := self.driver.execute_script(FREE_PAIR):
                return pair
        raise AssertionError("no two free cells in two days")

    def order(self) -> int:
        """Orders what is chosen; the number of the order."""
        self.tap_on("#confirm")
        self.tap_on("#customer .sheet button[type=submit]")
        self.wait("#customer .order-page .countdown")
        return int(re.search(r"#order-(\d+)$", self.driver.current_url)[1])

    def take_first_chosen_cell(self):
        """Another client is faster with one of the cells that are chosen on the page."""
        choice = json.loads(self.driver.execute_script(
            "return sessionStorage.getItem('zx.customer.choice')"))
        court, start = choice["chosen"][0].split(" ")
        _, end = choice["chosen"][1].split(" ")
        answer = self.fetch("/api/v1/orders", {
            "venue_id": choice["venue_id"], "date": choice["date"],
            "periods": [{"court_id": int(court), "start": start, "end": end}]})
        assert answer.get("state") == "pending", answer

    def pay(self):
        self.tap_on("#pay")
        self.tap_on("#cashier-accept")
        self.wait("#customer .status.good", "支付成功")

    def short_code(self) -> str:
        self.wait("#customer .qr img")
        return self.wait("#customer .short-code").text.replace(" ", "")

    def qr_read(self) -> str:
        """What a scanner makes of the picture on the screen."""
        picture = self.screenshots / f"{self.width}-qr.png"
        picture.write_bytes(self.wait("#customer .qr img").screenshot_as_png)
        return subprocess.run(["zbarimg", "-q", "--raw", "--nodbus", str(picture)], check=True,
                              capture_output=True, text=True, timeout=30).stdout.strip()

    # The desk

    def as_desk(self):
        if tab := self.shown("#tab-desk"):
            tab[0].click()

    def desk_login(self, username: str, password: str):
        self.as_desk()
        self.type("#username", username)
        self.type("#password", password)
        self.tap_on("#desk form button")
        self.wait("#code")

    def desk_logout(self):
        self.tap_on("#desk .bar button")
        self.wait("#username")

    def check_in(self, code: str):
        """Types the code as a scanner gun does; the result card."""
        self.type("#code", code + Keys.ENTER)
        return self.wait("#desk [data-result]")

    def small_targets(self) -> list:
        return [(html, width, height)
                for html, width, height in self.driver.execute_script(TARGETS)
                if height < 44 or width < 44]

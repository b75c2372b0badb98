"""The counterpart as a running program: WeChat Pay and Alipay played by node with packages that
others wrote (counterpart.js says what it can be told)."""
import json
import subprocess
from pathlib import Path

import requests

HERE = Path(__file__).resolve().parent
ANSWER_LIMIT_S = 30


class Counterpart:
    """Both channels, with the keys that the stack's simulator has, at an address of their own."""

    def __init__(self, house):
        self.log = house.run / "log/counterpart.log"
        self.web = requests.Session()
        self.web.trust_env, self.web.verify = False, house.ca
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["node", HERE / "counterpart.js", house.run / "sim.json"], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        self.url = self.process.stdout.readline().strip()
        assert self.url, self.log.read_text()

    @property
    def settings(self) -> dict:
        """What makes the programs take it for their channels."""
        return {"ZX_WXPAY_BASE": self.url, "ZX_ALIPAY_GATEWAY": f"{self.url}/gateway.do"}

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=10) == 0, self.log.read_text()

    def tell(self, path: str, **what):
        answer = self.web.post(f"{self.url}/control/{path}", json=what, timeout=ANSWER_LIMIT_S)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def requests(self) -> list:
        """What the merchant's programs have asked for."""
        answer = self.web.get(f"{self.url}/control/requests", timeout=ANSWER_LIMIT_S)
        return answer.json()

    def about(self, number: str) -> list:
        return [r for r in self.requests() if number in r["target"] or number in r["sent"]]

    def asked(self, number: str, method: str, target: str) -> list:
        """Such requests about that number: (what was sent, status of the answer)."""
        return [(json.loads(r["sent"] or "null"), r["status"]) for r in self.about(number)
                if r["method"] == method and target in r["target"]]

    def pay(self, number: str) -> dict:
        """A customer pays; WeChat Pay has told nobody yet."""
        return self.tell("pay", number=number)

    def notify(self, number: str, way: str = "good", signer: str = "pubkey") -> dict:
        return self.tell("notify", number=number, way=way, signer=signer)

    def fits(self, pay_params: dict) -> bool:
        return self.tell("pay-params", **pay_params)["fit"]

"""The program sim.py itself: its control API, configuration, end and restart."""
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import merchant_client


def test_the_control_api_refuses_nonsense(shop):
    for name, body in (
            ("faults", {"name": "nothing"}), ("faults", {"name": "slow", "mss": 1}),
            ("faults", {"name": "slow", "times": 0}), ("login-code", {"user": "u99"}),
            ("faults", {"name": "key_mode", "value": "x"}), ("pay", {"surprise": 1}),
            ("pay", {"out_trade_no": "x", "mode": "y"}), ("clock", {"advance_s": "x"})):
        answer = shop.http.post(f"{shop.base}/sim/{name}", json=body)
        assert answer.status_code == 400 and answer.json()["error"]
    assert shop.http.get(f"{shop.base}/sim/nothing").status_code == 404


def test_only_pages_of_this_machine_may_call_the_control_api(shop):
    for origin, allowed in (("https://localhost:18443", True), ("https://evil.example", False),
                            ("https://localhost.evil.example", False)):
        answer = shop.http.options(f"{shop.base}/sim/pay", headers={"Origin": origin})
        assert answer.status_code == 204
        assert (answer.headers.get("Access-Control-Allow-Origin") == origin) == allowed


class Program:
    def __init__(self, config: str):
        sim = Path(__file__).parent / "sim.py"
        self.process = subprocess.Popen(
            [sys.executable, str(sim), "--config", config, "--port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline()

    @property
    def port(self) -> int:
        return int(self.line.rpartition(":")[2])

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        self.process.communicate(timeout=10)
        return self.process.returncode


@pytest.fixture
def start(world):
    """Starts programs with a changed configuration; none outlives its test."""
    programs = []

    def _start(**changes) -> Program:
        programs.append(Program(world.config(**changes)))
        return programs[-1]

    yield _start
    for program in programs:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()


def test_a_killed_simulator_comes_back_with_its_books(world, start, sink, tmp_path):
    state = str(tmp_path / "books")
    program = start(state_dir=state)
    shop = merchant_client.Merchant(world, program.port, sink)
    shop.paid("ZX0001A01")
    assert shop.refund("ZX0001A01", "R1", 100).status_code == 200
    shop.prepay("ZX0002A01")
    shop.fault("notify_bad_signature", times=-1)
    sink.answers = [401] * 99
    shop.sim("pay", {"out_trade_no": "ZX0002A01", "wait": True})
    program.end(signal.SIGKILL)
    sink.clear()
    program = start(state_dir=state)
    shop = merchant_client.Merchant(world, program.port, sink)
    assert shop.query("ZX0001A01")["trade_state"] == "REFUND"
    assert shop.prepay("ZX0003A01").startswith("wx")  # its user is known again
    assert "ZX0002A01" in {sink.open(letter)["out_trade_no"] for letter in sink.wait(1)}
    assert program.end() == 0


@pytest.mark.parametrize("changes, reason", [
    ({"appid": ""}, "appid is missing"), ({"surprise": "1"}, "unknown key surprise"),
    ({"listen": "0.0.0.0:1"}, "listen must be"),
    ({"merchant_serial": "00"}, "the certificate says"),
    ({"apiv3_key_file": "/dev/null"}, "must be 32")])
def test_a_wrong_configuration_is_told(start, changes, reason):
    program = start(**changes)
    assert reason in program.process.communicate()[1]
    assert program.process.returncode == 78


def test_the_books_are_json_one_record_a_line(world, start, sink, tmp_path):
    program = start(state_dir=str(tmp_path))
    merchant_client.Merchant(world, program.port, sink).prepay("ZX0001A01")
    program.end()
    lines = (tmp_path / "books.jsonl").read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["user", "order"]

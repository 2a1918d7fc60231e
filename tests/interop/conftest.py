"""Starts one emulator for the whole run, and resets it before each test."""

import json
import os
import shlex
import ssl
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest
from other_side import OtherSide

ROOT = Path(__file__).resolve().parents[2]
BUILD_AND_RUN = "cargo run --quiet -p ms-messenger-cli --bin msm --"


def command():
    """The command `msm`."""
    program = os.environ.get("MSM_BIN")
    return [program] if program else shlex.split(BUILD_AND_RUN)


def _command(ca_file):
    return command() + [
        "emulator",
        "--http",
        "127.0.0.1:0",
        "--https",
        "127.0.0.1:0",
        "--ca-out",
        str(ca_file),
    ]


def _example(package, name):
    """The command of an example: beside `msm`, or built now."""
    program = os.environ.get("MSM_BIN")
    if program:
        return [str(Path(program).parent / "examples" / name)]
    return shlex.split(f"cargo run --quiet -p {package} --example {name} --")


@pytest.fixture(scope="session")
def other_side(ready):
    """The Rust clients at the same emulator."""
    side = OtherSide(_example("tests", "interop"), ready, ROOT)
    yield side
    side.close()


@pytest.fixture
def webhook(tmp_path):
    """The webhook of the examples: its address, its file, and the lines that it prints."""
    file = tmp_path / "events.jsonl"
    process = subprocess.Popen(
        [*_example("examples", "hear_deliveries"), "127.0.0.1:0", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "EVENTS_KEY": "hunter2"},
    )
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), process.stderr.read()
        yield SimpleNamespace(url=url, file=file, process=process)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def ready(tmp_path_factory):
    """The line that the emulator prints when it is ready."""
    ca_file = tmp_path_factory.mktemp("emulator") / "ca.pem"
    process = subprocess.Popen(_command(ca_file), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        line = process.stdout.readline()
        assert line, f"the emulator ended with {process.wait()} before it was ready"
        with pytest.MonkeyPatch.context() as patch:
            # What requests, under the packages for Azure, trusts.
            patch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
            # What httpx, under msgraph-sdk, trusts.
            patch.setenv("SSL_CERT_FILE", str(ca_file))
            patch.setenv("NO_PROXY", "localhost,127.0.0.1")
            yield json.loads(line)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def emulator(ready):
    """Endpoint, credentials, users and ledger of a fresh world."""
    acs = ready["acs"]
    key = acs["connection_string"].split("accesskey=", 1)[1]
    endpoint = ready["https"].rstrip("/")
    context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    # The admin API is not the subject here, so no proxy of the machine may come in between.
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
    opener = urllib.request.build_opener(*handlers)

    def admin(method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{endpoint}/_emulator/{path}", data, method=method)
        request.add_header("content-type", "application/json")
        with opener.open(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def rows(platform):
        return admin("GET", f"messages?platform={urllib.parse.quote(platform)}")

    admin("POST", "reset")
    return SimpleNamespace(
        endpoint=endpoint,
        key=key,
        connection_string=f"endpoint={endpoint}/;accesskey={key}",
        acs=acs,
        graph=ready["graph"],
        entra=ready["entra"],
        admin=admin,
        open=opener.open,
        rows=rows,
    )

"""Starts one emulator and one Chromium for the whole run; each test has a fresh world and page."""

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest
from page import Page
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from world import World

ROOT = Path(__file__).resolve().parents[2]
BUILD_AND_RUN = "cargo run --quiet -p ms-messenger-cli --bin msm --"

# Runs before every script of the page, outside its policy.
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) {
  window[name] = () => { window.pwned = name; };
}
"""


def pytest_addoption(parser):
    parser.addoption("--pictures", action="store_true", help="take the pictures of the documentation")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--pictures"):
        skip = pytest.mark.skip(reason="needs --pictures")
        for item in items:
            if "pictures" in item.keywords:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def ready():
    """The line that the emulator prints when it is ready."""
    program = os.environ.get("MSM_BIN")
    start = [program] if program else shlex.split(BUILD_AND_RUN)
    options = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--entra-approver", "manual"]
    command = [*start, "emulator", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        line = process.stdout.readline()
        assert line, f"the emulator ended with {process.wait()} before it was ready"
        yield json.loads(line)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def browser():
    """A Chromium without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    for option in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-proxy-server",
        "--hide-scrollbars",
        "--window-size=1360,860",
    ]:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = Service(os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    yield driver
    driver.quit()


@pytest.fixture
def world(ready):
    """The seeded world, with nothing in it."""
    world = World(ready)
    world.admin("POST", "reset")
    return world


@pytest.fixture
def page(browser, world):
    """The inbox, just opened. At its end no script of a message has run, and the page itself has
    broken none of its own rules."""
    browser.get("about:blank")
    browser.get_log("browser")
    page = Page(browser, world.base)
    page.open()
    yield page
    assert page.script("return window.pwned") is None
    assert page.script("return window.violations") == []
    severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    # A refusal that a test asks for is in the log of the browser, too.
    assert [entry for entry in severe if "status of 4" not in entry["message"]] == []

"""100,000 messages: the document stays small, and so does what is asked for."""

import json
import os
import socket

import pytest

MANY = int(os.environ.get("INBOX_MESSAGES", "100000"))
# Every so many messages, one is in a conversation of its own.
SPREAD = max(2, MANY // 500)
MOST_ARTICLES = 150
MOST_NODES = 6_000
# So many requests are on their way at once.
AT_ONCE = 500


def request(world, number):
    """A message in one thread; every SPREADth in a conversation of its own."""
    thread, sender = world.acs["thread_id"], world.acs["users"][1]["id"]
    message = {"platform": "acs-chat", "conversation": thread, "sender": sender, "text": f"message {number}"}
    if number % SPREAD == 0:
        message = {"platform": "acs-messages", "from": f"+1425{number:07}", "text": f"message {number}"}
    body = json.dumps(message).encode()
    head = f"POST /_emulator/inject HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def fill(world, count):
    """Injects messages over one connection, without a wait for each response."""
    host, port = world.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        for first in range(1, count + 1, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, count + 1))
            connection.sendall(b"".join(request(world, number) for number in numbers))
            received = b""
            while received.count(b"HTTP/1.1 200 OK") < len(numbers) or not received.endswith(b"}"):
                piece = connection.recv(1 << 20)
                assert piece, received[-500:]
                received += piece


def size(page):
    return page.script(
        "return { articles: document.querySelectorAll('article').length, nodes: document.querySelectorAll('*').length,"
        " fetches: performance.getEntriesByType('resource').filter((e) => e.initiatorType === 'fetch').length }"
    )


def bounded(page):
    now = size(page)
    assert now["articles"] <= MOST_ARTICLES and now["nodes"] <= MOST_NODES, now
    return now


@pytest.fixture
def full(page, world):
    # The page watches while they arrive.
    fill(world, MANY)
    yield page
    world.admin("POST", "reset")


def test_the_page_stays_small_and_reaches_everything(full, world):
    page = full
    page.until(lambda: page.numbers()[-1:] == [MANY], limit=60)
    bounded(page)
    page.until(lambda: f"{MANY} messages" in page.one("#totals").text)
    page.script("performance.clearResourceTimings(); performance.setResourceTimingBufferSize(10000)")
    # Back through some pages, and to the newest again.
    for _ in range(6):
        first = page.numbers()[0]
        page.script("document.getElementById('timeline').scrollTop = 0")
        page.until(lambda first=first: page.numbers()[0] < first)
        bounded(page)
        numbers = page.numbers()
        assert numbers == list(range(numbers[0], numbers[-1] + 1)), "none is left out"
    assert page.numbers()[-1] < MANY
    page.click("#jump")
    page.until(lambda: page.numbers()[-1] == MANY)
    assert size(page)["fetches"] < 40
    # One that is far away is found by its text.
    page.fill("#filters [name=search]", "message 4242")
    page.until(lambda: "message 4242" in page.bubbles(), limit=60)
    assert all("message 4242" in text for text in page.bubbles())
    page.click("#filters [type=reset]")
    page.until(lambda: page.numbers()[-1] == MANY)
    # A conversation of one message beside one of nearly all.
    single = f"+1425{SPREAD:07}"
    page.fill("#find", single)
    page.until(lambda: page.conversations() == [single], limit=30)
    page.go(single)
    page.shows(f"message {SPREAD}")
    page.fill("#find", "")
    page.until(lambda: len(page.conversations()) == 50, limit=30)
    page.click("#more-conversations")
    page.until(lambda: len(page.conversations()) == 100)
    bounded(page)
    # And what arrives now is there at once.
    page.click("#view-all")
    page.until(lambda: page.numbers()[-1:] == [MANY])
    world.from_bob("the last one")
    page.until(lambda: page.bubbles()[-1] == "the last one")

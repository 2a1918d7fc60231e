"""What changes while a person looks at it: the list of conversations, filtered messages, the details."""

import contextlib
import socket
import threading

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from test_many import fill

# More than the emulator opens for one page of a list that is filtered by sender.
APART = 2_100


def announced(page):
    return page.script("return document.getElementById('announcer').textContent")


@contextlib.contextmanager
def speaking(world):
    """Messages that never pause, while it lasts."""
    end = threading.Event()

    def speak():
        number = 0
        while not end.is_set():
            number += 1
            world.from_bob(f"message {number}")
            world.chat(f"response {number}")

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        yield
    finally:
        end.set()
        speaker.join()


def test_the_conversations_keep_up_with_messages_that_never_pause(page, world):
    with speaking(world):
        page.until(lambda: page.conversations() == ["Emulated thread"])
        first = page.one("#totals").text
        page.until(lambda: page.one("#totals").text not in ("", first))
    count = len(world.admin("GET", "messages"))
    page.until(lambda: page.one("#totals").text == f"{count} messages in 1 conversation")


def press_slowly(page, selector):
    """A click of a person: what is pressed may change until it is let go."""
    ActionChains(page.driver).click_and_hold(page.one(selector)).pause(0.5).release().perform()


def test_a_click_is_not_lost_while_messages_never_pause(page, world):
    world.whatsapp(kind="text", content="Your parcel is here")
    action = {"kind": "status", "status": 429}
    world.admin("PUT", "faults", {"rules": [{"match": {"operation": "send"}, "times": 1, "action": action}]})
    assert world.chat("refused") == 429
    with speaking(world):
        page.until(lambda: len(page.conversations()) == 2)
        press_slowly(page, "#conversations li:first-child a")
        page.until(lambda: page.one("#title").text == "Emulated thread")
        press_slowly(page, "#conversations li:last-child a")
        page.until(lambda: page.one("#title").text == "+14255550123")
        page.click("#view-requests")
        page.choose("#requests select", "rejected")
        page.until(lambda: len(page.all("#requests tbody .open")) == 1)
        press_slowly(page, "#requests tbody .open")
        page.until(lambda: page.one("#detail").is_displayed())


def test_long_names_leave_room_for_the_messages(page, world):
    name = "W" * 980
    bob = world.graph["users"][1]["id"]
    world.inject(platform="msgraph-chat", conversation=f"19:{name}@thread.v2", sender=bob, text="hello")
    world.inject(platform="acs-chat", conversation=f"19:{name}@thread.v2", sender=f"8:acs:{name}", text="hello")
    page.shows("hello", "hello")
    for number in [0, 1]:
        page.until(lambda number=number: page.all("#conversations a")[number].click() is None)
        page.until(lambda: page.one("#answer").is_displayed())
        page.shows("hello")
        assert page.script("return document.documentElement.scrollWidth <= window.innerWidth")
        assert page.script("return document.getElementById('timeline').clientHeight") > 300
        assert len(page.driver.title) < 300
    page.click("#view-all")
    page.shows("hello", "hello")
    assert page.script("return document.querySelector('article').clientHeight") < 200


def test_a_filter_takes_up_what_begins_to_match(page, world):
    first = world.teams({"body": {"content": "first"}})
    world.teams({"body": {"content": "second"}})
    third = world.teams({"body": {"content": "third"}})
    page.shows("first", "second", "third")
    page.choose("#filters [name=state]", "edited")
    page.until(lambda: "No message matches" in page.one("#timeline").text)
    world.edit(third, "third, edited")
    page.shows("third, edited")
    world.edit(first, "first, edited")
    page.shows("first, edited", "third, edited")
    assert page.one("#timeline").get_attribute("role") == "feed"
    assert len(page.all("#timeline article[tabindex='0']")) == 1
    world.edit(third, "third, edited again")
    page.shows("first, edited", "third, edited again")


def test_a_filter_lets_go_of_what_matches_no_longer(page, world):
    message = world.teams({"body": {"content": "hello"}})
    page.shows("hello")
    graph = world.graph
    place = f"/v1.0/users/{graph['users'][0]['id']}/chats/{graph['chat_id']}/messages/{message['id']}"
    assert world.call("POST", f"{place}/softDelete", None, graph["token"])[0] == 204
    page.choose("#filters [name=state]", "deleted")
    page.shows("This message was deleted.")
    page.one("article").click()
    assert world.call("POST", f"{place}/undoSoftDelete", None, graph["token"])[0] == 204
    page.until(lambda: "No message matches" in page.one("#timeline").text)
    assert page.one("#timeline").get_attribute("role") == "region"
    page.click("#filters [type=reset]")
    page.shows("hello")


def test_a_filter_finds_what_is_far_apart(page, world):
    carol = world.acs["users"][2]["id"]
    for number in range(4):
        world.inject(platform="acs-chat", conversation=world.acs["thread_id"], sender=carol, text=f"rare {number}")
        fill(world, APART)
    # The page has not been scrolled, and has nothing to scroll.
    page.open()
    page.fill("#filters [name=sender]", "carol")
    page.until(lambda: page.bubbles() == [f"rare {number}" for number in range(4)], limit=60)
    page.until(lambda: announced(page) == "4 messages found")
    world.admin("POST", "reset")


def test_a_search_finds_what_was_sent_and_what_a_message_says_now(page, world):
    message = world.teams({"body": {"content": "an apple"}})
    page.until(lambda: "an apple" in page.one("#conversations").text)
    page.fill("#filters [name=search]", "pear")
    page.until(lambda: "No message matches" in page.one("#timeline").text)
    world.edit(message, "a pear")
    page.shows("a pear")
    page.until(lambda: "a pear" in page.one("#conversations").text)
    page.fill("#filters [name=search]", "apple")
    page.shows("a pear")
    page.fill("#filters [name=search]", "pear")
    page.shows("a pear")
    conversation = world.graph["chat_id"]
    world.inject(platform="msgraph-chat", conversation=conversation, action="delete", message_id=message["id"])
    page.until(lambda: "No message matches" in page.one("#timeline").text)
    page.until(lambda: "deleted" in page.one("#conversations .preview").text)
    assert "pear" not in page.one("#conversations").text
    page.fill("#filters [name=search]", "apple")
    page.shows("This message was deleted.")


def test_what_a_filter_found_is_announced(page, world):
    world.from_bob("an apple")
    world.from_bob("a pear")
    page.shows("an apple", "a pear")
    page.fill("#filters [name=search]", "apple")
    page.until(lambda: announced(page) == "1 message found")
    page.fill("#filters [name=search]", "plum")
    page.until(lambda: announced(page) == "No message matches.")


def test_the_details_follow_their_message(page, world):
    message = world.teams({"body": {"content": "before"}})
    page.shows("before")
    page.click("article[data-seq='1'] .open")
    page.until(lambda: page.one("#detail-body .body").text == "before")
    page.click("#detail-body summary")
    page.one("#detail-body").send_keys(Keys.END)
    world.edit(message, "after")
    page.until(lambda: page.one("#detail-body .body").text == "after")
    assert page.script("return document.querySelector('#detail-body details').open"), "what is open stays open"
    assert page.script("return document.getElementById('detail').contains(document.activeElement)")
    world.admin("POST", "reset")
    page.until(lambda: not page.one("#detail").is_displayed())


def test_the_details_of_a_request_lead_to_what_it_stored(page, world):
    world.chat("hello")
    page.click("#view-requests")
    page.until(lambda: page.all("#requests tbody .open"))
    page.click("#requests tbody .open")
    page.until(lambda: page.one("#detail-title").text.startswith("Request"))
    assert "object" not in page.one("#detail-body dl").text
    links = page.one("#detail-body dl").find_elements(By.CSS_SELECTOR, "button.open")
    assert [link.text for link in links] == ["message #1"]
    links[0].click()
    page.until(lambda: page.one("#detail-title").text == "Message 1")


def test_names_of_a_conversation_that_was_left_are_not_offered(page, world):
    world.from_bob("hello")
    page.go("Emulated thread")
    page.until(lambda: page.all("#senders option"))
    page.click("#view-all")
    page.until(lambda: page.one("#title").text == "All messages")
    assert not page.all("#senders option")


def reader(world):
    """A connection that reads events; none where there are too many."""
    host, port = world.base.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(b"GET /_emulator/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
    if b" 200 " in connection.recv(4096):
        return [connection]
    connection.close()
    return []


def test_a_page_that_gets_no_events_yet_can_be_read_and_is_live_later(page, world):
    world.from_bob("hello")
    page.driver.get("about:blank")
    # The page is one of 64 until the emulator notices that it is gone.
    others = []
    page.until(lambda: others.extend(reader(world)) or len(others) == 64)
    try:
        page.driver.get(f"{world.base}/_emulator/")
        page.shows("hello")
        page.click("article[data-seq='1'] .open")
        page.until(lambda: page.one("#detail").is_displayed())
        # It asks again after two seconds, and loads its list.
        page.script("performance.clearResourceTimings()")
        page.until(lambda: page.script("return performance.getEntriesByType('resource').filter((e) => e.name.includes('events?')).length") >= 2)
        assert page.one("#connection").text == "waiting"
        assert page.one("#detail").is_displayed()
    finally:
        for connection in others:
            connection.close()
    page.until(lambda: page.one("#connection").text == "live")
    page.driver.get_log("browser")

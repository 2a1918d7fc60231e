"""What a person does with the page all day: goes back, opens another tab, types while messages arrive."""

import urllib.parse

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys


def place(platform, identity):
    return f"#/c/{platform}/{urllib.parse.quote(identity, safe='')}"


def texts(world):
    return [row["text"] for row in world.admin("GET", "messages")]


def test_the_skip_link_leads_to_the_messages_of_the_same_view(page, world):
    world.from_bob("hello")
    page.go("Emulated thread")
    page.shows("hello")
    page.script("document.querySelector('.skip').focus()")
    ActionChains(page.driver).send_keys(Keys.ENTER).perform()
    page.until(lambda: page.script("return document.activeElement.id") == "timeline")
    assert page.one("#title").text == "Emulated thread"
    assert page.driver.current_url.endswith(place("acs-chat", world.acs["thread_id"]))


def test_a_reply_is_stored_once_however_often_enter_is_pressed(page, world):
    world.chat("hello")
    page.go("Emulated thread")
    field = page.one("#answer textarea")
    field.send_keys("once", Keys.ENTER, Keys.ENTER, "next")
    page.shows("hello", "once")
    assert field.get_attribute("value") == "next", "what was typed since is not lost"
    field.send_keys(Keys.ENTER)
    page.shows("hello", "once", "next")
    assert texts(world) == ["hello", "once", "next"]


def test_a_reply_that_is_refused_comes_back_and_drafts_stay_where_they_are(page, world):
    world.chat("hello")
    world.whatsapp(kind="text", content="Your parcel is here")
    page.go("Emulated thread")
    field = page.one("#answer textarea")
    page.script(
        "const real = window.fetch; window.fetch = (path, more) => (path.includes('inject') ? Promise.reject(new TypeError()) : real(path, more))"
    )
    field.send_keys("refused", Keys.ENTER)
    page.until(lambda: page.one("#answer .problem").text != "")
    assert field.get_attribute("value") == "refused"
    page.go("+14255550123")
    page.until(lambda: page.one("#answer").is_displayed())
    assert field.get_attribute("value") == "", "it is no reply to another conversation"
    field.send_keys("thanks")
    page.go("Emulated thread")
    page.until(lambda: field.get_attribute("value") == "refused")
    page.driver.back()
    page.until(lambda: field.get_attribute("value") == "thanks")
    assert texts(world) == ["hello", "Your parcel is here"]


def test_a_deep_link_waits_for_its_conversation(page, world):
    identity = "19:later@thread.v2"
    page.open(place("acs-chat", identity))
    page.until(lambda: "No messages yet" in page.one("#timeline").text)
    assert not page.one("#answer").is_displayed()
    bob = world.acs["users"][1]["id"]
    world.inject(platform="acs-chat", conversation=identity, sender=bob, text="first")
    page.shows("first")
    page.until(lambda: page.one("#answer").is_displayed())
    assert "bob" in page.one("#people").text
    assert page.driver.title.endswith("Emulator inbox")
    page.fill("#answer textarea", "second")
    page.submit("#answer")
    page.shows("first", "second")


def test_two_tabs_show_the_same_and_a_reload_loses_nothing(page, world):
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    second = page.driver.current_window_handle
    try:
        page.open()
        page.driver.switch_to.window(first)
        page.fill("#filters [name=search]", "apple")
        world.from_bob("an apple")
        world.from_bob("a pear")
        world.from_bob("apples")
        page.shows("an apple", "apples")
        page.driver.switch_to.window(second)
        page.shows("an apple", "a pear", "apples")
        page.driver.refresh()
        world.from_bob("after the reload")
        page.shows("an apple", "a pear", "apples", "after the reload")
    finally:
        page.driver.switch_to.window(second)
        page.driver.close()
        page.driver.switch_to.window(first)


def test_the_browser_goes_back_and_forth_between_views(page, world):
    world.from_bob("hello")
    page.go("Emulated thread")
    page.click("#view-requests")
    page.until(lambda: page.one("#requests").is_displayed())
    assert page.driver.title.startswith("Requests")
    page.driver.back()
    page.until(lambda: page.one("#title").text == "Emulated thread")
    page.shows("hello")
    page.driver.back()
    page.until(lambda: page.one("#title").text == "All messages")
    page.driver.forward()
    page.until(lambda: page.one("#title").text == "Emulated thread")


def requested(page):
    return page.script(
        "return performance.getEntriesByType('resource').map((e) => e.name).filter((n) => n.includes('inbox/messages') && n.includes('after='))"
    )


def test_a_filter_that_matches_nothing_looks_at_each_message_once(page, world):
    world.from_bob("message 0")
    page.shows("message 0")
    page.fill("#filters [name=search]", "nowhere")
    page.until(lambda: "No message matches" in page.one("#timeline").text)
    page.script("performance.clearResourceTimings()")
    for number in range(1, 4):
        world.from_bob(f"message {number}")
        page.until(lambda number=number: len(requested(page)) == number)
        page.until(lambda: page.one("#timeline").get_attribute("aria-busy") == "false")
    afters = [int(urllib.parse.parse_qs(urllib.parse.urlparse(name).query)["after"][0]) for name in requested(page)]
    assert afters == [0, 2, 3]
    world.from_bob("it is nowhere else")
    page.shows("it is nowhere else")


def test_a_small_window_leaves_room_for_the_messages(page, world):
    for number in range(20):
        world.from_bob(f"message {number}")
    action = {"kind": "status", "status": 503, "headers": {"Retry-After": "1" * 100}}
    world.admin("PUT", "faults", {"rules": [{"match": {"platform": "acs-messages"}, "action": action}]})
    # What the scrollbar of a page of 320 pixels leaves.
    metrics = {"width": 304, "height": 568, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        page.go("Emulated thread")
        page.until(lambda: page.numbers()[-1:] == [20])
        assert page.script("return document.documentElement.scrollWidth <= window.innerWidth")
        height = page.script("return document.getElementById('timeline').clientHeight")
        assert height >= 120, height
        page.one("#answer textarea").send_keys("small", Keys.ENTER)
        page.until(lambda: page.numbers()[-1:] == [21])
        for button in ["#open-faults", "#open-clock", "#open-answer", "#open-keys"]:
            page.click(button)
            page.until(lambda: page.all("dialog[open]"))
            page.until(lambda: page.all("dialog .rules li, dialog dl, dialog input"))
            assert page.script("const d = document.querySelector('dialog'); return d.scrollWidth <= d.clientWidth")
            page.one("dialog").send_keys(Keys.ESCAPE)
            page.until(lambda: not page.all("dialog"))
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_nothing_moves_where_motion_is_unwanted(page, world):
    media = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        world.from_bob("still")
        page.shows("still")
        assert page.script("return getComputedStyle(document.querySelector('article')).animationName") == "none"
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_long_text_is_cut_in_the_list_and_whole_in_its_details(page, world):
    long = "x" * 1_000_000 + " the end"
    for _ in range(3):
        world.inject(**{"from": "+14255550123"}, platform="acs-messages", text=long)
    page.until(lambda: page.numbers() == [1, 2, 3])
    shown = page.script("return document.querySelector('article .body').textContent.length")
    assert shown < 100_000, shown
    page.click("article[data-seq='1'] .open")
    page.until(lambda: page.one("#detail").is_displayed())
    assert page.script("return document.querySelector('#detail-body .body').textContent.includes('the end')")


def test_thousands_of_participants_are_no_burden(page, world):
    token = world.acs["users"][0]["token"]
    version = "api-version=2025-03-15"
    _, made = world.call("POST", f"/chat/threads?{version}", {"topic": "Crowd"}, token)
    thread = made["chatThread"]["id"]
    path = f"/chat/threads/{urllib.parse.quote(thread, safe='')}/participants/:add?{version}"
    prefix = world.acs["users"][1]["id"].rsplit("-", 1)[0]
    for first in range(0, 2000, 200):
        people = [
            {"communicationIdentifier": {"rawId": f"{prefix}-{number:012x}"}, "displayName": f"Person {number}"}
            for number in range(first, first + 200)
        ]
        status, added = world.call("POST", path, {"participants": people}, token)
        if status != 201:
            break
    world.inject(platform="acs-chat", conversation=thread, sender=world.acs["users"][1]["id"], text="hello crowd")
    page.go("Crowd")
    page.shows("hello crowd")
    assert page.script("return document.querySelectorAll('#answer option').length") <= 100
    assert page.script("return document.getElementById('timeline').clientHeight") > 200

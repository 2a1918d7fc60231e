"""The page without a mouse, and for a reader of the screen."""

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from world import card


def press(page, *keys):
    ActionChains(page.driver).send_keys(*keys).perform()


def focused(page):
    return page.script("return document.activeElement.dataset.seq ?? document.activeElement.id ?? ''")


def test_messages_are_read_and_answered_without_a_mouse(page, world):
    for text in ["one", "two", "three"]:
        world.from_bob(text)
    page.shows("one", "two", "three")
    press(page, "k")
    assert focused(page) == "3"
    press(page, Keys.ARROW_UP)
    assert focused(page) == "2"
    press(page, "j")
    assert focused(page) == "3"
    press(page, "k", Keys.ENTER)
    page.until(lambda: page.one("#detail-title").text == "Message 2")
    assert focused(page) == "detail-title"
    press(page, Keys.ESCAPE)
    page.until(lambda: not page.one("#detail").is_displayed())
    assert focused(page) == "2", "the focus is where it was"
    press(page, "c", "Emulated")
    page.until(lambda: page.conversations() == ["Emulated thread"])
    press(page, Keys.TAB, Keys.ENTER)
    page.until(lambda: page.one("#title").text == "Emulated thread")
    page.until(lambda: page.one("#answer").is_displayed())
    page.one("#title").click()
    press(page, "a", "four", Keys.ENTER)
    page.shows("one", "two", "three", "four")
    page.one("#title").click()
    press(page, "/", "four")
    page.shows("four")


def test_everything_is_reached_by_the_tabulator_in_order(page, world):
    world.chat("x")
    page.shows("x")
    page.script("document.activeElement.blur(); window.scrollTo(0, 0)")
    seen = []
    for _ in range(40):
        press(page, Keys.TAB)
        name = page.script(
            "const e = document.activeElement; return e.id || e.name || e.className || e.textContent.trim()"
        )
        if seen and name == seen[0]:
            break
        seen.append(name)
    order = ["skip", "open-answer", "open-reset", "open-keys", "view-all", "find", "search", "state", "timeline", "open"]
    places = [seen.index(name) for name in order]
    assert places == sorted(places), seen


def test_dialogs_hold_the_focus_and_give_it_back(page):
    page.one("#open-faults").send_keys(Keys.ENTER)
    page.until(lambda: page.all("dialog[open]"))
    for _ in range(15):
        press(page, Keys.TAB)
        assert page.script("return document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    press(page, Keys.ESCAPE)
    page.until(lambda: not page.all("dialog"))
    assert focused(page) == "open-faults"
    press(page, "?")
    page.until(lambda: page.all("dialog kbd"))
    press(page, Keys.ESCAPE)


def test_a_button_that_was_pressed_keeps_the_focus(page):
    page.one("#open-faults").send_keys(Keys.ENTER)
    page.until(lambda: "No fault rules" in page.one("dialog .rules").text)
    page.one("dialog button[type=submit]").send_keys(Keys.ENTER)
    page.says("added")
    assert page.script("return document.activeElement.textContent") == "Add rule"
    press(page, Keys.ENTER)
    page.until(lambda: len(page.all("dialog .rules code")) == 2)


def test_the_tools_are_a_group_whose_buttons_are_reached_one_by_one(page):
    tools = page.one(".tools")
    # A toolbar would have one stop, and the arrows for the rest.
    assert (tools.aria_role, tools.accessible_name) == ("group", "Tools")
    page.one("#open-answer").click()
    press(page, Keys.ESCAPE)
    page.until(lambda: not page.all("dialog"))
    buttons = [button.get_attribute("id") for button in tools.find_elements("css selector", "button")]
    assert focused(page) == buttons[0]
    for button in buttons[1:]:
        press(page, Keys.TAB)
        assert focused(page) == button


def findings(page):
    """What axe finds wrong. Its own styles may break the policy of the page."""
    result = Axe().run(page.driver, options={"resultTypes": ["violations"]})
    page.script("window.violations = []")
    return [(found["id"], [node["target"] for node in found["nodes"]]) for found in result["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_roles_names_and_contrast(page, world, scheme):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        assert findings(page) == []
        message = world.teams({"importance": "high", "body": {"contentType": "html", "content": '<p>Hi <a href="https://a.test">a</a></p><pre>code</pre>'}})
        world.react(message, "💯")
        world.edit(message, "edited")
        world.teams(card({"type": "TextBlock", "text": "Card", "color": "Attention"}, {"type": "TextBlock", "text": "x", "isSubtle": True},
            {"type": "Input.Text", "label": "Name"}, actions=[{"type": "Action.Submit", "title": "Go"}]))
        world.chat("twice", **{"x-ms-client-request-id": "1"})
        world.chat("twice", **{"x-ms-client-request-id": "1"})
        world.from_bob("received")
        world.from_bob("long " * 5000)
        page.until(lambda: page.numbers() == [1, 2, 3, 4, 5, 6])
        assert findings(page) == []
        page.script("document.querySelector(\"article[data-seq='6'] .open\").click()")
        page.until(lambda: page.one("#detail-title").text == "Message 6")
        assert findings(page) == []
        page.click("#close-detail")
        page.click("article[data-seq='3'] .open")
        page.until(lambda: page.one("#detail").is_displayed())
        assert findings(page) == []
        page.click("#close-detail")
        page.go("Everybody")
        assert findings(page) == []
        page.click("#open-faults")
        page.until(lambda: page.all("dialog[open]"))
        assert findings(page) == []
        press(page, Keys.ESCAPE)
        page.open("#/requests")
        page.until(lambda: page.all("#requests tbody .open"))
        assert findings(page) == []
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_message_that_is_wider_than_its_place_is_scrolled_by_the_keyboard(page, world):
    cells = [{"items": [{"type": "TextBlock", "text": "a cell"}]}] * 30
    world.teams(card({"type": "Table", "rows": [{"cells": cells}]}))
    world.chat("word " * 150)
    page.until(lambda: page.numbers() == [1, 2])
    page.until(lambda: page.one("article[data-seq='1'] .body").get_attribute("tabindex") == "0")
    assert findings(page) == []
    # The other one does not fit as soon as the window is small.
    tall = page.one("article[data-seq='2'] .body")
    assert tall.get_attribute("tabindex") is None
    page.driver.set_window_size(500, 400)
    try:
        page.until(lambda: tall.get_attribute("tabindex") == "0")
    finally:
        page.driver.set_window_size(1360, 860)
    page.until(lambda: tall.get_attribute("tabindex") is None)


def test_what_is_open_is_told_without_the_colours_of_the_page(page, world):
    world.chat("x")
    media = {"features": [{"name": "forced-colors", "value": "active"}]}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        page.go("Emulated thread")
        page.until(lambda: page.all("#conversations a[aria-current]"))
        outline = "return getComputedStyle(document.querySelector(arguments[0])).outlineStyle"
        assert page.script(outline, "#conversations a[aria-current]") == "solid"
        assert page.script(outline, "#view-all") == "none"
        page.click("#view-all")
        page.until(lambda: page.script(outline, "#view-all") == "solid")
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_narrow_window_keeps_everything_in_reach(page, world):
    world.chat("x" * 300)
    page.driver.set_window_size(500, 800)
    try:
        page.until(lambda: page.numbers() == [1])
        widest = page.script("return document.documentElement.scrollWidth - window.innerWidth")
        assert widest <= 0
        page.click("article .open")
        page.until(lambda: page.one("#detail").is_displayed())
        page.click("#close-detail")
    finally:
        page.driver.set_window_size(1360, 860)

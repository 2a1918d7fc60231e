"""Every form of the page."""

import urllib.parse

from selenium.webdriver.common.keys import Keys
from test_attacks_elsewhere import in_skype


def test_the_other_side_answers_in_a_conversation(page, world):
    world.chat("hello")
    page.go("Emulated thread")
    page.shows("hello")
    assert page.one("#answer").is_displayed()
    page.fill("#answer textarea", "hello back")
    page.one("#answer textarea").send_keys(Keys.ENTER)
    page.shows("hello", "hello back")
    assert "received" in page.one("article[data-seq='2']").get_attribute("class")
    assert page.text("article[data-seq='2'] .sender") == "bob"
    page.choose("#answer select", world.acs["users"][2]["id"])
    page.fill("#answer textarea", "and me")
    page.submit("#answer")
    page.shows("hello", "hello back", "and me")
    assert page.text("article[data-seq='3'] .sender") == "carol"


def test_the_other_side_edits_and_deletes_its_message(page, world):
    world.from_bob("before")
    page.shows("before")
    page.click("article[data-seq='1'] .open")
    page.click("#edit-message")
    page.until(lambda: page.one("dialog textarea").get_attribute("value") == "before")
    page.fill("dialog textarea", "after")
    page.submit()
    page.shows("after")
    page.until(lambda: "edited" in page.badges(1))
    page.until(lambda: page.one("#detail-body .body").text == "after")
    page.click("#delete-message")
    page.submit()
    page.shows("This message was deleted.")
    page.until(lambda: not page.all("#delete-message"))


def test_a_message_of_the_client_is_not_changed_by_the_other_side(page, world):
    world.chat("mine")
    page.shows("mine")
    page.click("article[data-seq='1'] .open")
    page.until(lambda: "What is stored" in page.one("#detail-body").text)
    assert not page.all("#edit-message") and not page.all("#delete-message")


def test_a_customer_answers_a_notification(page, world):
    world.whatsapp(kind="text", content="Your parcel is here")
    page.go("+14255550123")
    page.fill("#answer textarea", "Thank you")
    page.submit("#answer")
    page.shows("Your parcel is here", "Thank you")


def test_a_message_into_a_new_conversation(page, world):
    page.click("#open-answer")
    page.choose("dialog [name=platform]", "msgraph-chat")
    page.fill("dialog [name=conversation]", "19:new@thread.v2")
    page.fill("dialog [name=sender]", world.graph["users"][1]["id"])
    page.fill("dialog [name=text]", "Is anyone here?")
    page.submit()
    page.says("stored in 19:new@thread.v2")
    page.choose("dialog [name=platform]", "ucwa")
    page.fill("dialog [name=conversation]", "sip:alice@contoso.test")
    page.fill("dialog [name=sender]", "sip:bob@contoso.test")
    page.submit()
    page.problem("no available application")
    page.one("dialog").send_keys(Keys.ESCAPE)
    page.until(lambda: not page.all("dialog"))
    page.shows("Is anyone here?")


def offered(page, name):
    return page.script("return [...document.querySelectorAll(`#known-${arguments[0]} option`)].map((o) => [o.value, o.label])", name)


def test_the_form_offers_ids_that_each_platform_takes(page, world):
    page.click("#open-answer")
    for platform, names in [("acs-chat", "alice"), ("acs-messages", "+1425"), ("msgraph-chat", "Alice"), ("ucwa", "Alice")]:
        page.choose("dialog [name=platform]", platform)
        page.until(lambda names=names: any(label.startswith(names) for _, label in offered(page, "from")))
        page.fill("dialog [name=conversation]", offered(page, "to")[0][0])
        page.fill("dialog [name=sender]", offered(page, "from")[-1][0])
        page.fill("dialog [name=text]", f"over {platform}")
        page.submit()
        if platform == "ucwa":
            page.problem("no available application")
        else:
            page.says(f"stored in {offered(page, 'to')[0][0]}")
    assert len(world.admin("GET", "messages")) == 3
    # The names of the fields are those that a problem names.
    page.fill("dialog [name=sender]", "bob")
    page.submit()
    page.problem("from: must be a SIP address")
    assert "From (SIP address)" in page.one("dialog").text


def test_a_fault_rule_is_added_and_removed(page, world):
    page.click("#open-faults")
    page.until(lambda: "No fault rules" in page.one("dialog .rules").text)
    page.choose("dialog [name=platform]", "acs-chat")
    page.fill("dialog [name=status]", "503")
    page.fill("dialog [name=times]", "1")
    page.submit()
    page.says("added")
    [rule] = world.admin("GET", "faults")["rules"]
    assert rule["action"] == {"kind": "status", "status": 503}
    assert rule["match"] == {"platform": "acs-chat", "operation": "send"}
    assert world.chat("refused") == 503
    assert world.chat("stored") == 201
    page.choose("dialog [name=kind]", "close")
    assert not page.one("dialog [name=status]").is_displayed()
    page.choose("dialog [name=when]", "after_store")
    page.submit()
    page.until(lambda: len(page.all("dialog .rules li")) == 2)
    page.choose("dialog [name=kind]", "delay")
    page.fill("dialog [name=ms]", "soon")
    page.submit()
    page.problem("ms: must be a whole number")
    for button in page.all("dialog button"):
        if button.text == "Remove all rules":
            button.click()
    page.until(lambda: "No fault rules" in page.one("dialog .rules").text)
    assert world.admin("GET", "faults")["rules"] == []


def test_a_store_that_is_late_with_each_thing_that_a_client_receives(page, world):
    page.click("#open-faults")
    page.choose("dialog [name=platform]", "acs-chat")
    page.choose("dialog [name=kind]", "late_store")
    page.fill("dialog [name=ms]", "1")
    for number, then in enumerate(["answer", "close", "reset", "silence", "status"], 1):
        page.choose("dialog [name=then]", then)
        assert page.one("dialog [name=status]").is_displayed() == (then == "status")
        page.submit()
        page.until(lambda number=number: len(page.all("dialog .rules code")) == number)
    actions = [rule["action"] for rule in world.admin("GET", "faults")["rules"]]
    assert [action["then"] for action in actions] == ["answer", "close", "reset", "silence", "status"]
    assert actions[-1] == {"kind": "late_store", "ms": 1, "then": "status", "status": 503}
    assert world.chat("late") == 201


def test_a_form_says_either_what_was_done_or_what_is_wrong(page):
    page.click("#open-clock")
    page.until(lambda: page.one("dialog [name=offset_ms]").get_attribute("value") == "0")
    [button] = [button for button in page.all("dialog button") if button.text == "Set offset"]
    button.click()
    page.says("set")
    for text in ["soon", "0x10", "1e3", "1.5"]:
        page.fill("dialog [name=offset_ms]", "0")
        button.click()
        page.says("set")
        page.fill("dialog [name=offset_ms]", text)
        button.click()
        page.problem("offset_ms: must be a whole number")
    assert not page.one("dialog .said").is_displayed()


def device_code(world):
    form = {"client_id": "11111111-2222-3333-4444-555555555555", "scope": "https://graph.microsoft.com/Chat.Read"}
    status, begun = world.call(
        "POST",
        "/organizations/oauth2/v2.0/devicecode",
        urllib.parse.urlencode(form).encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert status == 200
    return begun


def test_a_sign_in_is_approved_and_another_declined(page, world):
    code = device_code(world)["user_code"]
    page.click("#open-sign-ins")
    page.until(lambda: code in page.one("dialog .rules").text)
    page.click("dialog .rules .open")
    page.choose("dialog [name=user]", "bob@contoso.test")
    page.submit()
    page.says("approved")
    [waiting] = world.admin("GET", "entra/sign-ins")["sign_ins"]
    assert (waiting["state"], waiting["user"]) == ("approved", "bob@contoso.test")
    page.until(lambda: "approved as bob@contoso.test" in page.one("dialog .rules").text)
    other = device_code(world)["user_code"]
    page.fill("dialog [name=user_code]", other)
    for button in page.all("dialog button"):
        if button.text == "Decline":
            button.click()
    page.says("declined")
    page.fill("dialog [name=user_code]", "NOCODE")
    page.submit()
    page.problem("No such user code")


def listed(page):
    return [item.text for item in page.all("dialog .rules button")]


def decide(world, path, **body):
    return world.admin("POST", f"entra/{path}", body)


def test_sign_ins_appear_change_and_go_while_they_are_shown(page, world):
    page.click("#open-sign-ins")
    page.until(lambda: "No device sign-in" in page.one("dialog .rules").text)
    page.one("dialog [name=user_code]").send_keys("half a co")
    first = device_code(world)
    page.until(lambda: listed(page) == [first["user_code"]])
    second = device_code(world)["user_code"]
    page.until(lambda: listed(page) == [first["user_code"], second])
    field = page.one("dialog [name=user_code]")
    assert page.driver.switch_to.active_element == field, "nothing takes the focus away"
    assert field.get_attribute("value") == "half a co"
    # The button that has the focus stays while its entry changes.
    button = page.all("dialog .rules button")[0]
    page.script("arguments[0].focus()", button)
    decide(world, "approve", user_code=first["user_code"], user="bob@contoso.test")
    page.until(lambda: "approved" in page.all("dialog .rules li")[0].text)
    assert page.driver.switch_to.active_element == button
    # It is gone once the tokens are fetched, and the focus goes where the next code is typed.
    form = {
        "client_id": "11111111-2222-3333-4444-555555555555",
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": first["device_code"],
    }
    status, _ = world.call(
        "POST",
        "/organizations/oauth2/v2.0/token",
        urllib.parse.urlencode(form).encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert status == 200
    page.until(lambda: listed(page) == [second])
    assert page.driver.switch_to.active_element == field
    decide(world, "decline", user_code=second)
    page.until(lambda: "No device sign-in" in page.one("dialog .rules").text)
    assert field.get_attribute("value") == "half a co"


def test_a_sign_in_that_expires_goes_by_itself(page, world):
    code = device_code(world)["user_code"]
    page.click("#open-sign-ins")
    page.until(lambda: listed(page) == [code])
    # Its last second by the clock of the services, which alone decides.
    world.admin("PUT", "clock", {"offset_ms": 899_000})
    page.until(lambda: "No device sign-in" in page.one("dialog .rules").text)
    other = device_code(world)["user_code"]
    page.until(lambda: listed(page) == [other])
    decide(world, "expire", all=True)
    page.until(lambda: "No device sign-in" in page.one("dialog .rules").text)
    device_code(world)
    page.until(lambda: len(listed(page)) == 1)
    world.admin("POST", "reset")
    page.until(lambda: "No device sign-in" in page.one("dialog .rules").text)


def test_the_fault_rules_and_clocks_of_others_are_shown_at_once(page, world):
    page.click("#open-faults")
    page.until(lambda: "No fault rules" in page.one("dialog .rules").text)
    page.fill("dialog [name=times]", "7")
    rule = {"match": {"operation": "send"}, "action": {"kind": "status", "status": 503}}
    world.admin("PUT", "faults", {"rules": [rule]})
    page.until(lambda: len(page.all("dialog .rules code")) == 1)
    assert page.one("dialog [name=times]").get_attribute("value") == "7"
    world.admin("DELETE", "faults")
    page.until(lambda: "No fault rules" in page.one("dialog .rules").text)
    page.one("dialog").send_keys(Keys.ESCAPE)
    page.until(lambda: not page.all("dialog"))
    page.click("#open-clock")
    offset = page.one("dialog [name=offset_ms]")
    page.until(lambda: offset.get_attribute("value") == "0")
    world.admin("PUT", "clock", {"offset_ms": 5000})
    page.until(lambda: offset.get_attribute("value") == "5000")
    page.fill("dialog [name=offset_ms]", "-1")
    world.admin("PUT", "clock", {"offset_ms": 6000})
    page.until(lambda: "6000 ms from" in page.one("dialog").text)
    assert offset.get_attribute("value") == "-1", "what is being typed stays"


def test_the_clocks_are_moved(page, world):
    page.click("#open-clock")
    page.fill("dialog [name=advance_s]", "600")
    page.submit()
    page.says("600 s ahead")
    page.fill("dialog [name=advance_s]", "0")
    page.submit()
    page.problem("advance_s: must be a whole number")
    page.fill("dialog [name=offset_ms]", "-90000")
    for button in page.all("dialog button"):
        if button.text == "Set offset":
            button.click()
    page.until(lambda: world.admin("GET", "clock")["offset_ms"] == -90000)


def test_everything_is_reset(page, world):
    world.chat("old")
    page.shows("old")
    page.click("#open-reset")
    page.submit()
    page.until(lambda: not page.all("dialog"))
    page.until(lambda: "No messages yet" in page.one("#timeline").text)
    assert world.admin("GET", "messages") == []


def test_skype_for_business_is_answered_until_its_application_ends(page, world):
    in_skype(world, "hello")
    page.go("Alice with Bob: hello")
    page.until(lambda: page.one("#answer").is_displayed())
    senders = [option.text for option in page.all("#answer option")]
    assert senders == ["Bob"], "the client under test does not send to itself"
    page.one("#answer textarea").send_keys("hello back", Keys.ENTER)
    page.shows("hello", "hello back")
    page.click("#open-clock")
    page.fill("dialog [name=advance_s]", "86400")
    page.submit()
    page.says("86400 s ahead")
    page.one("dialog").send_keys(Keys.ESCAPE)
    page.until(lambda: not page.one("#answer").is_displayed())

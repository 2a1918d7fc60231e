"""Messages as a person reads them: arrival, bubbles, details, filters."""

import json

from selenium.webdriver.common.by import By
from world import card


def test_messages_of_all_platforms_arrive_by_themselves(page, world):
    assert "No messages yet" in page.one("#timeline").text
    world.chat("from chat")
    world.teams({"body": {"contentType": "html", "content": "<p>from <b>Teams</b></p>"}})
    world.inject(**{"from": "+14255550199"}, platform="acs-messages", text="from a customer")
    page.shows("from chat", "from Teams", "from a customer")
    page.until(lambda: page.conversations() == ["+14255550199", "Everybody", "Emulated thread"])
    sides = [bubble.get_attribute("class") for bubble in page.all("article")]
    assert [side.split()[1] for side in sides] == ["sent", "sent", "received"]
    page.until(lambda: "from a customer" in page.script("return document.getElementById('announcer').textContent"))
    page.until(lambda: page.one("#totals").text == "3 messages in 3 conversations")


def test_a_conversation_shows_its_own_messages_only(page, world):
    world.chat("mine")
    world.teams({"body": {"content": "other"}})
    page.shows("mine", "other")
    page.go("Emulated thread")
    page.shows("mine")
    assert "alice" in page.one("#people").text
    world.from_bob("more")
    world.teams({"body": {"content": "another"}})
    page.shows("mine", "more")
    page.click("#view-all")
    page.shows("mine", "other", "more", "another")


def test_mentions_reactions_edits_and_deletions(page, world):
    bob = world.graph["users"][1]
    mentioned = {"user": {"id": bob["id"], "displayName": "Bob", "userIdentityType": "aadUser"}}
    message = world.teams(
        {
            "subject": None,
            "importance": "high",
            "body": {"contentType": "html", "content": '<p>Hi <at id="0">Bob</at></p>'},
            "mentions": [{"id": 0, "mentionText": "Bob", "mentioned": mentioned}],
        }
    )
    page.shows("Hi Bob")
    assert page.one("article .mention").text == "Bob"
    assert "high" in page.badges(1)
    world.react(message, "💯")
    page.until(lambda: "💯" in page.one("article .reactions").text)
    world.edit(message, "Hello everybody")
    page.shows("Hello everybody")
    assert "edited" in page.badges(1)
    conversation = world.graph["chat_id"]
    world.inject(platform="msgraph-chat", conversation=conversation, action="delete", message_id=message["id"])
    page.shows("This message was deleted.")
    assert "deleted" in page.badges(1)


def test_inline_pictures_cards_and_files(page, world):
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPhfDwAChAGA60e6kgAAAABJRU5ErkJggg=="
    content = {"@microsoft.graph.temporaryId": "1", "contentBytes": pixel, "contentType": "image/png"}
    html = '<p>see <img src="../hostedContents/1/$value" alt="the plan"></p>'
    world.teams({"body": {"contentType": "html", "content": html}, "hostedContents": [content]})
    page.until(lambda: page.script("return document.querySelector('article img')?.naturalWidth") == 1)
    assert page.one("article img").get_attribute("alt") == "the plan"
    facts = {"type": "FactSet", "facts": [{"title": "Version", "value": "1.4"}]}
    columns = {
        "type": "ColumnSet",
        "columns": [
            {"type": "Column", "items": [{"type": "TextBlock", "text": "left"}]},
            {"type": "Column", "items": [{"type": "TextBlock", "text": "right"}]},
        ],
    }
    world.teams(
        card(
            {"type": "TextBlock", "text": "It is **done**", "weight": "Bolder"},
            facts,
            columns,
            {"type": "Input.ChoiceSet", "label": "Next", "choices": [{"title": "Ship", "value": "1"}]},
            {"type": "Media", "sources": []},
            {"type": "Image", "url": "https://contoso.test/p.png", "altText": "elsewhere"},
            actions=[
                {"type": "Action.OpenUrl", "title": "Open", "url": "https://contoso.test/"},
                {"type": "Action.Submit", "title": "Approve"},
            ],
        )
    )
    page.until(lambda: page.one("article[data-seq='2'] .card"))
    drawn = page.one("article[data-seq='2'] .card")
    for text in ["It is done", "Version", "1.4", "left", "right", "Next", "Media is not drawn", "elsewhere"]:
        assert text in drawn.text
    assert drawn.find_element(By.TAG_NAME, "a").get_attribute("rel") == "noopener noreferrer nofollow"
    assert not drawn.find_element(By.CSS_SELECTOR, "button.action").is_enabled()
    assert drawn.find_elements(By.TAG_NAME, "img") == [], "nothing is loaded from elsewhere"


def test_text_of_a_card_is_marked_as_its_author_meant_it(page, world):
    text = "**bold** *slanted* _so too_ but snake_case_name, 2 * 3 * 4 and [a_b_c](https://contoso.test/x_y_z)"
    world.teams(card({"type": "TextBlock", "text": text}))
    page.until(lambda: page.all("article .card"))
    drawn = page.one("article .card")
    assert drawn.text == "bold slanted so too but snake_case_name, 2 * 3 * 4 and a_b_c"
    assert [em.text for em in drawn.find_elements(By.TAG_NAME, "em")] == ["slanted", "so too"]
    assert drawn.find_element(By.TAG_NAME, "a").get_attribute("href") == "https://contoso.test/x_y_z"


def test_a_toggle_stands_before_its_text_on_one_line(page, world):
    world.teams(card({"type": "Input.Toggle", "title": "Tell me more", "id": "more"}))
    page.until(lambda: page.all("article .card .toggle"))
    box, text, size, usual = page.script(
        """
        const label = document.querySelector('article .card .toggle');
        const range = document.createRange();
        range.selectNodeContents(label.lastChild);
        const size = (node) => getComputedStyle(node).fontSize;
        return [label.querySelector('input').getBoundingClientRect(), range.getBoundingClientRect(), size(label), size(document.querySelector('#find'))];
        """
    )
    assert box["right"] <= text["left"]
    assert box["top"] < text["bottom"] and text["top"] < box["bottom"], (box, text)
    assert size == usual


def test_what_a_card_does_when_pressed_is_said_and_what_is_chosen_is_shown(page, world):
    def does(title):
        return {"type": "Action.Submit", "title": title}

    def block(text):
        return {"type": "TextBlock", "text": text}

    choices = [{"title": "Red", "value": "1"}, {"title": "Green", "value": "2"}, {"title": "Blue", "value": "3"}]
    cell = {"items": [block("cell")], "selectAction": does("On cell")}
    message = card(
        block("first\n\nsecond\r- third"),
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "run", "selectAction": does("On run")}]},
        {"type": "Image", "url": "https://contoso.test/p.png", "selectAction": does("On image")},
        {"type": "Container", "items": [block("inside")], "selectAction": does("On container")},
        {"type": "ColumnSet", "columns": [{"type": "Column", "selectAction": does("On column")}], "selectAction": does("On columns")},
        {"type": "Table", "rows": [{"cells": [cell]}]},
        {"type": "Input.Text", "value": "two\nlines", "isMultiline": True, "inlineAction": does("Beside")},
        {"type": "Input.Toggle", "title": "Agree", "label": "Terms", "valueOn": "yes", "value": "yes"},
        {"type": "Input.ChoiceSet", "label": "Many", "isMultiSelect": True, "value": "1,3", "choices": choices},
        {"type": "Input.ChoiceSet", "label": "One", "value": "2", "choices": choices},
        {"type": "Input.ChoiceSet", "label": "None", "placeholder": "choose", "choices": choices},
        {"type": "FactSet", "facts": [{"title": "k", "value": "v"}] * 501},
    )
    content = json.loads(message["attachments"][0]["content"])
    content.update(version="1.6", selectAction=does("On card"))
    message["attachments"][0]["content"] = json.dumps(content)
    world.teams(message)
    page.until(lambda: page.all("article .card"))
    drawn = page.one("article .card")
    pressed = [note.text for note in drawn.find_elements(By.CSS_SELECTOR, ".note") if "when pressed" in note.text]
    titles = ["run", "image", "container", "column", "columns", "cell", "card"]
    assert pressed == [f"when pressed: On {title}" for title in titles]
    for text in ["first\n\nsecond\n- third", "Beside", "Terms", "version 1.6 of cards is drawn as 1.5", "the rest of the card is not drawn"]:
        assert text in drawn.text, text
    assert page.one("article .card textarea").get_attribute("value") == "two\nlines"
    assert page.one("article .card [type=checkbox]").is_selected()
    selected = page.script("return [...document.querySelectorAll('article .card select')].map((s) => [...s.selectedOptions].map((o) => o.text))")
    assert selected == [["Red", "Blue"], ["Green"], ["choose"]]


def places(page, within, *names):
    """How far from the left each of the names begins, as it is drawn."""
    return page.script(
        """
        const [within, names] = arguments;
        return names.map((name) => {
          const walker = document.createTreeWalker(document.querySelector(within), NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const at = node.data.indexOf(name);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + name.length);
            return range.getBoundingClientRect().left;
          }
          return null;
        });
        """,
        within,
        names,
    )


def test_names_that_run_to_the_left_stay_in_their_place(page, world):
    prefix = world.acs["users"][1]["id"].rsplit("-", 1)[0]
    names = ["\u05d0\u05d7\u05ea", "\u202eevil", "\u05e9\u05ea\u05d9\u05d9\u05dd"]
    people = [
        {"communicationIdentifier": {"rawId": f"{prefix}-{number:012x}"}, "displayName": name}
        for number, name in enumerate(names)
    ]
    token = world.acs["users"][0]["token"]
    body = {"topic": "Names", "participants": people}
    status, made = world.call("POST", "/chat/threads?api-version=2025-03-15", body, token)
    assert status == 201, made
    thread = made["chatThread"]["id"]
    sender = people[0]["communicationIdentifier"]["rawId"]
    world.inject(platform="acs-chat", conversation=thread, sender=sender, text="hello")
    page.go("Names")
    page.until(lambda: names[2] in page.one("#people").text)
    found = places(page, "#people", "acs-chat", *names)
    assert None not in found and found == sorted(found), found


def test_no_text_of_a_card_keeps_the_page_busy(page):
    # Each of these took a time that grew with the square of its length: minutes here.
    for text in ["[", "[](", "[]", "*", "_", "**a", "*a", "_a", "**", "[a](b"]:
        drawn = page.script(
            "const { card } = await import('/_emulator/app/card.js');"
            "return card({ body: [{ type: 'TextBlock', text: arguments[0].repeat(100000) }] }).textContent.length",
            text,
        )
        assert drawn > 0


def test_templates_are_filled_in_and_interactive_messages_drawn(page, world):
    world.whatsapp(
        kind="template",
        template={
            "name": "appointment_reminder",
            "language": "en_US",
            "values": [
                {"kind": "text", "name": "day", "text": "Monday"},
                {"kind": "text", "name": "time", "text": "9:00"},
            ],
            "bindings": {"kind": "whatsApp", "body": [{"refValue": "day"}, {"refValue": "time"}]},
        },
    )
    page.shows("Your appointment is on Monday at 9:00.")
    rows = [{"id": "1", "title": "Blue", "description": "as the sky"}]
    content = {"kind": "group", "title": "Colours", "groups": [{"title": "All", "items": rows}]}
    world.whatsapp(
        kind="interactive",
        interactiveMessage={
            "body": {"kind": "text", "text": "Choose one"},
            "action": {"kind": "whatsAppListAction", "content": content},
        },
    )
    page.until(lambda: page.one("article[data-seq='2'] .menu summary"))
    page.click("article[data-seq='2'] .menu summary")
    assert "Blue" in page.one("article[data-seq='2'] .menu").text


def test_details_have_request_response_and_what_is_stored(page, world):
    world.chat("look at me")
    page.shows("look at me")
    page.click("article[data-seq='1'] .open")
    page.until(lambda: page.one("#detail").is_displayed())
    text = page.one("#detail-body").text
    for part in ["What the client was told", "status 201", "What is stored", "Request", "POST /chat/threads", '"content": "look at me"']:
        assert part in text, part
    assert "Bearer" not in page.one("#detail-body").get_attribute("textContent")
    page.click("#close-detail")
    assert not page.one("#detail").is_displayed()


def test_details_of_an_injected_message_say_that_no_client_sent_it(page, world):
    world.from_bob("hello")
    page.shows("hello")
    page.click("article .open")
    page.until(lambda: "What the client was told" in page.one("#detail-body").text)
    text = page.one("#detail-body").text
    assert "No client sent it: the other side did." in text
    assert "not recorded" not in text


def test_duplicates_and_faults_are_marked(page, world):
    same = {"x-ms-client-request-id": "same"}
    world.chat("twice", **same)
    world.chat("twice", **same)
    action = {"kind": "close", "when": "after_store"}
    match = {"platform": "acs-chat", "operation": "send"}
    world.admin("PUT", "faults", {"rules": [{"match": match, "times": 1, "action": action}]})
    assert world.chat("lost") is None
    page.until(lambda: "client got no response" in page.badges(3))
    assert "fault" in page.badges(3)
    assert page.badges(2)[0] == "duplicate of #1"
    assert "1 duplicate" in page.one("#conversations").text
    page.click("article[data-seq='3'] .open")
    page.until(lambda: "The client got no response." in page.one("#detail-body").text)
    assert "after_store" in page.one("#detail-body").text


def test_filters_by_text_platform_sender_and_state(page, world):
    world.chat("apples")
    world.from_bob("pears")
    world.teams({"body": {"content": "apples and pears"}})
    page.shows("apples", "pears", "apples and pears")
    page.fill("#filters [name=search]", "APPLES")
    page.shows("apples", "apples and pears")
    page.choose("#filters [name=platform]", "msgraph-chat")
    page.shows("apples and pears")
    page.click("#filters [type=reset]")
    page.shows("apples", "pears", "apples and pears")
    page.fill("#filters [name=sender]", "bob")
    page.shows("pears")
    page.click("#filters [type=reset]")
    page.choose("#filters [name=state]", "injected")
    page.shows("pears")
    page.choose("#filters [name=state]", "duplicate")
    page.shows()
    page.click("#filters [type=reset]")
    page.fill("#find", "everybody")
    page.until(lambda: page.conversations() == ["Everybody"])


def test_requests_that_stored_nothing_are_listed(page, world):
    world.chat("stored")
    action = {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}}
    world.admin("PUT", "faults", {"rules": [{"match": {"operation": "send"}, "times": 1, "action": action}]})
    assert world.chat("refused") == 429
    page.click("#view-requests")
    page.until(lambda: len(page.all("#requests tbody tr")) == 2)
    first = page.text("#requests tbody tr")
    assert "429" in first and "fault" in first and "nothing" in first
    page.choose("#requests select", "stored")
    page.until(lambda: len(page.all("#requests tbody tr")) == 1)
    page.choose("#requests select", "rejected")
    page.until(lambda: "429" in page.one("#requests tbody tr").text)
    page.click("#requests tbody .open")
    page.until(lambda: "Retry-After".lower() in page.one("#detail-body").get_attribute("textContent").lower())
    assert "refused" in page.one("#detail-body").text
    world.chat("one more")
    page.choose("#requests select", "")
    page.until(lambda: len(page.all("#requests tbody tr")) == 3)


def test_another_world_replaces_what_is_shown(page, world):
    world.chat("before")
    page.shows("before")
    world.admin("POST", "reset")
    page.until(lambda: "No messages yet" in page.one("#timeline").text)
    world.chat("after")
    page.shows("after")
    assert page.numbers() == [1]
    stored = json.loads(page.script("return JSON.stringify(localStorage)"))
    assert stored == {}

"""The pictures of the documentation: `pytest --pictures` takes them."""

import os
from pathlib import Path

import pytest
from world import card

FOLDER = Path(__file__).resolve().parents[2] / "crates/ms-messenger-emulator/docs/pictures"
LARGEST = 200_000

pytestmark = pytest.mark.pictures


def scene(world):
    bob = world.graph["users"][1]
    mentioned = {"user": {"id": bob["id"], "displayName": "Bob", "userIdentityType": "aadUser"}}
    message = world.teams(
        {
            "body": {"contentType": "html", "content": '<p>The build <b>1.4.2</b> is green, <at id="0">Bob</at> 🎉</p>'},
            "mentions": [{"id": 0, "mentionText": "Bob", "mentioned": mentioned}],
        }
    )
    world.react(message, "💯")
    chat = world.graph["chat_id"]
    world.inject(platform="msgraph-chat", conversation=chat, sender=bob["id"], text="Ship it, please.")
    facts = [{"title": "Version", "value": "1.4.2"}, {"title": "Region", "value": "westeurope"}]
    world.teams(
        card(
            {"type": "TextBlock", "text": "Deployment **finished**", "size": "Large", "weight": "Bolder"},
            {"type": "FactSet", "facts": facts},
            actions=[{"type": "Action.OpenUrl", "title": "Open", "url": "https://contoso.test/"}, {"type": "Action.Submit", "title": "Approve"}],
        )
    )
    values = [{"kind": "text", "name": "day", "text": "Monday"}, {"kind": "text", "name": "time", "text": "9:00"}]
    bindings = {"kind": "whatsApp", "body": [{"refValue": "day"}, {"refValue": "time"}]}
    world.whatsapp(kind="template", template={"name": "appointment_reminder", "language": "en_US", "values": values, "bindings": bindings})
    world.inject(**{"from": "+14255550123"}, platform="acs-messages", text="Can I come at ten?")
    same = {"x-ms-client-request-id": "same"}
    match = {"platform": "acs-chat", "operation": "send"}
    action = {"kind": "close", "when": "after_store"}
    world.admin("PUT", "faults", {"rules": [{"match": match, "times": 1, "action": action}]})
    world.chat("Your order has been shipped.", **same)
    world.chat("Your order has been shipped.", **same)


def take(page, name):
    FOLDER.mkdir(exist_ok=True)
    page.until(lambda: page.one("#connection").text == "live")
    page.script("document.activeElement.blur()")
    path = FOLDER / name
    page.driver.save_screenshot(str(path))
    assert os.path.getsize(path) < LARGEST


def test_the_inbox_light_and_dark(page, world):
    scene(world)
    page.until(lambda: page.numbers() == list(range(1, 8)))
    page.click("article[data-seq='6'] .open")
    page.until(lambda: page.one("#detail").is_displayed())
    take(page, "inbox.png")
    page.click("#close-detail")
    media = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        page.go("Everybody")
        page.until(lambda: len(page.numbers()) == 3)
        take(page, "conversation.png")
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

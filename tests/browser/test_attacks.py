"""An attack in every field: the fixture `page` fails the test when a script of it runs, or when the
page breaks its own policy."""

import json
import urllib.parse

import pytest
from world import card

ATTACKS = [
    "<script>window.pwned=1</script>",
    "<img src=x onerror=\"window.pwned=1\">",
    "<svg><script>window.pwned=1</script></svg><svg onload=\"window.pwned=1\">",
    "<iframe srcdoc=\"<script>parent.pwned=1</script>\"></iframe>",
    "<a href=\"javascript:window.pwned=1\">click</a>",
    "<form action=\"javascript:window.pwned=1\"><button id=open-reset>Reset</button></form>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=window.pwned=1&gt;\">",
    "<style>*{display:none}</style><p style=\"position:fixed;inset:0\" onmouseover=\"window.pwned=1\">x</p>",
    "\"><details open ontoggle=window.pwned=1>",
    "javascript:window.pwned=1",
    "\u202eevil\u2066 \u001b[31m",
    "{{constructor.constructor('window.pwned=1')()}}${window.pwned=1}",
]


def everywhere(world, attack):
    """The attack in every field that a client or the other side can fill."""
    headers = {"user-agent": attack.encode("ascii", "ignore").decode().replace("\x1b", "")}
    token = world.acs["users"][0]["token"]
    version = "api-version=2025-03-15"
    _, made = world.call("POST", f"/chat/threads?{version}", {"topic": attack}, token, headers)
    thread = urllib.parse.quote(made["chatThread"]["id"], safe="")
    for kind in ["text", "html"]:
        body = {"content": attack, "type": kind, "senderDisplayName": attack, "metadata": {"m": attack}}
        world.call("POST", f"/chat/threads/{thread}/messages?{version}", body, token, headers)
    message = card({"type": "TextBlock", "text": attack}, {"type": attack, "text": attack},
        {"type": "Image", "url": attack, "altText": attack},
        {"type": "Input.Text", "label": attack, "value": attack, "placeholder": attack},
        {"type": "FactSet", "facts": [{"title": attack, "value": f"[x]({attack})"}]},
        actions=[{"type": "Action.OpenUrl", "title": attack, "url": attack}, {"type": attack, "title": attack}])
    message["attachments"][0]["name"] = attack
    world.teams(message)
    world.teams({"body": {"contentType": "html", "content": attack}})
    world.teams({"body": {"contentType": "text", "content": attack}})
    chat = world.graph["chat_id"]
    bob = world.graph["users"][1]["id"]
    world.inject(platform="msgraph-chat", conversation=chat, sender=bob, text=attack, content_type="html")
    world.inject(**{"from": "+14255550123"}, platform="acs-messages", text=attack)
    for refused in [
        {"platform": "msgraph-chat", "conversation": chat, "sender": attack},
        {"platform": "msgraph-chat", "conversation": attack, "sender": bob},
        {"platform": "acs-chat", "conversation": attack, "sender": attack},
        {"platform": "acs-messages", "from": attack},
        {"platform": "ucwa", "from": attack, "to": attack, "action": "message"},
    ]:
        status, _ = world.call("POST", "/_emulator/inject", {**refused, "text": attack})
        assert status == 400, refused
    values = [{"kind": "text", "name": "x", "text": attack}]
    bindings = {"kind": "whatsApp", "body": [{"refValue": "x"}]}
    template = {"name": "conformance", "language": "en", "values": values, "bindings": bindings}
    world.whatsapp(kind="template", template=template)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_script_of_a_message_runs(page, world, attack):
    everywhere(world, attack)
    count = len(world.admin("GET", "messages"))
    assert count == 8
    page.until(lambda: page.numbers() == list(range(1, count + 1)))
    # What runs when it is pointed at, clicked or opened does not run either.
    page.script(
        """
        for (const node of document.querySelectorAll('#timeline *, #conversations *')) {
          for (const name of ['mouseover', 'mouseenter', 'focus', 'toggle', 'error', 'load']) {
            node.dispatchEvent(new Event(name, { bubbles: true }));
          }
        }
        for (const link of document.querySelectorAll('#timeline .body a')) {
          const scheme = link.protocol;
          if (link.hasAttribute('href') && !['http:', 'https:', 'mailto:'].includes(scheme)) window.pwned = scheme;
        }
        """
    )
    shown = page.script(
        """
        const inside = [...document.querySelectorAll('#timeline .body *')];
        const names = new Set(inside.map((node) => node.localName));
        const handlers = inside.filter((node) => [...node.attributes].some((a) => a.name.startsWith('on') || a.name === 'style'));
        return { names: [...names], handlers: handlers.length };
        """
    )
    assert shown["handlers"] == 0
    assert not {"script", "iframe", "svg", "math", "style", "form", "object", "embed"} & set(shown["names"])
    for number in (1, 3, count):
        page.script("document.querySelector(arguments[0]).click()", f"article[data-seq='{number}'] .open")
        page.until(lambda number=number: page.one("#detail-title").text == f"Message {number}")
    page.open("#/requests")
    page.until(lambda: page.all("#requests tbody .open"))
    page.script("document.querySelector('#requests tbody .open').click()")
    page.until(lambda: page.one("#detail").is_displayed())
    # The page is still what it was: its own button is the only one of its id.
    assert page.script("return document.querySelectorAll('#open-reset').length") == 1
    assert page.one("#open-reset").is_displayed()


def test_hostile_addresses_and_rules_stay_text(page, world):
    attack = ATTACKS[1]
    for place in [f"#/c/{attack}/{attack}", "#/c/%/%", f"#/{attack}", "#/c/acs-chat/%00"]:
        page.script("location.hash = arguments[0]", place)
        page.until(lambda: page.one("#title").text != "")
    rule = {"match": {"operation": "send"}, "action": {"kind": "status", "status": 500, "body": {"x": attack}}}
    world.admin("PUT", "faults", {"rules": [rule]})
    page.open("#/all")
    page.click("#open-faults")
    page.until(lambda: attack in json.loads(page.one("dialog .rules code").text)["action"]["body"]["x"])


def test_the_page_itself_may_not_write_html_or_run_text(page):
    refused = page.script(
        """
        const tried = [];
        const attempt = (name, work) => { try { work(); tried.push(`${name} ran`); } catch { tried.push(name); } };
        attempt('innerHTML', () => { document.createElement('div').innerHTML = '<b>x</b>'; });
        attempt('policy', () => { trustedTypes.createPolicy('other', { createHTML: (x) => x }); });
        return tried.join(' ');
        """
    )
    assert refused == "innerHTML policy"
    # The attempts are reported, and they are this test's.
    page.until(lambda: len(page.script("return window.violations")) == 2)
    page.script("window.violations = []")
    page.driver.get_log("browser")

"""The same attacks in the fields of files, reactions, mentions, Skype for Business, requests and tools.
A service may refuse one; what it takes is shown, and nothing of it runs."""

import base64
import urllib.parse

import pytest
from test_attacks import ATTACKS

PREVIEW = "api-version=2025-04-01-preview"


def form(**values):
    return urllib.parse.urlencode(values).encode()


def in_teams(world, attack):
    graph = world.graph
    bob = {"user": {"id": graph["users"][1]["id"], "displayName": attack, "userIdentityType": "aadUser"}}
    file = {"id": "11111111-2222-3333-4444-555555555555", "contentType": "reference", "contentUrl": attack, "name": attack}
    hero = '{"title": TEXT, "subtitle": TEXT, "text": TEXT, "buttons": [{"type": "openUrl", "title": TEXT, "value": TEXT}], "images": [{"url": TEXT, "alt": TEXT}]}'
    text = urllib.parse.quote(attack).join(['"', '"'])
    messages = [
        {"body": {"contentType": "html", "content": '<at id="0">' + attack + "</at>"}, "mentions": [{"id": 0, "mentionText": attack, "mentioned": bob}]},
        {"body": {"contentType": "html", "content": '<attachment id="' + file["id"] + '"></attachment>'}, "attachments": [file]},
        {"body": {"contentType": "html", "content": '<attachment id="h"></attachment>'}, "attachments": [{"id": "h", "name": attack, "thumbnailUrl": attack, "contentType": "application/vnd.microsoft.card.hero", "content": hero.replace("TEXT", text)}]},
        {"body": {"contentType": "html", "content": '<attachment id="q"></attachment>'}, "attachments": [{"id": "q", "name": attack, "contentType": "messageReference", "content": '{"messageId": "1", "messagePreview": ' + text + "}"}]},
        {"body": {"contentType": "html", "content": f'<img alt="{attack}" src="../hostedContents/1/$value"><emoji alt="{attack}"></emoji>'}, "hostedContents": [{"@microsoft.graph.temporaryId": "1", "contentBytes": base64.b64encode(b"<svg onload='pwned()'>").decode(), "contentType": "image/svg+xml"}]},
    ]
    path = f"/v1.0/chats/{graph['chat_id']}/messages"
    for message in messages:
        world.call("POST", path, message, graph["token"])
    channel = f"/v1.0/teams/{graph['team_id']}/channels/{urllib.parse.quote(graph['channel_id'])}/messages"
    status, root = world.call("POST", channel, {"subject": attack, "body": {"content": "x"}}, graph["token"])
    if status == 201:
        for reaction in [attack, "💯"]:
            world.call("POST", f"{channel}/{root['id']}/setReaction", {"reactionType": reaction}, graph["token"])
    world.call("PATCH", f"/v1.0/chats/{graph['chat_id']}", {"topic": attack}, graph["token"])


def in_messages(world, attack):
    list_of = {"type": "list", "body": {"text": attack}, "header": {"type": "text", "text": attack}, "footer": {"text": attack},
        "action": {"button": attack, "sections": [{"title": attack, "rows": [{"id": "1", "title": attack, "description": attack}]}]}}
    url = {"type": "ctaUrl", "body": {"text": attack}, "action": {"kind": "whatsAppUrlAction", "content": {"displayText": attack, "url": attack}}}
    for body in [
        {"kind": "document", "content": attack, "mediaUri": "https://a.test/" + urllib.parse.quote(attack), "fileName": attack},
        {"kind": "image", "caption": attack, "mediaUri": attack},
        {"kind": "reaction", "emoji": attack, "messageId": "1"},
        {"kind": "interactive", "interactiveMessage": list_of},
        {"kind": "interactive", "interactiveMessage": url},
    ]:
        document = {"channelRegistrationId": world.acs["channel_registration_id"], "to": ["+14255550123"], **body}
        world.call("POST", f"/messages/notifications:send?{PREVIEW}", document, world.acs["entra_token"])


def in_skype(world, attack):
    user = world.ucwa["users"][0]
    sign_in = form(grant_type="password", username=user["username"], password=user["password"])
    _, ticket = world.call("POST", "/WebTicket/oauthtoken", sign_in, headers={"content-type": "application/x-www-form-urlencoded"})
    token = ticket["access_token"]
    agent = {"UserAgent": attack[:100], "EndpointId": "1", "Culture": "en-US"}
    status, made = world.call("POST", "/ucwa/oauth/v1/applications", agent, token)
    assert status == 201, made
    base = made["_links"]["self"]["href"]
    available = {"signInAs": "Online", "supportedMessageFormats": ["Plain", "Html"], "supportedModalities": ["Messaging"]}
    world.call("POST", f"{base}/me/makeMeAvailable", available, token)
    toast = "data:text/html;charset=utf-8," + urllib.parse.quote(attack)
    start = {"to": "sip:bob@contoso.test", "subject": attack, "operationId": attack[:50],
        "_links": {"message": {"href": toast}}}
    status, refused = world.call("POST", f"{base}/communication/messagingInvitations", start, token)
    assert status == 201, refused


def in_requests_and_tools(world, attack):
    quoted = urllib.parse.quote(attack)
    world.call("POST", f"/chat/threads/{quoted}/messages?api-version={quoted}", {"content": attack}, world.acs["users"][0]["token"],
        {"x-ms-client-request-id": quoted})
    asked = form(client_id=attack, scope=f"https://graph.microsoft.com/{quoted}")
    world.call("POST", "/organizations/oauth2/v2.0/devicecode", asked, headers={"content-type": "application/x-www-form-urlencoded"})


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_script_runs_from_other_fields(page, world, attack):
    in_teams(world, attack)
    in_messages(world, attack)
    in_skype(world, attack)
    in_requests_and_tools(world, attack)
    rows = world.admin("GET", "messages")
    assert {"msgraph-chat", "acs-messages", "ucwa"} <= {row["platform"] for row in rows}
    page.until(lambda: page.numbers() == [row["seq"] for row in rows])
    shown = page.script(
        """
        const inside = [...document.querySelectorAll('#timeline *, #conversations *')];
        for (const node of inside) {
          for (const name of ['mouseover', 'focus', 'toggle', 'error', 'load']) node.dispatchEvent(new Event(name, { bubbles: true }));
        }
        return {
          names: [...new Set(inside.map((node) => node.localName))],
          handlers: inside.filter((node) => [...node.attributes].some((a) => a.name.startsWith('on') || a.name === 'style')).length,
          outside: [...document.querySelectorAll('img')].map((img) => img.src).filter((src) => !src.startsWith(location.origin)),
          links: [...document.querySelectorAll('.body a[href]')].map((a) => a.protocol),
        };
        """
    )
    assert not {"script", "iframe", "svg", "math", "style", "object", "embed"} & set(shown["names"])
    assert (shown["handlers"], shown["outside"]) == (0, [])
    assert set(shown["links"]) <= {"http:", "https:", "mailto:"}
    for row in rows:
        page.script("document.querySelector(arguments[0]).click()", f"article[data-seq='{row['seq']}'] .open")
        page.until(lambda row=row: page.one("#detail-title").text == f"Message {row['seq']}")
    for name in ["open-sign-ins", "open-faults"]:
        page.click("#close-detail") if page.one("#detail").is_displayed() else None
        page.click(f"#{name}")
        page.until(lambda: page.all("dialog[open] .rules li"))
        page.script("document.querySelector('dialog').close()")
        page.until(lambda: not page.all("dialog"))

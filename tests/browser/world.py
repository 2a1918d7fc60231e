"""A client that knows nothing but the wire: what the tests send to the emulator."""

import json
import urllib.error
import urllib.parse
import urllib.request

# A proxy of the machine must not come in between.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class World:
    """The emulator: its admin API, and sends as the seeded users."""

    def __init__(self, ready):
        self.base = ready["http"]
        self.acs, self.graph, self.ucwa = ready["acs"], ready["graph"], ready["ucwa"]

    def call(self, method, path, body=None, token=None, headers=None):
        """Status and JSON of a response; status `None` where the connection ended without one."""
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method)
        request.add_header("content-type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        if token:
            request.add_header("authorization", f"Bearer {token}")
        try:
            with OPENER.open(request, timeout=20) as response:
                text = response.read()
                return response.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text else None
        except (ConnectionError, urllib.error.URLError):
            return None, None

    def admin(self, method, path, body=None):
        status, document = self.call(method, f"/_emulator/{path}", body)
        assert status in (200, 204), (path, status, document)
        return document

    def inject(self, **message):
        return self.admin("POST", "inject", message)

    def from_bob(self, text, **more):
        """Bob says something in the seeded thread of ACS Chat."""
        return self.inject(
            platform="acs-chat",
            conversation=self.acs["thread_id"],
            sender=self.acs["users"][1]["id"],
            text=text,
            **more,
        )

    def chat(self, text, kind="text", **headers):
        """Alice sends into the seeded thread of ACS Chat. Returns the status."""
        thread = urllib.parse.quote(self.acs["thread_id"], safe="")
        path = f"/chat/threads/{thread}/messages?api-version=2025-03-15"
        body = {"content": text, "type": kind}
        return self.call("POST", path, body, self.acs["users"][0]["token"], headers)[0]

    def teams(self, body, user=0):
        """A user sends into the seeded chat of Teams. Returns the message."""
        path = f"/v1.0/chats/{self.graph['chat_id']}/messages"
        status, message = self.call("POST", path, body, self.graph["users"][user]["token"])
        assert status == 201, message
        return message

    def react(self, message, emoji, user=1):
        path = f"/v1.0/chats/{self.graph['chat_id']}/messages/{message['id']}/setReaction"
        token = self.graph["users"][user]["token"]
        assert self.call("POST", path, {"reactionType": emoji}, token)[0] == 204

    def edit(self, message, text):
        path = f"/v1.0/chats/{self.graph['chat_id']}/messages/{message['id']}"
        body = {"body": {"content": text}}
        assert self.call("PATCH", path, body, self.graph["token"])[0] == 204

    def whatsapp(self, **body):
        """A notification to a customer."""
        document = {
            "channelRegistrationId": self.acs["channel_registration_id"],
            "to": ["+14255550123"],
            **body,
        }
        token = self.acs["entra_token"]
        path = "/messages/notifications:send?api-version=2025-04-01-preview"
        status, sent = self.call("POST", path, document, token)
        assert status == 202, sent
        return sent


def card(*body, actions=()):
    """A message of Teams with an Adaptive Card."""
    content = {"type": "AdaptiveCard", "version": "1.4", "body": list(body), "actions": list(actions)}
    attachment = {
        "id": "card",
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": json.dumps(content),
    }
    html = '<attachment id="card"></attachment>'
    return {"body": {"contentType": "html", "content": html}, "attachments": [attachment]}

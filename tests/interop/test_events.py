"""A foreign program plays Event Grid: its events are built by azure-eventgrid and cloudevents."""

import json
import urllib.error
import urllib.request
from datetime import datetime, timezone

import pytest
from azure.eventgrid import EventGridEvent
from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent

TOPIC = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Communication/CommunicationServices/demo"
STATUS = "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated"
VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
KEY = "?key=hunter2"


@pytest.fixture
def send(webhook):
    """Sends a request to the webhook; returns status, headers and text of its response."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def send(method, body=None, headers=None, query=KEY):
        url = webhook.url + query
        request = urllib.request.Request(url, body, headers or {}, method=method)
        try:
            with opener.open(request) as response:
                return response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.headers, refusal.read().decode()

    return send


def grid(*events, kind="Notification"):
    """Body and headers of a delivery in Event Grid's own schema."""
    shown = []
    for event in events:
        one = {
            "id": str(event.id),
            "topic": TOPIC,
            "subject": event.subject,
            "data": event.data,
            "eventType": event.event_type,
            "eventTime": event.event_time,
            "dataVersion": event.data_version,
            "metadataVersion": "1",
        }
        shown.append(one)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "aeg-event-type": kind,
        "aeg-subscription-name": "DEMO",
        "aeg-delivery-count": "0",
    }
    return json.dumps(shown).encode(), headers


def cloud(event):
    """Body and headers of a delivery of one CloudEvent, as the package writes them."""
    message = to_structured_event(event)
    headers = {**message.headers, "WebHook-Request-Origin": "eventgrid.azure.net"}
    return message.body, headers


def status_of(message, status, **error):
    data = {
        "status": status,
        "channelType": "whatsapp",
        "from": "7d6b1e2b-7a8f-44a5-9b0f-9b8f2f6d2b7c",
        "to": "14255550199",
        "receivedTimestamp": "2026-01-02T03:04:05.1234567Z",
    }
    if error:
        data["error"] = error
    return f"advancedMessage/{message}/status/{status}", data


def grid_status(message, status, **error):
    subject, data = status_of(message, status, **error)
    return EventGridEvent(subject, STATUS, data, "1.0")


def cloud_status(identifier, message, status, **error):
    subject, data = status_of(message, status, **error)
    attributes = {
        "id": identifier,
        "source": TOPIC,
        "type": STATUS,
        "subject": subject,
        "time": datetime.now(timezone.utc),
        "specversion": "1.0",
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes, data)


def kept(webhook):
    return [json.loads(line) for line in webhook.file.read_text().splitlines() if line]


def test_the_handshake_of_event_grid(webhook, send):
    data = {
        "validationCode": "512D38B6-C7B8-40C8-89FE-F46F9E9622B6",
        "validationUrl": "https://rp-eastus2.eventgrid.azure.net:553/eventsubscriptions/demo/validate?id=512d",
    }
    event = EventGridEvent("", VALIDATION, data, "1")
    status, headers, body = send("POST", *grid(event, kind="SubscriptionValidation"))
    assert (status, headers.get_content_type()) == (200, "application/json")
    assert json.loads(body) == {"validationResponse": data["validationCode"]}
    assert int(headers["content-length"]) == len(body)
    status, _, body = send("POST", *grid(event, kind="SubscriptionValidation"), query="?key=guess")
    assert (status, body) == (401, "")
    assert kept(webhook) == []


def test_the_handshake_of_cloud_events(send):
    asked = {"WebHook-Request-Origin": "eventgrid.azure.net", "WebHook-Request-Rate": "120"}
    status, headers, _ = send("OPTIONS", headers=asked)
    assert status == 200
    assert headers["webhook-allowed-origin"] == "eventgrid.azure.net"
    assert headers["webhook-allowed-rate"] == "*"
    other = {**asked, "WebHook-Request-Origin": "events.example.org"}
    status, headers, _ = send("OPTIONS", headers=other)
    assert status == 401 and "webhook-allowed-origin" not in headers
    assert send("OPTIONS", headers=asked, query="")[0] == 401


def test_events_of_both_schemas_are_kept_and_read(webhook, send):
    failure = {"channelCode": "131026", "channelMessage": "Message Undeliverable."}
    first = grid_status("4a5b", "Sent")
    assert send("POST", *grid(first))[0] == 200
    batch = [grid_status("4a5b", "Failed", **failure), grid_status("6c7d", "Delivered")]
    assert send("POST", *grid(*batch))[0] == 200
    read = cloud_status("c-1", "6c7d", "Read")
    assert send("POST", *cloud(read))[0] == 200
    # At least once: the webhook keeps the copy, and the statuses stay.
    assert send("POST", *cloud(read))[0] == 200
    lines = [webhook.process.stdout.readline().strip() for _ in range(5)]
    assert lines == ["4a5b: sent", "4a5b: failed", "6c7d: delivered", "6c7d: read", "6c7d: read"]
    events = kept(webhook)
    assert [event["id"] for event in events] == [str(e.id) for e in (first, *batch)] + ["c-1"] * 2
    assert events[1]["data"]["error"] == failure
    assert events[3]["specversion"] == "1.0"


def test_other_events_are_kept_too(webhook, send):
    data = {"from": "14255550199", "to": "7d6b1e2b", "channelType": "whatsapp", "content": "Hi"}
    kind = "Microsoft.Communication.AdvancedMessageReceived"
    received = EventGridEvent("advancedMessage/sender/14255550199/recipient/7d6b", kind, data, "1.0")
    foreign = EventGridEvent("pager", "com.contoso.paged", {"by": "Lene"}, "1.0")
    assert send("POST", *grid(received, foreign))[0] == 200
    lines = [webhook.process.stdout.readline().strip() for _ in range(2)]
    assert lines == [f"{received.subject}: {kind}", "pager: com.contoso.paged"]
    assert [event["data"] for event in kept(webhook)] == [data, {"by": "Lene"}]


def test_what_is_not_kept_is_not_acknowledged(webhook, send):
    body, headers = grid(grid_status("4a5b", "Sent"))
    # No secret: a stranger, who may be refused for good.
    assert send("POST", body, headers, query="")[0] == 401
    assert send("POST", body, headers, query="?key=guess")[0] == 401
    # Event Grid would drop what gets a 4xx, so it is asked to come again.
    for broken in (b"", b"[", b"<html>", body[:-1], b'[{"id": 1}]', b"[" * 10_000):
        assert send("POST", broken, headers)[0] == 503, broken[:20]
    assert send("PUT", body, headers)[0] == 405
    assert kept(webhook) == []
    assert send("POST", body, headers)[0] == 200
    assert len(kept(webhook)) == 1

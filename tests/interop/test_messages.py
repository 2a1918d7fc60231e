"""azure-communication-messages: notifications, templates, media."""

import pytest
from azure.communication.messages import MessageTemplateClient, NotificationMessagesClient
from azure.communication.messages.models import (
    AudioNotificationContent,
    DocumentNotificationContent,
    ImageNotificationContent,
    MessageTemplate,
    MessageTemplateQuickAction,
    MessageTemplateText,
    TemplateNotificationContent,
    TextNotificationContent,
    VideoNotificationContent,
    WhatsAppMessageTemplateBindings,
    WhatsAppMessageTemplateBindingsButton,
    WhatsAppMessageTemplateBindingsComponent,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)

TO = "+14255550123"
MEDIA = "https://example.com/file"


@pytest.fixture
def client(emulator):
    return NotificationMessagesClient.from_connection_string(emulator.connection_string)


@pytest.fixture
def templates(emulator):
    return MessageTemplateClient.from_connection_string(emulator.connection_string)


def template():
    return MessageTemplate(
        name="appointment_reminder",
        language="en_US",
        template_values=[
            MessageTemplateText(name="day", text="Monday"),
            MessageTemplateText(name="hour", text="noon"),
            MessageTemplateQuickAction(name="yes", payload="YES"),
        ],
        bindings=WhatsAppMessageTemplateBindings(
            body=[
                WhatsAppMessageTemplateBindingsComponent(ref_value="day"),
                WhatsAppMessageTemplateBindingsComponent(ref_value="hour"),
            ],
            buttons=[
                WhatsAppMessageTemplateBindingsButton(sub_type="quickReply", ref_value="yes")
            ],
        ),
    )


@pytest.mark.parametrize(
    ("make", "more", "kind", "text"),
    [
        (TextNotificationContent, {"content": "Grüße 😀"}, "text", "Grüße 😀"),
        (ImageNotificationContent, {"media_uri": MEDIA, "content": "cat"}, "image", "cat"),
        (DocumentNotificationContent, {"media_uri": MEDIA, "file_name": "a.pdf"}, "document", MEDIA),
        (VideoNotificationContent, {"media_uri": MEDIA, "caption": "film"}, "video", "film"),
        (AudioNotificationContent, {"media_uri": MEDIA}, "audio", MEDIA),
        (TemplateNotificationContent, {"template": template()}, "template", "appointment_reminder"),
    ],
)
def test_send(client, emulator, make, more, kind, text):
    channel = emulator.acs["channel_registration_id"]
    [receipt] = client.send(make(channel_registration_id=channel, to=[TO], **more)).receipts
    assert receipt.to == TO
    [row] = emulator.rows("acs-messages")
    assert row["message_id"] == receipt.message_id
    assert (row["operation"], row["kind"]) == ("send.notification", kind)
    assert (row["conversation"], row["sender"], row["text"]) == (TO, channel, text)
    # The package makes its sends repeatable by itself.
    assert row["idempotency_key"]


def test_what_is_wrong_is_told(client, emulator):
    channel = emulator.acs["channel_registration_id"]
    content = TextNotificationContent(channel_registration_id=channel, to=[TO], content="x" * 4097)
    with pytest.raises(HttpResponseError) as error:
        client.send(content)
    assert error.value.status_code == 400
    assert error.value.error.innererror["code"] == "WaErrorCode.InvalidParameter"
    assert emulator.rows("acs-messages") == []


def test_download_media(client, emulator):
    assert b"".join(client.download_media(emulator.acs["media_id"])).startswith(b"\x89PNG\r\n")
    with pytest.raises(ResourceNotFoundError) as error:
        client.download_media("d19e68ec-bdd6-4a50-8dfb-cbb1642df6ab")
    assert error.value.error.code == "MediaNotFound"


@pytest.mark.parametrize("size", [{}, {"maxpagesize": 2}])
def test_list_templates(templates, emulator, size):
    channel = emulator.acs["channel_registration_id"]
    listed = list(templates.list_templates(channel, **size))
    assert len(listed) == 11
    assert {item.kind for item in listed} == {"whatsApp"}
    assert (listed[0].name, listed[0].language) == ("appointment_reminder", "en_US")
    assert listed[0].status == "approved"
    assert listed[0].content[0]["type"] == "BODY"


def test_wrong_key(emulator):
    client = MessageTemplateClient(emulator.endpoint, AzureKeyCredential("AAAA"))
    with pytest.raises(ClientAuthenticationError) as error:
        list(client.list_templates(emulator.acs["channel_registration_id"]))
    assert error.value.error.code == "Denied"

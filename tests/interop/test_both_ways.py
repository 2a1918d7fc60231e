"""What the Rust clients wrote is read by Microsoft's packages, and the other way round."""

import asyncio

import pytest
from azure.communication.chat import (
    ChatClient,
    ChatMessageType,
    ChatParticipant,
    CommunicationTokenCredential,
    CommunicationUserIdentifier,
)
from azure.communication.identity import CommunicationIdentityClient, CommunicationTokenScope
from azure.communication.messages import MessageTemplateClient, NotificationMessagesClient
from azure.communication.messages.models import (
    MessageTemplate,
    MessageTemplateText,
    TemplateNotificationContent,
    WhatsAppMessageTemplateBindings,
    WhatsAppMessageTemplateBindingsComponent,
)
from msgraph.generated.chats.item.messages.item.set_reaction.set_reaction_post_request_body import (
    SetReactionPostRequestBody,
)
from msgraph.generated.models.chat_message_attachment import ChatMessageAttachment
from msgraph.generated.models.chat_message_hosted_content import ChatMessageHostedContent
from test_graph import PNG, client, html, places, text
from test_messages import TO

__all__ = ["client", "places"]


def chat_client(emulator, token):
    return ChatClient(emulator.endpoint, CommunicationTokenCredential(token))


def participant(user, **more):
    return ChatParticipant(identifier=CommunicationUserIdentifier(user["id"]), **more)


def test_a_thread_of_the_rust_client_is_read_by_python(emulator, other_side):
    alice, bob, carol = emulator.acs["users"][:3]
    identity = CommunicationIdentityClient.from_connection_string(emulator.connection_string)
    gone = identity.create_user()
    identity.delete_user(gone)
    made = other_side(
        "chat.create",
        topic="Lunch",
        participants=[{"id": bob["id"], "name": "Bob"}, {"id": gone.raw_id}],
    )
    assert made["rejected"] == [gone.raw_id]
    thread = made["id"]
    other_side("chat.add", thread=thread, participants=[{"id": carol["id"], "name": "Carol"}])
    other_side("chat.topic", thread=thread, topic="Dinner")
    metadata = [{"name": "ticket", "value": "42"}]
    ids = [
        other_side("chat.send", thread=thread, text="helo", metadata=metadata),
        other_side("chat.send", thread=thread, html="<b>Grüße 😀</b>"),
        other_side("chat.send", thread=thread, text="nothing"),
    ]
    other_side("chat.edit", thread=thread, message=ids[0], text="hello")
    other_side("chat.delete", thread=thread, message=ids[2])
    other_side("chat.receipt", thread=thread, message=ids[1], **{"as": bob["token"]})
    other_side("chat.remove", thread=thread, participant=carol["id"])

    read = chat_client(emulator, bob["token"]).get_chat_thread_client(thread)
    assert read.get_properties().topic == "Dinner"
    people = {p.identifier.raw_id: p.display_name for p in read.list_participants()}
    assert people == {alice["id"]: None, bob["id"]: "Bob"}
    messages = {message.id: message for message in read.list_messages()}
    edited, marked, deleted = (messages[identifier] for identifier in ids)
    assert edited.content.message == "hello" and edited.edited_on is not None
    assert edited.metadata == {"ticket": "42"}
    assert (marked.type, marked.content.message) == (ChatMessageType.HTML, "<b>Grüße 😀</b>")
    assert marked.sender.raw_id == alice["id"]
    assert deleted.deleted_on is not None and not deleted.content.message
    receipts = [(r.sender.raw_id, r.chat_message_id) for r in read.list_read_receipts()]
    assert receipts == [(bob["id"], ids[1])]


def test_a_thread_of_python_is_read_by_the_rust_client(emulator, other_side):
    alice, bob, carol = emulator.acs["users"][:3]
    client = chat_client(emulator, alice["token"])
    people = [participant(bob, display_name="Bob"), participant(carol, display_name="Carol")]
    made = client.create_chat_thread("Lunch", thread_participants=people)
    thread = client.get_chat_thread_client(made.chat_thread.id)
    thread.update_topic("Dinner")
    ids = [thread.send_message(f"m{n}", sender_display_name="Alice").id for n in range(3)]
    thread.update_message(ids[0], content="edited", metadata={"ticket": "42"})
    thread.delete_message(ids[1])
    thread.remove_participant(CommunicationUserIdentifier(carol["id"]))
    bobs = chat_client(emulator, bob["token"]).get_chat_thread_client(thread.thread_id)
    bobs.send_read_receipt(ids[2])

    read = other_side("chat.read", thread=thread.thread_id, **{"as": bob["token"]})
    assert read["topic"] == "Dinner"
    assert read["participants"] == [
        {"id": alice["id"], "name": None},
        {"id": bob["id"], "name": "Bob"},
    ]
    messages = {message["id"]: message for message in read["messages"]}
    assert set(messages) == set(ids)
    edited, deleted, plain = (messages[identifier] for identifier in ids)
    assert (edited["text"], edited["is_edited"]) == ("edited", True)
    assert edited["metadata"] == {"ticket": "42"}
    assert (deleted["text"], deleted["is_deleted"]) == ("", True)
    assert (plain["text"], plain["name"], plain["sender"]) == ("m2", "Alice", alice["id"])
    assert read["receipts"] == [{"reader": bob["id"], "message": ids[2]}]
    threads = other_side("chat.threads")
    assert {"id": thread.thread_id, "topic": "Dinner"} in threads


def test_users_and_tokens_of_one_side_serve_the_other(emulator, other_side):
    user = other_side("identity.user")
    mine = chat_client(emulator, user["token"]).create_chat_thread("mine").chat_thread
    assert mine.created_by.raw_id == user["id"]
    identity = CommunicationIdentityClient.from_connection_string(emulator.connection_string)
    other, token = identity.create_user_and_token([CommunicationTokenScope.CHAT])
    made = other_side("chat.create", topic="yours", **{"as": token.token})
    thread = chat_client(emulator, token.token).get_chat_thread_client(made["id"])
    assert thread.get_properties().created_by.raw_id == other.raw_id


def test_templates_and_media_are_the_same_for_both(emulator, other_side):
    connection = emulator.connection_string
    channel = emulator.acs["channel_registration_id"]
    listed = MessageTemplateClient.from_connection_string(connection).list_templates(channel)
    theirs = [(t.name, t.language, t.status, t.content) for t in listed]
    ours = other_side("messages.templates")
    assert [(t["name"], t["language"], t["status"], t["content"]) for t in ours] == theirs
    media = other_side("messages.media", id=emulator.acs["media_id"])
    messages = NotificationMessagesClient.from_connection_string(connection)
    assert bytes(media["bytes"]) == b"".join(messages.download_media(emulator.acs["media_id"]))

    sent = other_side(
        "messages.send_template",
        to=TO,
        name="appointment_reminder",
        language="en_US",
        body=[{"text": "Monday"}, {"text": "noon"}],
    )
    theirs = MessageTemplate(
        name="appointment_reminder",
        language="en_US",
        template_values=[
            MessageTemplateText(name="day", text="Monday"),
            MessageTemplateText(name="hour", text="noon"),
        ],
        bindings=WhatsAppMessageTemplateBindings(
            body=[
                WhatsAppMessageTemplateBindingsComponent(ref_value="day"),
                WhatsAppMessageTemplateBindingsComponent(ref_value="hour"),
            ]
        ),
    )
    content = TemplateNotificationContent(
        channel_registration_id=channel, to=[TO], template=theirs
    )
    [receipt] = messages.send(content).receipts
    rows = emulator.rows("acs-messages")
    assert [row["message_id"] for row in rows] == [sent, receipt.message_id]

    def values(row):
        """What the bindings refer to, whatever the sides name it."""
        sent = row["request"]["body"]["template"]
        known = {value["name"]: value for value in sent["values"]}
        references = [part["refValue"] for part in sent["bindings"]["body"]]
        body = [known[reference]["text"] for reference in references]
        return sent["name"], sent["language"], sent["bindings"]["kind"], body

    expected = ("appointment_reminder", "en_US", "whatsApp", ["Monday", "noon"])
    assert [values(row) for row in rows] == [expected, expected]


def test_messages_of_the_rust_client_are_read_by_msgraph(emulator, other_side, client, places):
    alice, bob = emulator.graph["users"][:2]
    sent = other_side("graph.send", text="helo")
    other_side("graph.edit", message=sent, text="hello")
    other_side("graph.react", message=sent, emoji="👍")
    other_side("graph.react", message=sent, emoji="❤️", **{"as": bob["token"]})
    other_side("graph.unreact", message=sent, emoji="👍")
    deleted = other_side("graph.send", text="nothing")
    other_side("graph.delete", message=deleted)
    restored = other_side("graph.send", text="again")
    other_side("graph.delete", message=restored)
    other_side("graph.undelete", message=restored)
    file = other_side("graph.file", name="visits.csv", text="day,visits\n")
    image = other_side("graph.image", text="not really a picture")

    async def read():
        graph = client(1)
        messages = places(graph).chat.messages
        one = await messages.by_chat_message_id(sent).get()
        assert (one.body.content, one.from_.user.id) == ("hello", alice["id"])
        assert one.last_edited_date_time is not None
        reactions = [(r.reaction_type, r.user.user.id) for r in one.reactions]
        assert reactions == [("❤️", bob["id"])]
        gone = await messages.by_chat_message_id(deleted).get()
        assert gone.deleted_date_time is not None and not gone.body.content
        assert (await messages.by_chat_message_id(restored).get()).body.content == "again"
        [attachment] = (await messages.by_chat_message_id(file).get()).attachments
        assert (attachment.content_type, attachment.name) == ("reference", "visits.csv")
        [hosted] = (await messages.by_chat_message_id(image).hosted_contents.get()).value
        contents = messages.by_chat_message_id(image).hosted_contents
        content = contents.by_chat_message_hosted_content_id(hosted.id).content
        assert await content.get() == b"not really a picture"
        # The file itself, as its owner finds it.
        mine = client()
        drive = await mine.me.drive.get()
        items = mine.drives.by_drive_id(drive.id).items
        [folder] = (await items.by_drive_item_id("root").children.get()).value
        assert folder.name == "Microsoft Teams Chat Files"
        [item] = (await items.by_drive_item_id(folder.id).children.get()).value
        # The name in the drive has a mark by which an upload in doubt is found again.
        assert item.name.startswith("visits") and item.name.endswith(".csv")
        assert item.web_url == attachment.content_url
        assert await items.by_drive_item_id(item.id).content.get() == b"day,visits\n"

    asyncio.run(read())


def test_messages_of_msgraph_are_read_by_the_rust_client(emulator, other_side, client, places):
    bob = emulator.graph["users"][1]["id"]

    async def write():
        messages = places(client()).chat.messages
        one = await messages.post(text("helo"))
        handle = messages.by_chat_message_id(one.id)
        await handle.patch(text("hello"))
        theirs = places(client(1)).chat.messages.by_chat_message_id(one.id)
        await theirs.set_reaction.post(SetReactionPostRequestBody(reaction_type="👍"))
        image = ChatMessageHostedContent(
            content_bytes=PNG,
            content_type="image/png",
            additional_data={"@microsoft.graph.temporaryId": "1"},
        )
        image.odata_type = None
        picture = await messages.post(
            html('<img src="../hostedContents/1/$value">', hosted_contents=[image])
        )
        card = await messages.post(
            html(
                '<attachment id="c1"></attachment>',
                attachments=[
                    ChatMessageAttachment(
                        id="c1",
                        content_type="application/vnd.microsoft.card.adaptive",
                        content='{"type":"AdaptiveCard","version":"1.4","body":[]}',
                    )
                ],
            )
        )
        deleted = await messages.post(text("nothing"))
        own = client().users.by_user_id(emulator.graph["users"][0]["id"])
        own = own.chats.by_chat_id(emulator.graph["chat_id"]).messages
        await own.by_chat_message_id(deleted.id).soft_delete.post()
        return one.id, picture.id, card.id, deleted.id

    one, picture, card, deleted = asyncio.run(write())
    read = other_side("graph.get", message=one)
    assert read["body"]["content"] == "hello" and read["lastEditedDateTime"]
    [reaction] = read["reactions"]
    assert (reaction["reactionType"], reaction["user"]["user"]["id"]) == ("👍", bob)
    [content] = other_side("graph.hosted", message=picture)
    assert bytes(content) == PNG
    [attachment] = other_side("graph.get", message=card)["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert '"AdaptiveCard"' in attachment["content"]
    gone = other_side("graph.get", message=deleted)
    assert gone["deletedDateTime"] and not gone["body"].get("content")


def test_an_error_of_the_rust_client_reaches_this_side(other_side):
    with pytest.raises(AssertionError, match="404"):
        other_side("graph.get", message="1")

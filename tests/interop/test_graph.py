"""msgraph-sdk: messages of channels and chats, and the directory that they are in."""

import asyncio
import json
import urllib.parse
from types import SimpleNamespace

import pytest
from azure.core.credentials import AccessToken
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.chats.chats_request_builder import ChatsRequestBuilder
from msgraph.generated.chats.item.members.members_request_builder import MembersRequestBuilder
from msgraph.generated.chats.item.messages.item.set_reaction.set_reaction_post_request_body import (
    SetReactionPostRequestBody,
)
from msgraph.generated.chats.item.messages.item.unset_reaction.unset_reaction_post_request_body import (
    UnsetReactionPostRequestBody,
)
from msgraph.generated.chats.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.chats.item.messages.reply_with_quote.reply_with_quote_post_request_body import (
    ReplyWithQuotePostRequestBody,
)
from msgraph.generated.chats.item.send_activity_notification.send_activity_notification_post_request_body import (
    SendActivityNotificationPostRequestBody,
)
from msgraph.generated.models.aad_user_conversation_member import AadUserConversationMember
from msgraph.generated.models.aad_user_notification_recipient import AadUserNotificationRecipient
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.channel import Channel
from msgraph.generated.models.channel_membership_type import ChannelMembershipType
from msgraph.generated.models.chat import Chat
from msgraph.generated.models.chat_message import ChatMessage
from msgraph.generated.models.chat_message_attachment import ChatMessageAttachment
from msgraph.generated.models.chat_message_hosted_content import ChatMessageHostedContent
from msgraph.generated.models.chat_message_importance import ChatMessageImportance
from msgraph.generated.models.chat_message_mention import ChatMessageMention
from msgraph.generated.models.chat_message_mentioned_identity_set import (
    ChatMessageMentionedIdentitySet,
)
from msgraph.generated.models.chat_message_type import ChatMessageType
from msgraph.generated.models.chat_type import ChatType
from msgraph.generated.models.identity import Identity
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.pinned_chat_message_info import PinnedChatMessageInfo
from msgraph.generated.models.teamwork_activity_topic import TeamworkActivityTopic
from msgraph.generated.models.teamwork_activity_topic_source import TeamworkActivityTopicSource
from msgraph.generated.models.teamwork_user_identity_type import TeamworkUserIdentityType
from msgraph.generated.teams.item.channels.channels_request_builder import ChannelsRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

PNG = bytes.fromhex("89504e470d0a1a0a") + bytes(range(16))


class StaticCredential:
    """A token that needs nobody to issue it."""

    def __init__(self, token):
        self._token = token

    def get_token(self, *scopes, **options):
        return AccessToken(self._token, 4_000_000_000)


@pytest.fixture
def client(emulator):
    """The client of a seeded user, alice unless another one is named."""

    def of(n=0):
        host = urllib.parse.urlsplit(emulator.endpoint).hostname
        provider = AzureIdentityAuthenticationProvider(
            StaticCredential(emulator.graph["users"][n]["token"]),
            scopes=["https://graph.microsoft.com/.default"],
            allowed_hosts=[host],
        )
        adapter = GraphRequestAdapter(provider)
        adapter.base_url = f"{emulator.endpoint}/v1.0"
        return GraphServiceClient(request_adapter=adapter)

    return of


@pytest.fixture
def places(emulator):
    """The seeded chat's and channel's request builders of a client."""
    graph = emulator.graph

    def of(client):
        team = client.teams.by_team_id(graph["team_id"])
        return SimpleNamespace(
            chat=client.chats.by_chat_id(graph["chat_id"]),
            team=team,
            channel=team.channels.by_channel_id(graph["channel_id"]),
        )

    return of


def text(content, **more):
    return ChatMessage(body=ItemBody(content=content), **more)


def html(content, **more):
    return ChatMessage(body=ItemBody(content_type=BodyType.Html, content=content), **more)


def query(parameters, **options):
    return RequestConfiguration(query_parameters=parameters(**options))


def member(emulator, n, **more):
    user = emulator.graph["users"][n]
    bind = {"user@odata.bind": f"{emulator.endpoint}/v1.0/users('{user['id']}')"}
    return AadUserConversationMember(
        odata_type="#microsoft.graph.aadUserConversationMember",
        roles=["owner"],
        additional_data=bind,
        **more,
    )


def test_send_reply_list_and_get_in_a_channel(client, places, emulator):
    async def talk():
        messages = places(client()).channel.messages
        root = await messages.post(text("Good morning", subject="Greeting"))
        assert root.subject == "Greeting"
        assert root.message_type == ChatMessageType.Message
        assert root.importance == ChatMessageImportance.Normal
        assert root.created_date_time == root.last_modified_date_time
        assert root.channel_identity.team_id == emulator.graph["team_id"]
        assert root.from_.user.display_name == "Alice"
        assert root.from_.user.user_identity_type == TeamworkUserIdentityType.AadUser
        assert root.web_url.startswith("https://teams.microsoft.com/l/message/")
        replies = messages.by_chat_message_id(root.id).replies
        reply = await places(client(1)).channel.messages.by_chat_message_id(root.id).replies.post(
            text("Good morning to you")
        )
        assert (reply.reply_to_id, reply.from_.user.display_name) == (root.id, "Bob")
        listed = await messages.get()
        assert [m.id for m in listed.value] == [root.id]
        assert [m.id for m in (await replies.get()).value] == [reply.id]
        read = await messages.by_chat_message_id(root.id).get()
        assert (read.body.content, read.body.content_type) == ("Good morning", BodyType.Text)
        read = await replies.by_chat_message_id1(reply.id).get()
        assert read.body.content == "Good morning to you"
        return root, reply

    root, reply = asyncio.run(talk())
    rows = emulator.rows("msgraph-chat")
    assert [row["operation"] for row in rows] == ["send", "send.reply"]
    assert [row["message_id"] for row in rows] == [root.id, reply.id]
    request = rows[0]["request"]
    channel, team = emulator.graph["channel_id"], emulator.graph["team_id"]
    path = f"/v1.0/teams/{team}/channels/{channel}/messages"
    assert (request["method"], urllib.parse.unquote(request["path"])) == ("POST", path)
    assert request["body"] == {"body": {"content": "Good morning"}, "subject": "Greeting"}
    assert request["headers"]["content-type"] == "application/json"
    assert request["headers"]["authorization"] == "[removed]"


def test_mentions_attachments_and_quotes_in_a_chat(client, places, emulator):
    bob = emulator.graph["users"][1]

    async def talk():
        messages = places(client()).chat.messages
        identity = Identity(
            id=bob["id"],
            display_name="Bob",
            additional_data={"userIdentityType": "aadUser"},
        )
        card = {"type": "AdaptiveCard", "version": "1.4", "body": []}
        first = await messages.post(
            html(
                '<at id="0">Bob</at> look <attachment id="c1"></attachment>',
                importance=ChatMessageImportance.High,
                mentions=[
                    ChatMessageMention(
                        id=0,
                        mention_text="Bob",
                        mentioned=ChatMessageMentionedIdentitySet(user=identity),
                    )
                ],
                attachments=[
                    ChatMessageAttachment(
                        id="c1",
                        content_type="application/vnd.microsoft.card.adaptive",
                        content=json.dumps(card),
                    )
                ],
            )
        )
        assert first.importance == ChatMessageImportance.High
        assert first.chat_id == emulator.graph["chat_id"]
        assert first.mentions[0].mentioned.user.id == bob["id"]
        assert json.loads(first.attachments[0].content)["type"] == "AdaptiveCard"
        body = ReplyWithQuotePostRequestBody(
            message_ids=[first.id], reply_message=text("So I see")
        )
        quote = await messages.reply_with_quote.post(body)
        assert quote.attachments[0].content_type == "messageReference"
        assert json.loads(quote.attachments[0].content)["messageId"] == first.id
        assert "So I see" in quote.body.content
        page = await messages.get(
            query(
                MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters,
                top=1,
                orderby=["createdDateTime desc"],
            )
        )
        assert [m.id for m in page.value] == [quote.id]
        following = await messages.with_url(page.odata_next_link).get()
        assert [m.id for m in following.value] == [first.id]
        assert following.odata_next_link is None

    asyncio.run(talk())
    rows = emulator.rows("msgraph-chat")
    assert [row["operation"] for row in rows] == ["send", "send.quote"]
    mentioned = rows[0]["request"]["body"]["mentions"][0]["mentioned"]["user"]
    assert mentioned["userIdentityType"] == "aadUser"
    assert rows[1]["request"]["path"].endswith("/messages/replyWithQuote")


def test_update_delete_and_react(client, places, emulator):
    alice = emulator.graph["users"][0]["id"]

    async def talk():
        graph = client()
        chat = places(graph).chat
        message = await chat.messages.post(text("helo"))
        one = chat.messages.by_chat_message_id(message.id)
        await one.patch(text("hello"))
        edited = await one.get()
        assert edited.body.content == "hello"
        assert edited.last_edited_date_time >= message.created_date_time
        await one.set_reaction.post(SetReactionPostRequestBody(reaction_type="👍"))
        [reaction] = (await one.get()).reactions
        assert (reaction.reaction_type, reaction.user.user.id) == ("👍", alice)
        await one.unset_reaction.post(UnsetReactionPostRequestBody(reaction_type="👍"))
        assert (await one.get()).reactions == []
        # The service documents deletion in chats below a user only.
        own = graph.users.by_user_id(alice).chats.by_chat_id(emulator.graph["chat_id"])
        own = own.messages.by_chat_message_id(message.id)
        await own.soft_delete.post()
        deleted = await one.get()
        assert deleted.deleted_date_time is not None
        assert not deleted.body.content
        await own.undo_soft_delete.post()
        assert (await one.get()).body.content == "hello"

        channel = places(graph).channel
        root = await channel.messages.post(text("root"))
        reply = channel.messages.by_chat_message_id(root.id).replies
        reply = reply.by_chat_message_id1((await reply.post(text("reply"))).id)
        await reply.set_reaction.post(SetReactionPostRequestBody(reaction_type="❤️"))
        assert [r.reaction_type for r in (await reply.get()).reactions] == ["❤️"]
        await reply.soft_delete.post()
        assert (await reply.get()).deleted_date_time is not None
        await reply.undo_soft_delete.post()
        await channel.messages.by_chat_message_id(root.id).patch(text("Root"))
        assert (await channel.messages.by_chat_message_id(root.id).get()).body.content == "Root"

    asyncio.run(talk())
    # Changes are no messages.
    assert [row["text"] for row in emulator.rows("msgraph-chat")] == ["helo", "root", "reply"]


def test_hosted_contents(client, places, emulator):
    async def talk():
        messages = places(client()).chat.messages
        image = ChatMessageHostedContent(
            content_bytes=PNG,
            content_type="image/png",
            additional_data={"@microsoft.graph.temporaryId": "1"},
        )
        # What the class writes by itself, the service refuses.
        image.odata_type = None
        sent = await messages.post(
            html('<img src="../hostedContents/1/$value">', hosted_contents=[image])
        )
        contents = messages.by_chat_message_id(sent.id).hosted_contents
        [listed] = (await contents.get()).value
        assert (listed.content_bytes, listed.content_type) == (None, None)
        assert listed.id in urllib.parse.unquote(sent.body.content)
        one = contents.by_chat_message_hosted_content_id(listed.id)
        assert (await one.get()).id == listed.id
        assert await one.content.get() == PNG

    asyncio.run(talk())
    [row] = emulator.rows("msgraph-chat")
    [hosted] = row["request"]["body"]["hostedContents"]
    assert hosted["@microsoft.graph.temporaryId"] == "1"


def test_delta_of_a_channel(client, places):
    async def talk():
        messages = places(client()).channel.messages
        first = await messages.post(text("first"))
        page = await messages.delta.get()
        assert [m.id for m in page.value] == [first.id]
        assert page.odata_delta_link
        nothing = await messages.delta.with_url(page.odata_delta_link).get()
        assert nothing.value == []
        second = await messages.post(text("second"))
        page = await messages.delta.with_url(nothing.odata_delta_link).get()
        assert [m.id for m in page.value] == [second.id]

    asyncio.run(talk())


def test_chats_and_their_members(client, places, emulator):
    async def talk():
        graph = client()
        people = [member(emulator, 0), member(emulator, 1)]
        made = await graph.chats.post(
            Chat(chat_type=ChatType.Group, topic="Lunch", members=people)
        )
        assert (made.topic, made.chat_type) == ("Lunch", ChatType.Group)
        assert made.tenant_id == emulator.graph["tenant_id"]
        pair = Chat(chat_type=ChatType.OneOnOne, members=people)
        one, two = await graph.chats.post(pair), await graph.chats.post(pair)
        assert one.id == two.id and one.id.endswith("@unq.gbl.spaces")

        chat = graph.chats.by_chat_id(made.id)
        renamed = await chat.patch(Chat(topic="Dinner"))
        assert renamed.topic == "Dinner"
        sent = await chat.messages.post(text("Who cooks?"))
        await chat.members.post(member(emulator, 2))
        listed = await chat.members.get()
        assert [type(m) for m in listed.value] == [AadUserConversationMember] * 3
        names = {m.display_name: m for m in listed.value}
        assert set(names) == {"Alice", "Bob", "Carol"}
        carol = chat.members.by_conversation_member_id(names["Carol"].id)
        assert (await carol.get()).email == emulator.graph["users"][2]["upn"]
        await carol.delete()
        assert len((await chat.members.get()).value) == 2
        with pytest.raises(ODataError) as refusal:
            parameters = MembersRequestBuilder.MembersRequestBuilderGetQueryParameters
            await chat.members.get(query(parameters, top=1))
        assert refusal.value.response_status_code == 400
        assert refusal.value.error.code == "BadRequest"

        parameters = ChatsRequestBuilder.ChatsRequestBuilderGetQueryParameters
        page = await graph.me.chats.get(
            query(
                parameters,
                top=2,
                expand=["members", "lastMessagePreview"],
                orderby=["lastMessagePreview/createdDateTime desc"],
            )
        )
        assert [c.id for c in page.value][0] == made.id
        assert page.value[0].last_message_preview.id == sent.id
        assert {m.display_name for m in page.value[0].members} == {"Alice", "Bob"}
        following = await graph.me.chats.with_url(page.odata_next_link).get()
        ids = {c.id for c in page.value + following.value}
        assert ids == {made.id, one.id, emulator.graph["chat_id"]}
        page = await graph.chats.get(query(parameters, filter="chatType eq 'oneOnOne'"))
        assert [c.id for c in page.value] == [one.id]

        bind = f"{emulator.endpoint}/v1.0/chats/{made.id}/messages/{sent.id}"
        pin = PinnedChatMessageInfo(additional_data={"message@odata.bind": bind})
        pinned = await chat.pinned_messages.post(pin)
        assert [p.id for p in (await chat.pinned_messages.get()).value] == [pinned.id]
        await chat.pinned_messages.by_pinned_chat_message_info_id(pinned.id).delete()
        assert (await chat.pinned_messages.get()).value == []
        await chat.send_activity_notification.post(
            SendActivityNotificationPostRequestBody(
                topic=TeamworkActivityTopic(
                    source=TeamworkActivityTopicSource.EntityUrl,
                    value=f"{emulator.endpoint}/v1.0/chats/{made.id}",
                ),
                activity_type="approvalRequired",
                preview_text=ItemBody(content="Please approve"),
                recipient=AadUserNotificationRecipient(user_id=emulator.graph["users"][1]["id"]),
            )
        )
        return made.id

    made = asyncio.run(talk())
    [row] = emulator.rows("msgraph-chat")
    assert (row["text"], row["conversation"]) == ("Who cooks?", made)


def test_users_teams_and_channels(client, places, emulator):
    async def look():
        graph = client()
        me = await graph.me.get()
        assert (me.display_name, me.id) == ("Alice", emulator.graph["users"][0]["id"])
        bob = await graph.users.by_user_id(emulator.graph["users"][1]["upn"]).get()
        assert bob.display_name == "Bob"
        [joined] = (await graph.me.joined_teams.get()).value
        assert (joined.id, joined.display_name) == (emulator.graph["team_id"], "Contoso")
        team = places(graph).team
        assert (await team.get()).display_name == "Contoso"
        assert {m.display_name for m in (await team.members.get()).value} == {
            "Alice",
            "Bob",
            "Carol",
        }
        assert [t.display_name for t in (await team.tags.get()).value] == ["Cooks"]
        assert (await team.primary_channel.get()).id == emulator.graph["channel_id"]
        made = await team.channels.post(
            Channel(
                display_name="Lunch",
                description="Where we eat",
                membership_type=ChannelMembershipType.Standard,
            )
        )
        assert made.membership_type == ChannelMembershipType.Standard
        parameters = ChannelsRequestBuilder.ChannelsRequestBuilderGetQueryParameters
        page = await team.channels.get(
            query(parameters, filter="displayName eq 'Lunch'", select=["id", "displayName"])
        )
        assert [(c.id, c.description) for c in page.value] == [(made.id, None)]
        assert len((await team.all_channels.get()).value) == 2
        lunch = team.channels.by_channel_id(made.id)
        await lunch.patch(Channel(display_name="Dinner"))
        assert (await lunch.get()).display_name == "Dinner"
        assert len((await lunch.members.get()).value) == 3
        await lunch.delete()
        with pytest.raises(ODataError) as gone:
            await lunch.get()
        assert gone.value.response_status_code == 404
        with pytest.raises(ODataError) as refusal:
            await team.channels.get(query(parameters, top=1))
        assert refusal.value.error.code == "BadRequest"

    asyncio.run(look())
    assert emulator.rows("msgraph-chat") == []


def test_a_batch_of_sends(client, places, emulator):
    async def talk():
        graph = client()
        messages = places(graph).chat.messages
        first = BatchRequestItem(messages.to_post_request_information(text("one")), "first")
        second = BatchRequestItem(
            messages.to_post_request_information(text("two")), "second", [first]
        )
        wrong = BatchRequestItem(
            messages.to_post_request_information(ChatMessage()), "wrong"
        )
        me = BatchRequestItem(graph.me.to_get_request_information(), "me")
        content = BatchRequestContent()
        for item in (first, second, wrong, me):
            content.add_request(item.id, item)
        answer = await graph.batch.post(content)
        statuses = answer.get_response_status_codes()
        assert statuses == {"first": 201, "second": 201, "wrong": 400, "me": 200}
        # These versions of msgraph-core and kiota drop the JSON body of a part.
        first = answer.get_response_by_id("first")
        assert first.headers["OData-Version"] == "4.0"
        assert first.content_type.startswith("application/json")

    asyncio.run(talk())
    rows = emulator.rows("msgraph-chat")
    assert [row["text"] for row in rows] == ["one", "two"]
    assert rows[0]["request"]["body"] == {"body": {"content": "one"}}
    assert urllib.parse.unquote(rows[0]["request"]["path"]) == (
        f"/v1.0/chats/{emulator.graph['chat_id']}/messages"
    )


def test_a_refusal_is_a_typed_error(client, places, emulator):
    async def talk():
        chat = places(client()).chat
        with pytest.raises(ODataError) as refusal:
            await chat.messages.post(html('<attachment id="7"></attachment>'))
        error = refusal.value.error
        assert refusal.value.response_status_code == 400
        assert error.message == "Body contains marker for unknown attachment with Id '7'."
        assert error.inner_error.request_id
        with pytest.raises(ODataError) as missing:
            await chat.messages.by_chat_message_id("1").get()
        assert (missing.value.response_status_code, missing.value.error.code) == (404, "NotFound")

    asyncio.run(talk())


def test_throttling_is_waited_out_by_the_client(client, places, emulator):
    throttle = {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}}
    rule = {"match": {"operation": "send", "nth": [1]}, "action": throttle}
    emulator.admin("PUT", "faults", {"rules": [rule]})
    sent = asyncio.run(places(client()).chat.messages.post(text("patience")))
    [row] = emulator.rows("msgraph-chat")
    assert (row["message_id"], row["request"]["headers"]["retry-attempt"]) == (sent.id, "1")

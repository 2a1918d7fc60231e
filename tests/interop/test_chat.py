"""azure-communication-chat: threads, participants, messages, receipts, typing."""

from datetime import datetime, timezone

import pytest
from azure.communication.chat import (
    ChatClient,
    ChatMessageType,
    ChatParticipant,
    CommunicationTokenCredential,
    CommunicationUserIdentifier,
)
from azure.communication.identity import CommunicationIdentityClient
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError


@pytest.fixture
def clients(emulator):
    """A client of each seeded user."""
    return [
        ChatClient(emulator.endpoint, CommunicationTokenCredential(user["token"]))
        for user in emulator.acs["users"]
    ]


def person(emulator, n, **more):
    user = emulator.acs["users"][n]
    return ChatParticipant(identifier=CommunicationUserIdentifier(user["id"]), **more)


@pytest.fixture
def thread(clients, emulator):
    """A thread of alice and bob, as alice sees it."""
    made = clients[0].create_chat_thread(
        "Lunch", thread_participants=[person(emulator, 1, display_name="Bob")]
    )
    assert made.errors == []
    return clients[0].get_chat_thread_client(made.chat_thread.id)


def seen_by(client, thread):
    return client.get_chat_thread_client(thread.thread_id)


def test_create_chat_thread(clients, emulator):
    made = clients[0].create_chat_thread("Lunch", idempotency_token="one")
    assert made.chat_thread.topic == "Lunch"
    assert made.chat_thread.created_by.raw_id == emulator.acs["users"][0]["id"]
    assert made.chat_thread.created_on.tzinfo is not None
    again = clients[0].create_chat_thread("Lunch", idempotency_token="one")
    assert again.chat_thread.id == made.chat_thread.id
    other = clients[0].create_chat_thread("Lunch")
    assert other.chat_thread.id != made.chat_thread.id


def test_rejected_participants_are_errors(clients, emulator):
    identity = CommunicationIdentityClient.from_connection_string(emulator.connection_string)
    gone = identity.create_user()
    identity.delete_user(gone)
    made = clients[0].create_chat_thread(
        "Lunch", thread_participants=[ChatParticipant(identifier=gone)]
    )
    [(participant, error)] = made.errors
    assert participant.identifier.raw_id == gone.raw_id
    assert (error.code, error.target) == ("404", gone.raw_id)
    thread = clients[0].get_chat_thread_client(made.chat_thread.id)
    [(participant, error)] = thread.add_participants([ChatParticipant(identifier=gone)])
    assert participant.identifier.raw_id == gone.raw_id
    assert error.code == "404"


def test_properties_topic_and_deletion(clients, thread):
    assert thread.get_properties().topic == "Lunch"
    thread.update_topic("Dinner")
    assert seen_by(clients[1], thread).get_properties().topic == "Dinner"
    clients[0].delete_chat_thread(thread.thread_id)
    with pytest.raises(ResourceNotFoundError) as error:
        thread.get_properties()
    assert error.value.error.code == "NotFound"


def test_list_chat_threads(clients, emulator):
    made = [clients[0].create_chat_thread(f"t{n}").chat_thread.id for n in range(3)]
    clients[0].get_chat_thread_client(made[0]).send_message("hello")
    listed = list(clients[0].list_chat_threads(results_per_page=2))
    assert [item.id for item in listed] == [
        made[0],
        made[2],
        made[1],
        emulator.acs["thread_id"],
    ]
    assert listed[0].last_message_received_on is not None
    recent = clients[0].list_chat_threads(start_time=datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert len(list(recent)) == 3


def test_messages_are_sent_once_and_read_back(clients, thread, emulator):
    sent = thread.send_message(
        "Soup?",
        sender_display_name="Alice",
        chat_message_type=ChatMessageType.HTML,
        metadata={"ticket": "42"},
    )
    message = seen_by(clients[1], thread).get_message(sent.id)
    assert (message.id, message.version, message.sequence_id) == (sent.id, sent.id, "3")
    assert message.type == ChatMessageType.HTML
    assert message.content.message == "Soup?"
    assert message.sender_display_name == "Alice"
    assert message.metadata == {"ticket": "42"}
    assert message.sender.raw_id == emulator.acs["users"][0]["id"]
    [row] = emulator.rows("acs-chat")
    assert (row["operation"], row["text"], row["message_id"]) == ("send", "Soup?", sent.id)
    assert row["conversation"] == thread.thread_id
    assert row["request"]["headers"]["authorization"] == "[removed]"


def test_edits_and_deletions_move_up(thread, emulator):
    ids = [thread.send_message(f"m{n}", metadata={"k": "v"}).id for n in range(4)]
    thread.update_message(ids[0], content="edited", metadata={"k": ""})
    thread.delete_message(ids[1])
    listed = list(thread.list_messages(results_per_page=2))
    texts = [(m.id, m.content.message) for m in listed if m.type == ChatMessageType.TEXT]
    assert texts == [(ids[1], ""), (ids[0], "edited"), (ids[3], "m3"), (ids[2], "m2")]
    assert [m.sequence_id for m in listed] == ["8", "7", "6", "5", "2", "1"]
    deleted, edited = listed[0], listed[1]
    assert deleted.deleted_on is not None and deleted.edited_on is None
    assert edited.edited_on is not None and not edited.metadata
    topic, added = listed[4], listed[5]
    assert topic.type == ChatMessageType.TOPIC_UPDATED and topic.content.topic == "Lunch"
    assert added.type == ChatMessageType.PARTICIPANT_ADDED
    assert [p.display_name for p in added.content.participants] == [None, "Bob"]
    assert added.content.initiator.raw_id == emulator.acs["users"][0]["id"]
    assert len(emulator.rows("acs-chat")) == 4


def test_only_the_sender_changes_a_message(clients, thread):
    sent = thread.send_message("mine")
    with pytest.raises(HttpResponseError) as error:
        seen_by(clients[1], thread).update_message(sent.id, content="yours")
    assert error.value.status_code == 403
    assert error.value.error.code == "Forbidden"


def test_participants(clients, thread, emulator):
    carol = seen_by(clients[2], thread)
    with pytest.raises(HttpResponseError) as error:
        carol.send_message("let me in")
    assert error.value.status_code == 403
    assert thread.add_participants([person(emulator, 2, display_name="Carol")]) == []
    carol.send_message("hello")
    names = [p.display_name for p in thread.list_participants(results_per_page=1)]
    assert names == [None, "Bob", "Carol"]
    thread.remove_participant(person(emulator, 2).identifier)
    with pytest.raises(HttpResponseError):
        carol.send_message("again")
    assert [m.content.message for m in carol.list_messages() if m.type == "text"] == ["hello"]
    assert [row["text"] for row in emulator.rows("acs-chat")] == ["hello"]


def test_read_receipts(clients, thread, emulator):
    sent = thread.send_message("read me")
    for client in clients[:2]:
        seen_by(client, thread).send_read_receipt(sent.id)
    receipts = list(thread.list_read_receipts(results_per_page=1))
    assert {r.chat_message_id for r in receipts} == {sent.id}
    readers = {r.sender.raw_id for r in receipts}
    assert readers == {user["id"] for user in emulator.acs["users"][:2]}


def test_typing(thread, emulator):
    thread.send_typing_notification()
    thread.send_typing_notification(sender_display_name="Alice")
    assert emulator.rows("acs-chat") == []


def test_a_throttled_send_is_repeated_and_stored_once(thread, emulator):
    action = {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}}
    match = {"platform": "acs-chat", "operation": "send"}
    emulator.admin("PUT", "faults", {"rules": [{"match": match, "times": 1, "action": action}]})
    thread.send_message("patience")
    assert [row["text"] for row in emulator.rows("acs-chat")] == ["patience"]
    assert emulator.admin("GET", "stats")["platforms"]["acs-chat"]["faults"] == 1

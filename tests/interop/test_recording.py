"""Official packages through `msm emulator record`, and again at what it wrote."""

import json
import os
import re
import subprocess
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from azure.communication.chat import (
    ChatClient,
    ChatParticipant,
    CommunicationTokenCredential,
    CommunicationUserIdentifier,
)
from azure.communication.messages import NotificationMessagesClient
from azure.communication.messages.models import TextNotificationContent
from azure.core.exceptions import ResourceNotFoundError
from conftest import ROOT, command

TO = "+14255550123"
TEXTS = ["the harbour at nine", "the harbour at ten", "the harbour at eleven"]


@contextmanager
def program(folder, *options, **environment):
    """`msm emulator` with these options, and what it prints when it is ready."""
    ca = folder / "ca.pem"
    listen = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--ca-out", str(ca)]
    process = subprocess.Popen(
        [*command(), "emulator", *options, *listen],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        with pytest.MonkeyPatch.context() as patch:
            # What requests, under the packages for Azure, trusts.
            patch.setenv("REQUESTS_CA_BUNDLE", str(ca))
            yield SimpleNamespace(ready=json.loads(line), process=process)
    finally:
        process.terminate()
        process.communicate()


def session(endpoint, acs, key):
    """What an application does with two packages, and all that it sees of the responses."""
    alice, bob = acs["users"][:2]
    chat = ChatClient(endpoint, CommunicationTokenCredential(alice["token"]))
    guest = ChatParticipant(identifier=CommunicationUserIdentifier(bob["id"]), display_name="Bob")
    made = chat.create_chat_thread("Boats", thread_participants=[guest])
    thread = chat.get_chat_thread_client(made.chat_thread.id)
    sent = [thread.send_message(text) for text in TEXTS]
    # Its pages are links of the service.
    pages = [list(page) for page in thread.list_messages(results_per_page=2).by_page()]
    messages = [message for page in pages for message in page]
    with pytest.raises(ResourceNotFoundError) as missing:
        thread.get_message("1")
    connection = f"endpoint={endpoint}/;accesskey={key}"
    notifications = NotificationMessagesClient.from_connection_string(connection)
    content = TextNotificationContent(
        channel_registration_id=acs["channel_registration_id"], to=[TO], content=TEXTS[0]
    )
    [receipt] = notifications.send(content).receipts
    assert receipt.message_id
    own = {message.id for message in sent}
    return {
        "topic": made.chat_thread.topic,
        "errors": made.errors,
        "pages": [len(page) for page in pages],
        "kinds": [str(message.type) for message in messages],
        "texts": [message.content.message for message in messages if message.content.message],
        "own": [message.id in own for message in messages],
        "missing": (missing.value.status_code, missing.value.error.code),
        "to": receipt.to,
    }


def test_a_recording_is_played_to_the_same_packages(emulator, ready, tmp_path):
    file = tmp_path / "recording.jsonl"
    folders = [tmp_path / name for name in ("record", "replay")]
    for folder in folders:
        folder.mkdir()
    record = ["record", "--platform", "acs", "--upstream", ready["http"], "--out", str(file)]
    key = {"ACS_CONNECTION_STRING": emulator.acs["connection_string"]}
    with program(folders[0], *record, **key) as recorder:
        first = session(recorder.ready["https"], emulator.acs, emulator.key)
        recorder.process.terminate()
        recorder.process.communicate()
        assert recorder.process.returncode == 0
    assert first["texts"] == TEXTS[::-1]
    assert len(first["pages"]) >= 2
    assert len(emulator.rows("acs-chat")) == len(TEXTS)
    assert len(emulator.rows("acs-messages")) == 1

    text = file.read_text()
    users = emulator.acs["users"]
    secrets = [emulator.key, "harbour", "Boats", "Bob", TO[1:], emulator.acs["thread_id"]]
    secrets += [user[name] for user in users for name in ("id", "token")]
    secrets += [row["message_id"] for row in emulator.rows("acs-chat")]
    assert [secret for secret in secrets if secret in text] == []
    lines = [json.loads(line) for line in text.splitlines()]
    links = re.findall(r'"nextLink":"([^"]*)"', text)
    assert links and all(link.startswith("{origin}/chat/threads/") for link in links)
    # Every page, and every other request.
    assert len(lines) == 1 + 1 + len(TEXTS) + len(first["pages"]) + 1 + 1

    with program(folders[1], "--replay", str(file)) as player:
        acs = player.ready["acs"]
        again = session(player.ready["https"].rstrip("/"), acs, emulator.key)
        url = f"{player.ready['http']}/_emulator/replay"
        with emulator.open(url) as response:
            report = json.loads(response.read())
    assert again == first
    assert report["differences"] == []
    assert (report["left"], report["unmatched"]) == (0, 0)

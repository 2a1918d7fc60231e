"""azure-communication-identity: users and tokens."""

import base64
import json
import time
from datetime import datetime, timedelta, timezone

import pytest
from azure.communication.chat import ChatClient, CommunicationTokenCredential
from azure.communication.identity import (
    CommunicationIdentityClient,
    CommunicationTokenScope,
    CommunicationUserIdentifier,
)
from azure.core.credentials import AccessToken, AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError


class Entra:
    """A credential that has its token already."""

    def __init__(self, token):
        self._token = token

    def get_token(self, *scopes, **_):
        assert scopes == ("https://communication.azure.com//.default",)
        return AccessToken(self._token, int(time.time()) + 3600)


@pytest.fixture
def client(emulator):
    return CommunicationIdentityClient.from_connection_string(emulator.connection_string)


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def can_chat(emulator, token):
    try:
        client = ChatClient(emulator.endpoint, CommunicationTokenCredential(token))
        list(client.list_chat_threads())
        return True
    except ClientAuthenticationError:
        return False


def test_create_user(client, emulator):
    user = client.create_user()
    assert isinstance(user, CommunicationUserIdentifier)
    assert user.raw_id.startswith("8:acs:")
    assert client.create_user().raw_id != user.raw_id
    assert emulator.rows("acs-chat") == []


def test_create_user_and_token(client, emulator):
    user, token = client.create_user_and_token(
        [CommunicationTokenScope.CHAT, "voip"], token_expires_in=timedelta(minutes=60)
    )
    assert "8:" + claims(token.token)["skypeid"] == user.raw_id
    assert claims(token.token)["acsScope"] == "chat,voip"
    expires = datetime.fromisoformat(token.expires_on.replace(".0000000", ""))
    left = expires - datetime.now(timezone.utc)
    assert timedelta(minutes=58) < left <= timedelta(minutes=60)
    assert can_chat(emulator, token.token)


def test_get_and_revoke_tokens(client, emulator):
    user = client.create_user()
    first = client.get_token(user, ["chat"]).token
    second = client.get_token(user, ["chat"]).token
    assert can_chat(emulator, first) and can_chat(emulator, second)
    client.revoke_tokens(user)
    assert not can_chat(emulator, first) and not can_chat(emulator, second)
    assert can_chat(emulator, client.get_token(user, ["chat"]).token)


def test_delete_user(client, emulator):
    user, token = client.create_user_and_token(["chat"])
    client.delete_user(user)
    assert not can_chat(emulator, token.token)
    with pytest.raises(HttpResponseError) as error:
        client.get_token(user, ["chat"])
    assert error.value.status_code == 404


def test_life_of_a_token_is_bounded(client):
    with pytest.raises(HttpResponseError) as error:
        client.create_user_and_token(["chat"], token_expires_in=timedelta(minutes=59))
    assert error.value.status_code == 400
    assert "[60, 1440]" in error.value.message


def test_token_for_teams_user(client, emulator):
    user = emulator.graph["users"][0]
    app = claims(user["token"])["appid"]
    token = client.get_token_for_teams_user(user["token"], app, user["id"])
    assert claims(token.token)["skypeid"] == "orgid:" + user["id"]
    with pytest.raises(ClientAuthenticationError) as error:
        client.get_token_for_teams_user("nonsense", app, user["id"])
    assert error.value.error.code == "InvalidAccessToken"


def test_entra_credential(emulator):
    client = CommunicationIdentityClient(emulator.endpoint, Entra(emulator.acs["entra_token"]))
    assert client.create_user().raw_id.startswith("8:acs:")


def test_wrong_key(emulator):
    client = CommunicationIdentityClient(emulator.endpoint, AzureKeyCredential("AAAA"))
    with pytest.raises(ClientAuthenticationError) as error:
        client.create_user()
    assert error.value.error.code == "Denied"

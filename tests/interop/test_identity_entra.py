"""azure-identity and msal: tokens of Entra ID, and that Graph takes them."""

import base64
import json
import os

import msal
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    ClientSecretCredential,
    DeviceCodeCredential,
    ManagedIdentityCredential,
    OnBehalfOfCredential,
)

GRAPH = "https://graph.microsoft.com/.default"


@pytest.fixture
def entra(emulator):
    return emulator.entra


def options(entra):
    return {"authority": entra["authority"], "disable_instance_discovery": True}


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def read_chat(emulator, token):
    url = f"{emulator.endpoint}/v1.0/chats/{emulator.graph['chat_id']}/messages"
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(url, headers=headers, verify=os.environ["REQUESTS_CA_BUNDLE"], timeout=30).status_code


def secret_credential(entra, secret):
    tenant, app = entra["tenant"], entra["confidential_client_id"]
    return ClientSecretCredential(tenant, app, secret, **options(entra))


def test_client_secret(emulator, entra):
    token = secret_credential(entra, entra["client_secret"]).get_token(GRAPH).token
    assert claims(token)["idtyp"] == "app"
    assert read_chat(emulator, token) == 200


def test_wrong_client_secret(entra):
    with pytest.raises(ClientAuthenticationError) as error:
        secret_credential(entra, "wrong").get_token(GRAPH)
    assert "AADSTS7000215" in error.value.message


def test_device_code(emulator, entra):
    seen = []
    credential = DeviceCodeCredential(
        entra["public_client_id"],
        tenant_id=entra["tenant"],
        prompt_callback=lambda uri, code, expires: seen.append((uri, code)),
        **options(entra),
    )
    token = credential.get_token("https://graph.microsoft.com/Chat.Read").token
    assert seen[0][0] == entra["authority"] + "/devicelogin"
    assert "Chat.Read" in claims(token)["scp"].split()
    assert read_chat(emulator, token) == 200


def test_managed_identity_of_app_service(emulator, entra, monkeypatch):
    monkeypatch.setenv("IDENTITY_ENDPOINT", emulator.endpoint + "/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", entra["identity_header"])
    assert read_chat(emulator, ManagedIdentityCredential().get_token(GRAPH).token) == 200


def public_app(entra):
    authority = f"{entra['authority']}/{entra['tenant']}"
    return msal.PublicClientApplication(
        entra["public_client_id"], authority=authority, instance_discovery=False
    )


def sign_in(app, scopes):
    flow = app.initiate_device_flow(scopes=scopes)
    assert "user_code" in flow, flow
    result = app.acquire_token_by_device_flow(flow)
    assert "access_token" in result, result
    return result


def test_msal_device_flow_and_refresh(emulator, entra):
    app = public_app(entra)
    result = sign_in(app, ["Chat.Read"])
    assert result["id_token_claims"]["preferred_username"] == "alice@contoso.test"
    assert read_chat(emulator, result["access_token"]) == 200
    (account,) = app.get_accounts()
    assert account["username"] == "alice@contoso.test"
    renewed = app.acquire_token_silent(["Chat.Read"], account, force_refresh=True)
    assert renewed["access_token"] != result["access_token"]
    assert read_chat(emulator, renewed["access_token"]) == 200
    emulator.admin("POST", "entra/revoke", {"all": True})
    refused = app.acquire_token_silent_with_error(["Chat.Read"], account, force_refresh=True)
    assert refused["error"] == "invalid_grant"


def test_on_behalf_of(emulator, entra):
    app = entra["confidential_client_id"]
    incoming = sign_in(public_app(entra), [f"api://{app}/access_as_user"])["access_token"]
    credential = OnBehalfOfCredential(
        entra["tenant"],
        app,
        client_secret=entra["client_secret"],
        user_assertion=incoming,
        **options(entra),
    )
    token = credential.get_token("https://graph.microsoft.com/Chat.Read").token
    assert claims(token)["upn"] == "alice@contoso.test"
    assert read_chat(emulator, token) == 200

"""The page of operations beside the official packages: what it says that they have, they have."""

import importlib
import pathlib
import re

import pytest

PAGE = pathlib.Path(__file__).parents[2] / "crates/ms-messenger/docs/operations.md"
AZURE = {
    "ChatClient": "azure.communication.chat",
    "ChatThreadClient": "azure.communication.chat",
    "CommunicationIdentityClient": "azure.communication.identity",
    "MessageTemplateClient": "azure.communication.messages",
    "NotificationMessagesClient": "azure.communication.messages",
}


def rows():
    """Yields method, path and what the column of the official package says."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if re.match(r"^(GET|POST|PUT|PATCH|DELETE) ", cells[1] if len(cells) > 4 else ""):
            method, path = cells[1].split(" ", 1)
            yield method, path, cells[4]


def has_graph(method, path):
    """Returns whether msgraph-sdk makes this request."""
    # A path by name below a folder, and the drive of a user, are addresses of a drive item.
    path = path.replace(":/{name}:", "").replace("/me/drive/root/", "/drives/{id}/items/{id}/")
    path = path.replace("/me/drive/", "/drives/{id}/").replace("/$value", "/value")
    path = re.sub(r"^/me(?=/|$)", "/users/{id}", path)
    parts = ["item" if part.startswith("{") else part for part in path.strip("/").split("/")]
    parts = [re.sub(r"(?<!^)([A-Z])", r"_\1", part).lower() for part in parts]
    generated = pathlib.Path(importlib.import_module("msgraph").__file__).parent / "generated"
    builders = generated.joinpath(*parts).glob("*_request_builder.py")
    calls = f"async def {method.lower()}("
    return any(calls in builder.read_text() for builder in builders)


def has_core(what):
    """Returns whether msgraph-core has that class or module."""
    core = pathlib.Path(importlib.import_module("msgraph_core").__file__).parent
    return any(f"class {what}" in source.read_text() for source in core.rglob("*.py"))


def test_what_the_page_says_of_the_official_packages_is_so():
    seen = 0
    for method, path, official in rows():
        client, _, function = official.partition(".")
        if client in AZURE:
            there = getattr(importlib.import_module(AZURE[client]), client)
            assert callable(getattr(there, function)), official
        elif official == "msgraph-sdk":
            assert has_graph(method, path), (method, path)
        elif official.startswith("msgraph-core "):
            assert has_core(official.split(" ")[1]), official
        else:
            assert official == "-", official
            assert not path.startswith(("/teams", "/users", "/subscriptions")) or not has_graph(
                method, path
            ), (method, path)
        seen += 1
    assert seen > 100


@pytest.mark.parametrize("status, methods", [(504, {"GET", "POST"}), (502, {"GET"})])
def test_azure_core_retries_a_post_by_its_status_alone(status, methods):
    from azure.core.pipeline import PipelineResponse
    from azure.core.pipeline.policies import RetryPolicy
    from azure.core.rest import HttpRequest

    class Response:
        headers = {}
        status_code = status

    policy = RetryPolicy()
    settings = policy.configure_retries({})
    retried = set()
    for method in ("GET", "POST"):
        request = HttpRequest(method, "https://localhost/")
        response = PipelineResponse(request, Response(), None)
        if policy.is_retry(settings, response):
            retried.add(method)
    assert retried == methods


def test_kiota_retries_every_method_after_503_and_504():
    from kiota_http.middleware.retry_handler import RetryHandler

    assert "POST" in RetryHandler.DEFAULT_ALLOWED_METHODS
    assert RetryHandler.DEFAULT_RETRY_STATUS_CODES == {429, 503, 504}

//! Identifiers of participants whose members are of another kind than the service has them.

use crate::outside::Outside;
use ms_messenger_emulator::{AcsChatErrorStyle, Emulator};
use reqwest::Method;
use serde_json::{Value, json};

/// What the field reported: the cloud as an object.
fn cloud_object() -> Value {
    json!({"topic": "t", "participants": [{"communicationIdentifier": {"microsoftTeamsUser": {
        "userId": "11111111-2222-3333-4444-555555555555", "isAnonymous": false,
        "cloud": {"value": "public"}}}, "displayName": "Teams person"}]})
}

#[tokio::test]
async fn a_cloud_that_is_an_object_is_refused_with_its_target() {
    let out = Outside::start().await;
    let body = cloud_object();
    let (status, error) = out.chat_as(0, Method::POST, "", body.clone()).await;
    assert_eq!(status, 400);
    let error = &error["error"];
    assert_eq!(error["code"], "BadRequest");
    assert_eq!(error["message"], "One or more validation errors occurred.");
    let details = error["details"].as_array().unwrap();
    assert_eq!(details.len(), 2, "{error}");
    assert_eq!(details[0]["target"], "createChatThreadRequestDto");
    assert_eq!(
        details[0]["message"],
        "A value for the 'createChatThreadRequestDto' parameter or property was not provided."
    );
    let target = "participants[0].communicationIdentifier.microsoftTeamsUser.cloud";
    assert_eq!(details[1]["target"], target);
    let text = body.to_string();
    let position = text.find("{\"value\"").unwrap() + 1;
    assert_eq!(
        details[1]["message"],
        format!(
            "Unexpected token StartObject when parsing enum. Path '{target}', line 1, position {position}."
        )
    );
}

#[tokio::test]
async fn details_as_observed_have_no_code() {
    for (style, wrapper, details, names) in [
        (
            AcsChatErrorStyle::Camel,
            "communicationError",
            "details",
            ["message", "target"],
        ),
        (
            AcsChatErrorStyle::Pascal,
            "CommunicationError",
            "Details",
            ["Message", "Target"],
        ),
    ] {
        let builder = Emulator::builder().with_error_style(style);
        let out = Outside::of(builder.start().await.unwrap());
        let (_, error) = out.chat_as(0, Method::POST, "", cloud_object()).await;
        let first = error[wrapper][details][0].as_object().unwrap();
        assert_eq!(first.keys().collect::<Vec<_>>(), names);
    }
}

#[tokio::test]
async fn every_member_is_validated_by_its_kind_wherever_an_identifier_is_read() {
    let out = Outside::start().await;
    let thread = out.thread_with("t", &[1]).await;
    let user = |members: Value| json!({ "microsoftTeamsUser": members });
    for (identifier, at) in [
        (json!("8:acs:a_b"), ""),
        (json!([]), ""),
        (json!({"rawId": 5}), ".rawId"),
        (json!({"rawId": "8:acs:a_b", "kind": {}}), ".kind"),
        (
            json!({"communicationUser": "8:acs:a_b"}),
            ".communicationUser",
        ),
        (
            json!({"communicationUser": {"id": {"x": 1}}}),
            ".communicationUser.id",
        ),
        (
            json!({"phoneNumber": {"value": ["+1"]}}),
            ".phoneNumber.value",
        ),
        (
            json!({"phoneNumber": {"value": "+1", "isAnonymous": "no"}}),
            ".phoneNumber.isAnonymous",
        ),
        (user(json!({"userId": 7})), ".microsoftTeamsUser.userId"),
        (
            user(json!({"userId": "u", "isAnonymous": "false"})),
            ".microsoftTeamsUser.isAnonymous",
        ),
        (
            user(json!({"userId": "u", "cloud": ["public"]})),
            ".microsoftTeamsUser.cloud",
        ),
        (
            user(json!({"userId": "u", "cloud": true})),
            ".microsoftTeamsUser.cloud",
        ),
        (
            json!({"microsoftTeamsApp": {"appId": "a", "cloud": {}}}),
            ".microsoftTeamsApp.cloud",
        ),
        (
            json!({"teamsExtensionUser": {"userId": "u", "tenantId": {}, "resourceId": "r"}}),
            ".teamsExtensionUser.tenantId",
        ),
    ] {
        let good = out.participant(2);
        let people = json!([good, {"communicationIdentifier": identifier}]);
        let target = format!("participants[1].communicationIdentifier{at}");
        let dtos = [
            (
                "".to_owned(),
                json!({"topic": "t", "participants": people}),
                "createChatThreadRequestDto",
            ),
            (
                format!("{thread}/participants/:add"),
                json!({"participants": people}),
                "addChatParticipantsRequestDto",
            ),
        ];
        for (path, body, dto) in dtos {
            let (status, error) = out.chat_as(0, Method::POST, &path, body).await;
            assert_eq!(status, 400, "{identifier}");
            let details = &error["error"]["details"];
            assert_eq!(details[0]["target"], dto);
            assert_eq!(details[1]["target"], target, "{error}");
        }
        if identifier.is_object() {
            let path = format!("{thread}/participants/:remove");
            let (status, error) = out
                .chat_as(0, Method::POST, &path, identifier.clone())
                .await;
            assert_eq!(status, 400, "{identifier}");
            assert_eq!(
                error["error"]["details"][1]["target"],
                at.trim_start_matches('.')
            );
        }
    }
    let (_, page) = out
        .chat_as(
            0,
            Method::GET,
            &format!("{thread}/participants"),
            Value::Null,
        )
        .await;
    assert_eq!(
        page["value"].as_array().unwrap().len(),
        2,
        "nobody was added"
    );
}

#[tokio::test]
async fn nulls_are_absent_and_all_forms_are_accepted() {
    let out = Outside::start().await;
    for identifier in [
        json!({"rawId": out.acs_user(1), "communicationUser": null, "kind": null}),
        json!({"rawId": out.acs_user(1), "communicationUser": {"id": out.acs_user(1)}}),
        json!({"microsoftTeamsUser": {"userId": "11111111-2222-3333-4444-555555555555", "isAnonymous": null, "cloud": "public"}}),
    ] {
        let body = json!({"topic": "t", "participants": [{"communicationIdentifier": identifier}]});
        let (status, made) = out.chat_as(0, Method::POST, "", body).await;
        assert_eq!(status, 201, "{made}");
    }
    let nobody = json!({"topic": "t", "participants": [{"communicationIdentifier": {}}]});
    let (_, error) = out.chat_as(0, Method::POST, "", nobody).await;
    assert_eq!(
        error["error"]["details"][0]["target"],
        "participants[0].communicationIdentifier"
    );
}

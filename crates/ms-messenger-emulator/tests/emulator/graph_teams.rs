//! Graph's directory: users, teams and channels.

use crate::outside::Outside;
use crate::outside::graph::{ALICE, BOB, CAROL, ids, member};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

const UNKNOWN: &str = "12345678-0000-4000-8000-000000000009";

#[tokio::test]
async fn a_user_is_found_by_id_and_by_principal_name() {
    let out = Outside::start().await;
    let bob = out.emulator.seed().graph.users[BOB].clone();
    let expected = json!({
        "@odata.context": format!("{}/v1.0/$metadata#users/$entity", out.base),
        "id": bob.id, "displayName": "Bob", "userPrincipalName": bob.upn, "mail": bob.upn,
        "givenName": "Bob", "surname": null, "jobTitle": null, "preferredLanguage": null,
    });
    assert_eq!(out.as_user(BOB, "GET", "/v1.0/me", None).await.1, expected);
    for key in [
        &bob.id.to_uppercase(),
        &bob.upn,
        &bob.upn.replace('@', "%40"),
    ] {
        let (status, user) = out
            .as_user(ALICE, "GET", &format!("/v1.0/users/{key}"), None)
            .await;
        assert_eq!((status, &user), (200, &expected), "{key}");
    }
    let (_, part) = out
        .as_user(BOB, "GET", "/v1.0/me?$select=displayName", None)
        .await;
    assert_eq!(part.as_object().unwrap().len(), 2, "{part}");
    assert_eq!(part["displayName"], "Bob");
    for (path, status) in [
        ("/v1.0/me?$select=password", 400),
        ("/v1.0/me?$expand=manager", 400),
        ("/v1.0/users/nobody@contoso.test", 404),
    ] {
        assert_eq!(
            out.as_user(BOB, "GET", path, None).await.0,
            status,
            "{path}"
        );
    }
}

#[tokio::test]
async fn joined_teams_have_three_members_and_the_team_has_all() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let joined = "/v1.0/me/joinedTeams";
    let (_, page) = out.as_user(BOB, "GET", joined, None).await;
    let summary =
        json!({"id": graph.team_id, "displayName": "Contoso", "description": "The team Contoso"});
    assert_eq!(page["value"], json!([summary]));
    let of_user = format!("/v1.0/users/{}/joinedTeams", graph.users[BOB].upn);
    assert_eq!(
        out.as_user(BOB, "GET", &of_user, None).await.1["value"],
        page["value"]
    );
    assert_eq!(
        out.as_user(BOB, "GET", "/v1.0/me/joinedTeams?$top=1", None)
            .await
            .0,
        400
    );
    let selected = "/v1.0/me/joinedTeams?$select=id";
    assert_eq!(
        out.as_user(BOB, "GET", selected, None).await.1["value"],
        json!([{"id": graph.team_id}])
    );
    let unknown = "/v1.0/me/joinedTeams?$select=nothing";
    assert_eq!(out.as_user(BOB, "GET", unknown, None).await.0, 400);
    let team = format!("/v1.0/teams/{}", graph.team_id.to_uppercase());
    let (status, team) = out.as_user(BOB, "GET", &team, None).await;
    assert_eq!((status, &team["displayName"]), (200, &json!("Contoso")));
    assert_eq!(team["createdDateTime"], "2025-01-01T00:00:00Z");
    assert_eq!(
        out.as_user(BOB, "GET", "/v1.0/teams/red", None).await.0,
        400
    );
    // A team that is used is there, with a channel General.
    let unknown = format!("/v1.0/teams/{UNKNOWN}");
    let (_, made) = out.as_user(BOB, "GET", &unknown, None).await;
    assert_eq!(made["displayName"], "Team 12345678");
    let primary = format!("{unknown}/primaryChannel");
    assert_eq!(
        out.as_user(BOB, "GET", &primary, None).await.1["displayName"],
        "General"
    );
    assert_eq!(
        out.as_user(BOB, "GET", joined, None).await.1["@odata.count"],
        2
    );
    assert_eq!(
        out.as_user(ALICE, "GET", joined, None).await.1["@odata.count"],
        1
    );
}

#[tokio::test]
async fn channels_are_listed_filtered_and_selected_but_not_paged() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let channels = format!("/v1.0/teams/{}/channels", graph.team_id);
    let new = json!({"displayName": "Lunch", "description": "Where we eat"});
    let (status, lunch) = out.as_user(ALICE, "POST", &channels, Some(new)).await;
    assert_eq!(status, 201, "{lunch}");
    assert!(lunch["id"].as_str().unwrap().ends_with("@thread.tacv2"));
    assert_eq!(
        (&lunch["membershipType"], &lunch["layoutType"]),
        (&json!("standard"), &json!("post"))
    );
    let context = format!(
        "{}/v1.0/$metadata#teams('{}')/channels/$entity",
        out.base, graph.team_id
    );
    assert_eq!(lunch["@odata.context"], json!(context));
    let all = [graph.channel_id.as_str(), lunch["id"].as_str().unwrap()];
    for path in [
        channels.clone(),
        format!("/beta/teams/{}/allChannels", graph.team_id),
    ] {
        assert_eq!(
            ids(&out.as_user(CAROL, "GET", &path, None).await.1),
            all,
            "{path}"
        );
    }
    let get = async |query: &str| {
        out.as_user(BOB, "GET", &format!("{channels}{query}"), None)
            .await
    };
    let (_, page) = get("?$filter=displayName%20eq%20'Lunch'&$select=id,displayName").await;
    let expected = json!([{"id": lunch["id"], "displayName": "Lunch"}]);
    assert_eq!(page["value"], expected);
    let (_, page) = get("?$filter=membershipType%20eq%20'private'").await;
    assert_eq!(page["value"], json!([]));
    let (_, page) = get("?$expand=members").await;
    assert_eq!(page["value"][0]["members"].as_array().unwrap().len(), 3);
    for bad in [
        "?$top=1",
        "?$select=colour",
        "?$filter=x",
        "?$expand=tabs",
        "?$orderby=id",
    ] {
        assert_eq!(get(bad).await.0, 400, "{bad}");
    }
    let (_, primary) = out
        .as_user(
            BOB,
            "GET",
            &format!("/v1.0/teams/{}/primaryChannel", graph.team_id),
            None,
        )
        .await;
    assert_eq!(primary["id"], json!(graph.channel_id));
    let (_, one) = get(&format!("/{}", graph.channel_id.replace(':', "%3A"))).await;
    assert_eq!(one, primary);
}

#[tokio::test]
async fn channels_are_changed_and_deleted_and_stay_deleted() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let channels = format!("/v1.0/teams/{}/channels", graph.team_id);
    let general = format!("{channels}/{}", graph.channel_id);
    let (_, lunch) = out
        .as_user(
            ALICE,
            "POST",
            &channels,
            Some(json!({"displayName": "Lunch"})),
        )
        .await;
    let lunch = format!("{channels}/{}", lunch["id"].as_str().unwrap());
    let change = json!({"displayName": "Dinner", "description": "Late", "layoutType": "chat"});
    let (status, nothing) = out.as_user(BOB, "PATCH", &lunch, Some(change)).await;
    assert_eq!((status, nothing), (204, Value::Null));
    let (_, read) = out.as_user(BOB, "GET", &lunch, None).await;
    let found = (
        &read["displayName"],
        &read["description"],
        &read["layoutType"],
    );
    assert_eq!(found, (&json!("Dinner"), &json!("Late"), &json!("chat")));
    for (path, method, body) in [
        (&channels, "POST", json!({"displayName": "dinner"})),
        (&channels, "POST", json!({"displayName": ""})),
        (&channels, "POST", json!({"displayName": "x".repeat(51)})),
        (
            &channels,
            "POST",
            json!({"displayName": "x", "membershipType": "secret"}),
        ),
        (
            &channels,
            "POST",
            json!({"displayName": "x", "@microsoft.graph.channelCreationMode": "migration"}),
        ),
        (&lunch, "PATCH", json!({"displayName": "General"})),
        (&lunch, "PATCH", json!({"description": 1})),
        (&general, "PATCH", json!({"displayName": "Special"})),
    ] {
        assert_eq!(
            out.as_user(ALICE, method, path, Some(body.clone())).await.0,
            400,
            "{body}"
        );
    }
    assert_eq!(
        out.as_user(
            ALICE,
            "PATCH",
            &general,
            Some(json!({"description": "All"}))
        )
        .await
        .0,
        204
    );
    assert_eq!(out.as_user(ALICE, "DELETE", &general, None).await.0, 400);

    let messages = format!("{lunch}/messages");
    let send = Some(json!({"body": {"content": "x"}}));
    assert_eq!(
        out.as_user(BOB, "POST", &messages, send.clone()).await.0,
        201
    );
    assert_eq!(out.as_user(ALICE, "DELETE", &lunch, None).await.0, 204);
    for (method, path, body) in [
        ("GET", &lunch, None),
        ("DELETE", &lunch, None),
        ("GET", &messages, None),
        ("POST", &messages, send),
    ] {
        assert_eq!(
            out.as_user(BOB, method, path, body).await.0,
            404,
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_private_channel_is_seen_by_its_members_only() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let channels = format!("/v1.0/teams/{}/channels", graph.team_id);
    let body = json!({"displayName": "Board", "membershipType": "private", "members": [
        member(&out, &graph.users[ALICE].id)]});
    let (status, board) = out.as_user(ALICE, "POST", &channels, Some(body)).await;
    assert_eq!((status, &board["membershipType"]), (201, &json!("private")));
    let board = format!("{channels}/{}", board["id"].as_str().unwrap());
    let count = async |n| out.as_user(n, "GET", &channels, None).await.1["@odata.count"].clone();
    assert_eq!((count(ALICE).await, count(BOB).await), (json!(2), json!(1)));
    assert_eq!(out.as_user(BOB, "GET", &board, None).await.0, 403);
    let members = format!("{board}/members");
    let bob = Some(member(&out, &graph.users[BOB].id));
    assert_eq!(out.as_user(BOB, "POST", &members, bob.clone()).await.0, 403);
    assert_eq!(out.as_user(ALICE, "POST", &members, bob).await.0, 201);
    assert_eq!((count(BOB).await, count(CAROL).await), (json!(2), json!(1)));
    // Who is not in the team cannot be in one of its channels.
    let stranger = Some(member(&out, UNKNOWN));
    assert_eq!(out.as_user(ALICE, "POST", &members, stranger).await.0, 400);
}

#[tokio::test]
async fn a_team_has_tags_to_mention() {
    let out = Outside::start().await;
    let team = out.emulator.seed().graph.team_id.clone();
    let (status, page) = out
        .as_user(BOB, "GET", &format!("/v1.0/teams/{team}/tags"), None)
        .await;
    assert_eq!((status, &page["@odata.count"]), (200, &json!(1)));
    let tag = &page["value"][0];
    assert_eq!(
        (&tag["displayName"], &tag["teamId"]),
        (&json!("Cooks"), &json!(team))
    );
    let mention = json!({
        "body": {"contentType": "html", "content": "<at id=\"0\">Cooks</at> dinner?"},
        "mentions": [{"id": 0, "mentionText": "Cooks", "mentioned": {"tag": {"id": tag["id"], "displayName": "Cooks"}}}],
    });
    let (status, message) = out.graph(&out.graph_channel(), &mention).await;
    assert_eq!(status, 201, "{message}");
    assert_eq!(message["mentions"][0]["mentioned"]["tag"]["id"], tag["id"]);
}

#[tokio::test]
async fn strict_mode_knows_only_the_seeded_team() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let graph = out.emulator.seed().graph.clone();
    let get = async |path: String| out.as_user(ALICE, "GET", &path, None).await.0;
    assert_eq!(get(format!("/v1.0/teams/{}", graph.team_id)).await, 200);
    assert_eq!(get(format!("/v1.0/teams/{UNKNOWN}")).await, 404);
    assert_eq!(get(format!("/v1.0/teams/{UNKNOWN}/channels")).await, 404);
    let channel = "19:nobody@thread.tacv2";
    assert_eq!(
        get(format!("/v1.0/teams/{}/channels/{channel}", graph.team_id)).await,
        404
    );
    assert_eq!(
        get(format!(
            "/v1.0/teams/{}/channels/{channel}/messages",
            graph.team_id
        ))
        .await,
        404
    );
    assert_eq!(get(format!("/v1.0/users/{UNKNOWN}")).await, 404);
}

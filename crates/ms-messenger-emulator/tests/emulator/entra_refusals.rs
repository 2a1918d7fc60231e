//! Entra ID: who is refused, how, and what fault rules add. Discovery and managed identities.

use crate::outside::Outside;
use crate::sign_in::{SEND, SignIn, WithForm as _, claims};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

const GRAPH: &str = "https://graph.microsoft.com/.default";
const STRANGER: &str = "11111111-2222-3333-4444-555555555555";

#[tokio::test]
async fn an_error_has_all_of_its_members() {
    let at = SignIn::start(Emulator::builder()).await;
    let (status, error) = at.application(GRAPH, &[("client_secret", "wrong")]).await;
    assert_eq!(status, 401);
    assert_eq!(error["error"], "invalid_client");
    assert_eq!(error["error_codes"], json!([7_000_215]));
    let text = error["error_description"].as_str().unwrap();
    assert!(text.starts_with("AADSTS7000215: "), "{text}");
    let time = error["timestamp"].as_str().unwrap();
    assert_eq!((time.len(), &time[10..11], &time[19..]), (20, " ", "Z"));
    for id in ["trace_id", "correlation_id"] {
        assert_eq!(error[id].as_str().unwrap().len(), 36);
    }
}

/// Scope, members that replace the right ones, status, error, number of AADSTS.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, &'a str, u32);

#[tokio::test]
async fn each_wrong_request_has_its_error() {
    let at = SignIn::start(Emulator::builder()).await;
    let public = at.out.emulator.seed().entra.public_client_id.clone();
    let cases: [Case<'_>; 8] = [
        (
            GRAPH,
            &[("grant_type", "")],
            400,
            "invalid_request",
            900_144,
        ),
        (
            GRAPH,
            &[("grant_type", "password")],
            400,
            "unsupported_grant_type",
            70_003,
        ),
        (
            GRAPH,
            &[("client_secret", "")],
            401,
            "invalid_client",
            7_000_218,
        ),
        (
            GRAPH,
            &[("client_id", &public)],
            401,
            "invalid_client",
            700_025,
        ),
        (
            GRAPH,
            &[("client_id", &public), ("client_secret", "")],
            401,
            "invalid_client",
            7_000_218,
        ),
        (
            GRAPH,
            &[("client_id", "nonsense")],
            400,
            "unauthorized_client",
            700_016,
        ),
        ("User.Read", &[], 400, "invalid_scope", 1_002_012),
        ("User.Read .default", &[], 400, "invalid_scope", 70_011),
    ];
    for (scope, more, status, error, code) in cases {
        let (found, body) = at.application(scope, more).await;
        assert_eq!((found, &body["error"]), (status, &json!(error)), "{body}");
        assert_eq!(body["error_codes"], json!([code]));
    }
}

#[tokio::test]
async fn unknown_users_and_foreign_tenants_are_rejected_when_strict() {
    for (is_strict, expected) in [(false, [200, 200]), (true, [400, 400])] {
        let at = SignIn::start(Emulator::builder().with_strict(is_strict)).await;
        let members = [("client_id", STRANGER), ("scope", SEND)];
        let (status, _) = at.form("devicecode", &[&members]).await;
        let discovery = format!("/{STRANGER}/v2.0/.well-known/openid-configuration");
        let foreign = at.out.get(&discovery).await.status().as_u16();
        assert_eq!([status, foreign], expected);
    }
}

#[tokio::test]
async fn an_application_names_its_tenant() {
    let at = SignIn::start(Emulator::builder()).await;
    let entra = at.out.emulator.seed().entra.clone();
    for (tenant, expected) in [("contoso.test", 200), ("common", 400), ("no_tenant", 400)] {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &entra.confidential_client_id),
            ("client_secret", &entra.client_secret),
            ("scope", GRAPH),
        ];
        let request = at
            .out
            .post(&format!("/{tenant}/oauth2/v2.0/token"))
            .with_form(&form);
        assert_eq!(Outside::ask(request).await.0, expected, "{tenant}");
    }
}

fn assertion(head: &Value, body: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(head), part(body))
}

#[tokio::test]
async fn an_assertion_stands_for_the_secret() {
    let at = SignIn::start(Emulator::builder()).await;
    let id = at.out.emulator.seed().entra.confidential_client_id.clone();
    let aud = format!("{}/contoso.test/oauth2/v2.0/token", at.out.base);
    let far = 4_102_444_800_u64;
    let own = json!({"aud": aud, "iss": id, "sub": id, "exp": far});
    let federated =
        json!({"aud": "api://AzureADTokenExchange", "iss": "k8s", "sub": "pod", "exp": far});
    let foreign = json!({"aud": aud, "iss": "x", "sub": id, "exp": far});
    let over = json!({"aud": aud, "iss": id, "sub": id, "exp": 1});
    let cases = [
        ("PS256", &own, 200),
        ("RS256", &federated, 200),
        ("none", &own, 401),
        ("PS256", &foreign, 401),
        ("PS256", &over, 401),
    ];
    for (alg, body, expected) in cases {
        let jwt = assertion(&json!({"alg": alg}), body);
        let more = [
            ("client_secret", ""),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &*jwt),
        ];
        let (status, response) = at.application(GRAPH, &more).await;
        assert_eq!(status, expected, "{alg} {body}: {response}");
    }
}

#[tokio::test]
async fn a_fault_rule_gives_an_error_of_entra() {
    let at = SignIn::start(Emulator::builder()).await;
    let action = json!({"kind": "entra_error", "error": "interaction_required",
        "error_code": 50_079, "suberror": "basic_action", "claims": "{\"access_token\":{}}"});
    let rule =
        json!({"match": {"platform": "entra", "operation": "token", "nth": [1]}, "action": action});
    at.out.faults(json!({"rules": [rule.clone()]})).await;
    let (status, error) = at.application(GRAPH, &[]).await;
    assert_eq!(
        (status, &error["error"]),
        (400, &json!("interaction_required"))
    );
    assert_eq!(error["error_codes"], json!([50_079]));
    assert_eq!(error["suberror"], "basic_action");
    assert_eq!(error["claims"], "{\"access_token\":{}}");
    assert_eq!(at.application(GRAPH, &[]).await.0, 200);
    let kept: Value = at.out.get("/_emulator/faults").await.json().await.unwrap();
    assert_eq!(kept["rules"][0], rule);
    let stats: Value = at.out.get("/_emulator/stats").await.json().await.unwrap();
    assert_eq!(stats["platforms"]["entra"]["faults"], 1, "{stats}");
    let status = json!({"kind": "status", "status": 429, "headers": {"Retry-After": "1"}});
    at.out
        .faults(json!({"rules": [{"match": {"platform": "entra"}, "action": status}]}))
        .await;
    let (status, error) = at.application(GRAPH, &[]).await;
    assert_eq!(
        (status, &error["error"]),
        (429, &json!("temporarily_unavailable"))
    );
}

#[tokio::test]
async fn a_fault_of_entra_does_not_apply_elsewhere() {
    let out = Outside::start().await;
    for (matching, action) in [
        (
            json!({"platform": "ucwa"}),
            json!({"kind": "entra_error", "error": "x"}),
        ),
        (
            json!({"operation": "keys"}),
            json!({"kind": "entra_error", "error": "x"}),
        ),
        (json!({}), json!({"kind": "entra_error"})),
        (
            json!({}),
            json!({"kind": "entra_error", "error": "x", "status": 200}),
        ),
    ] {
        let rules = json!({"rules": [{"match": matching, "action": action}]});
        let url = format!("{}/_emulator/faults", out.base);
        assert_eq!(
            Outside::ask(out.client.put(url).json(&rules)).await.0,
            400,
            "{rules}"
        );
    }
}

#[tokio::test]
async fn libraries_find_the_endpoints() {
    let at = SignIn::start(Emulator::builder()).await;
    let (base, host) = (&at.out.base, at.out.base.trim_start_matches("http://"));
    let endpoint = format!("https%3A%2F%2F{host}%2Fcommon%2Foauth2%2Fv2.0%2Fauthorize");
    let path =
        format!("/common/discovery/instance?api-version=1.1&authorization_endpoint={endpoint}");
    let found: Value = at.out.get(&path).await.json().await.unwrap();
    let next = found["tenant_discovery_endpoint"].as_str().unwrap();
    let document: Value = at
        .out
        .client
        .get(next)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = format!("{base}/common/oauth2/v2.0/token");
    assert_eq!(document["token_endpoint"], token);
    let keys = at.out.client.get(document["jwks_uri"].as_str().unwrap());
    assert_eq!(Outside::ask(keys).await.1["keys"][0]["alg"], "HS256");
    let foreign = path.replace(&endpoint, "https%3A%2F%2Fevil.test%2Fcommon");
    let refused = at.out.get(&foreign).await;
    assert_eq!(refused.status(), 400);
    assert_eq!(
        refused.json::<Value>().await.unwrap()["error"],
        "invalid_instance"
    );
    assert_eq!(at.out.get("/common/oauth2/v2.0/token").await.status(), 405);
}

#[tokio::test]
async fn a_machine_has_an_identity() {
    let at = SignIn::start(Emulator::builder()).await;
    let path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com";
    let (status, refused) = Outside::ask(at.out.read(path, "")).await;
    assert_eq!(
        (status, &refused["error"]),
        (400, &json!("bad_request_102"))
    );
    let (status, found) = Outside::ask(at.out.read(path, "").header("Metadata", "true")).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["expires_in"], "3600");
    assert!(found["expires_on"].is_string());
    assert_eq!(
        at.graph_list(found["access_token"].as_str().unwrap()).await,
        200
    );
    let cut = path.replace("api-version=2018-02-01&", "");
    let (status, _) = Outside::ask(at.out.read(&cut, "").header("Metadata", "true")).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn an_app_service_has_an_identity_behind_its_header() {
    let at = SignIn::start(Emulator::builder()).await;
    let path =
        "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fcommunication.azure.com%2F";
    let wrong = at.out.read(path, "").header("X-IDENTITY-HEADER", "wrong");
    assert_eq!(Outside::ask(wrong).await.0, 401);
    let header = at.out.emulator.seed().entra.identity_header.clone();
    let right = at.out.read(path, "").header("X-IDENTITY-HEADER", header);
    let (status, found) = Outside::ask(right).await;
    assert_eq!(status, 200, "{found}");
    assert!(found.get("expires_in").is_none() && found["expires_on"].is_string());
    let token = claims(found["access_token"].as_str().unwrap());
    assert_eq!(token["aud"], "https://communication.azure.com");
}

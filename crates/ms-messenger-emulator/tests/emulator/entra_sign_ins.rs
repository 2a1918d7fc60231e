//! `/_emulator/entra/sign-ins`: device codes that wait for a decision.

use ms_messenger_emulator::{Emulator, EntraApprover};
use serde_json::{Value, json};

use crate::outside::Outside;

async fn sign_ins(out: &Outside) -> Vec<Value> {
    let page: Value = out
        .get("/_emulator/entra/sign-ins")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(page["users"][0], "alice@contoso.test");
    page["sign_ins"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_sign_in_is_listed_until_it_is_decided() {
    let builder = Emulator::builder().with_entra_approver(EntraApprover::Manual);
    let out = Outside::of(builder.start().await.unwrap());
    assert!(sign_ins(&out).await.is_empty());
    let client = "11111111-2222-3333-4444-555555555555";
    let form =
        format!("client_id={client}&scope=https%3A%2F%2Fgraph.microsoft.com%2FChatMessage.Send");
    let begun = out
        .post("/organizations/oauth2/v2.0/devicecode")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let (status, begun) = Outside::ask(begun).await;
    assert_eq!(status, 200, "{begun}");
    let waiting = sign_ins(&out).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0]["user_code"], begun["user_code"]);
    assert_eq!(waiting[0]["client"], client);
    assert_eq!(
        (&waiting[0]["state"], &waiting[0]["scopes"]),
        (&json!("pending"), &json!("ChatMessage.Send"))
    );
    assert_eq!(waiting[0]["user"], Value::Null);
    let listed = Value::from(waiting).to_string();
    assert!(!listed.contains(begun["device_code"].as_str().unwrap()));
    let approval = json!({"user_code": begun["user_code"], "user": "bob@contoso.test"});
    let approved = out.post("/_emulator/entra/approve").json(&approval);
    assert_eq!(Outside::ask(approved).await.0, 204);
    let listed = sign_ins(&out).await.remove(0);
    assert_eq!(
        (&listed["state"], &listed["user"]),
        (&json!("approved"), &json!("bob@contoso.test"))
    );
    let decline = out
        .post("/_emulator/entra/decline")
        .json(&json!({"user_code": begun["user_code"]}));
    assert_eq!(Outside::ask(decline).await.0, 204);
    assert!(sign_ins(&out).await.is_empty());
    assert_eq!(
        out.post("/_emulator/entra/sign-ins")
            .send()
            .await
            .unwrap()
            .status(),
        405
    );
}

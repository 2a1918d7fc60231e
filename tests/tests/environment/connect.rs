//! Every platform is connected by a text.

use ms_messenger::{
    Delivery, ErrorKind, Result, SharedMessenger, Target, connect,
    layers::{ConnectConfig, Registry},
    prelude::*,
};
use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, Platform, When};

/// A registry whose variables have the credentials of `emulator`.
fn registry(emulator: &Emulator) -> Registry {
    let (acs, graph) = (
        emulator.seed().acs.clone(),
        emulator.seed().graph.token.clone(),
    );
    let password = emulator.seed().ucwa.users[0].password.clone();
    ms_messenger::registry().with_variables(move |name| match name {
        "ACS" | "ACS_CONNECTION_STRING" => Some(acs.connection_string.clone()),
        "CHAT" | "ACS_CHAT_TOKEN" => Some(acs.users[0].token.clone()),
        "GRAPH" => Some(graph.clone()),
        "PASSWORD" => Some(password.clone()),
        _ => None,
    })
}

async fn connected(emulator: &Emulator, text: &str) -> SharedMessenger {
    let config: ConnectConfig = text.parse().unwrap();
    registry(emulator).connect(&config).await.unwrap()
}

/// Texts for Teams, WhatsApp, ACS Chat and Skype for Business.
fn texts(emulator: &Emulator) -> [String; 4] {
    let seed = emulator.seed();
    let user = &seed.ucwa.users[0];
    let sip = user.sip.strip_prefix("sip:").unwrap();
    [
        format!("msgraph-chat:?base_url={}&token_env=GRAPH", seed.graph.base),
        format!(
            "acs-messages:?connection_string_env=ACS&channel_registration_id={}",
            seed.acs.channel_registration_id
        ),
        format!("acs-chat:?endpoint={}&token_env=CHAT", seed.acs.endpoint),
        format!(
            "ucwa://{sip}?username={}&password_env=PASSWORD&discovery_url={}",
            user.username, seed.ucwa.discover
        ),
    ]
}

#[tokio::test]
async fn a_router_over_all_platforms_is_one_text() {
    let emulator = Emulator::start().await.unwrap();
    let seed = emulator.seed();
    let [teams, whatsapp, chat, skype] = texts(&emulator);
    let text = format!(
        "router(teams[kind=channel]={teams}, whatsapp[kind=tel]={whatsapp}, \
         skype[kind=sip]={skype}, chat={chat})"
    );
    let messenger = connected(&emulator, &text).await;
    let channel = Target::channel(seed.graph.team_id.as_str(), seed.graph.channel_id.as_str());
    for (to, name) in [
        (channel, "teams"),
        (Target::phone("+14255550123").unwrap(), "whatsapp"),
        (Target::sip(&seed.ucwa.users[1].sip).unwrap(), "skype"),
        (Target::conversation(seed.acs.thread_id.as_str()), "chat"),
    ] {
        let receipt = messenger.send_text(to, name).await.unwrap();
        let sent_by = receipt.sent_by().unwrap();
        assert_eq!(sent_by.name, name);
        let rows = emulator.messages();
        let stored = rows.iter().filter(|row| row.text == name);
        assert_eq!(stored.count(), 1, "{name}");
    }
    assert!(!format!("{messenger:?}").contains(&seed.graph.token));
}

#[tokio::test]
async fn a_fallback_sends_through_another_platform_only_if_the_first_did_not() {
    let emulator = Emulator::start().await.unwrap();
    let [teams, whatsapp, ..] = texts(&emulator);
    let text =
        format!("fallback(teams={teams}, whatsapp[to=tel:+14255550123]={whatsapp})?settle=never");
    let fault = |action| {
        let rule = FaultRule::new(action).with_platform(Platform::MSGRAPH_CHAT);
        emulator.set_faults(Faults::new().with_rule(rule.with_operation("send")));
    };
    let stored = || {
        let rows = emulator.messages();
        let count = |platform| rows.iter().filter(|row| row.platform == platform).count();
        (count(Platform::MSGRAPH_CHAT), count(Platform::ACS_MESSAGES))
    };
    let request = SendRequest::new(
        Target::conversation(emulator.seed().graph.chat_id.as_str()),
        Message::text("The disk is full"),
    );
    let on_call = connected(&emulator, &text).await;

    fault(FaultAction::status(403));
    let receipt = on_call.send(&request).await.unwrap();
    assert_eq!(receipt.sent_by().unwrap().name, "whatsapp");
    assert_eq!(stored(), (0, 1));

    // It was stored, which the first member cannot know: the second must not send.
    fault(FaultAction::Close {
        when: When::AfterStore,
    });
    let error = on_call.send(&request).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(stored(), (1, 1));

    // Another process, with the same text and the evidence, finds it.
    emulator.set_faults(Faults::new());
    let evidence = serde_json::to_string(&Evidence::of(&error).unwrap()).unwrap();
    let other = connected(&emulator, &text).await;
    let settled = other
        .settle(&request, &Evidence::from_json(&evidence).unwrap())
        .await;
    match settled {
        Settled::Found(receipt) => assert_eq!(receipt.sent_by().unwrap().name, "teams"),
        other => panic!("{other:?}"),
    }
    assert_eq!(stored(), (1, 1));
}

#[test]
fn every_problem_of_every_platform_is_named_by_its_option() {
    let text = "router(\
        teams=msgraph-chat:?token=hunter2, \
        whatsapp=acs-messages://contoso.communication.azure.com?access_key_env=NONE, \
        chat=acs-chat:?client_message_ids=perhaps, \
        skype=ucwa://bot@contoso.com?sip=sip:bot@contoso.com)";
    let check = |text: &str| -> Result<()> {
        let registry = ms_messenger::registry().with_variables(|_| None);
        registry.check(&text.parse()?)
    };
    let error = check(text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let fields: Vec<&str> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(
        fields,
        [
            "teams.token",
            "whatsapp.access_key_env",
            "chat.client_message_ids",
            "chat.token",
            "chat.endpoint",
            "skype.sip",
            "skype.password",
        ]
    );
    // Without options it is the environment that is read.
    let error = check("acs-chat:").unwrap_err();
    assert_eq!(error.problems()[0].field, "ACS_CHAT_TOKEN");
    let error = check("ucwa:?env=true&sip=sip:a@b.c").unwrap_err();
    assert_eq!(error.problems()[0].field, "UCWA_PASSWORD");
}

#[tokio::test]
async fn without_options_the_environment_is_read() {
    let emulator = Emulator::start().await.unwrap();
    let chat = connected(&emulator, "acs-chat:").await;
    let thread = emulator.seed().acs.thread_id.as_str();
    chat.send_text(Target::conversation(thread), "hello")
        .await
        .unwrap();
    assert_eq!(emulator.messages().len(), 1);
    // A text without credentials connects no real client of this process by accident.
    assert!(
        connect("acs-chat://contoso.communication.azure.com")
            .await
            .is_err()
    );
}

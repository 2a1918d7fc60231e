//! `msm doctor`: what it finds, and that it sends nothing.

use std::time::{Duration, SystemTime};

use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
use serde_json::Value;

use crate::support::{
    Environment, Ran, acs_chat, acs_messages, channel, closed_port, msgraph_chat, run, skype, start,
};

fn doctor(environment: &Environment) -> Ran {
    run(&["doctor", "--json"], environment, "")
}

/// Returns the findings of `check` on `platform`, as level and text.
fn found(ran: &Ran, platform: &str, check: &str) -> Vec<(String, String)> {
    let report = ran.json();
    let platforms = report["platforms"].as_array().unwrap();
    let of_platform = platforms.iter().find(|it| it["platform"] == platform);
    let findings = of_platform.unwrap()["findings"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings
        .iter()
        .filter(|finding| finding["check"] == check)
        .map(|finding| (text(&finding["level"]), text(&finding["text"])))
        .collect()
}

#[test]
fn a_correct_configuration_has_no_problem_and_nothing_is_sent() {
    let emulator = start(false);
    let world = emulator.seed();
    let environment: Environment = [
        acs_messages(world),
        acs_chat(world),
        msgraph_chat(world),
        skype(world),
    ]
    .concat();
    let ran = doctor(&environment);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["exit_code"], 0);
    for platform in ["acs-messages", "acs-chat", "msgraph-chat"] {
        let [(level, text)] = &found(&ran, platform, "credential")[..] else {
            panic!("{platform}: {ran:?}");
        };
        assert_eq!(level, "ok", "{platform}: {text}");
        assert_eq!(found(&ran, platform, "clock")[0].0, "ok");
    }
    assert_eq!(found(&ran, "ucwa", "sign-in")[0].0, "ok");
    let permissions = found(&ran, "msgraph-chat", "permission");
    assert!(
        permissions.contains(&("ok".into(), "send to a chat: ChatMessage.Send".into())),
        "{permissions:?}"
    );
    assert!(emulator.messages().is_empty());
    for (_, value) in &environment {
        let is_secret = value.len() > 60 && !value.starts_with("http");
        assert!(!is_secret || !ran.stdout.contains(value.as_str()));
    }
    assert!(!ran.stdout.contains("accesskey"), "{ran:?}");
}

#[test]
fn every_setting_is_reported_with_its_origin_and_never_its_value() {
    let emulator = start(false);
    let world = emulator.seed();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, &world.graph.token).unwrap();
    let name = file.display().to_string();
    let environment = vec![("MSGRAPH_BASE_URL", world.graph.base.clone())];
    let words = ["doctor", "--json", "--msgraph-token-file", &name];
    let ran = run(&words, &environment, "");
    let settings = found(&ran, "msgraph-chat", "setting");
    let texts: Vec<&str> = settings.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        texts,
        [
            format!("MSGRAPH_TOKEN from the file {name}").as_str(),
            "MSGRAPH_BASE_URL from the environment"
        ]
    );
    assert!(!ran.stdout.contains(&world.graph.token));
}

#[test]
fn a_missing_configuration_is_a_configuration_error() {
    let ran = doctor(&Vec::new());
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!(found(&ran, "acs-chat", "settings")[0].0, "note");
}

#[test]
fn an_incomplete_configuration_names_what_is_missing() {
    let ran = doctor(&vec![("UCWA_SIP", "sip:a@contoso.test".to_owned())]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let (level, text) = found(&ran, "ucwa", "settings").remove(0);
    assert_eq!(level, "problem");
    assert!(text.contains("UCWA_PASSWORD"), "{text}");
}

#[test]
fn the_token_of_an_application_is_distinguished_from_that_of_a_user() {
    let emulator = start(false);
    let world = emulator.seed();
    let environment = vec![
        ("MSGRAPH_BASE_URL", world.graph.base.clone()),
        ("MSGRAPH_TOKEN", world.graph.app_token.clone()),
    ];
    let ran = doctor(&environment);
    assert_eq!(ran.code, 5, "{ran:?}");
    let (level, text) = found(&ran, "msgraph-chat", "permission").remove(0);
    assert_eq!(level, "problem");
    assert!(text.contains("application without a user"), "{text}");
}

#[test]
fn an_expired_token_and_missing_permissions_are_named() {
    let emulator = start(false);
    let world = emulator.seed();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap_or(Duration::ZERO).as_secs();
    let user = &world.graph.users[0];
    let check = |token: String| {
        doctor(&vec![
            ("MSGRAPH_BASE_URL", world.graph.base.clone()),
            ("MSGRAPH_TOKEN", token),
        ])
    };
    let expired = check(world.graph_token(user, &["ChatMessage.Send"], now - 60));
    assert_eq!(expired.code, 5, "{expired:?}");
    let (level, text) = found(&expired, "msgraph-chat", "token").remove(0);
    assert_eq!(level, "problem");
    assert!(text.contains("expired"), "{text}");
    let reader = check(world.graph_token(user, &["Chat.Read"], now + 600));
    assert_eq!(reader.code, 5, "{reader:?}");
    let permissions = found(&reader, "msgraph-chat", "permission");
    let needed = "send to a channel: needs ChannelMessage.Send";
    assert!(
        permissions.contains(&("problem".into(), needed.into())),
        "{permissions:?}"
    );
    let chat_only = check(world.graph_token(user, &["ChatMessage.Send"], now + 600));
    assert_eq!(chat_only.code, 0, "{chat_only:?}");
    let permissions = found(&chat_only, "msgraph-chat", "permission");
    assert!(
        permissions.contains(&("note".into(), needed.into())),
        "{permissions:?}"
    );
}

#[test]
fn a_wrong_key_is_rejected_by_the_service_with_exit_code_5() {
    let emulator = start(false);
    let environment = vec![
        ("ACS_ENDPOINT", emulator.seed().acs.endpoint.clone()),
        ("ACS_ACCESS_KEY", "d3Jvbmc=".to_owned()),
    ];
    let ran = doctor(&environment);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_eq!(found(&ran, "acs-messages", "credential")[0].0, "problem");
}

#[test]
fn an_unreachable_server_is_a_temporary_problem() {
    let (_kept, port) = closed_port();
    let environment = vec![
        ("ACS_ENDPOINT", format!("http://127.0.0.1:{port}")),
        ("ACS_ACCESS_KEY", "d3Jvbmc=".to_owned()),
    ];
    let ran = doctor(&environment);
    assert_eq!(ran.code, 7, "{ran:?}");
    assert_eq!(found(&ran, "acs-messages", "reachable")[0].0, "problem");
    assert!(found(&ran, "acs-messages", "credential").is_empty());
}

#[test]
fn a_wrong_password_is_rejected_at_sign_in() {
    let emulator = start(false);
    let mut environment = skype(emulator.seed());
    for (name, value) in &mut environment {
        if *name == "UCWA_PASSWORD" {
            *value = "wrong".to_owned();
        }
    }
    let ran = doctor(&environment);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_eq!(found(&ran, "ucwa", "sign-in")[0].0, "problem");
}

#[test]
fn a_session_that_stays_at_the_server_is_reported() {
    let emulator = start(false);
    let status = FaultRule::new(FaultAction::status(503)).with_operation("sign_out");
    emulator.set_faults(Faults::new().with_rule(status));
    let ran = doctor(&skype(emulator.seed()));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        found(&ran, "ucwa", "sign-in"),
        [("ok".to_owned(), "signed in".to_owned())]
    );
    let (level, text) = found(&ran, "ucwa", "sign-out").remove(0);
    assert_eq!(level, "note");
    assert!(text.contains("may still be at the server"), "{text}");
}

#[test]
fn without_json_the_report_is_a_table() {
    let emulator = start(false);
    let ran = run(&["doctor"], &acs_chat(emulator.seed()), "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.contains("\nacs-chat\n  ok       setting"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_a_token_allows_is_said_by_permission_for_every_operation() {
    let emulator = start(false);
    let world = emulator.seed();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let end = now.unwrap_or(Duration::ZERO).as_secs() + 600;
    let scopes = ["ChatMessage.Send", "Chat.Read", "channel.create"];
    let token = world.graph_token(&world.graph.users[0], &scopes, end);
    let ran = doctor(&vec![
        ("MSGRAPH_BASE_URL", world.graph.base.clone()),
        ("MSGRAPH_TOKEN", token),
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let operations = found(&ran, "msgraph-chat", "operations");
    let line = |name: &str| {
        let names = |text: &str| text.split([' ', ',']).any(|it| it == name);
        let mut lines = operations.iter().filter(|(_, text)| names(text));
        let (level, text) = lines.next().unwrap_or_else(|| panic!("no line has {name}"));
        assert!(lines.next().is_none(), "{name} is there twice");
        (level.as_str(), text.split(':').next().unwrap_or_default())
    };
    assert_eq!(line("chat.get"), ("ok", "Chat.Read"));
    assert_eq!(line("pins.add"), ("ok", "ChatMessage.Send"));
    assert_eq!(line("channel.create"), ("ok", "Channel.Create"));
    assert_eq!(line("chat.rename"), ("note", "needs Chat.ReadWrite"));
    assert_eq!(line("drive.invite"), ("note", "needs Files.ReadWrite"));
    assert!(!ran.stdout.contains("channel_message.import"));
}

#[test]
fn a_limited_chat_token_does_not_create_threads() {
    let emulator = start(false);
    let world = emulator.seed();
    let far = 4_102_444_800;
    let token = world.acs_token(&world.acs.users[0].id, &["chat.join"], far);
    let mut environment = acs_chat(world);
    for (name, value) in &mut environment {
        if *name == "ACS_CHAT_TOKEN" {
            value.clone_from(&token);
        }
    }
    let ran = doctor(&environment);
    let operations = found(&ran, "acs-chat", "operations");
    let says = |level: &str, start: &str, name: &str| {
        let mut lines = operations.iter();
        lines.any(|(it, text)| it == level && text.starts_with(start) && text.contains(name))
    };
    assert!(says("ok", "chat.join: ", "message.send"), "{operations:?}");
    assert!(
        says("ok", "chat.join: ", "participant.add"),
        "{operations:?}"
    );
    assert!(
        says("note", "needs chat: ", "thread.create"),
        "{operations:?}"
    );
}

#[test]
fn a_setting_that_every_send_to_teams_rejects_is_a_problem() {
    let emulator = start(false);
    for value in ["a\u{1b}b", &"x".repeat(2001)] {
        let mut environment = msgraph_chat(emulator.seed());
        environment.retain(|(name, _)| *name != "MSGRAPH_USER");
        environment.push(("MSGRAPH_USER", value.to_owned()));
        let to = channel(emulator.seed());
        let sent = run(&["send", "--to", &to, "--text", "x"], &environment, "");
        assert_eq!(sent.code, 3, "{sent:?}");
        let ran = run(&["doctor", "--platform", "msgraph-chat"], &environment, "");
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stdout.contains("MSGRAPH_USER: must "), "{ran:?}");
    }
}

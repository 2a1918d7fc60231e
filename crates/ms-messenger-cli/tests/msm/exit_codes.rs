//! Every exit code of the table, as the program returns it.

use ms_messenger_emulator::{FaultAction, When};
use serde_json::{Value, json};

use crate::support::{
    Environment, Ran, acs_chat, acs_messages, channel, closed_port, conversation, fail_next,
    msgraph_chat, run, skype, start, thread, with,
};

/// Sends and returns the error line, which must agree with the exit code.
fn failure(words: &[&str], environment: &Environment, code: i32) -> Value {
    let words = [&["send", "--json", "--retries", "0"], words].concat();
    let ran = run(&words, environment, "");
    assert_eq!(ran.code, code, "{ran:?}");
    let line = ran.json();
    assert_eq!(line["status"], "error");
    assert_eq!(line["exit_code"], code);
    line
}

#[test]
fn wrong_usage_is_2_and_prints_nothing_on_standard_output() {
    for words in [
        &["send"][..],
        &["send", "--to", "nowhere", "--text", "x"],
        &["send", "--to", "tel:+14255550123"],
        &["launch"],
        &[],
    ] {
        let ran = run(words, &[], "");
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{words:?}");
        assert!(!ran.stderr.is_empty());
    }
}

#[test]
fn missing_or_unusable_configuration_is_3() {
    let line = failure(&["--to", "channel:t/c", "--text", "x"], &vec![], 3);
    assert_eq!(line["kind"], "config");
    assert!(
        line["message"].as_str().unwrap().contains("MSGRAPH_TOKEN"),
        "{line}"
    );
    for environment in [
        vec![(
            "ACS_CONNECTION_STRING",
            "endpoint=nowhere;accesskey=x".to_owned(),
        )],
        vec![("ACS_ACCESS_KEY", "c2VjcmV0".to_owned())],
        vec![("ACS_CHAT_TOKEN", "t".to_owned())],
        vec![
            ("ACS_CHAT_TOKEN", "t".to_owned()),
            ("ACS_ENDPOINT", "http://contoso.com".to_owned()),
        ],
        vec![
            ("MSGRAPH_TOKEN", "t".to_owned()),
            ("MSGRAPH_CLOUD", "mars".to_owned()),
        ],
    ] {
        let line = failure(
            &["--to", "conversation:19:a", "--text", "x"],
            &environment,
            3,
        );
        assert_eq!(line["delivery"], "not_sent", "{environment:?}");
        assert_eq!(line["attempts"], 0);
    }
    let words = [
        "--to",
        "user:a",
        "--text",
        "x",
        "--msgraph-token-file",
        "no-such-file",
    ];
    let line = failure(&words, &vec![], 3);
    assert_eq!(line["problems"][0]["field"], "no-such-file");
}

#[test]
fn what_no_platform_supports_is_4_with_all_problems() {
    let environment: Environment = vec![
        ("ACS_CHAT_TOKEN", "t".to_owned()),
        (
            "ACS_CHAT_ENDPOINT",
            "https://contoso.communication.azure.com".to_owned(),
        ),
    ];
    let key = "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5";
    let words = [
        "--to",
        "conversation:19:a",
        "--text",
        "",
        "--subject",
        "s",
        "--idempotency-key",
        key,
    ];
    let line = failure(&words, &environment, 4);
    let problems = line["problems"].as_array().unwrap();
    let fields: Vec<&str> = problems
        .iter()
        .map(|p| p["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        ["message.body.text", "message.subject", "idempotency"]
    );
    assert_eq!(line["attempts"], 0);
}

#[test]
fn a_message_that_the_platform_rejects_as_invalid_is_4() {
    let emulator = start(false);
    let world = emulator.seed();
    fail_next(&emulator, FaultAction::status(400));
    let line = failure(
        &["--to", &thread(world), "--text", "x"],
        &acs_chat(world),
        4,
    );
    assert_eq!(line["kind"], "invalid_request");
    assert_eq!(
        (&line["http_status"], &line["attempts"]),
        (&400.into(), &1.into())
    );
    assert!(emulator.messages().is_empty());
}

#[test]
fn a_credential_that_is_not_accepted_is_5() {
    let emulator = start(true);
    let world = emulator.seed();
    let environment = with(acs_chat(world), "ACS_CHAT_TOKEN", "not.a.token");
    let line = failure(&["--to", &thread(world), "--text", "x"], &environment, 5);
    assert_eq!(line["kind"], "unauthenticated");
    let foreign = world.acs_token(
        "8:acs:00000000-0000-0000-0000-000000000000_1",
        &["chat"],
        u64::from(u32::MAX),
    );
    let environment = with(acs_chat(world), "ACS_CHAT_TOKEN", &foreign);
    failure(&["--to", &thread(world), "--text", "x"], &environment, 5);
    let environment = with(msgraph_chat(world), "MSGRAPH_TOKEN", &world.graph.app_token);
    let line = failure(&["--to", &channel(world), "--text", "x"], &environment, 5);
    assert_eq!(line["kind"], "permission_denied");
    assert!(emulator.messages().is_empty());
}

#[test]
fn a_target_that_does_not_exist_is_6() {
    let emulator = start(true);
    let world = emulator.seed();
    let to = "conversation:19:acsV1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1@thread.v2";
    let line = failure(
        &["--to", to, "--text", "x", "--platform", "msgraph-chat"],
        &msgraph_chat(world),
        6,
    );
    assert_eq!(
        (&line["kind"], &line["delivery"]),
        (&"not_found".into(), &"not_sent".into())
    );
    assert!(emulator.messages().is_empty());
}

#[test]
fn no_connection_and_throttling_are_7() {
    let emulator = start(false);
    let world = emulator.seed();
    let (_kept, port) = closed_port();
    let unreachable = format!("http://127.0.0.1:{port}");
    let environment = with(acs_chat(world), "ACS_CHAT_ENDPOINT", &unreachable);
    let line = failure(&["--to", &thread(world), "--text", "x"], &environment, 7);
    assert_eq!(line["kind"], "connect");

    fail_next(
        &emulator,
        FaultAction::status(429).with_header("Retry-After", "7"),
    );
    let line = failure(
        &["--to", &thread(world), "--text", "x"],
        &acs_chat(world),
        7,
    );
    assert_eq!(line["kind"], "rate_limited");
    assert_eq!(line["retry_after_seconds"], 7.0);
    assert!(emulator.messages().is_empty());
}

#[test]
fn a_lost_response_is_8_on_every_platform() {
    let emulator = start(false);
    let world = emulator.seed();
    for (to, environment) in [
        (thread(world), acs_chat(world)),
        (channel(world), msgraph_chat(world)),
        (conversation(world), acs_messages(world)),
    ] {
        emulator.reset();
        let when = When::AfterStore;
        fail_next(&emulator, FaultAction::Close { when });
        let line = failure(&["--to", &to, "--text", "x"], &environment, 8);
        assert_eq!(line["delivery"], "unknown", "{to}");
        assert_eq!(
            emulator.messages().len(),
            1,
            "the message was sent, but the client cannot know"
        );
    }
}

#[test]
fn a_late_response_is_8() {
    let emulator = start(false);
    let world = emulator.seed();
    fail_next(&emulator, FaultAction::Delay { ms: 600_000 });
    let words = ["--to", &thread(world), "--text", "x", "--timeout", "1s"];
    let line = failure(&words, &acs_chat(world), 8);
    assert_eq!(line["kind"], "timeout");
}

#[test]
fn an_unknown_delivery_with_a_key_can_be_run_again_as_the_hint_says() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = conversation(world);
    fail_next(
        &emulator,
        FaultAction::Close {
            when: When::AfterStore,
        },
    );
    let words = ["send", "--to", &to, "--text", "once", "--retries", "0"];
    let ran: Ran = run(&words, &acs_messages(world), "");
    assert_eq!((ran.code, ran.stdout.as_str()), (8, ""), "{ran:?}");
    let advice = ran.stderr.lines().last().unwrap();
    let again: Vec<&str> = words.into_iter().chain(advice.split_whitespace()).collect();
    let ran = run(&again, &acs_messages(world), "");
    assert_eq!(ran.code, 0, "{again:?} {ran:?}");
    let rows = emulator.messages();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].replays, 1);
}

#[test]
fn an_unreadable_success_is_9() {
    let emulator = start(false);
    let world = emulator.seed();
    for action in [
        FaultAction::MalformedBody,
        FaultAction::CutBody { after_bytes: 3 },
    ] {
        emulator.reset();
        fail_next(&emulator, action);
        let line = failure(
            &["--to", &thread(world), "--text", "x"],
            &acs_chat(world),
            9,
        );
        assert_eq!(line["delivery"], "sent");
        assert_eq!(emulator.messages().len(), 1);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_send_is_8() {
    use std::process::{Command, Stdio};

    let emulator = start(false);
    let world = emulator.seed();
    fail_next(&emulator, FaultAction::Delay { ms: 600_000 });
    let child = crate::support::msm()
        .args(["send", "--json", "--to", &thread(world), "--text", "x"])
        .envs(acs_chat(world))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Stored, so the program waits for the response.
    while emulator.messages().is_empty() {
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(8));
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["delivery"], "unknown");
}

#[test]
fn the_table_is_printed_by_its_command_and_in_the_help() {
    let table = run(&["exit-codes"], &[], "");
    assert_eq!(table.code, 0);
    assert!(
        table.stdout.contains("8  unknown whether it was sent"),
        "{}",
        table.stdout
    );
    for words in [
        &["help", "exit-codes"][..],
        &["--help"],
        &["send", "--help"],
    ] {
        let help = run(words, &[], "");
        assert!(help.stdout.contains(table.stdout.trim_end()), "{words:?}");
    }
}

#[test]
fn the_table_has_a_line_of_json_for_each_code() {
    let ran = run(&["exit-codes", "--json"], &[], "");
    let lines = ran.stdout.lines().map(serde_json::from_str);
    let lines: Vec<Value> = lines.collect::<Result<_, _>>().unwrap();
    let codes: Vec<u64> = lines.iter().filter_map(|it| it["code"].as_u64()).collect();
    assert_eq!(codes, (0..=11).collect::<Vec<u64>>());
    assert_eq!(lines[8]["delivery"], "unknown");
    assert_eq!(lines[8]["remedy"], "run `msm settle` before sending again");
}

#[test]
fn a_declined_invitation_of_skype_for_business_keeps_the_code_of_the_server() {
    let emulator = start(false);
    let world = emulator.seed();
    let bob = &world.ucwa.users[1].sip;
    let declines = json!({"platform": "ucwa", "from": bob, "to": world.ucwa.users[0].sip,
                          "action": "decline"});
    emulator.inject(&declines).unwrap();
    let ran = run(
        &["send", "--json", "--to", bob, "--text", "x"],
        &skype(world),
        "",
    );
    let line = ran.json();
    assert_eq!(line["delivery"], "not_sent", "{ran:?}");
    assert_eq!(line["code"], "RemoteFailure/Declined");
    assert!(emulator.messages().is_empty());
    let stats = emulator.stats();
    assert_eq!(
        stats["platforms"]["ucwa"]["applications_alive"], 0,
        "it signed out"
    );
}

#[test]
fn a_wrong_password_of_skype_for_business_is_5() {
    let emulator = start(false);
    let environment = with(skype(emulator.seed()), "UCWA_PASSWORD", "wrong-password");
    let line = failure(
        &["--to", "sip:bob@contoso.test", "--text", "x"],
        &environment,
        5,
    );
    assert_eq!(line["kind"], "unauthenticated");
    assert!(!line.to_string().contains("wrong-password"));
}

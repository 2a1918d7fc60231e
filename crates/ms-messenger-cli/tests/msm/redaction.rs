//! No error prints a secret.

use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, Seed};

use crate::support::{
    Environment, acs_chat, acs_messages, channel, closed_port, conversation, msgraph_chat, run,
    start, thread,
};

/// What must not be printed: the secrets of the world, and an invalid one.
fn secrets(world: &Seed) -> Vec<String> {
    let key = world.acs.access_key.trim_end_matches('=').to_owned();
    vec![
        key,
        world.acs.users[0].token.clone(),
        world.graph.token.clone(),
        "hunter2".to_owned(),
    ]
}

fn assert_silent(words: &[&str], environment: &Environment, secrets: &[String], code: i32) {
    for json in [&[][..], &["--json"]] {
        let words = [&["send", "--retries", "0", "--text", "x"], words, json].concat();
        let ran = run(&words, environment, "");
        assert_eq!(ran.code, code, "{words:?} {ran:?}");
        for secret in secrets {
            let printed = ran.stdout.contains(secret) || ran.stderr.contains(secret);
            assert!(!printed, "{words:?} {ran:?}");
        }
    }
}

fn always(emulator: &Emulator, action: FaultAction) {
    emulator.set_faults(Faults::new().with_rule(FaultRule::new(action).with_operation("send")));
}

#[test]
fn no_result_of_a_send_prints_a_secret() {
    let emulator = start(false);
    let world = emulator.seed();
    let secrets = secrets(world);
    for (to, environment) in [
        (conversation(world), acs_messages(world)),
        (thread(world), acs_chat(world)),
        (channel(world), msgraph_chat(world)),
    ] {
        let to = ["--to", &to];
        assert_silent(&to, &environment, &secrets, 0);
        for (status, code) in [(400, 4), (401, 5), (403, 5), (404, 6), (429, 7), (500, 8)] {
            // A service that repeats a credential where no error text is expected.
            let echo = serde_json::json!({"trace": secrets.join(" ")});
            let echo = match status {
                // A rejection of Graph without a reason proves nothing.
                400 => serde_json::json!({"error": {"code": "x", "message": "x", "trace": echo}}),
                _ => echo,
            };
            always(&emulator, FaultAction::status(status).with_body(echo));
            assert_silent(&to, &environment, &secrets, code);
        }
        always(&emulator, FaultAction::MalformedBody);
        assert_silent(&to, &environment, &secrets, 9);
        emulator.reset();
    }
}

#[test]
fn no_unusable_configuration_prints_a_secret() {
    let emulator = start(false);
    let secrets = secrets(emulator.seed());
    let (_socket, closed) = closed_port();
    for (environment, code) in [
        (
            vec![(
                "ACS_CONNECTION_STRING",
                "endpoint=hunter2;accesskey=hunter2".to_owned(),
            )],
            3,
        ),
        (vec![("ACS_CONNECTION_STRING", "hunter2".to_owned())], 3),
        (
            vec![
                (
                    "ACS_ENDPOINT",
                    "https://user:hunter2@contoso.com".to_owned(),
                ),
                ("ACS_ACCESS_TOKEN", "hunter2".to_owned()),
            ],
            3,
        ),
        (
            vec![
                ("ACS_ENDPOINT", "https://contoso.com".to_owned()),
                ("ACS_ACCESS_KEY", "!hunter2!".to_owned()),
            ],
            3,
        ),
        (
            vec![
                ("ACS_CHAT_TOKEN", "hunter2\u{7f}".to_owned()),
                ("ACS_ENDPOINT", format!("http://127.0.0.1:{closed}")),
            ],
            3,
        ),
        (
            vec![
                ("MSGRAPH_TOKEN", "hunter2".to_owned()),
                (
                    "MSGRAPH_BASE_URL",
                    format!("http://127.0.0.1:{closed}/v1.0"),
                ),
            ],
            7,
        ),
    ] {
        assert_silent(&["--to", "conversation:19:a"], &environment, &secrets, code);
    }
}

#[test]
fn an_error_of_usage_does_not_print_a_secret() {
    for words in [
        &[
            "--msgraph-token",
            "hunter2",
            "--msgraph-token-file",
            "f",
            "--to",
            "user:a",
        ][..],
        &[
            "--msgraph-token",
            "hunter2",
            "--no-such-option",
            "--to",
            "user:a",
        ],
        &["--msgraph-tokn=hunter2", "--to", "user:a"],
        &["--acs-connection-string", "hunter2", "--to", "nowhere"],
        &["--acs-access-key", "hunter2"],
    ] {
        assert_silent(words, &vec![], &["hunter2".to_owned()], 2);
    }
}

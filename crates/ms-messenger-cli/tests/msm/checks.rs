//! What `--dry-run`, `doctor` and the errors of a send report about certificates, tokens and addresses.

use std::time::{Duration, SystemTime};

use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

use crate::support::{
    acs_chat, acs_messages, channel, closed_port, msgraph_chat, run, start, thread, with,
};

/// A channel by the form of its ids.
const NOWHERE: &str = "channel:fbe2bf47-16c8-47cf-b4a5-4b9b187c508b/19:4a95f7@thread.tacv2";

/// An emulator with HTTPS, and the certificate of its authority.
pub(crate) fn with_https() -> (Emulator, tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let builder = Emulator::builder()
        .with_https_address("127.0.0.1:0".parse().unwrap())
        .with_ca_out(&ca);
    let emulator = runtime.unwrap().block_on(builder.start()).unwrap();
    (emulator, folder, ca.display().to_string())
}

#[test]
fn an_untrusted_certificate_says_what_to_set_and_is_not_temporary() {
    let (emulator, _folder, ca) = with_https();
    let world = emulator.seed();
    let base = format!("{}/v1.0", emulator.https_url().unwrap());
    let environment = vec![
        ("MSGRAPH_BASE_URL", base),
        ("MSGRAPH_TOKEN", world.graph.token.clone()),
    ];
    let to = channel(world);
    let words = ["send", "--to", &to, "--text", "x"];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("SSL_CERT_FILE"), "{ran:?}");
    assert!(!ran.stderr.contains("with_"), "{ran:?}");
    let json = run(&[&words[..], &["--json"]].concat(), &environment, "");
    let line = json.json();
    assert_eq!(
        (&line["exit_code"], &line["attempts"]),
        (&3.into(), &1.into())
    );
    assert!(
        line["causes"].to_string().contains("UnknownIssuer"),
        "{line}"
    );
    assert!(line["advice"].as_str().unwrap().contains("SSL_CERT_FILE"));
    let doctor = run(&["doctor", "--platform", "msgraph-chat"], &environment, "");
    assert_eq!(doctor.code, 3, "{doctor:?}");
    let reachable = doctor
        .stdout
        .lines()
        .find(|line| line.contains("reachable"));
    assert!(reachable.unwrap().contains("UnknownIssuer"), "{doctor:?}");
    assert!(reachable.unwrap().contains("SSL_CERT_FILE"), "{doctor:?}");
    for (file, rule) in [
        ("/nonexistent", "does not exist"),
        (env!("CARGO_MANIFEST_DIR"), "is no file"),
    ] {
        let own = vec![("SSL_CERT_FILE", file.to_owned())];
        let ran = run(&words, &[environment.clone(), own].concat(), "");
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(
            ran.stderr
                .contains(&format!("SSL_CERT_FILE names a file that {rule}")),
            "{ran:?}"
        );
    }
    let trusting = [environment, vec![("SSL_CERT_FILE", ca)]].concat();
    assert_eq!(run(&words, &trusting, "").code, 0);
}

#[test]
fn a_proxy_that_no_connection_would_use_is_refused() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = channel(world);
    let words = ["send", "--to", &to, "--text", "x"];
    for name in ["HTTPS_PROXY", "all_proxy"] {
        for value in [
            "ftp://h/",
            "::::",
            "http://a b",
            "http://a\u{1}b",
            "http://",
        ] {
            let own = vec![(name, value.to_owned())];
            let ran = run(&words, &[msgraph_chat(world), own].concat(), "");
            assert_eq!(ran.code, 3, "{value}: {ran:?}");
            assert!(
                ran.stderr.contains(&format!("{name}: must be the address")),
                "{ran:?}"
            );
        }
    }
    assert!(emulator.messages().is_empty());
    // The connection to this machine uses none.
    for value in [
        "proxy.contoso.com:8080",
        "http://u:p@proxy",
        "socks5h://h:1",
        " ",
    ] {
        let own = vec![("HTTPS_PROXY", value.to_owned())];
        let ran = run(&words, &[msgraph_chat(world), own].concat(), "");
        assert_eq!(ran.code, 0, "{value}: {ran:?}");
    }
}

#[test]
fn a_proxy_of_the_environment_that_cannot_be_reached_is_named() {
    let (emulator, _folder, ca) = with_https();
    let world = emulator.seed();
    let (_kept, port) = closed_port();
    let to = channel(world);
    let words = ["send", "--to", &to, "--text", "x", "--retries", "0"];
    // A name with a label that is too long is not even asked for.
    let unresolved = format!("http://{}.test", "a".repeat(64));
    for (proxy, rule) in [
        (
            format!("http://127.0.0.1:{port}"),
            "through the proxy that HTTPS_PROXY",
        ),
        (unresolved, "the name of the proxy does not resolve"),
    ] {
        let environment = [
            (
                "MSGRAPH_BASE_URL",
                format!("{}/v1.0", emulator.https_url().unwrap()),
            ),
            ("MSGRAPH_TOKEN", world.graph.token.clone()),
            ("SSL_CERT_FILE", ca.clone()),
            ("HTTPS_PROXY", proxy),
        ];
        let ran = run(&words, &environment, "");
        assert_eq!(ran.code, 7, "{ran:?}");
        assert!(ran.stderr.contains(rule), "{ran:?}");
    }
    assert!(emulator.messages().is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_system_without_certificates_sends_over_plain_http_and_says_what_https_needs() {
    let (emulator, folder, _) = with_https();
    let world = emulator.seed();
    let nothing = folder.path().join("nothing").display().to_string();
    let without = |base: String| {
        vec![
            ("MSGRAPH_BASE_URL", base),
            ("MSGRAPH_TOKEN", world.graph.token.clone()),
            ("SSL_CERT_FILE", nothing.clone()),
            ("SSL_CERT_DIR", nothing.clone()),
        ]
    };
    let to = channel(world);
    let words = ["send", "--to", &to, "--text", "x", "--retries", "0"];
    let ran = run(&words, &without(world.graph.base.clone()), "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let base = format!("{}/v1.0", emulator.https_url().unwrap());
    let ran = run(&words, &without(base), "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("No CA certificates"), "{ran:?}");
    assert!(ran.stderr.contains("set SSL_CERT_FILE"), "{ran:?}");
    assert_eq!(emulator.messages().len(), 1);
}

#[test]
fn a_refused_connection_is_among_the_causes() {
    let (_kept, port) = closed_port();
    let environment = vec![
        ("MSGRAPH_BASE_URL", format!("http://127.0.0.1:{port}/v1.0")),
        ("MSGRAPH_TOKEN", "t".to_owned()),
    ];
    let words = ["send", "--to", NOWHERE, "--text", "x", "--retries", "0"];
    let line = run(&[&words[..], &["--json"]].concat(), &environment, "").json();
    let causes = line["causes"].as_array().unwrap();
    let innermost = causes.last().unwrap().as_str().unwrap().to_lowercase();
    assert!(innermost.contains("refused"), "{line}");
    let text = run(&words, &environment, "");
    assert!(text.stderr.to_lowercase().contains("refused"), "{text:?}");
    let doctor = run(&["doctor"], &environment, "");
    assert!(
        doctor.stdout.to_lowercase().contains("refused"),
        "{doctor:?}"
    );
}

#[test]
fn a_dry_run_rejects_the_tokens_that_a_send_rejects() {
    let emulator = start(false);
    let world = emulator.seed();
    let user = &world.graph.users[0];
    let soon = SystemTime::now() + Duration::from_secs(600);
    let seconds = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let (soon, past) = (seconds(soon), seconds(SystemTime::now()) - 60);
    let of_graph = |token: &str| with(msgraph_chat(world), "MSGRAPH_TOKEN", token);
    let of_chat = |token: &str| with(acs_chat(world), "ACS_CHAT_TOKEN", token);
    let alice = &world.acs.users[0].id;
    for (to, environment, code, said) in [
        (
            channel(world),
            of_graph(&world.graph.app_token),
            5,
            "application",
        ),
        (
            channel(world),
            of_graph("bad\u{1}"),
            3,
            "MSGRAPH_TOKEN: must",
        ),
        (
            channel(world),
            of_graph(&world.graph_token(user, &["ChannelMessage.Send"], past)),
            5,
            "expired",
        ),
        (
            channel(world),
            of_graph(&world.graph_token(user, &["ChatMessage.Send"], soon)),
            5,
            "ChannelMessage.Send",
        ),
        (
            channel(world),
            of_graph(&world.acs.users[0].token),
            5,
            "Azure Communication Services",
        ),
        (
            thread(world),
            of_chat(&world.acs_token(alice, &["voip"], soon)),
            5,
            "scope chat",
        ),
        (
            thread(world),
            of_chat(&world.acs_token(alice, &["chat"], past)),
            5,
            "expired",
        ),
        (
            thread(world),
            of_chat(&world.graph.token),
            5,
            "graph.microsoft.com",
        ),
    ] {
        let words = ["send", "--to", &to, "--text", "x", "--dry-run", "--json"];
        let ran = run(&words, &environment, "");
        assert_eq!(ran.code, code, "{said}: {ran:?}");
        assert!(
            ran.json()["message"].as_str().unwrap().contains(said),
            "{said}: {ran:?}"
        );
        // The doctor reports it too, unless the token is valid for another target.
        let doctor = match said {
            "ChannelMessage.Send" => 0,
            _ => code,
        };
        assert_eq!(run(&["doctor"], &environment, "").code, doctor, "{said}");
    }
    assert_eq!(emulator.stats()["stored"], 0);
}

#[test]
fn a_dry_run_rejects_what_a_send_rejects_before_any_request() {
    let emulator = start(false);
    let world = emulator.seed();
    let native = |payload: Value| {
        let body = json!({"native": {"platform": "msgraph-chat", "payload": payload}});
        json!({"to": channel(world), "message": {"body": body}}).to_string()
    };
    let (to, thread) = (channel(world), thread(world));
    let bob = world.ucwa.users[1].sip.clone();
    let (long, graph) = ("a".repeat(1_000_000), msgraph_chat(world));
    let long_chat = "a".repeat(29_000);
    let key = "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5";
    let old = "2020-01-01T00:00:00Z";
    for (words, environment, input) in [
        (&["--to", &to, "-"][..], &graph, long.as_str()),
        (
            &["--to", "tel:+14255550123", "--image", "file:///etc/passwd"],
            &acs_messages(world),
            "",
        ),
        (
            &["--to", &to, "--html", "<at id=\"0\">Bob</at>"],
            &graph,
            "",
        ),
        (&["--to", &to, "--text", "   "], &graph, ""),
        (
            &[
                "--to",
                "channel:not-a-guid/19:a@thread.tacv2",
                "--text",
                "x",
            ],
            &graph,
            "",
        ),
        (
            &[
                "--to",
                "tel:+14255550123",
                "--text",
                "x",
                "--idempotency-key",
                key,
                "--first-sent",
                old,
            ],
            &acs_messages(world),
            "",
        ),
        (&["--to", &thread, "-"], &acs_chat(world), &long_chat),
        (&["--to", &bob, "-"], &crate::support::skype(world), &long),
        (&["--request", "-"], &graph, &native(json!({"bogus": 1}))),
        (&["--request", "-"], &graph, &native(json!([]))),
        (
            &["--to", &thread, "--template", "t", "--language", "en"],
            &acs_chat(world),
            "",
        ),
    ] {
        let dry = run(
            &[&["send", "--json", "--dry-run"], words].concat(),
            environment,
            input,
        );
        let sent = run(&[&["send", "--json"], words].concat(), environment, input);
        assert_ne!(dry.code, 0, "{words:?}: {dry:?}");
        let (dry, sent) = (dry.json(), sent.json());
        assert_eq!(sent["attempts"], 0, "{sent}");
        for name in ["kind", "message", "problems"] {
            assert_eq!(dry[name], sent[name], "{words:?}");
        }
    }
    assert_eq!(emulator.stats()["stored"], 0);
}

#[test]
fn the_error_of_a_rejected_token_says_what_is_wrong_with_it() {
    let emulator = start(false);
    let world = emulator.seed();
    let expired = world.graph_token(
        &world.graph.users[0],
        &["ChannelMessage.Send"],
        1_700_000_000,
    );
    let environment = with(msgraph_chat(world), "MSGRAPH_TOKEN", &expired);
    let ran = run(
        &["send", "--to", &channel(world), "--text", "x"],
        &environment,
        "",
    );
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.stderr
            .contains("MSGRAPH_TOKEN: expired at 2023-11-14T22:13:20Z"),
        "{ran:?}"
    );
}

#[test]
fn a_base_address_without_its_version_is_named() {
    let emulator = start(false);
    let world = emulator.seed();
    let base = world.graph.base.trim_end_matches("/v1.0").to_owned();
    let environment = with(msgraph_chat(world), "MSGRAPH_BASE_URL", &base);
    let doctor = run(&["doctor", "--platform", "msgraph-chat"], &environment, "");
    assert_eq!(doctor.code, 6, "{doctor:?}");
    assert!(doctor.stdout.contains("/v1.0"), "{doctor:?}");
    let words = ["send", "--to", &channel(world), "--text", "x"];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(
        ran.stderr
            .contains("MSGRAPH_BASE_URL does not end with a version"),
        "{ran:?}"
    );
    let dry = run(
        &[&words[..], &["--dry-run", "--json"]].concat(),
        &environment,
        "",
    );
    assert_eq!(dry.json()["warnings"][0]["field"], "MSGRAPH_BASE_URL");
}

#[test]
fn the_doctor_does_not_take_a_rejection_for_acceptance() {
    let emulator = start(false);
    let world = emulator.seed();
    for (environment, path) in [
        (
            with(
                acs_chat(world),
                "ACS_CHAT_ENDPOINT",
                &format!("{}/elsewhere", world.acs.endpoint),
            ),
            6,
        ),
        (
            with(
                acs_messages(world),
                "ACS_CHANNEL_REGISTRATION_ID",
                "00000000-0000-0000-0000-000000000009",
            ),
            0,
        ),
    ] {
        let ran = run(&["doctor", "--json"], &environment, "");
        let text = ran.stdout.clone();
        assert!(!text.contains("accepts it (4"), "{text}");
        assert!(path == 0 || ran.code != 0, "{text}");
    }
}

#[test]
fn a_setting_that_a_client_refuses_is_named_as_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.toml");
    std::fs::write(
        &config,
        "[profiles.default]\nmsgraph_base_url = \"nowhere\"\n",
    )
    .unwrap();
    let acs = [
        ("ACS_ENDPOINT", "https://a.test"),
        ("ACS_ACCESS_KEY", "c2VjcmV0"),
    ];
    let chat = [
        ("ACS_CHAT_TOKEN", "t"),
        ("ACS_CHAT_ENDPOINT", "ftp://a.test"),
    ];
    let skype = [("UCWA_SIP", "sip:a@b.test"), ("UCWA_PASSWORD", "x")];
    let with = |set: &[(&'static str, &'static str)], name, value| {
        let mut set = set.to_vec();
        set.retain(|(known, _)| *known != name);
        set.push((name, value));
        set
    };
    let in_file = format!("{}:2: profiles.default.msgraph_base_url", config.display());
    let long = "x".repeat(101);
    for (to, set, option, name) in [
        (
            "conversation:a",
            with(&acs, "ACS_ENDPOINT", "nowhere"),
            None,
            "ACS_ENDPOINT",
        ),
        ("conversation:a", chat.to_vec(), None, "ACS_CHAT_ENDPOINT"),
        (
            "tel:+14255550123",
            with(&acs, "ACS_CHANNEL_REGISTRATION_ID", "mine"),
            None,
            "ACS_CHANNEL_REGISTRATION_ID",
        ),
        (
            "user:a",
            vec![("MSGRAPH_TOKEN", "t")],
            None,
            in_file.as_str(),
        ),
        (
            "sip:c@b.test",
            with(&skype, "UCWA_SIP", "nobody"),
            None,
            "UCWA_SIP",
        ),
        (
            "sip:c@b.test",
            with(&skype, "UCWA_DISCOVERY_URL", "nowhere"),
            None,
            "UCWA_DISCOVERY_URL",
        ),
        (
            "sip:c@b.test",
            skype.to_vec(),
            Some(["--ucwa-endpoint-id", &long]),
            "--ucwa-endpoint-id",
        ),
    ] {
        let set = set
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()));
        let set: Vec<_> = set
            .chain([("MSM_CONFIG", config.display().to_string())])
            .collect();
        let mut words = vec!["send", "--json", "--to", to, "--text", "x"];
        words.extend(option.into_iter().flatten());
        let ran = run(&words, &set, "");
        assert_eq!(ran.code, 3, "{name}: {ran:?}");
        assert_eq!(ran.json()["problems"][0]["field"], name, "{ran:?}");
    }
}

#[test]
fn what_stands_in_the_way_of_a_folder_and_a_name_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let profile = vec![("MSM_PROFILE", "../x".to_owned())];
    for (words, environment, expected) in [
        (
            &["man", file][..],
            vec![],
            "it or a folder above it is not a folder",
        ),
        (
            &["whoami", "--profile", "../x"],
            vec![],
            "error: --profile: must be 1 to 64 of",
        ),
        (
            &["whoami"],
            profile,
            "error: MSM_PROFILE: must be 1 to 64 of",
        ),
        #[cfg(feature = "nats")]
        (
            &["outbox", "status", "--store", "nats://a b"],
            vec![],
            "error: nats://…: the address",
        ),
    ] {
        let ran = run(words, &environment, "");
        assert_eq!(ran.code, 3, "{words:?} {ran:?}");
        assert!(ran.stderr.contains(expected), "{words:?} {ran:?}");
    }
}

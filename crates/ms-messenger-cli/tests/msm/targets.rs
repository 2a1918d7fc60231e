//! `msm send` to several targets, with a fallback, later, and with what follows a send.

use ms_messenger_emulator::{FaultAction, FaultRule, Faults, When};
use serde_json::{Value, json};

use crate::support::{
    Environment, Ran, acs_chat, acs_messages, channel, chat, closed_port, fail_next, msgraph_chat,
    run, skype, start, thread, with,
};

fn lines(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

fn both(world: &ms_messenger_emulator::Seed) -> Environment {
    [acs_chat(world), msgraph_chat(world), acs_messages(world)].concat()
}

#[test]
fn each_target_has_its_line_and_the_exit_code_says_the_worst() {
    let emulator = start(true);
    let world = emulator.seed();
    let (good, team) = (channel(world), world.graph.team_id.as_str());
    let bad = format!("channel:{team}/19:unknown@thread.tacv2");
    let last = format!("user:{}", world.graph.users[1].id);
    let words = [
        "send", "--json", "--text", "x", "--to", &good, "--to", &bad, "--to", &last,
    ];
    let ran = run(&words, &both(world), "");
    assert_eq!(ran.code, 6, "{ran:?}");
    let lines = lines(&ran);
    let codes: Vec<&Value> = lines.iter().map(|line| &line["exit_code"]).collect();
    assert_eq!(codes, [&json!(0), &json!(6), &json!(0)]);
    assert_eq!(lines[1]["to"], bad);
    assert_eq!(emulator.messages().len(), 2);
}

#[test]
fn nothing_is_sent_if_one_of_several_targets_is_refused() {
    let emulator = start(false);
    let world = emulator.seed();
    let good = channel(world);
    let words = [
        "send",
        "--json",
        "--html",
        "<b>x</b>",
        "--to",
        &good,
        "--to",
        "tel:+14255550123",
    ];
    let ran = run(&words, &both(world), "");
    assert_eq!(ran.code, 4, "{ran:?}");
    let lines = lines(&ran);
    assert_eq!(
        (&lines[0]["kind"], &lines[0]["exit_code"]),
        (&json!("cancelled"), &json!(7))
    );
    assert_eq!(lines[1]["to"], "tel:+14255550123");
    assert!(emulator.messages().is_empty());
    let ran = run(
        &[&words[..], &["--idempotency-key", "k"]].concat(),
        &both(world),
        "",
    );
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn no_target_gets_the_same_message_twice() {
    let emulator = start(false);
    let world = emulator.seed();
    let (first, person) = (channel(world), format!("user:{}", world.graph.users[1].id));
    let same = format!(" {}", person.replace("user:", "USER:"));
    let words = ["send", "--json", "--text", "x", "--to", &person];
    let words = [&words[..], &["--to", &first, "--to", &same]].concat();
    let ran = run(&words, &both(world), "");
    assert_eq!((ran.code, &ran.json()["kind"]), (2, &json!("usage")));
    let text = ran.json()["message"].to_string();
    assert!(
        text.contains("number 3 is the same target as number 1"),
        "{text}"
    );
    assert!(emulator.messages().is_empty());
}

#[test]
fn a_fallback_is_sent_to_only_after_what_was_proven_not_to_be_sent() {
    let emulator = start(false);
    let world = emulator.seed();
    let (first, second) = (channel(world), "tel:+14255550123");
    let words = [
        "send",
        "--json",
        "--retries",
        "0",
        "--text",
        "x",
        "--to",
        &first,
        "--fallback",
        second,
    ];
    fail_next(&emulator, FaultAction::status(403));
    let ran = run(&words, &both(world), "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(lines(&ran).len(), 2);
    assert_eq!(lines(&ran)[0]["exit_code"], 5);
    let rows = emulator.messages();
    assert_eq!((rows.len(), rows[0].platform.as_str()), (1, "acs-messages"));

    emulator.reset();
    fail_next(
        &emulator,
        FaultAction::Close {
            when: When::AfterStore,
        },
    );
    let ran = run(&words, &both(world), "");
    assert_eq!((ran.code, lines(&ran).len()), (8, 1), "{ran:?}");
    assert_eq!(emulator.messages().len(), 1);

    // No connection at all.
    let (_kept, port) = closed_port();
    let base = format!("http://127.0.0.1:{port}/v1.0");
    let unreachable = with(both(world), "MSGRAPH_BASE_URL", &base);
    emulator.reset();
    let ran = run(&words, &unreachable, "");
    assert_eq!((ran.code, lines(&ran).len()), (0, 2), "{ran:?}");
    assert_eq!(emulator.messages().len(), 1);
}

#[test]
fn settling_finds_the_message_whose_response_was_lost() {
    let emulator = start(false);
    let world = emulator.seed();
    for (to, environment) in [
        (thread(world), acs_chat(world)),
        (chat(world), msgraph_chat(world)),
        ("tel:+14255550123".to_owned(), acs_messages(world)),
    ] {
        emulator.reset();
        fail_next(
            &emulator,
            FaultAction::Close {
                when: When::AfterStore,
            },
        );
        let words = [
            "send",
            "--json",
            "--retries",
            "0",
            "--text",
            "x",
            "--to",
            &to,
            "--settle",
            "20s",
        ];
        let ran = run(&words, &environment, "");
        assert_eq!(ran.code, 0, "{ran:?}");
        let line = ran.json();
        assert_eq!(
            (&line["status"], &line["delivery"]),
            (&json!("found"), &json!("sent"))
        );
        let rows = emulator.messages();
        assert_eq!(rows.len(), 1, "{to}");
        assert_eq!(line["receipt"]["message_id"], rows[0].message_id);
    }
}

#[test]
fn a_message_is_handed_over_for_later_and_not_sent() {
    let emulator = start(false);
    let world = emulator.seed();
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("out.db").display());
    let to = channel(world);
    let words = ["send", "--json", "--text", "x", "--to", &to, "--at", "2h"];
    let ran = run(&words, &msgraph_chat(world), "");
    assert_eq!(ran.code, 3, "{ran:?}");
    let ran = run(
        &[&words[..], &["--store", &store]].concat(),
        &msgraph_chat(world),
        "",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let line = ran.json();
    assert_eq!(
        (&line["status"], &line["delivery"]),
        (&json!("waiting"), &json!("not_sent"))
    );
    let id = line["outbox"]["id"].as_str().unwrap();
    let shown = run(
        &["outbox", "show", id, "--json", "--store", &store],
        &[],
        "",
    )
    .json();
    assert_eq!(shown["state"], "queued");
    assert_eq!(
        shown["due_at"].as_str().map(|it| &it[..16]),
        line["outbox"]["not_before"].as_str().map(|it| &it[..16])
    );
    assert!(emulator.messages().is_empty());
    let past = [
        "send",
        "--text",
        "x",
        "--to",
        &to,
        "--at",
        "2020-01-01T00:00:00Z",
    ];
    assert_eq!(run(&past, &msgraph_chat(world), "").code, 2);
}

#[test]
fn a_status_is_waited_for_where_there_is_one_and_refused_elsewhere() {
    let emulator = start(false);
    let world = emulator.seed();
    for (to, environment, wanted, code) in [
        (channel(world), msgraph_chat(world), "read", 4),
        (thread(world), acs_chat(world), "delivered", 4),
        (
            "tel:+14255550123".to_owned(),
            acs_messages(world),
            "read",
            4,
        ),
        (
            world.ucwa.users[1].sip.clone(),
            skype(world),
            "delivered",
            0,
        ),
        (thread(world), acs_chat(world), "read", 11),
    ] {
        emulator.reset();
        let words = [
            "send", "--json", "--text", "x", "--to", &to, "--wait", wanted, "10ms",
        ];
        let ran = run(&words, &environment, "");
        assert_eq!(ran.code, code, "{to}: {ran:?}");
        let line = ran.json();
        let is_sent = code != 4;
        assert_eq!(emulator.messages().len(), usize::from(is_sent), "{to}");
        assert_eq!(line["delivery"] == "sent", is_sent);
        assert_eq!(line["reported"].is_string(), is_sent, "{line}");
    }
}

#[test]
fn the_timeout_of_a_send_covers_what_comes_before_it() {
    let emulator = start(false);
    let world = emulator.seed();
    // Longer than the test is allowed to take: signing in, names, addresses and mentions.
    let silent = FaultAction::Delay { ms: 3_600_000 };
    emulator.set_faults(Faults::new().with_rule(FaultRule::new(silent)));
    let bob = format!("user:{}", world.graph.users[1].upn);
    for (to, environment, text) in [
        (world.ucwa.users[1].sip.clone(), skype(world), "x"),
        (channel(world), msgraph_chat(world), "@{bob@contoso.test} x"),
        (
            "channel:@Contoso/General".to_owned(),
            msgraph_chat(world),
            "x",
        ),
        (bob, msgraph_chat(world), "x"),
    ] {
        let words = [
            "send",
            "--to",
            &to,
            "--text",
            text,
            "--timeout",
            "100ms",
            "--json",
        ];
        let ran = run(&words, &environment, "");
        assert_eq!(
            (ran.code, &ran.json()["delivery"]),
            (7, &json!("not_sent")),
            "{to}: {ran:?}"
        );
        assert_eq!(ran.json()["to"], to.as_str());
    }
    assert!(emulator.messages().is_empty());
}

#[test]
fn a_service_that_does_not_respond_does_not_prolong_the_wait() {
    let emulator = start(false);
    let world = emulator.seed();
    // Longer than the test is allowed to take.
    let silent = FaultAction::Delay { ms: 3_600_000 };
    let rule = FaultRule::new(silent).with_operation("receipts.list");
    emulator.set_faults(Faults::new().with_rule(rule));
    let to = thread(world);
    let words = [
        "send", "--json", "--text", "x", "--to", &to, "--wait", "read", "10ms",
    ];
    let ran = run(&words, &acs_chat(world), "");
    assert_eq!(ran.code, 11, "{ran:?}");
    let reported = ran.json()["reported"].to_string();
    assert!(reported.contains("no response in time"), "{ran:?}");

    let lost = FaultAction::Close {
        when: When::AfterStore,
    };
    let lost = FaultRule::new(lost).with_operation("send");
    let silent = FaultRule::new(FaultAction::Delay { ms: 3_600_000 });
    let silent = silent.with_operation("list");
    emulator.set_faults(Faults::new().with_rule(lost).with_rule(silent));
    let to = channel(world);
    let words = [
        "send", "--json", "--text", "x", "--to", &to, "--settle", "10ms",
    ];
    let ran = run(&words, &msgraph_chat(world), "");
    assert_eq!(
        (ran.code, &ran.json()["delivery"]),
        (8, &json!("unknown")),
        "{ran:?}"
    );
    // It can be settled later.
    assert!(ran.json()["evidence"].is_object(), "{ran:?}");
}

#[test]
fn a_dry_run_prints_the_request_without_secrets_and_its_permission() {
    let emulator = start(false);
    let world = emulator.seed();
    let named = "channel:@Contoso/General".to_owned();
    for (to, environment, address, permission) in [
        (
            thread(world),
            acs_chat(world),
            "/chat/threads/",
            "chat.join.limited",
        ),
        (
            named,
            msgraph_chat(world),
            "/teams/{team-id}/channels/{channel-id}/messages",
            "ChannelMessage.Send",
        ),
        (
            "tel:+14255550123".to_owned(),
            acs_messages(world),
            "/messages/notifications:send",
            "",
        ),
        (
            world.ucwa.users[1].sip.clone(),
            skype(world),
            "{conversation}",
            "",
        ),
    ] {
        let words = ["send", "--to", &to, "--text", "hello", "--dry-run"];
        let ran = run(&[&words[..], &["--json"]].concat(), &environment, "");
        assert_eq!(ran.code, 0, "{ran:?}");
        let preview = &ran.json()["preview"];
        assert_eq!(preview["method"], "POST", "{preview}");
        assert!(
            preview["address"].as_str().unwrap().contains(address),
            "{preview}"
        );
        assert!(preview["body"].to_string().contains("hello"), "{preview}");
        assert_eq!(preview["headers"]["authorization"], "(removed)");
        assert_eq!(
            preview["permission"].as_str().unwrap_or_default(),
            permission,
            "{preview}"
        );
        let text = run(&words, &environment, "");
        assert!(text.stdout.contains("\n  POST "), "{text:?}");
        for secret in environment.iter().filter(|(name, _)| {
            name.ends_with("TOKEN") || name.ends_with("PASSWORD") || name.ends_with("STRING")
        }) {
            let key = secret.1.rsplit("accesskey=").next().unwrap();
            assert!(!format!("{ran:?}{text:?}").contains(key), "{}", secret.0);
        }
    }
    assert!(emulator.messages().is_empty());
}

#[test]
fn a_name_and_an_id_can_be_mixed_after_the_sign_of_a_name_only() {
    let emulator = start(false);
    let world = emulator.seed();
    let (team, id) = (&world.graph.team_id, &world.graph.channel_id);
    let send = |to: &str| {
        run(
            &["send", "--to", to, "--text", "x"],
            &msgraph_chat(world),
            "",
        )
    };
    for to in [
        format!("channel:@{team}/General"),
        format!("channel:@Contoso/{id}"),
    ] {
        let ran = send(&to);
        assert_eq!(ran.code, 0, "{to}: {ran:?}");
    }
    assert_eq!(emulator.messages().len(), 2);
    let requests = emulator.stats()["requests"].clone();
    for to in [
        format!("channel:{team}/General"),
        format!("channel:Contoso/{id}"),
        "channel:Contoso/General".to_owned(),
    ] {
        let read = run(&["read", &to], &msgraph_chat(world), "");
        for ran in [send(&to), read] {
            assert_eq!(ran.code, 4, "{to}: {ran:?}");
            assert!(
                ran.stderr.contains("channel:@TEAM/CHANNEL"),
                "{to}: {ran:?}"
            );
        }
    }
    assert_eq!(emulator.stats()["requests"], requests);
}

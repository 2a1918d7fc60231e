//! The lines of the commands that read, and of the emulator, are what their schemas say.

use serde_json::{Value, json};

use crate::{
    listen::{Listening, secrets},
    schema::{assert_lines, schema},
    support::{
        Environment, acs_chat, acs_messages, channel, chat, conversation, http, msgraph_chat, run,
        skype, start, thread,
    },
};

fn lines(words: &[&str], environment: &Environment) -> String {
    let ran = run(words, environment, "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{words:?}");
    ran.stdout
}

#[test]
fn the_lines_of_read_show_and_the_changes_are_valid() {
    let emulator = start(true);
    let world = emulator.seed();
    for (to, environment, can_change) in [
        (channel(world), msgraph_chat(world), true),
        (chat(world), msgraph_chat(world), true),
        (thread(world), acs_chat(world), true),
        (conversation(world), acs_messages(world), false),
    ] {
        let send = ["send", "--json", "--to", &to, "--text", "one"];
        let sent = run(&send, &environment, "").json();
        assert_eq!(sent["status"], "sent", "{sent}");
        run(&send, &environment, "");
        let id = sent["receipt"]["message_id"].as_str().unwrap();
        if can_change {
            let edit = ["edit", "--json", &to, id, "--text", "two"];
            assert_lines("done", &lines(&edit, &environment));
            assert_lines("read", &lines(&["show", "--json", &to, id], &environment));
            let delete = ["delete", "--json", &to, id];
            assert_lines("done", &lines(&delete, &environment));
        }
        let read = lines(&["read", "--json", &to], &environment);
        assert!(read.lines().count() >= 2, "{to}: {read}");
        assert_lines("read", &read);
    }
}

#[test]
fn the_lines_of_lists_and_of_any_path_are_valid() {
    let emulator = start(true);
    let world = emulator.seed();
    let all = [msgraph_chat(world), acs_chat(world), acs_messages(world)].concat();
    let (to, thread) = (channel(world), thread(world));
    for words in [
        &["teams"][..],
        &["channels", "Contoso"],
        &["chats"],
        &["threads"],
        &["conversations"],
        &["templates"],
        &["members", &to],
        &["members", &thread, "--platform", "acs-chat"],
        &[
            "members",
            &conversation(world),
            "--platform",
            "acs-messages",
        ],
    ] {
        let words = [&["list", "--json"], words].concat();
        assert_lines("list", &lines(&words, &all));
    }
    let contacts = lines(&["list", "--json", "contacts", "bob"], &skype(world));
    assert_lines("list", &contacts);
    let graph = msgraph_chat(world);
    for words in [
        &["api", "GET", "/me/joinedTeams", "--json"][..],
        &["api", "GET", "/me/joinedTeams", "--paginate"],
        &["api", "GET", "/me", "--filter", "$.*"],
    ] {
        let validator = schema("api");
        let printed = lines(words, &graph);
        assert!(!printed.is_empty(), "{words:?}");
        for line in printed.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert!(validator.is_valid(&line), "{words:?}: {line}");
        }
    }
}

#[test]
fn the_lines_of_listen_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl").display().to_string();
    let mut listening = Listening::start(&["--keep", &file], &secrets());
    let printed = |line: Value| assert_lines("listen", &line.to_string());
    printed(listening.ready.clone());
    let event = json!([{"id": "1", "topic": "/t", "subject": "s", "dataVersion": "1.0",
        "eventType": "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated",
        "eventTime": "2026-01-02T03:04:05Z",
        "data": {"messageId": "m", "status": "failed", "channelType": "whatsapp",
            "receivedTimestamp": "2026-01-02T03:04:05Z", "from": "a", "to": "b",
            "error": {"channelCode": "131026", "channelMessage": "x"}}}]);
    let url = format!("{}?key=hunter2", listening.address("event_grid"));
    assert_eq!(http("POST", &url, &event.to_string()).0, 200);
    let line = listening.next();
    assert_eq!(line["status"]["status"], "failed", "{line}");
    printed(line);
    let change = json!({"subscriptionId": "s", "changeType": "created", "clientState": "hunter3",
        "resource": "chats('c')/messages('1')", "tenantId": "t",
        "subscriptionExpirationDateTime": "2026-12-01T00:00:00Z"});
    let lifecycle = json!({"subscriptionId": "s", "lifecycleEvent": "reauthorizationRequired",
        "clientState": "hunter3", "tenantId": "t",
        "subscriptionExpirationDateTime": "2026-12-01T00:00:00Z"});
    for (notification, kind) in [(change, "notification"), (lifecycle, "lifecycle")] {
        let body = json!({"value": [notification]}).to_string();
        assert_eq!(http("POST", &listening.address("graph"), &body).0, 202);
        let line = listening.next();
        assert_eq!(line["event"], kind, "{line}");
        printed(line);
    }
    listening.end();
}

#[test]
fn the_lines_of_the_emulator_are_valid() {
    let emulator = start(false);
    let url = emulator.http_url();
    assert_lines("emulator", &emulator.ready_line().to_string());
    let health = ["emulator", "health", url];
    assert_lines("emulator-health", &lines(&health, &vec![]));
    let env = ["emulator", "env", url, "--format", "json"];
    assert_lines("emulator-env", &lines(&env, &vec![]));
}

#[test]
fn a_failure_of_a_command_that_reads_is_a_line_of_send() {
    let emulator = start(true);
    let world = emulator.seed();
    let sip = world.ucwa.users[1].sip.clone();
    for words in [
        &["read", "--json", &sip][..],
        &["list", "--json", "members", &sip],
        &["api", "--json", "GET", "/nothing", "--platform", "ucwa"],
        &["listen", "--json", "--keep", "/nonexistent/file"],
    ] {
        let ran = run(words, &skype(world), "");
        assert_ne!(ran.code, 0, "{words:?}");
        assert_lines("send", &ran.stdout);
    }
}

//! `msm read`, `show`, `list`, `edit`, `delete`, `react` and `reply`.

use ms_messenger_emulator::{FaultAction, FaultRule, Faults, When};
use serde_json::{Value, json};

use crate::support::{
    Environment, Ran, acs_chat, acs_messages, channel, chat, conversation, msgraph_chat, run,
    skype, start, thread,
};

fn lines(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

/// Sends a text and returns the id of its message.
fn sent(to: &str, environment: &Environment, text: &str) -> String {
    let words = ["send", "--json", "--to", to, "--text", text];
    let line = run(&words, environment, "").json();
    line["receipt"]["message_id"].as_str().unwrap().to_owned()
}

#[test]
fn the_newest_messages_are_printed_the_oldest_first() {
    let emulator = start(true);
    let world = emulator.seed();
    for (to, environment) in [
        (channel(world), msgraph_chat(world)),
        (chat(world), msgraph_chat(world)),
        (thread(world), acs_chat(world)),
        (conversation(world), acs_messages(world)),
    ] {
        for text in ["one", "two", "three"] {
            sent(&to, &environment, text);
        }
        let ran = run(&["read", &to, "--last", "2", "--json"], &environment, "");
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{to}: {ran:?}");
        let texts: Vec<Value> = lines(&ran).iter().map(|it| it["text"].clone()).collect();
        assert_eq!(texts, ["two", "three"], "{to}");
        let senders: Vec<Value> = lines(&ran).iter().map(|it| it["from"].clone()).collect();
        assert!(senders.iter().all(Value::is_string), "{to}: {ran:?}");
        let since = run(&["read", &to, "--since", "1h", "--json"], &environment, "");
        assert_eq!(since.code, 0, "{to}: {since:?}");
        assert_eq!(lines(&since).last().unwrap()["text"], "three", "{to}");
    }
}

#[test]
fn foreign_text_does_not_reach_the_terminal_as_a_command() {
    let emulator = start(true);
    let world = emulator.seed();
    let (to, environment) = (thread(world), acs_chat(world));
    let evil = "a\u{1b}]0;x\u{7}b\u{9b}31mc\u{202e}d";
    let id = sent(&to, &environment, evil);
    for words in [
        &["read", &to][..],
        &["read", &to, "--json"],
        &["show", &to, &id],
        &["show", &to, &id, "--json"],
        &["list", "members", &to],
    ] {
        let ran = run(words, &environment, "");
        assert_eq!(ran.code, 0, "{words:?}: {ran:?}");
        let is_harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(ran.stdout.chars().all(is_harmless), "{words:?}: {ran:?}");
    }
    let line = run(&["read", &to, "--last", "1", "--json"], &environment, "").json();
    assert_eq!(line["text"], evil);
}

#[test]
fn a_message_is_changed_and_its_changes_are_read() {
    let emulator = start(true);
    let world = emulator.seed();
    for (to, environment, has_reactions) in [
        (channel(world), msgraph_chat(world), true),
        (chat(world), msgraph_chat(world), true),
        (thread(world), acs_chat(world), false),
    ] {
        let id = sent(&to, &environment, "red");
        let edit = run(&["edit", &to, &id, "--text", "green"], &environment, "");
        assert_eq!(
            (edit.code, edit.stdout.as_str()),
            (0, "edited\n"),
            "{to}: {edit:?}"
        );
        let shown = run(&["show", &to, &id, "--json"], &environment, "").json();
        assert_eq!(shown["text"], "green", "{to}");
        assert!(shown["edited_at"].is_string(), "{shown}");
        let react = run(&["react", "👍", &to, &id], &environment, "");
        assert_eq!(
            react.code,
            if has_reactions { 0 } else { 4 },
            "{to}: {react:?}"
        );
        if has_reactions {
            let shown = run(&["show", &to, &id, "--json"], &environment, "").json();
            assert_eq!(
                shown["message"]["reactions"][0]["reactionType"], "👍",
                "{shown}"
            );
            let undo = run(&["react", "👍", &to, &id, "--undo"], &environment, "");
            assert_eq!(undo.code, 0, "{to}: {undo:?}");
        }
        let delete = run(&["delete", &to, &id, "--json"], &environment, "");
        assert_eq!(delete.json()["change"], "deleted", "{to}: {delete:?}");
    }
    let (to, environment) = (channel(world), msgraph_chat(world));
    let ran = run(
        &["edit", &to, "404", "--text", "x", "--json"],
        &environment,
        "",
    );
    assert_eq!(
        (ran.code, &ran.json()["delivery"]),
        (6, &json!("not_sent")),
        "{ran:?}"
    );
    assert_eq!(run(&["edit", &to, "--text", "x"], &environment, "").code, 2);
    let ran = run(&["react", "like", &to, "1"], &environment, "");
    assert_eq!(ran.code, 4, "{ran:?}");
}

#[test]
fn a_change_without_a_response_is_unknown_and_one_that_was_refused_is_not() {
    let emulator = start(true);
    let world = emulator.seed();
    let (to, environment) = (channel(world), msgraph_chat(world));
    let id = sent(&to, &environment, "red");
    let edit = ["edit", "--json", &to, &id, "--text", "green"];
    let always = |action| Faults::new().with_rule(FaultRule::new(action));
    emulator.set_faults(always(FaultAction::Close {
        when: When::AfterStore,
    }));
    let ran = run(&edit, &environment, "");
    assert_eq!(
        (ran.code, &ran.json()["delivery"]),
        (8, &json!("unknown")),
        "{ran:?}"
    );
    emulator.set_faults(always(FaultAction::status(403)));
    let ran = run(&edit, &environment, "");
    assert_eq!(
        (ran.code, &ran.json()["delivery"]),
        (5, &json!("not_sent")),
        "{ran:?}"
    );
    // The first attempt has no response, the second one has.
    let once = FaultRule::new(FaultAction::Close {
        when: When::AfterStore,
    })
    .with_times(1);
    emulator.set_faults(Faults::new().with_rule(once));
    assert_eq!(run(&edit, &environment, "").code, 0);
}

#[test]
fn a_reply_is_a_send_to_the_message() {
    let emulator = start(true);
    let world = emulator.seed();
    let (to, environment) = (channel(world), msgraph_chat(world));
    let id = sent(&to, &environment, "root");
    let ran = run(
        &["reply", &to, &id, "--text", "On it", "--json"],
        &environment,
        "",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(emulator.messages()[1].operation, "send.reply");
    let ran = run(&["reply", &to, "--text", "On it"], &environment, "");
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn things_are_listed_as_a_table_and_as_json() {
    let emulator = start(true);
    let world = emulator.seed();
    let all = [msgraph_chat(world), acs_chat(world), acs_messages(world)].concat();
    let graph = &world.graph;
    let (to, thread) = (channel(world), thread(world));
    for (words, expected) in [
        (&["teams"][..], graph.team_id.as_str()),
        (&["channels", "Contoso"], &graph.channel_id),
        (&["channels", "@Contoso"], &graph.channel_id),
        (&["channels", &graph.team_id], &graph.channel_id),
        (&["chats"], &graph.chat_id),
        (&["threads"], &world.acs.thread_id),
        (&["conversations"], &world.acs.conversation_id),
        (&["members", &to], &graph.users[0].id),
        (
            &["members", &thread, "--platform", "acs-chat"],
            &world.acs.users[0].id,
        ),
    ] {
        let words = [&["list"], words].concat();
        let table = run(&words, &all, "");
        assert_eq!(table.code, 0, "{words:?}: {table:?}");
        assert!(table.stdout.contains(expected), "{words:?}: {table:?}");
        let json = run(&[&words[..], &["--json"]].concat(), &all, "");
        assert!(
            lines(&json)
                .iter()
                .any(|it| it.to_string().contains(expected)),
            "{words:?}"
        );
    }
    let templates = run(&["list", "templates", "--json"], &all, "");
    assert_eq!(templates.code, 0, "{templates:?}");
    assert!(lines(&templates)[0]["name"].is_string());
    let words = ["list", "contacts", "bob"];
    let table = run(&words, &skype(world), "");
    assert_eq!(table.code, 0, "{table:?}");
    assert!(table.stdout.contains("sip:bob@contoso.test"), "{table:?}");
    for words in [
        &["list", "channels"][..],
        &["list", "contacts"],
        &["list", "teams", "x"],
    ] {
        assert_eq!(run(words, &all, "").code, 2, "{words:?}");
    }
}

#[test]
fn what_a_platform_cannot_read_is_said() {
    let emulator = start(true);
    let world = emulator.seed();
    let sip = world.ucwa.users[1].sip.clone();
    let ran = run(&["read", &sip, "--json"], &skype(world), "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.json()["message"].as_str().unwrap().contains("history"));
    let words = ["list", "conversations", "--platform", "ucwa", "--json"];
    let ran = run(&words, &skype(world), "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.json()["message"].as_str().unwrap().contains("session"));
    let ran = run(&["list", "members", &sip], &skype(world), "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("within a session only"), "{ran:?}");
    let ran = run(&["read", "tel:+14255550123"], &acs_messages(world), "");
    assert_eq!(ran.code, 4, "{ran:?}");
}

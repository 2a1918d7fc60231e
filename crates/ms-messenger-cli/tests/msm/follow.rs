//! `msm read --follow`, live.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, Stdio},
};

use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults};
use serde_json::{Value, json};

use crate::support::{
    Environment, acs_chat, channel, chat, msgraph_chat, msm, run, skype, start, thread,
};

/// `msm read --follow`, with short pauses between two looks.
struct Following {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Following {
    fn start(to: &str, environment: &Environment, options: &[&str]) -> Self {
        let words = ["read", to, "--json", "--follow"];
        let mut command = msm();
        command
            .args(words)
            .args(options)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if !options.contains(&"--interval") {
            command.args(["--interval", "50ms"]);
        }
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The next line with this text. What the service notes about a thread is printed, too.
    fn next_with(&mut self, text: &str) -> Value {
        loop {
            let line = self.next();
            if line["text"] == text {
                return line;
            }
        }
    }

    /// Waits for the end; returns the exit code and standard error.
    fn end(mut self) -> (Option<i32>, String) {
        drop(self.out);
        let status = self.child.wait().unwrap();
        let mut error = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut error).unwrap();
        (status.code(), error)
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args([name, &id]).status().unwrap().success());
    }
}

/// Sends a text and returns the id of its message.
fn sent(to: &str, environment: &Environment, text: &str) -> String {
    let words = ["send", "--json", "--to", to, "--text", text];
    let line = run(&words, environment, "").json();
    line["receipt"]["message_id"].as_str().unwrap().to_owned()
}

/// Lets Bob say something to the user; `false` if the user is not available.
fn said(emulator: &Emulator, text: &str) -> bool {
    let users = &emulator.seed().ucwa.users;
    let said = json!({"platform": "ucwa", "from": users[1].sip, "to": users[0].sip,
        "action": "message", "text": text});
    emulator.inject(&said).is_ok()
}

#[test]
fn what_arrives_changes_and_ends_with_ctrl_c() {
    let emulator = start(true);
    let world = emulator.seed();
    for (to, environment) in [
        (channel(world), msgraph_chat(world)),
        (chat(world), msgraph_chat(world)),
        (thread(world), acs_chat(world)),
    ] {
        sent(&to, &environment, "before");
        let mut following = Following::start(&to, &environment, &[]);
        following.next_with("before");
        let id = sent(&to, &environment, "after");
        let line = following.next_with("after");
        assert_eq!(
            (&line["id"], &line["edited_at"]),
            (&json!(id), &Value::Null)
        );
        let edit = run(&["edit", &to, &id, "--text", "later"], &environment, "");
        assert_eq!(edit.code, 0, "{edit:?}");
        let line = following.next_with("later");
        assert!(line["edited_at"].is_string(), "{to}: {line}");
        assert_eq!(line["id"], id.as_str(), "{to}");
        #[cfg(unix)]
        {
            following.signal("-INT");
            assert_eq!(following.end(), (Some(0), String::new()), "{to}");
        }
        #[cfg(not(unix))]
        following.child.kill().unwrap();
    }
}

#[test]
fn the_clock_of_the_service_decides_what_is_new() {
    for offset in [-3600, 3600] {
        let emulator = start(true);
        let world = emulator.seed();
        emulator.set_clock_offset(offset).unwrap();
        for (to, environment) in [
            (channel(world), msgraph_chat(world)),
            (chat(world), msgraph_chat(world)),
            (thread(world), acs_chat(world)),
        ] {
            for text in ["first", "second", "third"] {
                sent(&to, &environment, text);
            }
            let mut following = Following::start(&to, &environment, &["--last", "1"]);
            assert_eq!(following.next()["text"], "third", "{to}");
            sent(&to, &environment, "after");
            let mut line = following.next();
            // The service writes whole seconds: messages of one cannot be told apart.
            while to == thread(world) && line["text"] != "after" {
                line = following.next();
            }
            assert_eq!(line["text"], "after", "{to}: {line}");
            following.child.kill().unwrap();
            following.child.wait().unwrap();
        }
    }
}

#[test]
fn messages_of_skype_are_followed_and_the_session_is_signed_out() {
    let emulator = start(true);
    let world = emulator.seed();
    let bob = world.ucwa.users[1].sip.clone();
    let mut following = Following::start(&bob, &skype(world), &[]);
    while !said(&emulator, "Is the build green?") {
        std::thread::yield_now();
    }
    let line = following.next();
    assert_eq!(line["text"], "Is the build green?");
    assert_eq!(
        (&line["platform"], &line["from"]),
        (&json!("ucwa"), &json!("Bob")),
        "{line}"
    );
    assert!(said(&emulator, "<b>Hello?</b>"));
    assert_eq!(following.next()["text"], "<b>Hello?</b>");
    #[cfg(unix)]
    {
        following.signal("-TERM");
        assert_eq!(following.end(), (Some(0), String::new()));
        // An application that was left behind would be available for minutes.
        assert!(!said(&emulator, "Are you there?"));
    }
    #[cfg(not(unix))]
    following.child.kill().unwrap();
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_it_quietly_and_at_once() {
    let emulator = start(true);
    let world = emulator.seed();
    // The next look would be in an hour.
    let hour = ["--interval", "1h"];
    for (to, environment) in [
        (channel(world), msgraph_chat(world)),
        (chat(world), msgraph_chat(world)),
        (thread(world), acs_chat(world)),
    ] {
        sent(&to, &environment, "before");
        let mut following = Following::start(&to, &environment, &hour);
        following.next_with("before");
        assert_eq!(following.end(), (Some(0), String::new()), "{to}");
    }
    let bob = world.ucwa.users[1].sip.clone();
    let mut following = Following::start(&bob, &skype(world), &hour);
    while !said(&emulator, "one") {
        std::thread::yield_now();
    }
    following.next_with("one");
    assert_eq!(following.end(), (Some(0), String::new()));
    assert!(!said(&emulator, "two"), "the session was not signed out");
}

#[test]
fn its_time_ends_it_and_an_error_that_waiting_does_not_help_against_too() {
    let emulator = start(true);
    let world = emulator.seed();
    let (to, environment) = (chat(world), msgraph_chat(world));
    let following = Following::start(&to, &environment, &["--for", "10ms"]);
    assert_eq!(following.end(), (Some(0), String::new()));
    sent(&to, &environment, "before");
    let mut following = Following::start(&to, &environment, &[]);
    following.next_with("before");
    let refused = FaultAction::status(403);
    let rule = FaultRule::new(refused);
    emulator.set_faults(Faults::new().with_rule(rule));
    let line = following.next();
    assert_eq!(
        (&line["status"], &line["exit_code"]),
        (&json!("error"), &json!(5)),
        "{line}"
    );
    assert_eq!(following.end(), (Some(5), String::new()));
}

#[test]
fn the_time_to_follow_begins_before_there_is_a_response() {
    let emulator = start(false);
    let world = emulator.seed();
    // Longer than the test is allowed to take.
    let silent = FaultAction::Delay { ms: 3_600_000 };
    emulator.set_faults(Faults::new().with_rule(FaultRule::new(silent)));
    let bob = world.ucwa.users[1].sip.clone();
    for (to, environment) in [
        (bob, skype(world)),
        (channel(world), msgraph_chat(world)),
        ("channel:@Contoso/General".to_owned(), msgraph_chat(world)),
    ] {
        let words = ["read", &to, "--follow", "--for", "100ms"];
        let ran = run(&words, &environment, "");
        assert_eq!(ran.code, 7, "{to}: {ran:?}");
        assert!(ran.stderr.contains("--for"), "{ran:?}");
    }
}

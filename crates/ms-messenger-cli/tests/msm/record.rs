//! `msm emulator record` and `msm emulator --replay`, with our own clients.

use std::{fs, path::Path};

use ms_messenger_emulator::{Emulator, Seed};
use serde_json::{Value, json};

use crate::{
    emulator::Running,
    schema::assert_lines,
    support::{
        Environment, Ran, acs_chat, acs_messages, channel, chat, http, msgraph_chat, run, skype,
        start, thread, with,
    },
};

const TEXT: &str = "the harbour at nine";

fn recorder(service: &Emulator, file: &Path, more: &[&str]) -> Running {
    let file = file.to_str().unwrap();
    let words = [
        "record",
        "--http",
        "127.0.0.1:0",
        "--upstream",
        service.http_url(),
        "--out",
        file,
    ];
    let key = service.seed().acs.connection_string.clone();
    Running::start_in(
        &[&words[..], more].concat(),
        &[("ACS_CONNECTION_STRING", key)],
    )
}

/// Sends over each platform but Skype, by `origin`.
fn sends(world: &Seed, origin: &str) -> Vec<Ran> {
    let key = format!("endpoint={origin}/;accesskey={}", world.acs.access_key);
    let graph = with(
        msgraph_chat(world),
        "MSGRAPH_BASE_URL",
        Box::leak(format!("{origin}/v1.0").into_boxed_str()),
    );
    let acs = with(
        acs_chat(world),
        "ACS_CHAT_ENDPOINT",
        Box::leak(origin.to_owned().into_boxed_str()),
    );
    let messages = with(
        acs_messages(world),
        "ACS_CONNECTION_STRING",
        Box::leak(key.into_boxed_str()),
    );
    let all: [(&str, String, &Environment); 4] = [
        ("msgraph-chat", channel(world), &graph),
        ("msgraph-chat", chat(world), &graph),
        ("acs-chat", thread(world), &acs),
        ("acs-messages", "tel:+14255550123".to_owned(), &messages),
    ];
    let send = |(platform, to, environment): (&str, String, &Environment)| {
        let words = [
            "send",
            "--json",
            "--platform",
            platform,
            "--to",
            &to,
            "--text",
            TEXT,
        ];
        run(&words, environment, "")
    };
    all.into_iter().map(send).collect()
}

fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn what_our_clients_do_is_recorded_without_secrets_and_played_again() {
    let service = start(true);
    let world = service.seed();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recording.jsonl");
    let recording = recorder(&service, &file, &[]);
    assert_lines("record", &recording.ready.to_string());
    for sent in sends(world, recording.origin()) {
        assert_eq!(sent.code, 0, "{sent:?}");
    }
    let noted = recording.stop();
    assert!(noted.contains("ending (SIGTERM): "), "{noted}");
    assert_eq!(service.messages().len(), 4);

    let text = fs::read_to_string(&file).unwrap();
    assert_lines("recording", &text);
    let mut secrets = vec![
        TEXT,
        "harbour",
        "14255550123",
        "contoso",
        "Alice",
        &world.acs.access_key,
    ];
    secrets.extend([
        &*world.graph.token,
        &*world.graph.chat_id,
        &*world.graph.team_id,
        &*world.acs.thread_id,
    ]);
    secrets.extend(
        world
            .acs
            .users
            .iter()
            .flat_map(|user| [&*user.id, &*user.token]),
    );
    secrets.extend(
        world
            .graph
            .users
            .iter()
            .flat_map(|user| [&*user.id, &*user.upn, &*user.display_name]),
    );
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} in {text}");
    }

    let replay = ["--replay", file.to_str().unwrap(), "--strict"];
    let emulator = Running::start(&replay);
    for sent in sends(world, emulator.origin()) {
        assert_eq!(sent.code, 0, "{sent:?}");
    }
    let (_, report) = emulator.get("/_emulator/replay");
    assert_lines("replay", &report.to_string());
    assert_eq!(report["differences"], json!([]), "{report}");
    assert_eq!(
        (&report["left"], &report["unmatched"]),
        (&json!(0), &json!(0)),
        "{report}"
    );
    let noted = emulator.stop();
    assert!(noted.contains(" exchanges, 0 differences\n"), "{noted}");
}

#[test]
fn a_difference_is_a_line_and_the_exit_code_of_exec() {
    let service = start(false);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recording.jsonl");
    let recording = recorder(&service, &file, &["--platform", "graph"]);
    let send = |origin: &str| {
        let base = Box::leak(format!("{origin}/v1.0").into_boxed_str());
        let environment = with(msgraph_chat(service.seed()), "MSGRAPH_BASE_URL", base);
        run(
            &[
                "send",
                "--to",
                &chat(service.seed()),
                "--platform",
                "msgraph-chat",
                "--text",
                TEXT,
            ],
            &environment,
            "",
        )
    };
    assert_eq!(send(recording.origin()).code, 0);
    recording.stop();
    let mut all = lines(&file);
    let posted = all
        .iter_mut()
        .find(|line| line["request"]["method"] == "POST")
        .unwrap();
    posted["response"]["body"]["json"]["policyViolation"] = json!("audit");
    let text: String = all.iter().map(|line| format!("{line}\n")).collect();
    fs::write(&file, text).unwrap();

    let msm = env!("CARGO_BIN_EXE_msm");
    let script = format!(
        "{msm} send --platform msgraph-chat --to \"conversation:$MSM_EMULATOR_CHAT_ID\" --text x >/dev/null"
    );
    let exec = |options: &[&str], script: &str| {
        let words = [&["emulator", "exec"], options, &["--", "sh", "-c", script]].concat();
        run(&words, &[], "")
    };
    let replay = ["--replay", file.to_str().unwrap()];
    let ran = exec(&replay, &script);
    assert_eq!(ran.code, 1, "{ran:?}");
    let line =
        "differs: POST /v1.0/chats/{id}/messages: $.policyViolation: recorded string, ours null\n";
    assert_eq!(ran.stderr.matches(line).count(), 1, "{ran:?}");
    assert!(ran.stderr.contains(", 1 difference\n"), "{ran:?}");
    assert_eq!(
        exec(&replay, "exit 7").code,
        7,
        "the command's own failure says more"
    );
    assert_eq!(exec(&replay, "true").code, 0);
}

#[test]
fn a_session_of_skype_and_the_pages_of_graph_are_recorded_whole() {
    let service = start(true);
    let world = service.seed();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recording.jsonl");
    let recording = recorder(&service, &file, &[]);
    let discovery = world.ucwa.discover.as_str();
    let discovery = discovery.replace(service.http_url(), recording.origin());
    let environment = with(
        skype(world),
        "UCWA_DISCOVERY_URL",
        Box::leak(discovery.into_boxed_str()),
    );
    let words = ["send", "--to", "sip:bob@contoso.test", "--text", TEXT];
    let sent = run(&words, &environment, "");
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(service.messages().len(), 1);
    let own = service.stats()["platforms"]["ucwa"]["requests"].clone();

    for n in 0..3 {
        let message = json!({"platform": "msgraph-chat", "conversation": world.graph.chat_id,
            "sender": world.graph.users[0].id, "text": format!("{TEXT} {n}")});
        service.inject(&message).unwrap();
    }
    let base = Box::leak(format!("{}/v1.0", recording.origin()).into_boxed_str());
    let environment = with(msgraph_chat(world), "MSGRAPH_BASE_URL", base);
    let path = format!("/chats/{}/messages?$top=1", world.graph.chat_id);
    let words = ["api", "GET", &path, "--paginate", "--filter", "$[*].id"];
    let read = run(&words, &environment, "");
    assert_eq!((read.code, read.stdout.lines().count()), (0, 3), "{read:?}");
    recording.stop();

    let all = lines(&file);
    let asked = |part: &str| {
        let of = |it: &&Value| {
            it["request"]["path"]
                .as_str()
                .is_some_and(|it| it.contains(part))
        };
        all.iter().filter(of).count()
    };
    // Every request of the session but the last one for events, which has no response at its end.
    let recorded = all.len() - 1 - asked("/v1.0/chats/");
    let own = usize::try_from(own.as_u64().unwrap()).unwrap();
    assert!(recorded == own || recorded + 1 == own, "{own}: {all:?}");
    assert!(asked("/ucwa/") > 5 && asked("/WebTicket/") > 0, "{all:?}");
    assert!(asked("/v1.0/chats/") >= 3, "{all:?}");
    let text = fs::read_to_string(&file).unwrap();
    assert_lines("recording", &text);
    for secret in ["harbour", "bob@", &*world.ucwa.users[0].password] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn what_cannot_be_recorded_or_played_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let existing = folder.path().join("existing.jsonl");
    fs::write(&existing, "notes\n").unwrap();
    let existing = existing.to_str().unwrap();
    let new = folder.path().join("new.jsonl").to_str().unwrap().to_owned();
    let missing = folder.path().join("none.pem").to_str().unwrap().to_owned();
    let record = ["emulator", "record", "--http", "127.0.0.1:0"];
    for (words, code, message) in [
        (
            &["--upstream", "http://graph.microsoft.com", "--out", &new][..],
            2,
            "error: --upstream: must be `real`",
        ),
        (
            &["--upstream", "real", "--platform", "ucwa", "--out", &new],
            2,
            "error: --upstream: must be the URL",
        ),
        (
            &["--upstream", "real", "--platform", "acs", "--out", &new],
            2,
            "error: --upstream: must be the endpoint",
        ),
        (
            &["--upstream", "real", "--out", existing],
            3,
            "exists already",
        ),
        (
            &[
                "--upstream",
                "real",
                "--out",
                &new,
                "--upstream-ca",
                &missing,
            ],
            3,
            "no such file",
        ),
        (
            &[
                "--upstream",
                "real",
                "--out",
                &new,
                "--upstream-ca",
                existing,
            ],
            3,
            "has no certificate in PEM",
        ),
        (
            &["--upstream", "real", "--out", &new, "--https", "10.0.0.1:0"],
            3,
            "is not a loopback address",
        ),
        (&["--upstream", "real"], 2, "--out"),
        (
            &["--upstream", "real", "--platform", "mars", "--out", &new],
            2,
            "--platform",
        ),
    ] {
        let ran = run(&[&record[..], words].concat(), &[], "");
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stderr.contains(message), "{message}: {ran:?}");
        assert!(!Path::new(&new).exists(), "{words:?}");
    }
    let secret = [(
        "ACS_CONNECTION_STRING",
        "endpoint=x;accesskey=not-base-64!".to_owned(),
    )];
    let ran = run(
        &[&record[..], &["--upstream", "real", "--out", &new]].concat(),
        &secret,
        "",
    );
    assert!(
        ran.stderr.contains("error: ACS_CONNECTION_STRING: must be"),
        "{ran:?}"
    );
    assert!(!ran.stderr.contains("not-base-64"), "{ran:?}");
    assert_eq!(fs::read_to_string(existing).unwrap(), "notes\n");

    let replay = |file: &str| {
        run(
            &["emulator", "exec", "--replay", file, "--", "true"],
            &[],
            "",
        )
    };
    let ran = replay(existing);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.stderr
            .contains("existing.jsonl: line 1: is no heading of a recording"),
        "{ran:?}"
    );
    assert_eq!(replay(&missing).code, 3);
    let both = [
        "emulator", "exec", "--replay", existing, "--data", "x", "--", "true",
    ];
    assert_eq!(run(&both, &[], "").code, 2);
}

#[test]
fn a_response_that_is_too_large_for_its_links_is_told_at_once_and_counted_at_the_end() {
    let service = start(false);
    let text = "x".repeat(900_000);
    let message = json!({"platform": "acs-messages", "from": "+14255550123", "text": text});
    for _ in 0..10 {
        service.inject(&message).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let recording = recorder(&service, &folder.path().join("large.jsonl"), &[]);
    let origin = recording.origin().to_owned();
    let path = "/_emulator/messages";
    assert_eq!(http("GET", &format!("{origin}{path}?limit=10"), "").0, 200);
    assert_eq!(http("GET", &format!("{origin}{path}?limit=1"), "").0, 200);
    let noted = recording.stop();
    let line = format!(
        "GET {path}: links in the response lead past the recorder: it is larger than 8 MiB"
    );
    assert_eq!(noted.matches(&line).count(), 1, "{noted}");
    let counts = "2 exchanges recorded, 1 response whose links led past the recorder";
    assert!(noted.contains(counts), "{noted}");
}

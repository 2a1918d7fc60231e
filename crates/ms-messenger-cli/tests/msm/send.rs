//! `msm send` over every platform.

use ms_messenger_emulator::LedgerRow;
use serde_json::json;

use crate::support::{
    Environment, acs_chat, acs_messages, channel, chat, conversation, msgraph_chat, run, skype,
    start, thread,
};

fn only(rows: &[LedgerRow]) -> &LedgerRow {
    let [row] = rows else {
        panic!("one row: {rows:?}");
    };
    row
}

#[test]
fn a_link_to_a_message_of_a_channel_is_replied_to() {
    let emulator = start(false);
    let world = emulator.seed();
    let environment = msgraph_chat(world);
    let first = run(
        &["send", "--json", "--to", &channel(world), "--text", "root"],
        &environment,
        "",
    );
    let root = first.json()["receipt"]["message_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (team, id) = (
        &world.graph.team_id,
        world.graph.channel_id.replace(':', "%3A"),
    );
    let link = format!(
        "https://teams.microsoft.com/l/message/{}/{root}?groupId={team}&parentMessageId={root}",
        id.replace('@', "%40")
    );
    let ran = run(
        &["send", "--to", &link, "--text", "reply"],
        &environment,
        "",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let rows = emulator.messages();
    assert_eq!(rows[1].operation, "send.reply");
    let words = ["send", "--to", &link, "--reply-to", "7", "--text", "reply"];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert_eq!(emulator.messages().len(), 2);
}

#[test]
fn each_platform_stores_the_message_once_and_returns_a_receipt() {
    let emulator = start(false);
    let world = emulator.seed();
    for (platform, environment, to, acceptance) in [
        (
            "acs-messages",
            acs_messages(world),
            conversation(world),
            "posted",
        ),
        (
            "acs-messages",
            acs_messages(world),
            "tel:+14255550123".to_owned(),
            "queued",
        ),
        ("acs-chat", acs_chat(world), thread(world), "posted"),
        (
            "msgraph-chat",
            msgraph_chat(world),
            channel(world),
            "posted",
        ),
        ("msgraph-chat", msgraph_chat(world), chat(world), "posted"),
        (
            "ucwa",
            skype(world),
            world.ucwa.users[1].sip.clone(),
            "delivered",
        ),
    ] {
        emulator.reset();
        let ran = run(
            &["send", "--to", &to, "--text", "héllo", "--json"],
            &environment,
            "",
        );
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{to}");
        let line = ran.json();
        assert_eq!(line["status"], "sent");
        assert_eq!(line["platform"], platform);
        assert_eq!(line["receipt"]["acceptance"], acceptance);
        let rows = emulator.messages();
        let row = only(&rows);
        assert_eq!(row.text, "héllo");
        assert_eq!(line["receipt"]["message_id"], row.message_id);
    }
}

#[test]
fn without_json_the_receipt_is_a_line_of_text() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = thread(world);
    let ran = run(
        &["send", "--to", &to, "--html", "<b>x</b>"],
        &acs_chat(world),
        "",
    );
    let rows = emulator.messages();
    let id = &only(&rows).message_id;
    let expected = format!(
        "acs-chat: posted, message {id}, in {}\n",
        world.acs.thread_id
    );
    assert_eq!((ran.code, ran.stdout), (0, expected));
}

#[test]
fn every_part_of_a_teams_post_arrives() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = channel(world);
    let words = [
        "send",
        "--to",
        &to,
        "-",
        "--subject",
        "Build",
        "--importance",
        "high",
        "--json",
    ];
    let ran = run(&words, &msgraph_chat(world), "line 1\nline 2\n");
    assert_eq!(ran.code, 0, "{ran:?}");
    let id = ran.json()["receipt"]["message_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let words = ["send", "--to", &to, "--html", "-", "--reply-to", &id];
    let ran = run(&words, &msgraph_chat(world), "<i>seen</i>");
    assert_eq!(ran.code, 0, "{ran:?}");

    let [post, reply] = &emulator.messages()[..] else {
        panic!("two rows");
    };
    let body: serde_json::Value = serde_json::from_slice(post.request.body()).unwrap();
    assert_eq!(body["subject"], "Build");
    assert_eq!(body["importance"], "high");
    assert_eq!(post.text, "line 1<br>line 2");
    assert_eq!(
        (reply.operation, reply.text.as_str()),
        ("send.reply", "<i>seen</i>")
    );
}

#[test]
fn a_teams_user_is_reached_in_a_one_on_one_chat() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = format!("user:{}", world.graph.users[1].id);
    let ran = run(
        &["send", "--to", &to, "--text", "psst"],
        &msgraph_chat(world),
        "",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(only(&emulator.messages()).text, "psst");
}

#[test]
fn templates_and_media_reach_whatsapp() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = ["send", "--to", "tel:+14255550123"];
    for (words, kind) in [
        (
            &[
                "--template",
                "reminder",
                "--language",
                "en_US",
                "--value",
                "Lene",
            ][..],
            "template",
        ),
        (
            &["--image", "https://contoso.com/a.jpg", "--caption", "A"][..],
            "image",
        ),
        (
            &[
                "--document",
                "https://contoso.com/a.pdf",
                "--file-name",
                "a.pdf",
            ][..],
            "document",
        ),
        (&["--video", "https://contoso.com/a.mp4"][..], "video"),
        (&["--audio", "https://contoso.com/a.mp3"][..], "audio"),
    ] {
        emulator.reset();
        let ran = run(&[&to, words].concat(), &acs_messages(world), "");
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(only(&emulator.messages()).kind, kind);
    }
}

#[test]
fn the_same_key_sends_once_however_often_it_is_used() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = conversation(world);
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    let words = [
        "send",
        "--to",
        &to,
        "--text",
        "once",
        "--idempotency-key",
        "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5",
        "--first-sent",
        &now,
        "--json",
    ];
    let first = run(&words, &acs_messages(world), "");
    let second = run(&words, &acs_messages(world), "");
    assert_eq!((first.code, second.code), (0, 0), "{first:?} {second:?}");
    assert_eq!(
        first.json()["receipt"]["message_id"],
        second.json()["receipt"]["message_id"]
    );
    assert_eq!(only(&emulator.messages()).replays, 1);
}

#[test]
fn a_request_in_a_file_is_sent_unchanged() {
    let emulator = start(false);
    let world = emulator.seed();
    let folder = tempfile::tempdir().unwrap();
    let (request, token) = (
        folder.path().join("request.json"),
        folder.path().join("token"),
    );
    let form = json!({"to": thread(world), "message": {"body": {"text": "filed"}}});
    std::fs::write(&request, form.to_string()).unwrap();
    std::fs::write(&token, format!("{}\n", world.acs.users[0].token)).unwrap();
    let words = [
        "send",
        "--request",
        request.to_str().unwrap(),
        "--acs-chat-token-file",
        token.to_str().unwrap(),
        "--acs-endpoint",
        &world.acs.endpoint,
    ];
    let ran = run(&words, &[], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(only(&emulator.messages()).text, "filed");
}

#[test]
fn a_dry_run_stores_nothing() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = thread(world);
    let words = ["send", "--to", &to, "--dry-run", "--json", "--text", "x"];
    let ran = run(&words, &acs_chat(world), "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let line = ran.json();
    assert_eq!(
        (&line["status"], &line["platform"], &line["delivery"]),
        (&"checked".into(), &"acs-chat".into(), &"not_sent".into())
    );
    let ran = run(
        &[&words[..], &["--subject", "s"]].concat(),
        &acs_chat(world),
        "",
    );
    assert_eq!(ran.code, 4, "{ran:?}");
    assert_eq!(ran.json()["problems"][0]["field"], "message.subject");
    assert_eq!(emulator.stats()["requests"], 0);
}

#[test]
fn several_candidates_are_listed_and_nothing_is_sent() {
    let emulator = start(false);
    let world = emulator.seed();
    let environment: Environment =
        [acs_messages(world), acs_chat(world), msgraph_chat(world)].concat();
    let to = thread(world);
    let words = ["send", "--to", &to, "--text", "where?"];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 3);
    for name in ["acs-messages", "acs-chat", "msgraph-chat", "--platform"] {
        assert!(ran.stderr.contains(name), "{}", ran.stderr);
    }
    let ran = run(
        &[&words[..], &["--platform", "acs-chat"]].concat(),
        &environment,
        "",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(only(&emulator.messages()).platform.as_str(), "acs-chat");
}

#[cfg(unix)]
#[test]
fn a_receipt_that_cannot_be_written_does_not_look_like_a_failed_send() {
    use std::process::Stdio;

    let emulator = start(false);
    let world = emulator.seed();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else {
        return; // Only Linux has a device that is always full.
    };
    let status = crate::support::msm()
        .args(["send", "--to", &thread(world), "--text", "x"])
        .envs(acs_chat(world))
        .stdout(full)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(9));
    assert_eq!(emulator.messages().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_receipt_of_two_lines_is_written_at_once() {
    use std::os::{fd::OwnedFd, unix::net::UnixDatagram};

    let emulator = start(false);
    let world = emulator.seed();
    // Each datagram is what was written at once.
    let (out, read) = UnixDatagram::pair().unwrap();
    let status = crate::support::msm()
        .args(["send", "--to", &channel(world), "--text", "x"])
        .envs(msgraph_chat(world))
        .stdout(OwnedFd::from(out))
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    let mut bytes = [0; 4096];
    let length = read.recv(&mut bytes).unwrap();
    let text = std::str::from_utf8(&bytes[..length]).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn an_application_of_entra_id_sends_through_acs_messages() {
    let emulator = start(false);
    let world = emulator.seed();
    let mut environment = vec![
        ("ACS_ENDPOINT", world.acs.endpoint.clone()),
        ("AZURE_AUTHORITY_HOST", world.entra.authority.clone()),
        ("AZURE_TENANT_ID", world.entra.tenant.clone()),
        ("AZURE_CLIENT_SECRET", world.entra.client_secret.clone()),
    ];
    let to = conversation(world);
    let words = ["send", "--to", &to, "--text", "hello"];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("AZURE_CLIENT_ID"), "{ran:?}");
    environment.push((
        "AZURE_CLIENT_ID",
        world.entra.confidential_client_id.clone(),
    ));
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(emulator.messages().len(), 1);
    let doctor = run(&["doctor", "--json"], &environment, "");
    assert_eq!(doctor.code, 0, "{doctor:?}");
    assert!(
        doctor
            .stdout
            .contains("AZURE_CLIENT_SECRET from the environment")
    );
    assert!(
        !doctor.stdout.contains(&world.entra.client_secret),
        "{doctor:?}"
    );
    // Without an endpoint, the variables may belong to something else.
    environment.retain(|(name, _)| *name != "ACS_ENDPOINT");
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
}

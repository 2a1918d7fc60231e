//! `msm send` with mentions, cards, files, pictures and Markdown.

use serde_json::Value;

use crate::support::{
    acs_chat, acs_messages, channel, chat, conversation, msgraph_chat, run, start, thread, with,
};

const CARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/msm/card.json");
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/msm/marked.gif");

/// The body of the only message that was stored.
fn stored(emulator: &ms_messenger_emulator::Emulator) -> Value {
    let rows = emulator.messages();
    let [row] = rows.as_slice() else {
        panic!("one row: {rows:?}");
    };
    serde_json::to_value(&row.request).unwrap()["body"].clone()
}

#[test]
fn mentions_stand_before_the_text_and_where_their_markers_are() {
    let emulator = start(true);
    let world = emulator.seed();
    let environment = msgraph_chat(world);
    let bob = &world.graph.users[1];
    let text = format!("Look, @{{{}}}", bob.upn);
    let own = &world.graph.users[0].upn;
    let words = [
        "send",
        "--json",
        "--to",
        "channel:@Contoso/General",
        "--text",
        &text,
    ];
    let ran = run(
        &[&words[..], &["--mention", own]].concat(),
        &environment,
        "",
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let line = ran.json();
    assert_eq!(line["to"], "channel:@Contoso/General");
    let body = stored(&emulator);
    let (first, second) = (&world.graph.users[0].display_name, &bob.display_name);
    let content = format!("<at id=\"0\">{first}</at> Look, <at id=\"1\">{second}</at>");
    assert_eq!(body["body"]["content"], content);
    assert_eq!(body["mentions"][1]["mentioned"]["user"]["id"], bob.id);
}

#[test]
fn a_mention_of_no_user_sends_nothing_and_another_platform_refuses_it() {
    let emulator = start(true);
    let world = emulator.seed();
    let to = channel(world);
    let words = [
        "send",
        "--json",
        "--to",
        &to,
        "--text",
        "x",
        "--mention",
        "no@contoso.test",
    ];
    let ran = run(&words, &msgraph_chat(world), "");
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(
        ran.json()["message"]
            .as_str()
            .unwrap()
            .contains("no@contoso.test")
    );
    let to = thread(world);
    let words = [
        "send",
        "--json",
        "--to",
        &to,
        "--text",
        "x",
        "--mention",
        "a@contoso.test",
    ];
    let ran = run(&words, &acs_chat(world), "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert_eq!(ran.json()["problems"][0]["field"], "--mention");
    let words = [
        "send",
        "--json",
        "--to",
        &to,
        "--text",
        "hi @{a@contoso.test}",
    ];
    let ran = run(&words, &acs_chat(world), "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["warnings"][0]["field"], "message.body");
    assert_eq!(stored(&emulator)["content"], "hi @{a@contoso.test}");
}

#[test]
fn a_card_a_picture_and_a_file_are_sent_with_a_mention() {
    let emulator = start(false);
    let world = emulator.seed();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.txt");
    std::fs::write(&log, "line 1\n").unwrap();
    let (to, log) = (chat(world), log.display().to_string());
    let bob = world.graph.users[1].upn.as_str();
    let words = [
        "send",
        "--json",
        "--to",
        &to,
        "--card",
        CARD,
        "--picture",
        PICTURE,
        "--file",
        &log,
        "--mention",
        bob,
        "--importance",
        "high",
    ];
    let ran = run(&words, &msgraph_chat(world), "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let body = stored(&emulator);
    let attachments = body["attachments"].as_array().unwrap();
    assert_eq!(
        attachments[0]["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    assert!(
        attachments[0]["content"]
            .as_str()
            .unwrap()
            .contains("marked-card")
    );
    assert_eq!(attachments[1]["contentType"], "reference");
    assert_eq!(attachments[1]["name"], "log.txt");
    let address = attachments[1]["contentUrl"].as_str().unwrap();
    assert!(!address.contains("placeholder"), "{address}");
    assert_eq!(body["hostedContents"][0]["contentType"], "image/gif");
    assert_eq!(body["mentions"].as_array().unwrap().len(), 1);
    assert_eq!(body["importance"], "high");
    let content = body["body"]["content"].as_str().unwrap();
    for attachment in attachments {
        let id = attachment["id"].as_str().unwrap();
        assert_eq!(content.matches(id).count(), 1, "{content}");
    }
}

#[test]
fn a_bad_card_is_refused_and_what_is_not_shown_is_a_warning() {
    let emulator = start(false);
    let world = emulator.seed();
    let folder = tempfile::tempdir().unwrap();
    let card = folder.path().join("card.json");
    let to = channel(world);
    let path = card.display().to_string();
    let words = ["send", "--json", "--to", &to, "--card", &path];
    std::fs::write(&card, r#"{"type":"MessageCard"}"#).unwrap();
    let ran = run(&words, &msgraph_chat(world), "");
    assert_eq!(ran.code, 4, "{ran:?}");
    let problems = ran.json()["problems"].clone();
    assert_eq!(problems[0]["field"], "card.type");
    assert_eq!(problems[1]["field"], "card.version");
    let submit = r#"{"type":"AdaptiveCard","version":"1.5","body":[],
        "actions":[{"type":"Action.Submit","title":"x"}]}"#;
    std::fs::write(&card, submit).unwrap();
    let ran = run(&words, &msgraph_chat(world), "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["warnings"][0]["field"], "card.actions[0].type");
    let missing = ["send", "--json", "--to", &to, "--card", "/nonexistent"];
    assert_eq!(run(&missing, &msgraph_chat(world), "").code, 3);
    assert_eq!(emulator.messages().len(), 1);
}

#[test]
fn markdown_is_html_where_it_is_shown_and_text_elsewhere() {
    let emulator = start(false);
    let world = emulator.seed();
    let markdown = "**red** <script>x</script>\n\n- one\n";
    for (to, environment, shown) in [
        (
            channel(world),
            msgraph_chat(world),
            "<p><strong>red</strong> &lt;script&gt;x&lt;/script&gt;</p>\n<ul>\n<li>one</li>\n</ul>",
        ),
        (
            conversation(world),
            acs_messages(world),
            "red <script>x</script>\n\n- one",
        ),
    ] {
        emulator.reset();
        let words = ["send", "--json", "--to", &to, "--markdown", "-"];
        let ran = run(&words, &environment, markdown);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(ran.json()["warnings"][0]["field"], "markdown");
        assert_eq!(emulator.messages()[0].text, shown);
    }
}

#[test]
fn a_message_of_a_channel_has_a_link_and_an_own_id_is_found() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = channel(world);
    let line = run(
        &["send", "--json", "--to", &to, "--text", "x"],
        &msgraph_chat(world),
        "",
    );
    let link = line.json()["receipt"]["web_url"].clone();
    assert!(link.as_str().unwrap().starts_with("https://"), "{link}");
    let text = run(
        &["send", "--to", &to, "--text", "x"],
        &msgraph_chat(world),
        "",
    );
    assert!(text.stdout.contains("\n  https://"), "{text:?}");
    // The own id is that of the token.
    let mut environment = with(msgraph_chat(world), "MSGRAPH_USER", "");
    environment.retain(|(name, _)| *name != "MSGRAPH_USER");
    let to = format!("user:{}", world.graph.users[1].upn);
    let ran = run(&["send", "--to", &to, "--text", "-5 °C"], &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(emulator.messages()[2].text, "-5 °C");
}

//! `msm api`.

use ms_messenger_emulator::{FaultAction, FaultRule, Faults, When};
use serde_json::json;

use crate::support::{acs_chat, acs_messages, msgraph_chat, msm, run, start};

#[test]
fn any_path_of_a_service_is_read_with_a_filter() {
    let emulator = start(true);
    let world = emulator.seed();
    let environment = msgraph_chat(world);
    let ran = run(
        &["api", "get", "/me/joinedTeams", "--json"],
        &environment,
        "",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["value"][0]["id"], world.graph.team_id);
    let words = [
        "api",
        "GET",
        "/me/joinedTeams",
        "--filter",
        "$.value[*].displayName",
    ];
    let ran = run(&words, &environment, "");
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "\"Contoso\"\n"),
        "{ran:?}"
    );
    let words = [
        "api",
        "GET",
        "/me/joinedTeams",
        "--paginate",
        "--filter",
        "$[*].id",
    ];
    let ran = run(&words, &environment, "");
    assert_eq!(
        ran.stdout,
        format!("\"{}\"\n", world.graph.team_id),
        "{ran:?}"
    );
}

#[test]
fn a_filter_that_selects_nothing_says_so() {
    let emulator = start(true);
    let environment = msgraph_chat(emulator.seed());
    let path = "/me/joinedTeams";
    // Written for one response, which has the list in a member.
    let words = ["api", "GET", path, "--filter", "$.value[*].id"];
    let paginated = [words.as_slice(), &["--paginate"]].concat();
    let ran = run(&paginated, &environment, "");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stderr.contains("the array of the items"), "{ran:?}");
    let ran = run(&words, &environment, "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let words = ["api", "GET", path, "--filter", "$.valeu"];
    let ran = run(&words, &environment, "");
    assert!(ran.stderr.contains("selects nothing"), "{ran:?}");
    let ran = run(&[words.as_slice(), &["--quiet"]].concat(), &environment, "");
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    // A list without items has nothing to select.
    let none = "/users?$filter=mail%20eq%20%27x%27";
    let words = ["api", "GET", none, "--paginate", "--filter", "$[*].id"];
    let ran = run(&words, &environment, "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
}

#[test]
fn a_path_alone_is_a_get() {
    let emulator = start(true);
    let environment = msgraph_chat(emulator.seed());
    let words = [
        "api",
        "/me/joinedTeams",
        "--filter",
        "$.value[*].displayName",
    ];
    let ran = run(&words, &environment, "");
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "\"Contoso\"\n"),
        "{ran:?}"
    );
    for (words, code, text) in [
        (&["api", "me"][..], 4, "PATH: must start with one slash"),
        (&["api", "POST"], 2, "PATH: is missing"),
        (&["api", "/me", "POST"], 2, "METHOD: must be GET"),
        (
            &["api", "/me", "--input", "-"],
            2,
            "--input: is not for GET",
        ),
        (
            &["api", "https://graph.microsoft.com/v1.0/me"],
            2,
            "PATH: must not have scheme and host",
        ),
    ] {
        let ran = run(words, &environment, "{}");
        assert_eq!(ran.code, code, "{words:?}: {ran:?}");
        assert!(ran.stderr.contains(text), "{words:?}: {ran:?}");
    }
}

#[test]
fn a_response_that_is_no_text_is_written_as_it_is() {
    let emulator = start(true);
    let world = emulator.seed();
    let environment = msgraph_chat(world);
    let picture = include_bytes!("marked.gif");
    let target = format!("channel:{}/{}", world.graph.team_id, world.graph.channel_id);
    let words = [
        "send",
        "--to",
        &target,
        "--picture",
        "tests/msm/marked.gif",
        "--json",
    ];
    let sent = run(&words, &environment, "").json();
    let contents = format!(
        "/teams/{}/channels/{}/messages/{}/hostedContents",
        world.graph.team_id,
        world.graph.channel_id,
        sent["receipt"]["message_id"].as_str().unwrap()
    );
    let words = ["api", &contents, "--filter", "$.value[0].id"];
    let id = run(&words, &environment, "").json();
    let path = format!("{contents}/{}/$value", id.as_str().unwrap());
    let output = msm()
        .args(["api", &path])
        .envs(environment.iter().cloned())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, picture);
    for option in [&["--json"][..], &["--filter", "$.id"]] {
        let ran = run(&[&["api", &path][..], option].concat(), &environment, "");
        assert_eq!(
            (ran.code, ran.stdout.contains("GIF")),
            (1, false),
            "{ran:?}"
        );
    }
}

#[test]
fn a_body_is_sent_as_it_is_and_only_once() {
    let emulator = start(true);
    let world = emulator.seed();
    let environment = msgraph_chat(world);
    let path = format!("/chats/{}/messages", world.graph.chat_id);
    let words = [
        "api",
        "POST",
        &path,
        "--input",
        "-",
        "--json",
        "-H",
        "Prefer: x",
    ];
    let body = json!({"body": {"content": "hello"}}).to_string();
    let ran = run(&words, &environment, &body);
    assert_eq!(ran.code, 0, "{ran:?}");
    let rows = emulator.messages();
    assert_eq!(rows[0].text, "hello");
    let request = serde_json::to_value(&rows[0].request).unwrap();
    assert_eq!(request["headers"]["prefer"], "x", "{request}");
    // A lost response: it is not repeated, and the exit code says so.
    let lost = FaultAction::Close {
        when: When::AfterStore,
    };
    emulator.set_faults(Faults::new().with_rule(FaultRule::new(lost)));
    let ran = run(&words, &environment, &body);
    assert_eq!(
        (ran.code, &ran.json()["delivery"]),
        (8, &json!("unknown")),
        "{ran:?}"
    );
    assert_eq!(emulator.messages().len(), 2);
}

#[test]
fn bad_input_is_refused_before_any_request() {
    let emulator = start(true);
    let world = emulator.seed();
    let all = [msgraph_chat(world), acs_chat(world), acs_messages(world)].concat();
    let graph = msgraph_chat(world);
    for (words, environment, input, code) in [
        (&["api", "FETCH", "/me"][..], &graph, "", 2),
        (&["api", "GET", "me"], &graph, "", 4),
        (&["api", "GET", "//evil.example/me"], &graph, "", 4),
        (&["api", "GET", "/../me"], &graph, "", 4),
        (&["api", "GET", "/me", "--filter", "$["], &graph, "", 2),
        (&["api", "GET", "/me", "--input", "-"], &graph, "{}", 2),
        (&["api", "POST", "/me", "--input", "-"], &graph, "{", 4),
        (
            &["api", "POST", "/me", "--input", "/nonexistent"],
            &graph,
            "",
            3,
        ),
        (&["api", "POST", "/me", "--paginate"], &graph, "", 2),
        (
            &["api", "GET", "/me", "-H", "Authorization: hunter2"],
            &graph,
            "",
            2,
        ),
        (&["api", "GET", "/me"], &all, "", 3),
        (&["api", "GET", "/me", "--platform", "ucwa"], &graph, "", 4),
        (&["api", "GET", "/nothing"], &graph, "", 6),
        // What is read was read, but it is no list.
        (&["api", "GET", "/me", "--paginate"], &graph, "", 1),
    ] {
        let ran = run(words, environment, input);
        assert_eq!(ran.code, code, "{words:?}: {ran:?}");
        assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
    }
    let words = [
        "api",
        "GET",
        "/chat/threads",
        "--platform",
        "acs-chat",
        "--json",
    ];
    let ran = run(&words, &all, "");
    assert_eq!(ran.json()["value"][0]["id"], world.acs.thread_id);
}

#[test]
fn a_link_that_is_not_followed_is_named_after_the_items_before_it() {
    let emulator = start(true);
    let environment = msgraph_chat(emulator.seed());
    let page = |link: &str| {
        let body = json!({"value": [{"name": "\u{1b}[31m"}], "@odata.nextLink": link});
        let action = FaultAction::status(200).with_body(body);
        emulator.set_faults(Faults::new().with_rule(FaultRule::new(action)));
    };
    for (link, error) in [
        ("https://evil.example/v1.0/me", "a link to another origin"),
        ("/_emulator/messages", "a link outside its base path"),
        ("/v1.0/me/joinedTeams", "leads back to a page"),
        ("http://[", "a link that is no address"),
    ] {
        page(link);
        let words = ["api", "GET", "/me/joinedTeams", "--paginate"];
        let ran = run(&words, &environment, "");
        assert_eq!(ran.code, 1, "{link}: {ran:?}");
        assert!(ran.stderr.contains(error), "{link}: {ran:?}");
        assert!(!ran.stderr.contains("--paginate"), "{link}: {ran:?}");
        assert_eq!(ran.stdout, "{\"name\":\"\\u001b[31m\"}\n", "{link}");
    }
}

#[test]
fn a_header_that_would_be_replaced_or_break_the_message_is_refused() {
    for (headers, rule) in [
        (&["Transfer-Encoding: chunked"][..], "transfer-encoding"),
        (&["Connection: close"], "connection"),
        (&["client-request-id: 1"], "client-request-id"),
        (&["x-ms-date: Mon, 01 Jan 2024 00:00:00 GMT"], "x-ms-date"),
        (&["User-Agent: other"], "user-agent"),
        (&["Prefer: a", "prefer: b"], "name prefer once"),
    ] {
        let mut words = vec!["api", "GET", "/me"];
        words.extend(headers.iter().flat_map(|header| ["-H", header]));
        let ran = run(&words, &[], "");
        assert_eq!(ran.code, 2, "{headers:?}: {ran:?}");
        assert!(ran.stderr.contains(rule), "{headers:?}: {ran:?}");
    }
}

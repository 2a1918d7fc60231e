//! Messengers from a text or a table.

use std::sync::{Arc, Mutex};

use ms_messenger_core::{
    Capability, ErrorKind, MemoryMessenger, Messenger as _, MessengerExt as _, Problem, Result,
    SharedMessenger, Target,
};
use ms_messenger_layers::{ConnectConfig, OptionSpec, Options, Pending, Registry, Scheme};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::secret("token"),
    OptionSpec::plain("endpoint"),
    OptionSpec::plain("key_file"),
    OptionSpec::flag("fast"),
];

/// A platform whose options are kept as it was given them.
pub(crate) type Given = Arc<Mutex<Vec<Options>>>;

pub(crate) fn registry() -> (Registry, Given) {
    let given = Given::default();
    let kept = Arc::clone(&given);
    let prepare = move |options: &Options| -> Result<Pending> {
        if options.get("token").is_none() {
            let problem = Problem::new("token", "is missing: a token");
            return Err(problem.into_error(ErrorKind::Config));
        }
        kept.lock().unwrap().push(options.clone());
        let client: SharedMessenger = Arc::new(MemoryMessenger::new().with_platform("pager"));
        Ok(Box::pin(std::future::ready(Ok(client))))
    };
    let registry = Registry::new()
        .with_scheme(Scheme::new("pager", OPTIONS, prepare).with_address())
        .with_missing("acs-chat", "acs-chat")
        .with_variables(|name| match name {
            "TOKEN" => Some(" hunter2\n".to_owned()),
            "EMPTY" => Some(" ".to_owned()),
            _ => None,
        });
    (registry, given)
}

pub(crate) fn config(text: &str) -> ConnectConfig {
    text.parse().unwrap()
}

fn problems(text: &str) -> Vec<(String, String)> {
    let error = registry().0.check(&config(text)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    let problems = error.problems().iter();
    problems
        .map(|it| (it.field.clone(), it.rule.clone()))
        .collect()
}

fn fields(text: &str) -> Vec<String> {
    problems(text).into_iter().map(|(field, _)| field).collect()
}

#[tokio::test]
async fn an_option_is_given_by_itself_by_a_variable_or_by_a_file() {
    let (registry, given) = registry();
    let file = tempfile(b"from-file\n");
    let path = file.display().to_string();
    for (text, token) in [
        ("pager:?token_env=TOKEN", "hunter2"),
        (&format!("pager:?token_file={path}"), "from-file"),
        ("pager:?token=a%26b&literal_secrets=true", "a&b"),
    ] {
        registry.connect(&config(text)).await.unwrap();
        let options = given.lock().unwrap().pop().unwrap();
        assert_eq!(options.get("token"), Some(token));
        assert!(!format!("{options:?}").contains(token), "{options:?}");
    }
    std::fs::remove_file(&file).unwrap();
    registry
        .connect(&config("pager:?token_env=TOKEN&fast=true"))
        .await
        .unwrap();
    let options = given.lock().unwrap().pop().unwrap();
    assert_eq!(options.flag("fast"), Some(true));
    let text = "pager://host:1/path?token_env=TOKEN&key_file=/etc/key&endpoint=a+b%20c=d";
    registry.connect(&config(text)).await.unwrap();
    let options = given.lock().unwrap().pop().unwrap();
    assert_eq!(options.address(), Some("host:1/path"));
    // The name of an option may end like that of a source; a plus is no space.
    assert_eq!(options.get("key_file"), Some("/etc/key"));
    assert_eq!(options.get("endpoint"), Some("a+b c=d"));
}

#[test]
fn every_problem_is_named_with_its_path_and_no_value() {
    let text = "router(\
        a[kind=fone|target=x&tarket=y]=pager:?token=hunter2&tokn_env=TOKEN,\
        b[to=nowhere]=fallback(pager:?token_env=hunter2,deadline(memory:)?timeout=soon)?settle=0s,\
        c=acs-chat:?token_env=TOKEN,\
        d=rate-limit(memory:, memory:)?per_second=0&burst=x,\
        d=pagr:)?platfrm=x";
    let expected = [
        ("platfrm", "did you mean platform?"),
        ("a.kind", "must be one of conversation, channel, tel"),
        ("a.tarket", "did you mean target?"),
        ("a.token", "name a variable with token_env"),
        ("a.tokn_env", "did you mean token_env?"),
        ("b.to", "must be a target"),
        ("b.settle", "must be a time"),
        ("b.pager.token_env", "names a variable that is not set"),
        ("b.deadline.timeout", "must be a time"),
        ("c.type", "acs-chat needs the feature `acs-chat`"),
        ("d.burst", "must be a whole number from 1"),
        ("d.per_second", "must be a whole number from 1"),
        ("d.messenger", "rate-limit is over one messenger"),
        ("d.name", "is the name of two members"),
        ("d.type", "did you mean pager?"),
    ];
    let found = problems(text);
    for (field, rule) in expected {
        let is_found = found.iter().any(|(f, r)| f == field && r.contains(rule));
        assert!(is_found, "{field}: {rule}: {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn what_is_missing_twice_or_misplaced_is_named() {
    for (text, expected) in [
        ("pager:", &["token"][..]),
        ("pager:?fast=yes", &["fast", "token"]),
        ("pager:?token_env=TOKEN&token_env=TOKEN", &["token_env"]),
        ("pager:?token_env=EMPTY", &["token_env"]),
        ("pager:?token_file=/no/such/file", &["token_file"]),
        ("pager:?token_file=/tmp", &["token_file"]),
        (
            "pager:?token_env=TOKEN&literal_secrets=1",
            &["literal_secrets"],
        ),
        ("router()", &["members"]),
        ("deadline(memory:)", &["timeout"]),
        ("deadline(x=memory:)?timeout=1s", &["messenger.name"]),
        ("rate-limit(memory:)", &["per_second"]),
        (
            "rate-limit(memory:)?per_second=1&per_hour=1",
            &["per_second"],
        ),
        ("fallback(a[kind=tel]=memory:)", &["a.rules"]),
        ("fallback(memory:,memory:)", &["memory.name"]),
        ("nothing:", &["type"]),
        ("pager:?eyJhbGciOi=x&token_env=TOKEN", &["?"]),
        ("pager:?token_env=TOKEN&endpoint=", &["endpoint"]),
        ("pager:?token_env=", &["token_env"]),
        ("pager:?token_env=A%3DB%00", &["token_env"]),
        ("pager:?token_file=/no%00file", &["token_file"]),
        ("memory://somewhere", &["address"]),
        ("memory:?platform=Not%20one", &["platform"]),
        ("memory:?literal_secrets=true", &["literal_secrets"]),
        ("router(x=memory:)?platform=Not%20one", &["platform"]),
        ("router(x[target=]=memory:)", &["x.target"]),
        ("fan-out(x=router(y[target=]=memory:))", &["x.y.target"]),
        ("fallback(EU.west=memory:?x=1)", &["EU.west.x"]),
        ("fallback(memory:, hunter2:)", &["members[1].type"]),
    ] {
        assert_eq!(fields(text), expected, "{text}");
    }
}

#[test]
fn a_name_that_is_too_long_or_may_be_a_secret_is_not_repeated() {
    for length in [41, 64, 65] {
        let name = "x".repeat(length);
        let problems = problems(&format!("fallback({name}=memory:?x=1)"));
        let expected = if length > 64 { 2 } else { 1 };
        assert_eq!(problems.len(), expected, "{problems:?}");
        let are_hidden = problems
            .iter()
            .all(|(field, _)| field.starts_with("members[0]."));
        assert!(are_hidden, "{problems:?}");
    }
}

#[test]
fn a_variable_or_file_that_cannot_be_used_says_why() {
    let file = tempfile(&[0xff, 0xfe]);
    let not_utf8 = format!("pager:?token_file={}", file.display());
    for (text, rule) in [
        ("pager:?token_env=NONE", "names a variable that is not set"),
        ("pager:?token_env=EMPTY", "names a variable that is empty"),
        (&not_utf8, "names a file that is not UTF-8"),
    ] {
        assert_eq!(problems(text)[0].1, rule);
    }
    std::fs::write(&file, " \n").unwrap();
    assert_eq!(problems(&not_utf8)[0].1, "names a file that is empty");
    std::fs::write(&file, "\u{e9}".repeat(40_000)).unwrap();
    let rule = "names a file that is longer than 64 KiB";
    assert_eq!(problems(&not_utf8)[0].1, rule);
    std::fs::remove_file(&file).unwrap();
}

/// A file of its own for each call.
fn tempfile(bytes: &[u8]) -> std::path::PathBuf {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("ms-messenger-layers-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[tokio::test]
async fn members_that_do_not_fit_are_named_by_their_path() {
    let simple = Scheme::new("simple", &[], |_| {
        let text = MemoryMessenger::new().with_capabilities([Capability::Text].into());
        let client: SharedMessenger = Arc::new(text);
        Ok(Box::pin(std::future::ready(Ok(client))) as Pending)
    });
    let registry = registry().0.with_scheme(simple);
    for (text, field) in [
        (
            "fallback(a=memory:, b[to=tel:+14255550123]=simple:)",
            "b.to",
        ),
        ("fan-out(x=router(y[to=user:u]=simple:))", "x.y.to"),
        ("router(x=deadline(simple:)?timeout=1s)", "x.messenger"),
    ] {
        let config = config(text);
        // What a messenger supports is known when it is connected.
        registry.check(&config).unwrap();
        let error = registry.connect(&config).await.unwrap_err();
        let fields: Vec<&str> = error.problems().iter().map(|it| &*it.field).collect();
        assert_eq!(fields, [field], "{text}");
    }
}

#[tokio::test]
async fn a_text_and_its_table_connect_the_same() {
    let text = config(
        "router(\
         teams[kind=channel|target=conversation:19:*]=memory:?platform=teams,\
         call[kind=tel&to=sip:a@b.c]=fallback(one=memory:, two[to=tel:+46701234567]=memory:)\
         ?settle=never&platform=on-call,\
         all=rate-limit(deadline(fan-out(memory:))?timeout=30s)?per_minute=30&burst=2)",
    );
    let toml = r#"
        type = "router"
        [[members]]
        name = "teams"
        rules = [{ kind = "channel" }, { target = "conversation:19:*" }]
        messenger = { type = "memory", platform = "teams" }
        [[members]]
        name = "call"
        kind = "tel"
        to = "sip:a@b.c"
        [members.messenger]
        type = "fallback"
        settle = "never"
        platform = "on-call"
        members = [
            { name = "one", messenger = "memory:" },
            { name = "two", to = "tel:+46701234567", messenger = { type = "memory" } },
        ]
        [[members]]
        name = "all"
        [members.messenger]
        type = "rate-limit"
        per_minute = 30
        burst = 2
        messenger = "deadline(fan-out(memory:))?timeout=30s"
    "#;
    let table: ConnectConfig = toml::from_str(toml).unwrap();
    let (registry, _) = registry();
    for config in [text, table] {
        let messenger = registry.connect(&config).await.unwrap();
        assert_eq!(messenger.platform(), "router");
        for (to, through) in [
            ("channel:t/c", "teams"),
            ("conversation:19:a", "teams"),
            ("tel:+14255550123", "call"),
            ("user:u", "all"),
        ] {
            let to = to.parse::<Target>().unwrap();
            let receipt = messenger.send_text(to, "hi").await.unwrap();
            assert_eq!(receipt.sent_by().unwrap().name, through);
        }
    }
}

/// What is between the lines "```language" and "```".
fn fence(language: &str) -> String {
    let readme = include_str!("../../README.md");
    let start = format!("```{language}\n");
    let fence = readme.split(start.as_str()).nth(1).unwrap();
    fence.split("```").next().unwrap().to_owned()
}

#[test]
fn the_text_and_the_table_of_the_readme_are_the_same() {
    let table: ConnectConfig = toml::from_str(&fence("toml")).unwrap();
    assert_eq!(config(&fence("text")), table);
}

#[test]
fn a_table_is_read_from_json_and_every_problem_of_its_form_is_named() {
    let read = |json: &str| json.parse::<ConnectConfig>();
    assert_eq!(read(r#" {"type": "memory"}"#).unwrap(), config("memory:"));
    let json = r#"{"type": 1, "address": 2, "x": ["hunter2"], "members": [3,
        {"name": 4, "messenger": "hunter2", "rules": [{"kind": 5}, 6], "hunter2 ": 7}]}"#;
    let error = read(json).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let mut fields: Vec<&str> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "address",
            "members[0]",
            "members[1].?",
            "members[1].messenger",
            "members[1].name",
            "members[1].rules[0].kind",
            "members[1].rules[1]",
            "type",
            "x",
        ]
    );
    for (json, expected) in [
        (
            r#"{"type": "memory", "type": "pager", "platform": "a", "platform": "b"}"#,
            &["platform", "type"][..],
        ),
        (
            r#"{"type": "router", "members": [{"name": "a", "name": "b", "messenger": "memory:",
            "rules": [{"kind": "tel", "kind": "sip"}, {}]},
            {"messenger": "memory:", "rules": []}]}"#,
            &[
                "members[0].name",
                "members[0].rules[0].kind",
                "members[0].rules[1]",
                "members[1].rules",
            ],
        ),
        (
            r#"{"type": "router", "messenger": "memory:"}"#,
            &["messenger"],
        ),
        (
            r#"{"type": "deadline", "timeout": "1s", "members": [{"messenger": "memory:"}]}"#,
            &["members"],
        ),
        (r#"{"type": "memory", "platform": null}"#, &["platform"]),
    ] {
        let error = read(json).unwrap_err();
        let mut fields: Vec<&str> = error.problems().iter().map(|it| &*it.field).collect();
        fields.sort_unstable();
        assert_eq!(fields, expected, "{json}");
    }
    let error = toml::from_str::<ConnectConfig>("x = []").unwrap_err();
    assert!(error.to_string().contains("type: is missing"), "{error}");
    assert!(read("{").is_err());
}

#[test]
fn a_text_that_cannot_be_read_is_refused_with_the_position() {
    for (text, rule) in [
        (
            "",
            "expected the name of a platform or composition, at character 1",
        ),
        (
            "hunter2",
            "expected `:` after a platform or `(` after a composition, at character 8",
        ),
        ("a(b:", "expected `,` or `)`, at character 5"),
        (
            "a(é)",
            "expected the name of a platform or composition, at character 3",
        ),
        ("a(b:) x", "expected the end, at character 7"),
        ("a(b[to=x=c:)", "expected `]`, at character 13"),
        ("a(b[to=x]c:)", "expected `=`, at character 10"),
        ("a(b[to=x|to=y]=c:)", "`to` is given twice, at character 14"),
        ("a(b[]=c:)", "expected `name=value`, at character 5"),
        (
            "a(b[kind=tel|]=c:)",
            "expected `name=value`, at character 14",
        ),
        ("a(=c:)", "expected the name of the member, at character 3"),
        (
            "a([to=x]=c:)",
            "expected the name of the member, at character 3",
        ),
        ("a:?hunter2", "expected `name=value`, at character 11"),
        ("a:?", "expected `name=value`, at character 4"),
        ("a:?b=c&", "expected `name=value`, at character 8"),
        ("a:?=c", "expected a name before `=`, at character 6"),
        ("a://?b=c", "expected an address after `//`, at character 5"),
        (
            "a:?b=%ff",
            "a percent-encoded value is not UTF-8, at character 9",
        ),
        (
            "a:?b=50%hunter2",
            "expected two hexadecimal digits after `%`, at character 16",
        ),
        (
            "a:?b=%4",
            "expected two hexadecimal digits after `%`, at character 8",
        ),
        (
            "a(\n  b = c:?d=hunter2\n  e = f:)",
            "expected `,`, `)` or `&` before the end of the line, at line 3, character 9",
        ),
        (
            "a(\n  b:,\n  é:)",
            "expected the name of a platform or composition, at line 3, character 3",
        ),
    ] {
        let error = text.parse::<ConnectConfig>().unwrap_err();
        assert_eq!(error.problems()[0].rule, rule, "{text}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let deep = "a(".repeat(17);
    assert!(deep.parse::<ConnectConfig>().is_err());
    let long = format!("a:?b={}", "x".repeat(70_000));
    let error = long.parse::<ConnectConfig>().unwrap_err();
    assert!(error.message().contains("shorter than 64 KiB"), "{error}");
    let mut nested = serde_json::json!("memory:");
    for _ in 0..20 {
        nested = serde_json::json!({"type": "deadline", "timeout": "1s", "messenger": nested});
    }
    assert!(nested.to_string().parse::<ConnectConfig>().is_err());
}

#[test]
fn no_value_of_an_option_is_printed() {
    let text = "a://hunter2?token=hunter2&hunter2hunter2Hunter2=hunter2";
    let printed = format!("{:?}{:#?}", config(text), config(text));
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(printed.contains("token"), "{printed}");
}

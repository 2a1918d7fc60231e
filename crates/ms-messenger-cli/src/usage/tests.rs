use clap::FromArgMatches as _;

use super::*;
use crate::args::Cli;

fn error_of(line: &str) -> String {
    let words = std::iter::once("msm").chain(line.split(' '));
    let words: Vec<OsString> = words.map(Into::into).collect();
    let parsed = args::command()
        .try_get_matches_from(&words)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    message(&parsed.unwrap_err(), &words)
}

#[test]
fn errors_of_usage_name_options_of_this_program() {
    let to = "send --to user:a";
    for (line, expected) in [
        (
            format!("{to} hello"),
            "'hello' is not an option; the text goes after --text (\"-\" reads standard input)",
        ),
        (
            format!("{to} --attach x"),
            "there is no option --attach: use --file or --picture",
        ),
        (
            format!("{to} --message x"),
            "there is no option --message: use --text",
        ),
        (format!("{to} -m x"), "there is no option -m: use --text"),
        (
            format!("{to} --txt x"),
            "there is no option --txt: did you mean --text?",
        ),
        (
            "send --too user:a --text x".to_owned(),
            "there is no option --too: did you mean --to?",
        ),
        (
            "emulator --lgo-format text exec --chek".to_owned(),
            "there is no option --lgo-format: did you mean --log-format?",
        ),
        (
            "outbox --stroe=hunter2 list".to_owned(),
            "there is no option --stroe: did you mean --store?",
        ),
        ("whoami --too x".to_owned(), "there is no option --too"),
        (
            "api POST /me --body x".to_owned(),
            "there is no option --body: --input takes the body as JSON, from a file or, with -, from standard input",
        ),
        ("whoami --body x".to_owned(), "there is no option --body"),
        (
            format!("{to} --text x --retries -1"),
            "--retries: must be a whole number from 0",
        ),
        (
            format!("{to} --text x --importance huge"),
            "--importance must be one of normal, high, urgent",
        ),
        (format!("{to} --text"), "--text needs a value"),
        (format!("{to} --text a --text b"), "--text is given twice"),
        (
            "send --to alice@contoso.com --text x".to_owned(),
            "--to: is not a target: did you mean user:alice@contoso.com?",
        ),
        (
            "emulator --seed 5 exec -- true".to_owned(),
            "an option stands before exec: the options of exec follow it",
        ),
        (
            "emulator --seed 5 nonsense".to_owned(),
            "'nonsense' is not expected here",
        ),
        (
            "emulator --strict -- nonsense".to_owned(),
            "'nonsense' is not expected here",
        ),
        (
            "-v emulator --seed 5 exce -- true".to_owned(),
            "'exce' is not expected here: did you mean exec?",
        ),
        (
            "emulator --seed 5 emulator".to_owned(),
            "'emulator' is not expected here",
        ),
        (
            "emulator --seed 5 hunter2:hunter2".to_owned(),
            "a word is not expected here",
        ),
        (
            "send --to chanel:@Contoso/General --text x".to_owned(),
            "--to: is not a target: did you mean channel:@Contoso/General?",
        ),
        (
            "send --to user:a --image ./a.png".to_owned(),
            "--image: must be an https address: the platform downloads it, and local \
             files are not sent",
        ),
        (
            format!("{to} --text x --idempotency-key k --first-sent today"),
            "--first-sent: must be written like 2026-11-28T21:22:06Z",
        ),
        (
            format!("{to} --text x --msgraph-token t --msgraph-token-file f"),
            "--msgraph-token and --msgraph-token-file cannot be used together",
        ),
        (
            format!("{to} --text x --timeout soon"),
            "--timeout: must be a time like 30s, 2m or 1h 30m",
        ),
        (
            "read user:a --last 0".to_owned(),
            "--last: must be a whole number from 1 to 10000",
        ),
        (
            "react conversation:19:a 1796018879454 👍".to_owned(),
            "TARGET: is not a target: the order is EMOJI TARGET MESSAGE",
        ),
        (
            "react conversation:19:a 👍 1796018879454".to_owned(),
            "TARGET: is not a target: the order is EMOJI TARGET MESSAGE",
        ),
        (
            "show 1796018879454 conversation:19:a".to_owned(),
            "TARGET: is not a target: the order is TARGET MESSAGE",
        ),
        (
            "reply 1796018879454 --text x".to_owned(),
            "TARGET: is not a target: the order is TARGET MESSAGE",
        ),
        (
            "read user:a --last 99999999999999999999".to_owned(),
            "--last: must be a smaller number",
        ),
        ("batch".to_owned(), "FILE is missing"),
        ("emulator exec".to_owned(), "COMMAND is missing"),
        (
            "emulator --token-lifetime 0".to_owned(),
            "--token-lifetime: must be a whole number from 1 to 4294967295",
        ),
        (
            "listen --keep a --address nonsense".to_owned(),
            "--address: must be an IP address with a port, e.g. 127.0.0.1:8080",
        ),
        (
            "snd".to_owned(),
            "there is no command 'snd': did you mean send?",
        ),
        (
            "outbox statsu".to_owned(),
            "there is no command 'statsu': did you mean status?",
        ),
        (
            "config help nonsense".to_owned(),
            "there is no command 'nonsense'; the commands are show, check, path",
        ),
        (
            "help config nonsense".to_owned(),
            "there is no command 'nonsense'; the commands are show, check, path",
        ),
        (
            "help whoami nonsense".to_owned(),
            "there is no command 'nonsense'",
        ),
        (
            format!("{to} --text x --dry-run=yes"),
            "--dry-run takes no value",
        ),
        (
            format!("{to} --text x --timeout 584000000000y"),
            "--timeout: must be at most 36500d",
        ),
    ] {
        assert_eq!(error_of(&line), expected, "{line}");
    }
}

#[test]
fn names_of_other_programs_lead_to_those_of_this_one() {
    for (line, expected) in [
        (
            "send --attach a",
            "no option --attach: use --file or --picture",
        ),
        (
            "send -t a -b b",
            "no option -t: use --to, --text or --subject",
        ),
        ("send --to user:a -b b", "no option -b: use --text"),
        ("send --to user:a -d", "no option -d: use --dry-run"),
        (
            "send --to user:a -i html",
            "no option -i: use --html or --markdown",
        ),
        ("send -g ops", "no option -g: use --to @NAME"),
        (
            "send --chatId a",
            "no option --chatId: use --to conversation:ID",
        ),
        (
            "send --teamId a",
            "no option --teamId: use --to channel:TEAM/CHANNEL",
        ),
        (
            "read --to user:a",
            "no option --to: the target stands alone, e.g. channel:@Contoso/General",
        ),
        (
            "show --chat-id a",
            "no option --chat-id: the target stands alone, e.g. channel:@Contoso/General",
        ),
        (
            "delete user:a --id 1",
            "no option --id: the id of the message stands alone, after the target",
        ),
        ("whoami --to user:a", "no option --to"),
        ("whoami --id 1", "no option --id"),
        ("read user:a --limit 3", "no option --limit: use --last"),
        ("whoami -o json", "no option -o: use --json"),
        ("whoami --output=json", "no option --output: use --json"),
        ("whoami --debug", "no option --debug: use -vv"),
        (
            "api -d {} POST /me",
            "no option -d: --input takes the body as JSON, from a file or, with -, from standard input",
        ),
        (
            "api -X POST /me",
            "no option -X: the method stands before the path: msm api POST PATH",
        ),
        (
            "api /me --jq .id",
            "no option --jq: --filter takes a JSONPath, e.g. '$.value[*].id'",
        ),
        (
            "api POST /me -f a=b",
            "no option -f: --input takes the body as JSON, from a file or, with -, from standard input",
        ),
        (
            "api /me -i",
            "no option -i: -v prints the status and the ids of the request",
        ),
        ("api /me --all", "no option --all: use --paginate"),
        ("notify", "no command 'notify': use send"),
        ("request", "no command 'request': use api"),
        (
            "outbox notify",
            "no command 'notify'; the commands are add, ",
        ),
    ] {
        let error = error_of(line);
        let end = error.strip_prefix("there is ");
        let is_it = end.is_some_and(|end| {
            end == expected || expected.ends_with(", ") && end.starts_with(expected)
        });
        assert!(is_it, "{line}: {error}");
    }
}

/// What stands in the tables of other names.
#[test]
fn every_other_name_leads_to_what_this_program_has() {
    let all = args::complete_command();
    let mut commands = vec![&all];
    let mut at = 0;
    while let Some(command) = commands.get(at).copied() {
        commands.extend(command.get_subcommands());
        at += 1;
    }
    let has = |name: &str| {
        let mut options = commands.iter().flat_map(|it| it.get_arguments());
        options.any(|it| it.get_long() == Some(name))
    };
    for (others, here) in aliases::OPTIONS.iter().chain(&aliases::OF_API) {
        assert!(!others.is_empty());
        for word in here.split([' ', ',', ':']) {
            if let Some(name) = word.strip_prefix("--") {
                assert!(has(name), "{here}");
            }
        }
    }
    for (others, here) in aliases::COMMANDS {
        let is_command = all
            .find_subcommand(here.split(' ').next().unwrap())
            .is_some();
        assert!(is_command || here.starts_with("--"), "{here}");
        for other in others {
            assert!(all.find_subcommand(other).is_none(), "{other}");
        }
    }
}

#[test]
fn the_help_that_is_recommended_is_that_of_the_innermost_command() {
    for (line, command) in [
        ("send --what", Some("send")),
        ("outbox --store sqlite:a purge --what", Some("outbox purge")),
        ("-v outbox list --what", Some("outbox list")),
        ("read send", Some("read")),
        ("--what", None),
    ] {
        let words: Vec<OsString> = std::iter::once("msm")
            .chain(line.split(' '))
            .map(Into::into)
            .collect();
        assert_eq!(subcommand(&words).as_deref(), command, "{line}");
    }
}

#[test]
fn nothing_that_may_be_a_secret_is_repeated() {
    for line in [
        "send --to user:a --image hunter2",
        "send --to hunter2 --text x",
        "send --to user:a --msgraph-tokn=hunter2",
        "send --to user:a --text x --importance hunter2",
        "send --to user:a hunter2/hunter2",
        "hunter2:hunter2",
    ] {
        assert!(
            !error_of(line).contains("hunter2"),
            "{line}: {}",
            error_of(line)
        );
    }
}

#[test]
fn json_is_only_an_option_before_the_end_of_the_options() {
    let words = |line: &str| -> Vec<OsString> { line.split(' ').map(Into::into).collect() };
    assert!(wants_json(&words("msm send --json --what")));
    assert!(!wants_json(&words("msm send -- --json")));
    assert!(!wants_json(&words("msm send --text x")));
}

#[cfg(unix)]
#[test]
fn the_option_of_what_is_not_utf_8_is_named() {
    use std::os::unix::ffi::OsStringExt as _;

    for (line, expected) in [
        ("send --to user:a --text \u{1}", "--text: is not UTF-8"),
        ("send --to=\u{1} --text x", "--to: is not UTF-8"),
        (
            "send --to user:a --text x --picture \u{1} --subject \u{1}",
            "an argument is not UTF-8",
        ),
        ("send --hunter2=hunter2 \u{1}", "an argument is not UTF-8"),
        ("api GET \u{1}", "an argument is not UTF-8"),
    ] {
        let word = |word: &str| {
            let bytes = word.bytes().map(|byte| if byte == 1 { 0xff } else { byte });
            OsString::from_vec(bytes.collect())
        };
        let words: Vec<_> = ["msm"]
            .into_iter()
            .chain(line.split(' '))
            .map(word)
            .collect();
        assert_eq!(not_utf8(&words), expected, "{line:?}");
    }
}

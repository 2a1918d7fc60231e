use super::*;

#[test]
fn the_definition_is_consistent() {
    command().debug_assert();
}

#[test]
fn the_short_help_of_a_command_omits_the_options_with_a_heading() {
    fn check(command: &clap::Command) {
        for arg in command.get_arguments() {
            let is_short = arg.get_help_heading().is_none();
            let is_omitted = arg.is_hide_short_help_set();
            assert!(is_short || is_omitted, "{command} {arg}");
            let of_every_command =
                ["verbose", "log_format", "quiet"].contains(&arg.get_id().as_str());
            assert!(
                !of_every_command || (is_short && !is_omitted),
                "{command} {arg}"
            );
        }
        command.get_subcommands().for_each(check);
    }
    check(&complete_command());
}

#[test]
fn the_variable_of_an_option_with_a_path_holds_a_path() {
    // What the help promises; each of them is a path in the program.
    let paths = ["MSM_CONFIG", "MSM_STATE_DIR", "MSM_STORE_KEY_FILE"];
    fn check(command: &clap::Command, paths: &[&str]) {
        let path = clap::builder::ValueParser::path_buf();
        for arg in command.get_arguments() {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let named = help.split_once("[env: ").map(|(_, rest)| rest);
            let Some(named) = named.filter(|_| arg.get_value_parser().type_id() == path.type_id())
            else {
                continue;
            };
            let variable = named.split([']', ';', ',']).next().unwrap();
            assert!(paths.contains(&variable), "{command} {arg}: {help}");
        }
        let commands = command.get_subcommands();
        commands.for_each(|command| check(command, paths));
    }
    check(&complete_command(), &paths);
}

/// Options and arguments whose file is read, and is never standard input. What says so are the tests of the
/// program.
const READ: [&str; 18] = [
    "acs_access_key_file",
    "acs_access_token_file",
    "acs_chat_token_file",
    "acs_connection_string_file",
    "card",
    "client_state_file",
    "config",
    "csv",
    "events",
    "faults",
    "file",
    "key_file",
    "msgraph_token_file",
    "picture",
    "replay",
    "secret_file",
    "ucwa_password_file",
    "upstream_ca",
];

#[test]
fn every_path_is_one_of_standard_input_or_says_that_it_is_not() {
    fn takes(arg: &clap::Arg, value: &str) -> bool {
        let alone = clap::Arg::new("path").value_parser(arg.get_value_parser().clone());
        let command = clap::Command::new("msm").arg(alone);
        command.try_get_matches_from(["msm", value]).is_ok()
    }
    fn check(command: &clap::Command) {
        let path = clap::builder::ValueParser::path_buf();
        let paths = command
            .get_arguments()
            .filter(|arg| arg.get_value_parser().type_id() == path.type_id());
        for arg in paths {
            let help = arg.get_help().unwrap().to_string();
            let is_input = help.contains("`-`");
            let is_refused = !takes(arg, "-") && takes(arg, "./-");
            let is_read = READ.contains(&arg.get_id().as_str());
            assert!(is_input || is_refused || is_read, "{command} {arg}");
        }
        command.get_subcommands().for_each(check);
    }
    check(&complete_command());
}

#[test]
fn unusable_values_are_rejected() {
    for line in [
        "send --to nowhere --text a",
        "send --to tel:+14255550123 --text a --msgraph-token t --msgraph-token-file f",
        "send --to tel:+14255550123 hello",
        "send --to tel:+14255550123 --text a --retries -1",
        "demo extra",
        "emulator --http nowhere",
        "emulator --keep 0",
        "emulator --token-lifetime 0",
        "emulator exec --token-lifetime 0 -- true",
        "emulator --keep some",
        "emulator --retry-after soon",
        "emulator --ucwa-time-scale 0",
        "emulator --ucwa-time-scale -1",
        "emulator --ucwa-time-scale NaN",
        "emulator --ucwa-time-scale inf",
        "emulator --host bad:host",
        "emulator --host a..b",
        "emulator --host ",
        "emulator --host 0",
        "emulator --host 127.1",
        "emulator --host a.0x7f",
        "emulator --host 0x",
        "emulator --host a-",
        "emulator --host=-a.test",
        "emulator --receiver-host 0",
        "emulator --clock-offset soon",
        "emulator --clock-offset 9223372036854775807",
        "emulator --graph-expired 500",
    ] {
        let words = std::iter::once("msm").chain(line.split(' '));
        assert!(Cli::try_parse_from(words).is_err(), "{line}");
    }
}

#[test]
fn hosts_are_names_and_addresses() {
    for host in [
        "emulator", "a_b", "1a", "0.test", "0x7g", "10.0.0.1", "::1", "a-b.test",
    ] {
        let words = ["msm", "emulator", "--host", host, "--receiver-host", host];
        assert!(Cli::try_parse_from(words).is_ok(), "{host}");
    }
}

#[test]
fn options_that_cannot_be_combined_are_rejected() {
    for line in [
        "send --to tel:+14255550123",
        "send --to tel:+14255550123 --text a --html b",
        "send --to tel:+14255550123 --text a -",
        "send --text a",
        "send --to tel:+14255550123 --template t",
        "send --to tel:+14255550123 --text a --caption c",
        "send --to tel:+14255550123 --text a --first-sent 2026-01-01T00:00:00Z",
        "send --to tel:+14255550123 --request r.json",
        "send --request r.json --subject s",
    ] {
        let words = std::iter::once("msm").chain(line.split(' '));
        let cli = Cli::try_parse_from(words).unwrap();
        let Command::Send(args) = cli.command else {
            panic!("not a send");
        };
        assert!(args.violation().is_some(), "{line}");
    }
}

#[test]
fn secrets_are_not_in_the_debug_form() {
    for credential in [
        "--acs-access-key hunter2 --acs-chat-token hunter2 --msgraph-token hunter2",
        "--acs-access-token hunter2 --ucwa-password hunter2",
        "--acs-connection-string hunter2",
    ] {
        let line = format!("msm send --to user:a - {credential}");
        let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
        assert!(!format!("{cli:?}").contains("hunter2"), "{credential}");
    }
}

#[test]
fn every_command_of_batch_and_outbox_has_two_examples() {
    let command = complete_command();
    let outbox = command.find_subcommand("outbox").unwrap();
    let batch = command.find_subcommand("batch").unwrap();
    for command in outbox.get_subcommands().chain([batch, outbox]) {
        let mut command = command.clone();
        for help in [command.render_help(), command.render_long_help()] {
            let help = help.to_string();
            let examples = help.split_once("Examples:").map_or("", |(_, rest)| rest);
            let count = examples.lines().filter(|it| it.contains("msm ")).count();
            assert!(count >= 2, "{}: {help}", command.get_name());
        }
    }
}

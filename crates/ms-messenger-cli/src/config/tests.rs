use super::*;

const KEY: &str = "c2VjcmV0LWFjY2Vzcy1rZXktZm9yLXRlc3RzLTAxMjM0NQ==";

fn read(args: &ConnectionArgs, variables: &[(&str, &str)]) -> Settings {
    let env = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::read(args, &env).unwrap()
}

#[test]
fn both_names_of_the_connection_string_are_read() {
    let string = format!("endpoint=https://a.communication.azure.com/;accesskey={KEY}");
    for name in [
        "ACS_CONNECTION_STRING",
        "COMMUNICATION_SERVICES_CONNECTION_STRING",
    ] {
        let settings = read(&ConnectionArgs::default(), &[(name, &string)]);
        let endpoint = "https://a.communication.azure.com";
        assert_eq!(settings.messages_endpoint().unwrap(), endpoint);
        assert_eq!(settings.chat_endpoint().unwrap(), endpoint);
        assert!(settings.configures(Platform::AcsMessages));
        assert!(!settings.configures(Platform::AcsChat));
    }
}

#[test]
fn an_empty_variable_is_absent_and_white_space_is_dropped() {
    let variables = [("MSGRAPH_TOKEN", " \n"), ("ACS_CHAT_TOKEN", " abc\n")];
    let settings = read(&ConnectionArgs::default(), &variables);
    assert!(!settings.configures(Platform::MsgraphChat));
    assert_eq!(settings.chat_token.unwrap().expose_secret(), "abc");
}

#[test]
fn a_credential_of_the_command_line_wins_over_every_one_of_the_environment() {
    let args = ConnectionArgs {
        acs_access_key: Some(KEY.into()),
        ..ConnectionArgs::default()
    };
    let settings = read(&args, &[("ACS_ACCESS_TOKEN", "token")]);
    assert!(matches!(
        settings.acs_credential(),
        Some(AcsCredential::Key(_))
    ));
    let settings = read(
        &ConnectionArgs::default(),
        &[("ACS_ACCESS_TOKEN", "token"), ("ACS_ACCESS_KEY", KEY)],
    );
    assert!(matches!(
        settings.acs_credential(),
        Some(AcsCredential::Token(_))
    ));
}

#[test]
fn the_key_of_a_connection_string_goes_to_no_other_endpoint() {
    let string = format!("endpoint=https://a.communication.azure.com/;accesskey={KEY}");
    let settings = read(
        &ConnectionArgs::default(),
        &[
            ("ACS_CONNECTION_STRING", &string),
            ("ACS_ENDPOINT", "https://b.communication.azure.com"),
        ],
    );
    assert_eq!(
        settings.messages_endpoint().unwrap(),
        "https://a.communication.azure.com"
    );
}

#[test]
fn every_two_options_are_both_used_or_refused() {
    use clap::Parser as _;

    use crate::args::{Cli, Command, command};

    let command = command();
    let send = command.find_subcommand("send").unwrap();
    let of_connections = send
        .get_arguments()
        .filter(|it| it.get_help_heading().is_some());
    let names: Vec<String> = of_connections.map(|it| it.get_id().to_string()).collect();
    assert!(names.len() > 20, "{names:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, "x").unwrap();
    let word = |name: &str| {
        let value = match name.ends_with("_file") {
            true => file.display().to_string(),
            false => format!("value-of-{name}"),
        };
        format!("--{}={value}", name.replace('_', "-"))
    };
    // What the environment says must win over no option.
    let env =
        |name: &str| (!name.starts_with("MSM_")).then(|| format!("of-the-environment-{name}"));
    let pairs = names.iter().enumerate();
    for (one, two) in pairs.flat_map(|(i, one)| names[i + 1..].iter().map(move |two| (one, two))) {
        let words = [
            "msm".to_owned(),
            "send".to_owned(),
            "--to=user:a".to_owned(),
            "--text=x".to_owned(),
            word(one),
            word(two),
        ];
        let Ok(cli) = Cli::try_parse_from(&words) else {
            continue;
        };
        let Command::Send(args) = cli.command else {
            panic!("not a send");
        };
        let settings = Settings::read(&args.connection, &env).unwrap();
        for name in [one, two] {
            let variable = name.trim_end_matches("_file").to_uppercase();
            match name.as_str() {
                "profile" | "store_key_file" => {
                    assert!(settings.graph_token.is_none(), "{words:?}")
                }
                "state_dir" => {}
                _ => {
                    let origin = settings.origin(&variable).unwrap();
                    assert!(!matches!(origin, Origin::Variable(_)), "{name}: {words:?}");
                }
            }
        }
        // Of the credentials of a service, the one that is used is that of the command line.
        let is_credential = |name: &String| {
            ["acs_access", "acs_connection"]
                .iter()
                .any(|it| name.starts_with(it))
        };
        assert!(!(is_credential(one) && is_credential(two)), "{words:?}");
    }
}

#[test]
fn an_endpoint_that_is_asked_for_is_not_put_aside() {
    let string = format!("endpoint=https://a.communication.azure.com/;accesskey={KEY}");
    for (endpoint, is_taken) in [
        ("https://a.communication.azure.com/", true),
        ("https://b.communication.azure.com", false),
    ] {
        let args = ConnectionArgs {
            acs_endpoint: Some(endpoint.to_owned()),
            ..ConnectionArgs::default()
        };
        let settings = read(&args, &[("ACS_CONNECTION_STRING", &string)]);
        assert_eq!(settings.messages_endpoint().is_ok(), is_taken, "{endpoint}");
    }
}

#[test]
fn a_cloud_of_the_command_line_puts_aside_the_address_of_the_environment() {
    let args = ConnectionArgs {
        msgraph_cloud: Some("china".to_owned()),
        ..ConnectionArgs::default()
    };
    let settings = read(&args, &[("MSGRAPH_BASE_URL", "http://127.0.0.1:1/v1.0")]);
    assert_eq!(settings.graph_base_url, None);
    assert_eq!(settings.graph_cloud.as_deref(), Some("china"));
}

#[test]
fn every_setting_tells_where_it_came_from() {
    let args = ConnectionArgs {
        acs_endpoint: Some("https://a.test".to_owned()),
        ..ConnectionArgs::default()
    };
    let variables = [
        ("COMMUNICATION_SERVICES_CONNECTION_STRING", "x"),
        ("ACS_ENDPOINT", "https://b.test"),
        ("MSGRAPH_TOKEN", "hunter2"),
    ];
    let settings = read(&args, &variables);
    let origin = |name: &str| settings.origin(name).map(ToString::to_string);
    assert_eq!(origin("ACS_ENDPOINT").as_deref(), Some("the command line"));
    assert_eq!(
        origin("ACS_CONNECTION_STRING").as_deref(),
        Some("the environment")
    );
    assert_eq!(origin("MSGRAPH_TOKEN").as_deref(), Some("the environment"));
    assert_eq!(origin("UCWA_SIP"), None);
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn an_empty_option_is_refused_with_its_name() {
    let args = ConnectionArgs {
        msgraph_token: Some("".into()),
        acs_chat_token: Some(" \n".into()),
        acs_endpoint: Some(String::new()),
        acs_access_token: Some("Bearer abc".into()),
        ..ConnectionArgs::default()
    };
    let error = Settings::read(&args, &|_| None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    for part in [
        "--msgraph-token: is empty",
        "--acs-chat-token: is empty",
        "--acs-endpoint: is empty",
        "--acs-access-token: begins with \"Bearer \"",
    ] {
        assert!(error.message().contains(part), "{error}");
    }
}

#[test]
fn a_broken_connection_string_is_named_by_where_it_came_from() {
    let settings = read(
        &ConnectionArgs::default(),
        &[("COMMUNICATION_SERVICES_CONNECTION_STRING", "hunter2")],
    );
    let error = settings.parsed_connection_string().unwrap_err();
    let begin = "COMMUNICATION_SERVICES_CONNECTION_STRING is unusable: ";
    assert!(error.message().starts_with(begin), "{error}");
    assert!(!error.message().contains("hunter2"), "{error}");
}

#[test]
fn every_file_that_cannot_be_read_is_named() {
    let args = ConnectionArgs {
        acs_chat_token_file: Some("no-such-file-1".into()),
        msgraph_token_file: Some("no-such-file-2".into()),
        ..ConnectionArgs::default()
    };
    let error = Settings::read(&args, &|_| None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.problems().len(), 2);
    assert_eq!(error.problems()[0].rule, "no such file");
}

use std::fs;

use ms_messenger::{
    acs_chat::AcsChatBuilder,
    acs_messages::{AcsMessagesBuilder, AcsMessagesClient},
};

use super::*;
use crate::connect;

const KEY: &str = "c2VjcmV0LWFjY2Vzcy1rZXktZm9yLXRlc3RzLTAxMjM0NQ==";
const STRING: &str = "endpoint=https://a.communication.azure.com/;\
                      accesskey=c2VjcmV0LWFjY2Vzcy1rZXktZm9yLXRlc3RzLTAxMjM0NQ==";

fn read(args: &ConnectionArgs, variables: &[(&str, &str)]) -> Settings {
    let env = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::read(args, &env).unwrap()
}

fn acs_messages(settings: &Settings) -> Result<AcsMessagesClient> {
    let (options, retry) = (Default::default(), ms_messenger::RetryPolicy::never());
    connect::acs_messages(settings, options, retry)
}

/// The builder of acs-messages, as its debug form shows endpoint and kind of credential.
fn builder(settings: &Settings) -> String {
    let builder = settings.configure(Platform::AcsMessages, AcsMessagesBuilder::from_variables);
    format!("{:?}", builder.unwrap())
}

#[test]
fn both_names_of_the_connection_string_are_read() {
    for name in [
        "ACS_CONNECTION_STRING",
        "COMMUNICATION_SERVICES_CONNECTION_STRING",
    ] {
        let variables = [(name, STRING), ("ACS_CHAT_TOKEN", "t")];
        let settings = read(&ConnectionArgs::default(), &variables);
        let chat = settings.configure(Platform::AcsChat, AcsChatBuilder::from_variables);
        let endpoint = "https://a.communication.azure.com";
        assert!(builder(&settings).contains(endpoint));
        assert!(format!("{:?}", chat.unwrap()).contains(endpoint));
        assert!(settings.configures(Platform::AcsMessages));
        let settings = read(&ConnectionArgs::default(), &variables[..1]);
        assert!(!settings.configures(Platform::AcsChat));
    }
}

#[test]
fn an_empty_variable_is_missing_and_white_space_is_removed() {
    let variables = [("MSGRAPH_TOKEN", " \n"), ("ACS_CHAT_TOKEN", " abc\n")];
    let settings = read(&ConnectionArgs::default(), &variables);
    assert!(!settings.configures(Platform::MsgraphChat));
    assert_eq!(settings.value("ACS_CHAT_TOKEN"), Some("abc"));
}

#[test]
fn a_credential_of_the_command_line_takes_precedence_over_those_of_the_environment() {
    let endpoint = ("ACS_ENDPOINT", "https://b.communication.azure.com");
    let (token, key) = (("ACS_ACCESS_TOKEN", "token"), ("ACS_ACCESS_KEY", KEY));
    let by_key = ConnectionArgs {
        acs_access_key: Some(KEY.into()),
        ..ConnectionArgs::default()
    };
    let by_string = ConnectionArgs {
        acs_connection_string: Some(STRING.into()),
        ..ConnectionArgs::default()
    };
    let none = ConnectionArgs::default();
    for (args, variables, expected) in [
        (&by_key, &[token, endpoint][..], "AccessKey"),
        (&by_string, &[token, key], "AccessKey"),
        (&none, &[token, key, endpoint], "Entra"),
    ] {
        let printed = builder(&read(args, variables));
        assert!(printed.contains(expected), "{variables:?}: {printed}");
    }
    let printed = builder(&read(&by_string, &[token, key, endpoint]));
    assert!(printed.contains("https://a."), "{printed}");
}

#[test]
fn the_key_of_a_connection_string_goes_to_no_other_endpoint() {
    let settings = read(
        &ConnectionArgs::default(),
        &[
            ("ACS_CONNECTION_STRING", STRING),
            ("ACS_ENDPOINT", "https://b.communication.azure.com"),
        ],
    );
    assert!(builder(&settings).contains("https://a.communication.azure.com"));
    assert!(acs_messages(&settings).is_ok());
}

#[test]
fn every_combination_of_options_is_used_or_rejected() {
    use clap::Parser as _;

    use crate::args::{Cli, Command, complete_command};

    let command = complete_command();
    let send = command.find_subcommand("send").unwrap();
    let connection = send.get_arguments().filter(|it| {
        it.get_help_heading()
            .is_some_and(|heading| heading != "Delivery")
    });
    let names: Vec<String> = connection.map(|it| it.get_id().to_string()).collect();
    assert!(names.len() > 20, "{names:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, "x").unwrap();
    let config = folder.path().join("config.toml");
    fs::write(&config, "").unwrap();
    let word = |name: &str| {
        let value = if name == "config" {
            config.display().to_string()
        } else if name.ends_with("_file") {
            file.display().to_string()
        } else {
            format!("value-of-{name}")
        };
        format!("--{}={value}", name.replace('_', "-"))
    };
    // No variable may take precedence over an option.
    let env = |name: &str| match name {
        "MSM_STATE_DIR" => Some(folder.path().display().to_string()),
        name => (!name.starts_with("MSM_")).then(|| format!("environment-{name}")),
    };
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
                    assert!(settings.value("MSGRAPH_TOKEN").is_none(), "{words:?}");
                }
                "state_dir" | "config" => {}
                _ => {
                    let origin = settings.origin(&variable).unwrap();
                    assert!(!matches!(origin, Origin::Variable(_)), "{name}: {words:?}");
                }
            }
        }
        // The credential that a service uses is that of the command line.
        let is_credential = |name: &String| {
            ["acs_access", "acs_connection"]
                .iter()
                .any(|it| name.starts_with(it))
        };
        assert!(!(is_credential(one) && is_credential(two)), "{words:?}");
        if is_credential(one) || is_credential(two) {
            let order = [
                "ACS_ACCESS_TOKEN",
                "ACS_ACCESS_KEY",
                "ACS_CONNECTION_STRING",
            ];
            let first = order.iter().find_map(|it| settings.origin(it)).unwrap();
            assert!(!matches!(first, Origin::Variable(_)), "{words:?}");
        }
    }
}

#[test]
fn an_endpoint_option_that_would_be_ignored_is_rejected() {
    for (endpoint, is_accepted) in [
        ("https://a.communication.azure.com/", true),
        ("https://b.communication.azure.com", false),
    ] {
        let args = ConnectionArgs {
            acs_endpoint: Some(endpoint.to_owned()),
            ..ConnectionArgs::default()
        };
        let settings = read(&args, &[("ACS_CONNECTION_STRING", STRING)]);
        assert_eq!(acs_messages(&settings).is_ok(), is_accepted, "{endpoint}");
    }
}

#[test]
fn a_cloud_of_the_command_line_displaces_the_address_of_the_environment() {
    let args = ConnectionArgs {
        msgraph_cloud: Some("china".to_owned()),
        ..ConnectionArgs::default()
    };
    let settings = read(&args, &[("MSGRAPH_BASE_URL", "http://127.0.0.1:1/v1.0")]);
    assert_eq!(settings.value("MSGRAPH_BASE_URL"), None);
    assert_eq!(settings.value("MSGRAPH_CLOUD"), Some("china"));
}

#[test]
fn every_setting_has_its_origin() {
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
fn an_empty_option_is_rejected_with_its_name() {
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
fn an_unusable_setting_is_named_by_its_origin() {
    let secret = "COMMUNICATION_SERVICES_CONNECTION_STRING";
    let by_option = ConnectionArgs {
        acs_connection_string: Some("hunter2".into()),
        ..ConnectionArgs::default()
    };
    for (args, variables, begin) in [
        (
            &ConnectionArgs::default(),
            &[(secret, "hunter2")][..],
            secret,
        ),
        (&by_option, &[], "--acs-connection-string"),
    ] {
        let error = acs_messages(&read(args, variables)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.problems()[0].field, begin, "{error}");
        assert!(!error.message().contains("hunter2"), "{error}");
    }
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

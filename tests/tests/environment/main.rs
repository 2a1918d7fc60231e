//! Every client reads the environment of its process, by the variables that `msm` has.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod connect;

use std::{collections::BTreeSet, env, ffi::OsString, fs, process::Command};

use ms_messenger::{
    ErrorKind, Result,
    acs_chat::AcsChatBuilder,
    acs_identity::AcsIdentityBuilder,
    acs_messages::AcsMessagesBuilder,
    entra::{Application, ClientCredentials},
    msgraph_chat::GraphChatBuilder,
    ucwa::UcwaBuilder,
};

/// Marks the child process, and says which variables are set.
const CHILD: &str = "MS_MESSENGER_TEST_CHILD";

const STRING: &str = "endpoint=https://contoso.communication.azure.com/;accesskey=aHVudGVyMg==";

const VARIABLES: [(&str, &str); 8] = [
    ("ACS_CONNECTION_STRING", STRING),
    ("ACS_CHAT_TOKEN", "hunter2"),
    ("MSGRAPH_TOKEN", "hunter2"),
    ("UCWA_SIP", "sip:bot@contoso.com"),
    ("UCWA_PASSWORD", "hunter2"),
    ("AZURE_TENANT_ID", "contoso.com"),
    ("AZURE_CLIENT_ID", "the-client"),
    ("AZURE_CLIENT_SECRET", "hunter2"),
];

/// Configures every client from the environment.
fn clients() -> [Result<()>; 7] {
    [
        AcsChatBuilder::from_env().and_then(|b| b.build()).map(drop),
        AcsIdentityBuilder::from_env()
            .and_then(|b| b.build())
            .map(drop),
        AcsMessagesBuilder::from_env()
            .and_then(|b| b.build())
            .map(drop),
        GraphChatBuilder::from_env()
            .and_then(|b| b.build())
            .map(drop),
        UcwaBuilder::from_env().map(drop),
        Application::from_env().map(drop),
        ClientCredentials::from_env().map(drop),
    ]
}

/// Like a password in the encoding of another time.
#[cfg(unix)]
fn not_utf8() -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(b"caf\xe9".to_vec())
}

/// Runs the test again in another process, because a process cannot change its environment safely.
fn run_again(mark: &str, variables: &[(&str, OsString)]) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args([
        "--exact",
        "every_client_reads_the_environment_of_its_process",
    ]);
    for name in names("crates/ms-messenger-cli/README.md") {
        child.env_remove(name);
    }
    let output = child
        .env(CHILD, mark)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("1 passed"), "{printed}");
}

#[test]
fn every_client_reads_the_environment_of_its_process() {
    match env::var(CHILD).as_deref() {
        Err(_) => {
            let full = VARIABLES.map(|(name, value)| (name, OsString::from(value)));
            run_again("empty", &[]);
            run_again("full", &full);
            #[cfg(unix)]
            run_again("odd", &full.map(|(name, _)| (name, not_utf8())));
        }
        Ok("full") => {
            for client in clients() {
                client.unwrap();
            }
        }
        Ok(mark) => {
            for client in clients() {
                let error = client.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Config, "{error}");
                assert!(!error.problems().is_empty(), "{error}");
                let is_odd = error.message().contains(": must be UTF-8");
                assert_eq!(is_odd, mark == "odd", "{error}");
            }
        }
    }
}

/// Returns the variables that a README names.
fn names(readme: &str) -> BTreeSet<String> {
    let path = format!("{}/../{readme}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    let ours = [
        "ACS_",
        "AZURE_",
        "COMMUNICATION_SERVICES_",
        "MSGRAPH_",
        "MSM_",
        "UCWA_",
    ];
    let is_variable = |name: &str| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .filter(|name| is_variable(name) && ours.iter().any(|prefix| name.starts_with(prefix)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_variables_of_the_clients_are_those_of_the_command_line() {
    let crates = [
        "acs-chat",
        "acs-identity",
        "acs-messages",
        "ms-messenger-entra",
        "msgraph-chat",
        "ucwa",
    ];
    let clients = crates.map(|name| names(&format!("crates/{name}/README.md")));
    let clients: BTreeSet<String> = clients.into_iter().flatten().collect();
    assert!(clients.len() >= 22, "{clients:?}");
    let msm = names("crates/ms-messenger-cli/README.md");
    let unknown: Vec<_> = clients.difference(&msm).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

//! Runs the program, and emulators for it.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Command, Stdio},
};

use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, Seed};
use serde_json::Value;
use tokio::net::TcpSocket;

/// Variables that the program reads, or that would redirect its requests.
const VARIABLES: [&str; 48] = [
    "ACS_CONNECTION_STRING",
    "COMMUNICATION_SERVICES_CONNECTION_STRING",
    "ACS_ENDPOINT",
    "ACS_ACCESS_KEY",
    "ACS_ACCESS_TOKEN",
    "ACS_CHANNEL_REGISTRATION_ID",
    "ACS_CHAT_ENDPOINT",
    "ACS_CHAT_TOKEN",
    "MSGRAPH_TOKEN",
    "MSGRAPH_BASE_URL",
    "MSGRAPH_CLOUD",
    "MSGRAPH_USER",
    "UCWA_SIP",
    "UCWA_PASSWORD",
    "MSM_CONFIG",
    "MSM_EMULATOR",
    "MSM_EMULATOR_HTTPS",
    "MSM_LISTEN_CLIENT_STATE",
    "MSM_LISTEN_KEY",
    "MSM_OUTBOX",
    "MSM_OUTBOX_KEY",
    "MSM_PROFILE",
    "MSM_STATE_DIR",
    "MSM_STORE_KEY",
    "MSM_STORE_KEY_FILE",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_TENANT_ID",
    "AZURE_AUTHORITY_HOST",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "BROWSER",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "NO_COLOR",
    "CURL_CA_BUNDLE",
    "NO_PROXY",
    "no_proxy",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// The output of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Returns the JSON line on standard output.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// Catches the signals that these tests send, if whoever started them had them ignored: a program that
/// they start would ignore them, too, but not those that are caught.
#[cfg(target_os = "linux")]
fn hear_signals() {
    use std::sync::OnceLock;
    use tokio::{
        runtime::{Builder, Runtime},
        signal::unix::{SignalKind, signal},
    };

    static HEARING: OnceLock<Option<Runtime>> = OnceLock::new();
    HEARING.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = u64::from_str_radix(mask.unwrap().trim(), 16).unwrap();
        let ignored: Vec<i32> = [1, 2, 10, 12, 15]
            .into_iter()
            .filter(|number| (mask >> (number - 1)) & 1 == 1)
            .collect();
        // Where nothing is ignored, Ctrl-C ends these tests as ever.
        if ignored.is_empty() {
            return None;
        }
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let context = runtime.enter();
        for number in ignored {
            // What catches it stays when this is dropped.
            drop(signal(SignalKind::from_raw(number)).unwrap());
        }
        drop(context);
        Some(runtime)
    });
}

#[cfg(not(target_os = "linux"))]
fn hear_signals() {}

/// Returns the program with an empty configuration, of a user with an empty home.
pub(crate) fn msm() -> Command {
    hear_signals();
    let mut command = Command::new(env!("CARGO_BIN_EXE_msm"));
    command.env("HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/no-home"));
    for name in VARIABLES {
        command.env_remove(name);
    }
    command
}

/// Runs the program to its end.
pub(crate) fn run(words: &[&str], environment: &[(&str, String)], input: &str) -> Ran {
    let mut command = msm();
    command
        .args(words)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input may have closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Starts an emulator with threads of its own, so that tests can block.
pub(crate) fn start(is_strict: bool) -> Emulator {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let builder = Emulator::builder().with_strict(is_strict);
    runtime.block_on(builder.start()).unwrap()
}

/// Sends one request over its own connection; returns status, head and body.
pub(crate) fn http(method: &str, url: &str, body: &str) -> (u16, String, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap());
    // A browser adds the path too.
    let path = format!("/{}", path.strip_prefix('/').unwrap_or(path));
    let port = authority.rsplit_once(':').unwrap().1;
    let mut stream = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

/// Applies `action` to the next send.
pub(crate) fn fail_next(emulator: &Emulator, action: FaultAction) {
    let rule = FaultRule::new(action).with_operation("send").with_times(1);
    emulator.set_faults(Faults::new().with_rule(rule));
}

/// A local port without listener, reserved as long as the socket exists.
pub(crate) fn closed_port() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

pub(crate) type Environment = Vec<(&'static str, String)>;

pub(crate) fn acs_messages(world: &Seed) -> Environment {
    vec![
        ("ACS_CONNECTION_STRING", world.acs.connection_string.clone()),
        (
            "ACS_CHANNEL_REGISTRATION_ID",
            world.acs.channel_registration_id.clone(),
        ),
    ]
}

pub(crate) fn acs_chat(world: &Seed) -> Environment {
    vec![
        ("ACS_CHAT_ENDPOINT", world.acs.endpoint.clone()),
        ("ACS_CHAT_TOKEN", world.acs.users[0].token.clone()),
    ]
}

pub(crate) fn msgraph_chat(world: &Seed) -> Environment {
    vec![
        ("MSGRAPH_BASE_URL", world.graph.base.clone()),
        ("MSGRAPH_TOKEN", world.graph.token.clone()),
        ("MSGRAPH_USER", world.graph.users[0].id.clone()),
    ]
}

pub(crate) fn skype(world: &Seed) -> Environment {
    let user = &world.ucwa.users[0];
    vec![
        ("UCWA_SIP", user.sip.clone()),
        ("UCWA_USERNAME", user.username.clone()),
        ("UCWA_PASSWORD", user.password.clone()),
        ("UCWA_DISCOVERY_URL", world.ucwa.discover.clone()),
        ("UCWA_ENDPOINT_ID", "msm-test".to_owned()),
    ]
}

pub(crate) fn conversation(world: &Seed) -> String {
    format!("conversation:{}", world.acs.conversation_id)
}

pub(crate) fn thread(world: &Seed) -> String {
    format!("conversation:{}", world.acs.thread_id)
}

pub(crate) fn chat(world: &Seed) -> String {
    format!("conversation:{}", world.graph.chat_id)
}

pub(crate) fn channel(world: &Seed) -> String {
    format!("channel:{}/{}", world.graph.team_id, world.graph.channel_id)
}

/// Returns the environment with another value of `name`.
pub(crate) fn with(mut environment: Environment, name: &'static str, value: &str) -> Environment {
    environment.retain(|(known, _)| *known != name);
    environment.push((name, value.to_owned()));
    environment
}

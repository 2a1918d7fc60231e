//! An emulator as its own process, and a shell whose programs send to it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::blocks::folder;

/// The address in the pages; the emulator of a test has a free port instead.
const IN_PAGES: &str = "127.0.0.1:8410";
const PROGRAM: &str = env!("CARGO_BIN_EXE_msm");
/// Longer than any page takes; a page that waits for input ends.
const SECONDS: &str = "120";

/// An emulator, the home of a user, and the variables of both.
pub(crate) struct Shell {
    home: TempDir,
    emulator: Child,
    ready: Value,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// `None` when the shell ended before or in it.
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
}

impl Shell {
    pub(crate) fn start() -> Self {
        let mut emulator = Command::new(PROGRAM)
            .args(["emulator", "--entra-approver", "at-once"])
            .args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = emulator.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let home = tempfile::tempdir().unwrap();
        for file in fs::read_dir(folder().join("files")).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), home.path().join(file.file_name())).unwrap();
        }
        Self {
            home,
            emulator,
            ready: serde_json::from_str(&line).unwrap(),
        }
    }

    /// The folder in which commands run.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    fn authority(&self) -> &str {
        let url = self.ready["http"].as_str().unwrap();
        url.strip_prefix("http://").unwrap()
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let text = |path: &str| {
            let text = self.ready.pointer(path).and_then(Value::as_str);
            text.unwrap().to_owned()
        };
        vec![
            ("MSM_EMULATOR", text("/http")),
            ("ACS_CONNECTION_STRING", text("/acs/connection_string")),
            (
                "ACS_CHANNEL_REGISTRATION_ID",
                text("/acs/channel_registration_id"),
            ),
            ("ACS_CHAT_ENDPOINT", text("/acs/endpoint")),
            ("ACS_CHAT_TOKEN", text("/acs/users/0/token")),
            ("MSGRAPH_BASE_URL", text("/graph/base")),
            ("MSGRAPH_TOKEN", text("/graph/token")),
            // By a name that MSM_EMULATOR does not have: a sign-in is as at Entra ID, with a code.
            (
                "AZURE_AUTHORITY_HOST",
                text("/http").replace("127.0.0.1", "localhost"),
            ),
            ("UCWA_SIP", text("/ucwa/users/0/sip")),
            ("UCWA_USERNAME", text("/ucwa/users/0/username")),
            ("UCWA_PASSWORD", text("/ucwa/users/0/password")),
            ("UCWA_DISCOVERY_URL", text("/ucwa/discover")),
        ]
    }

    /// The key of a sign-in in a file, where it is without the feature `keyring`: this machine need not
    /// have a keyring.
    fn key_file(&self) -> Option<(&'static str, std::path::PathBuf)> {
        let key = self.home().join(".config/msm/store.key");
        cfg!(feature = "keyring").then_some(("MSM_STORE_KEY_FILE", key))
    }

    fn bash(&self) -> Command {
        let programs = Path::new(PROGRAM).parent().unwrap().display();
        let mut bash = Command::new("timeout");
        bash.args([SECONDS, "bash"])
            .current_dir(self.home())
            .env_clear()
            .env("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", self.home())
            .env("LANG", "C.UTF-8")
            .envs(self.key_file())
            .envs(self.variables())
            .stdin(Stdio::null());
        bash
    }

    /// Runs the commands one after the other in one shell.
    pub(crate) fn run(&self, commands: &[&str]) -> Vec<Ran> {
        let steps = tempfile::tempdir().unwrap();
        let at = |n: usize, what: &str| steps.path().join(format!("{n}.{what}"));
        let mut script = "trap 'kill $(jobs -p) 2>/dev/null' EXIT\n".to_owned();
        for (n, command) in commands.iter().enumerate() {
            let command = command.replace(IN_PAGES, self.authority());
            let (output, code) = (at(n, "output"), at(n, "code"));
            let (output, code) = (output.display(), code.display());
            script += &format!("{{\n{command}\n}} >'{output}' 2>&1\necho $? >'{code}'\n");
        }
        let file = steps.path().join("script");
        fs::write(&file, script).unwrap();
        self.bash().arg(&file).output().unwrap();
        let read = |n, what| fs::read_to_string(at(n, what)).unwrap_or_default();
        (0..commands.len())
            .map(|n| Ran {
                code: read(n, "code").trim().parse().ok(),
                output: read(n, "output").replace(self.authority(), IN_PAGES),
            })
            .collect()
    }

    /// Runs a script as a pipeline does: it ends at the first failure.
    pub(crate) fn run_script(&self, script: &str, environment: &[(&str, &str)]) -> Ran {
        let output = self
            .bash()
            .args(["-e", "-o", "pipefail", "-c", script])
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        Ran {
            code: output.status.code(),
            output: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    /// How many messages the emulator has stored.
    pub(crate) fn stored(&self) -> usize {
        let url = format!("http://{}/_emulator/messages", self.authority());
        let output = Command::new("curl").args(["-sSf", &url]).output().unwrap();
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        rows.len()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.emulator.kill();
        let _ = self.emulator.wait();
    }
}

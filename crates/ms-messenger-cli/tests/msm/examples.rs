//! The examples in the help of every command: each is run in a shell, against the emulator.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use ms_messenger_emulator::{
    Emulator, EntraApprover, FaultAction, FaultRule, Faults, Platform, Seed, When,
};
use serde_json::json;

use crate::home::key_file;
use crate::support::{
    Environment, acs_chat, acs_messages, channel, chat, msgraph_chat, msm, run, skype,
};

/// The command of `clap`, which has no examples.
const HELP: &str = "help";
/// Examples that run at a time.
const THREADS: usize = 6;

/// A command and its examples.
struct Help {
    command: String,
    examples: Vec<String>,
}

/// Returns the help of every command, found as a user finds it.
fn all() -> Vec<Help> {
    let mut all = Vec::new();
    let mut waiting = vec![Vec::new()];
    while let Some(words) = waiting.pop() {
        let words: Vec<String> = words;
        let asked: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
        let ran = run(&asked, &[], "");
        assert_eq!(ran.code, 0, "{ran:?}");
        let section = |name: &str| -> Vec<String> {
            let lines = ran.stdout.lines().skip_while(|line| *line != name).skip(1);
            let lines = lines.take_while(|line| line.starts_with("  "));
            lines.map(str::to_owned).collect()
        };
        for line in section("Commands:") {
            // What follows in the same column is the rest of a description.
            let Some(name) = line.strip_prefix("  ").filter(|it| !it.starts_with(' ')) else {
                continue;
            };
            let name = name.split(' ').next().unwrap();
            if name != HELP {
                waiting.push([&words[..], &[name.to_owned()]].concat());
            }
        }
        if !words.is_empty() {
            let examples = section("Examples:");
            let examples = examples.iter().map(|line| line.trim().to_owned()).collect();
            all.push(Help {
                command: words.join(" "),
                examples,
            });
        }
    }
    all
}

/// A user with a home, in a folder with the files of the examples.
struct World {
    emulator: Emulator,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let emulator = Emulator::builder()
            .with_entra_approver(EntraApprover::AtOnce)
            .with_device_interval(0);
        let emulator = runtime.unwrap().block_on(emulator.start()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let world = Self { emulator, folder };
        world.write_files();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_files(&self) {
        for folder in [
            "bin",
            ".config/msm",
            ".config/fish/completions",
            ".local/share/bash-completion/completions",
            ".local/share/man/man1",
        ] {
            fs::create_dir_all(self.path(folder)).unwrap();
        }
        let message = json!({"id": "order-4711", "to": "tel:+14255550123", "platform": "acs-messages",
            "message": {"body": {"text": "hi"}}});
        let template = json!({"to": "tel:{phone}", "message": {"body": {"text": "Hi {name}"}}});
        let config = "[profiles.work]\nacs_endpoint = \"https://contoso.test\"\n";
        // The tests of a program, which send.
        let tests = "#!/bin/sh\nexec msm send --to channel:@Contoso/General --text hi\n";
        for (name, text) in [
            ("messages.jsonl", format!("{message}\n")),
            ("people.csv", "phone,name\n+14255550123,Lene\n".to_owned()),
            ("template.json", template.to_string()),
            ("log.txt", "line 1\n".to_owned()),
            ("message.json", r#"{"body":{"content":"hi"}}"#.to_owned()),
            ("msm.toml", config.to_owned()),
            (".config/msm/config.toml", config.to_owned()),
            (
                "bin/make",
                "#!/bin/sh\nprintf '\\033[31merror\\033[0m\\n'\n".to_owned(),
            ),
            ("bin/pytest", tests.to_owned()),
            ("bin/npm", tests.to_owned()),
        ] {
            fs::write(self.path(name), text).unwrap();
        }
        for program in ["bin/make", "bin/pytest", "bin/npm"] {
            let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
            fs::set_permissions(self.path(program), mode).unwrap();
        }
    }

    fn seed(&self) -> &Seed {
        self.emulator.seed()
    }

    /// Returns the settings of the platforms that the example is about.
    fn environment(&self, example: &str) -> Environment {
        let seed = self.seed();
        let own = vec![
            ("MSM_EMULATOR", self.emulator.http_url().to_owned()),
            ("AZURE_AUTHORITY_HOST", seed.entra.authority.clone()),
            ("AZURE_TENANT_ID", seed.entra.tenant.clone()),
        ];
        let of_teams = [
            "channel:",
            "conversation:",
            "msm api",
            "teams.microsoft.com",
        ];
        if of_teams.iter().any(|it| example.contains(it)) && !example.contains("tel:") {
            [own, msgraph_chat(seed)].concat()
        } else if ["login", "logout", "whoami"]
            .iter()
            .any(|it| example.contains(it))
        {
            own
        } else {
            let rest = [acs_messages(seed), acs_chat(seed), msgraph_chat(seed)].concat();
            [own, rest, skype(seed)].concat()
        }
    }

    /// Runs a line in a shell, with the real names of what the help can only describe.
    fn shell(&self, example: &str) -> (i32, String) {
        let seed = self.seed();
        let line = example
            .replace("https://teams.microsoft.com/l/message/…", &self.link())
            .replace("1616965872395", &self.last_message())
            .replace("lene@contoso.com", &seed.graph.users[1].upn)
            .replace("/chats/ID/", &format!("/chats/{}/", seed.graph.chat_id))
            .replace("channel:TEAM/CHANNEL", &channel(seed))
            .replace("conversation:ID", &chat(seed))
            .replace(
                "11111111-2222-3333-4444-555555555555",
                &seed.entra.public_client_id,
            )
            .replace(
                "--emulator",
                &format!("--emulator {}", self.emulator.http_url()),
            )
            .replace("127.0.0.1:8080", "127.0.0.1:0")
            .replace("127.0.0.1:9464", "127.0.0.1:0")
            .replace("http://127.0.0.1:8410", self.emulator.http_url());
        let line = at_free_ports(&line);
        let line = if ends_by_itself(&line) {
            line
        } else {
            format!("timeout --foreground --preserve-status -s INT 1 env {line}")
        };
        let program = msm();
        let mut shell = Command::new("bash");
        shell.env_clear();
        for (name, value) in program.get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        let programs = PathBuf::from(program.get_program());
        let path = std::env::var("PATH").unwrap();
        let output = shell
            .args(["-c", &format!("set -o pipefail; {line}")])
            .current_dir(self.folder.path())
            .envs(self.environment(example))
            .env("HOME", self.folder.path())
            .envs(key_file(self.folder.path()))
            .env(
                "PATH",
                format!(
                    "{}:{}:{path}",
                    self.path("bin").display(),
                    programs.parent().unwrap().display()
                ),
            )
            .output()
            .unwrap();
        let printed = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        (output.status.code().unwrap(), printed)
    }

    /// The id of the newest message.
    fn last_message(&self) -> String {
        let rows = self.emulator.messages();
        rows.last()
            .map(|row| row.message_id.clone())
            .unwrap_or_default()
    }

    /// A link to the newest message, of the channel.
    fn link(&self) -> String {
        let (graph, id) = (&self.seed().graph, self.last_message());
        let channel = graph.channel_id.replace(':', "%3A").replace('@', "%40");
        let team = &graph.team_id;
        format!(
            "'https://teams.microsoft.com/l/message/{channel}/{id}?groupId={team}&parentMessageId={id}'"
        )
    }

    fn succeed(&self, line: &str) {
        let (code, printed) = self.shell(line);
        assert_eq!(code, 0, "{line}: {printed}");
    }

    /// The next message is stored, but its response is lost.
    fn lose_response(&self, platform: Platform) -> Faults {
        let action = FaultAction::Close {
            when: When::AfterStore,
        };
        let rule = FaultRule::new(action).with_platform(platform);
        Faults::new().with_rule(rule.with_operation("send").with_times(1))
    }

    /// Brings the message order-4711 into a state.
    fn order(&self, state: &str) {
        self.succeed("msm outbox add --store sqlite:out.db < messages.jsonl");
        let refused = FaultRule::new(FaultAction::status(403)).with_operation("send");
        let faults = match state {
            "queued" => return,
            "refused" => Faults::new().with_rule(refused),
            // The platform can be asked under the key only, which is rejected from then on.
            _ => self
                .lose_response(Platform::ACS_MESSAGES)
                .with_rule(refused),
        };
        self.emulator.set_faults(faults);
        let short = "--timeout 2s --settling-margin 100ms --settling-patience 100ms";
        self.shell(&format!(
            "msm outbox run --store sqlite:out.db --until-empty {short}"
        ));
        self.emulator.set_faults(Faults::new());
    }

    /// Makes what the example needs.
    fn prepare(&self, command: &str, example: &str) {
        match command {
            "logout" | "whoami" => {
                self.succeed("msm login --emulator");
                self.succeed("msm login --emulator --profile test");
            }
            "settle" => {
                let lose = || {
                    self.emulator
                        .set_faults(self.lose_response(Platform::MSGRAPH_CHAT))
                };
                lose();
                let send = "msm send --json --to channel:TEAM/CHANNEL --text x > line.json";
                assert_eq!(self.shell(send).0, 8);
                let line = fs::read_to_string(self.path("line.json")).unwrap();
                let line: serde_json::Value = serde_json::from_str(&line).unwrap();
                for name in ["request", "evidence"] {
                    let file = self.path(&format!("{name}.json"));
                    fs::write(file, line[name].to_string()).unwrap();
                }
                lose();
            }
            "show" | "edit" | "delete" | "react" | "reply" => {
                let is_chat = example.contains("conversation:");
                let to = if is_chat {
                    "conversation:ID"
                } else {
                    "channel:TEAM/CHANNEL"
                };
                self.succeed(&format!("msm send --to {to} --text red"));
            }
            "outbox retry" if example.contains("--allow-duplicate") => self.order("unconfirmed"),
            "outbox retry" => self.order("refused"),
            "outbox settle" | "outbox confirm" | "outbox give-up" => self.order("unconfirmed"),
            "outbox add" => {}
            it if it.starts_with("outbox") => self.order("queued"),
            _ => {}
        }
    }
}

/// Whether a command works without being interrupted.
fn ends_by_itself(line: &str) -> bool {
    let works_on = line.contains("outbox run") && !line.contains("--until-empty");
    let listens = ["msm emulator record", "msm emulator --"];
    !(works_on
        || line.contains("--follow")
        || line.contains("msm listen")
        || listens.iter().any(|it| line.starts_with(it)))
}

/// An emulator, a recorder and the variables of another one, which must be there.
fn at_free_ports(line: &str) -> String {
    let free = "--http 127.0.0.1:0 --https 127.0.0.1:0";
    if line == "msm emulator" {
        format!("{line} {free}")
    } else if line.starts_with("eval ") {
        format!("{line} && test -n \"$MSM_EMULATOR_TEAM_ID\"")
    } else {
        line.replace("emulator record", &format!("emulator record {free}"))
    }
}

/// Returns the exit codes with which an example may end.
fn expected(command: &str) -> &'static [i32] {
    match command {
        // There is no verdict on a message whose platform cannot be asked.
        "outbox settle" => &[0, 8],
        _ => &[0],
    }
}

/// Runs an example with what it needs.
fn assert_works(command: &str, example: &str) {
    let world = World::new();
    world.prepare(command, example);
    let (code, printed) = world.shell(example);
    assert!(
        expected(command).contains(&code),
        "{example}: {code} {printed}"
    );
}

#[test]
fn every_command_has_two_examples_and_each_works() {
    let all = all();
    assert!(all.len() > 20, "{}", all.len());
    let mut examples = Vec::new();
    for help in &all {
        let Help {
            command,
            examples: own,
        } = help;
        assert!(own.len() >= 2, "{command}: {own:?}");
        for example in own {
            assert!(example.contains("msm "), "{command}: {example}");
            examples.push((command.as_str(), example.as_str()));
        }
    }
    // Most of the time is waiting for time-outs and processes.
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some((command, example)) =
                    examples.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    assert_works(command, example);
                }
            });
        }
    });
}

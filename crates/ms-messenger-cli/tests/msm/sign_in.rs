//! `msm login`, what it makes possible, and `msm logout`: from an empty home to a message.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::Stdio,
    time::Duration,
};

use ms_messenger_emulator::{
    Emulator, EntraApprover, EntraFault, FaultAction, FaultRule, Faults, Platform,
};
use tempfile::TempDir;

use crate::support::{Environment, Ran, channel, http, msm, run};

/// A user with an empty home, and the emulator that they use.
struct Home {
    folder: TempDir,
    emulator: Emulator,
}

impl Home {
    fn new(lifetime: u32) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let emulator = Emulator::builder()
            .with_entra_approver(EntraApprover::AtOnce)
            .with_device_interval(0)
            .with_token_lifetime(lifetime);
        Self {
            folder: tempfile::tempdir().unwrap(),
            emulator: runtime.unwrap().block_on(emulator.start()).unwrap(),
        }
    }

    fn environment(&self) -> Environment {
        let world = self.emulator.world();
        vec![
            ("HOME", self.folder.path().display().to_string()),
            ("AZURE_CLIENT_ID", world.entra.public_client_id.clone()),
            ("AZURE_TENANT_ID", world.entra.tenant.clone()),
            ("AZURE_AUTHORITY_HOST", world.entra.authority.clone()),
            ("MSGRAPH_BASE_URL", world.graph.base.clone()),
        ]
    }

    fn run(&self, words: &[&str]) -> Ran {
        run(words, &self.environment(), "")
    }

    fn send(&self) -> Ran {
        let channel = channel(self.emulator.world());
        self.run(&["send", "--to", &channel, "--text", "hello"])
    }

    /// How many requests Entra ID got.
    fn asked(&self) -> u64 {
        self.emulator.stats()["platforms"]["entra"]["requests"]
            .as_u64()
            .unwrap_or_else(|| panic!("{}", self.emulator.stats()))
    }

    /// The tokens that are out count no longer, from the next send on.
    fn end_tokens(&self) {
        let rule = FaultRule::new(FaultAction::TokenExpiry).with_times(1);
        let rule = rule.with_platform(Platform::MsgraphChat);
        self.emulator.set_faults(Faults::new().with_rule(rule));
    }

    fn revoke(&self) {
        let url = format!("{}/_emulator/entra/revoke", self.emulator.http_url());
        let (status, _, body) = http("POST", &url, r#"{"all":true}"#);
        assert_eq!(status, 200, "{body}");
    }

    fn sign_in(&self) -> std::path::PathBuf {
        let state = self.folder.path().join(".local/state/msm");
        state.join("default.sign-in")
    }

    fn key(&self) -> std::path::PathBuf {
        self.folder.path().join(".config/msm/store.key")
    }

    fn files(&self) -> Vec<std::path::PathBuf> {
        fn walk(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => walk(&path, files),
                    false => files.push(path),
                }
            }
        }
        let mut files = Vec::new();
        walk(self.folder.path(), &mut files);
        files.sort();
        files
    }
}

#[test]
fn a_whole_journey_from_an_empty_home() {
    let home = Home::new(3600);
    let user = home.emulator.world().graph.users[0].clone();

    let ran = home.send();
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("`msm login`"), "{ran:?}");
    let ran = home.run(&["whoami"]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("run `msm login`"), "{ran:?}");
    assert!(home.files().is_empty(), "looking makes no files");

    let ran = home.run(&["login"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.stdout,
        format!("signed in as {}; kept as `default`\n", user.upn)
    );
    assert!(ran.stderr.contains("/devicelogin"), "{ran:?}");

    let ran = home.run(&["whoami", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let who = ran.json();
    assert_eq!(who["user"], user.upn.as_str());
    assert_eq!(who["user_id"], user.id.as_str());
    assert_eq!(who["renewable"], true);
    let scopes = [
        "https://graph.microsoft.com/ChannelMessage.Send",
        "https://graph.microsoft.com/ChatMessage.Send",
        "https://graph.microsoft.com/Chat.Create",
    ];
    assert_eq!(who["scopes"], serde_json::json!(scopes));
    let text = home.run(&["whoami"]).stdout;
    assert!(
        text.starts_with(&format!("{}\n  id          {}\n", user.upn, user.id)),
        "{text}"
    );

    let ran = home.send();
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = home.run(&["send", "--to", "user:bob@contoso.test", "--text", "hello"]);
    assert_eq!(ran.code, 0, "the own id is known: {ran:?}");
    let ran = home.run(&["doctor", "--json", "--platform", "msgraph-chat"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout
            .contains("MSGRAPH_TOKEN from the sign-in `default`"),
        "{ran:?}"
    );

    // The service ends the token: nobody notices.
    let before = home.asked();
    home.end_tokens();
    let ran = home.send();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(home.asked(), before + 1, "one renewal");

    home.revoke();
    home.end_tokens();
    let ran = home.send();
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.stderr
            .contains("the sign-in `default` is over: run `msm login`"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("AADSTS"), "why: {ran:?}");
    assert_eq!(home.run(&["doctor", "--platform", "msgraph-chat"]).code, 5);
    assert_eq!(
        home.emulator.messages().len(),
        3,
        "{:?}",
        home.emulator.messages()
    );

    assert_eq!(home.run(&["login"]).code, 0);
    assert_eq!(home.send().code, 0);
    let ran = home.run(&["logout"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "the sign-in `default` is forgotten\n")
    );
    let ran = home.run(&["logout"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "nobody was signed in as `default`\n")
    );
    assert_eq!(home.run(&["whoami"]).code, 5);
    assert_eq!(home.send().code, 3);
    assert!(
        home.files()
            .iter()
            .all(|it| !it.ends_with("default.sign-in"))
    );
}

#[test]
fn a_token_that_ran_out_is_renewed_silently() {
    let home = Home::new(4);
    assert_eq!(home.run(&["login"]).code, 0);
    loop {
        let who = home.run(&["whoami", "--json"]).json();
        let end = humantime::parse_rfc3339(who["expires_at"].as_str().unwrap()).unwrap();
        if end
            .elapsed()
            .is_ok_and(|ago| ago > Duration::from_millis(500))
        {
            break;
        }
    }
    let before = home.asked();
    let ran = home.send();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(home.asked(), before + 1);
}

#[test]
fn processes_that_need_a_token_at_once_fetch_one() {
    const PROCESSES: usize = 6;
    let home = Home::new(3600);
    assert_eq!(home.run(&["login"]).code, 0);
    let before = home.asked();
    // The first call of each has the old token, whenever it comes.
    home.end_tokens();
    let to = channel(home.emulator.world());
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut command = msm();
            command.args(["send", "--to", &to, "--text", "hello"]);
            let command = command.envs(home.environment());
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(home.asked(), before + 1, "{}", home.emulator.stats());
    assert_eq!(home.emulator.messages().len(), PROCESSES);
}

#[test]
fn a_sign_in_by_the_browser_of_the_machine() {
    let home = Home::new(3600);
    let mut child = msm()
        .args(["login", "--browser", "--json", "--profile", "desk"])
        .envs(home.environment())
        // A browser that shows nothing.
        .env("BROWSER", "true")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let notes = BufReader::new(child.stderr.take().unwrap());
    let mut notes = notes.lines().map(|line| line.unwrap());
    let page = notes.by_ref().find(|line| line.starts_with("http://"));
    let (status, head, _) = http("GET", &page.unwrap(), "");
    assert_eq!(status, 302, "{head}");
    let redirect = head
        .lines()
        .find_map(|line| line.strip_prefix("location: "));
    let (status, _, shown) = http("GET", redirect.unwrap(), "");
    assert_eq!(
        (status, shown.as_str()),
        (200, "You are signed in. You can close this page.")
    );
    let mut stdout = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{stdout}");
    let who: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(who["profile"], "desk");
    assert_eq!(
        home.run(&["whoami"]).code,
        5,
        "another profile is another sign-in"
    );
    let to = channel(home.emulator.world());
    let ran = home.run(&["send", "--to", &to, "--text", "hello", "--profile", "desk"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_user_who_declines_and_an_application_that_is_none_are_told_apart() {
    let home = Home::new(3600);
    for (error, code) in [
        ("authorization_declined", 5),
        ("expired_token", 5),
        ("invalid_client", 3),
        ("unauthorized_client", 3),
        ("invalid_scope", 3),
    ] {
        let action = FaultAction::Entra(EntraFault::new(error));
        let rule = FaultRule::new(action).with_operation("token");
        home.emulator.set_faults(Faults::new().with_rule(rule));
        let ran = home.run(&["login", "--json"]);
        assert_eq!(ran.code, code, "{error}: {ran:?}");
        assert_eq!(ran.json()["code"], error);
        assert_eq!(ran.json()["delivery"], "not_sent");
    }
    assert!(home.files().is_empty());
    let mut environment = home.environment();
    environment.retain(|(name, _)| *name != "AZURE_CLIENT_ID");
    let ran = run(&["login"], &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("AZURE_CLIENT_ID"), "{ran:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_stays() {
    let home = Home::new(3600);
    assert_eq!(home.run(&["login"]).code, 0);
    let file = home
        .files()
        .into_iter()
        .find(|it| it.ends_with("default.sign-in"));
    let file = file.unwrap();
    fs::write(&file, "my shopping list").unwrap();
    let name = file.display().to_string();
    let to = channel(home.emulator.world());
    for words in [
        &["login"][..],
        &["logout"],
        &["whoami"],
        &["send", "--to", &to, "--text", "x"],
        &["doctor", "--platform", "msgraph-chat"],
    ] {
        let ran = home.run(words);
        assert_eq!(ran.code, 3, "{words:?}: {ran:?}");
        let printed = format!("{}{}", ran.stdout, ran.stderr);
        let said = format!("{name} is no sign-in of this program");
        assert!(printed.contains(&said), "{words:?}: {ran:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "my shopping list");
    assert_eq!(home.emulator.messages().len(), 0);
}

#[test]
fn a_damaged_sign_in_and_a_lost_key_are_no_dead_end_and_lose_nothing() {
    type Damage = fn(&Home);
    let damage_file: Damage = |home| {
        let mut bytes = fs::read(home.sign_in()).unwrap();
        bytes.push(b'x');
        fs::write(home.sign_in(), bytes).unwrap();
    };
    let lose_key: Damage = |home| fs::remove_file(home.key()).unwrap();
    let damage_key: Damage = |home| fs::write(home.key(), "no key").unwrap();
    for damage in [damage_file, lose_key, damage_key] {
        for command in ["login", "logout"] {
            let home = Home::new(3600);
            assert_eq!(home.run(&["login"]).code, 0);
            damage(&home);
            let before = fs::read(home.sign_in()).unwrap();
            let ran = home.run(&[command]);
            assert_eq!(ran.code, 3, "{command}: {ran:?}");
            assert!(ran.stderr.contains("--set-aside"), "{command}: {ran:?}");
            assert_eq!(fs::read(home.sign_in()).unwrap(), before, "it stays");
            let ran = home.run(&[command, "--set-aside"]);
            assert_eq!(ran.code, 0, "{command}: {ran:?}");
            let kept = home.files().into_iter().any(|file| {
                let name = file.display().to_string();
                name.contains("aside") && fs::read(&file).unwrap() == before
            });
            assert!(kept, "{command}: {:?}", home.files());
            let code = match command {
                "login" => 0,
                _ => 5,
            };
            assert_eq!(home.run(&["whoami"]).code, code, "{command}");
            assert_eq!(home.run(&["login"]).code, 0, "{command}");
            assert_eq!(home.send().code, 0, "{command}");
        }
    }
}

#[test]
fn the_sign_in_of_another_authority_is_replaced_only_on_demand() {
    let home = Home::new(3600);
    assert_eq!(home.run(&["login"]).code, 0);
    let other = Home::new(3600);
    let mut environment = home.environment();
    for (name, value) in &mut environment {
        if *name == "AZURE_AUTHORITY_HOST" {
            value.clone_from(&other.emulator.world().entra.authority);
        }
    }
    let before = fs::read(home.sign_in()).unwrap();
    let ran = run(&["login"], &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("--profile"), "{ran:?}");
    assert!(ran.stderr.contains("--replace"), "{ran:?}");
    assert_eq!(fs::read(home.sign_in()).unwrap(), before);
    assert_eq!(other.asked(), 0, "nobody was made to sign in for nothing");
    assert_eq!(
        run(&["login", "--profile", "test"], &environment, "").code,
        0
    );
    assert_eq!(run(&["login", "--replace"], &environment, "").code, 0);
    assert_ne!(fs::read(home.sign_in()).unwrap(), before);
}

#[test]
fn a_sign_in_that_is_named_is_used_whatever_the_environment_says() {
    let home = Home::new(3600);
    assert_eq!(home.run(&["login", "--profile", "desk"]).code, 0);
    let mut environment = home.environment();
    environment.push(("MSGRAPH_TOKEN", "not.a.token".to_owned()));
    let to = channel(home.emulator.world());
    let words = ["send", "--to", &to, "--text", "x", "--profile", "desk"];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(home.emulator.messages().len(), 1);
}

#[test]
fn nobody_speaks_of_sending_where_nothing_was_to_be_sent() {
    let home = Home::new(3600);
    for words in [&["whoami"][..], &["login", "--msgraph-cloud", "mars"]] {
        let ran = home.run(words);
        assert_ne!(ran.code, 0, "{ran:?}");
        assert!(!ran.stderr.contains("sent"), "{words:?}: {ran:?}");
    }
}

#[test]
fn a_broken_sign_in_keeps_no_other_platform_from_sending() {
    let home = Home::new(3600);
    assert_eq!(home.run(&["login"]).code, 0);
    for file in home.files() {
        fs::write(file, "x").unwrap();
    }
    let environment = [
        home.environment(),
        crate::support::acs_chat(home.emulator.world()),
    ]
    .concat();
    let thread = crate::support::thread(home.emulator.world());
    let words = [
        "send",
        "--platform",
        "acs-chat",
        "--to",
        &thread,
        "--text",
        "x",
    ];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[cfg(unix)]
#[test]
fn nothing_is_readable_for_others_or_in_the_clear_and_nothing_is_printed() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new(3600);
    let mut printed = String::new();
    for words in [
        &["login"][..],
        &["whoami"],
        &["whoami", "--json"],
        &["doctor", "--json"],
        &["login", "--json"],
    ] {
        let ran = home.run(words);
        assert_eq!(ran.code, 0, "{words:?}: {ran:?}");
        printed += &format!("{}{}", ran.stdout, ran.stderr);
    }
    let ran = home.send();
    printed += &format!("{}{}", ran.stdout, ran.stderr);
    // A token of the emulator is a JWT, a refresh token begins with its version.
    assert!(!printed.contains("eyJ"), "{printed}");
    let state = home.folder.path().join(".local/state/msm");
    let names = [".key.lock", "default.lock", "default.sign-in"];
    let mut expected: Vec<_> = names.iter().map(|name| state.join(name)).collect();
    expected.insert(0, home.folder.path().join(".config/msm/store.key"));
    assert_eq!(home.files(), expected);
    for file in home.files() {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o600, "{}", file.display());
        let folder = file.parent().unwrap();
        let mode = fs::metadata(folder).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o700, "{}", folder.display());
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains("eyJ") && !text.contains("contoso"),
            "{}",
            file.display()
        );
    }
    let key = fs::read_to_string(&expected[0]).unwrap();
    assert!(!printed.contains(key.trim()));
}

#[test]
fn the_key_may_come_from_the_environment_and_the_folder_from_an_option() {
    let home = Home::new(3600);
    let folder = home.folder.path().join("elsewhere");
    let folder = folder.display().to_string();
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned();
    let with = |key: &str| {
        let mut environment = home.environment();
        environment.push(("MSM_STORE_KEY", key.to_owned()));
        environment
    };
    let words = ["login", "--state-dir", &folder];
    assert_eq!(run(&words, &with(&key), "").code, 0);
    let words = ["whoami", "--state-dir", &folder];
    assert_eq!(run(&words, &with(&key), "").code, 0);
    let other = key.replace("AAEC", "BBBB");
    let ran = run(&words, &with(&other), "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("of another key"), "{ran:?}");
    let ran = run(&words, &with("hunter2"), "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("MSM_STORE_KEY"), "{ran:?}");
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
}

//! `msm login`, `msm whoami` and `msm logout`, and sends with the stored sign-in.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::Stdio,
    time::{Duration, Instant, SystemTime},
};

use ms_messenger::{
    AccessToken,
    entra::{FileTokenStore, TokenStore as _},
};
use ms_messenger_emulator::{Emulator, EntraApprover, EntraFault, FaultAction, FaultRule, Faults};

use crate::{
    home::{Home, key_file},
    support::{channel, http, msm, run},
};

#[test]
fn a_sign_in_from_an_empty_home_sends_and_is_deleted() {
    let home = Home::new(3600);
    let user = home.emulator.seed().graph.users[0].clone();

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
        format!("signed in as {}; stored as `default`\n", user.upn)
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
        "https://graph.microsoft.com/Team.ReadBasic.All",
        "https://graph.microsoft.com/Channel.ReadBasic.All",
        "https://graph.microsoft.com/User.ReadBasic.All",
    ];
    assert_eq!(who["scopes"], serde_json::json!(scopes));
    let ran = home.run(&["report", "--offline", "--json"]);
    let used = serde_json::json!({
        "platform": "msgraph-chat", "variable": null, "origin": "the sign-in `default`",
    });
    let credentials = &ran.json()["configuration"]["credentials"];
    assert!(credentials.as_array().unwrap().contains(&used), "{ran:?}");
    let text = home.run(&["whoami"]).stdout;
    assert!(
        text.starts_with(&format!("{}\n  id          {}\n", user.upn, user.id)),
        "{text}"
    );

    let ran = home.send();
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = home.run(&["send", "--to", "user:bob@contoso.test", "--text", "hello"]);
    assert_eq!(ran.code, 0, "the own id is known: {ran:?}");
    let mention = "@{bob@contoso.test} hello";
    let ran = home.run(&[
        "send",
        "--to",
        "channel:@Contoso/General",
        "--text",
        mention,
    ]);
    assert_eq!(ran.code, 0, "names are found: {ran:?}");
    let ran = home.run(&["read", "channel:@Contoso/General"]);
    assert_eq!(ran.code, 5, "{ran:?}");
    let login =
        "the sign-in lacks ChannelMessage.Read.All: run `msm login --scope ChannelMessage.Send";
    assert!(ran.stderr.contains(login), "{ran:?}");
    let ran = home.run(&["doctor", "--json", "--platform", "msgraph-chat"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout
            .contains("MSGRAPH_TOKEN from the sign-in `default`"),
        "{ran:?}"
    );

    // An expired token is renewed without notice.
    let before = home.entra_requests();
    home.end_tokens();
    let ran = home.send();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(home.entra_requests(), before + 1, "one renewal");

    home.revoke();
    home.end_tokens();
    let ran = home.send();
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("the sign-in `default`"), "{ran:?}");
    assert!(ran.stderr.contains("\n  run `msm login`\n"), "{ran:?}");
    assert!(ran.stderr.contains("AADSTS"), "why: {ran:?}");
    assert_eq!(home.run(&["doctor", "--platform", "msgraph-chat"]).code, 5);
    assert_eq!(
        home.emulator.messages().len(),
        4,
        "{:?}",
        home.emulator.messages()
    );

    assert_eq!(home.run(&["login"]).code, 0);
    assert_eq!(home.send().code, 0);
    let ran = home.run(&["logout"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "the sign-in `default` is deleted\n")
    );
    let ran = home.run(&["logout"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "no user was signed in as `default`\n")
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
fn an_expired_token_is_renewed_without_notice() {
    let home = Home::new(3600);
    assert_eq!(home.run(&["login"]).code, 0);
    let state = home.sign_in().parent().unwrap().to_owned();
    let store = FileTokenStore::with_key_file(state, home.key());
    let mut sign_in = store.load("default").unwrap().unwrap();
    let old = sign_in.access_token.secret().to_owned();
    let past = SystemTime::now() - Duration::from_secs(1);
    sign_in.access_token = AccessToken::new(old.as_str()).with_expires_at(past);
    store.save("default", &sign_in).unwrap();
    let before = home.entra_requests();
    let ran = home.send();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(home.entra_requests(), before + 1);
    let renewed = store.load("default").unwrap().unwrap().access_token;
    assert_ne!(renewed.secret(), old);
    assert!(renewed.expires_at() > Some(SystemTime::now()));
}

#[test]
fn processes_that_need_a_token_at_once_request_one() {
    const PROCESSES: usize = 6;
    let home = Home::new(3600);
    assert_eq!(home.run(&["login"]).code, 0);
    let before = home.entra_requests();
    // The first request of each process has the old token.
    home.end_tokens();
    let to = channel(home.emulator.seed());
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
    assert_eq!(
        home.entra_requests(),
        before + 1,
        "{}",
        home.emulator.stats()
    );
    assert_eq!(home.emulator.messages().len(), PROCESSES);
}

#[test]
fn the_browser_of_the_machine_signs_in() {
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
    let to = channel(home.emulator.seed());
    let ran = home.run(&["send", "--to", &to, "--text", "hello", "--profile", "desk"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_declined_sign_in_and_an_invalid_application_have_their_own_exit_codes() {
    let home = Home::new(3600);
    for (error, code) in [
        ("authorization_declined", 5),
        ("expired_token", 5),
        ("invalid_client", 3),
        ("unauthorized_client", 3),
        ("invalid_scope", 3),
    ] {
        let action = FaultAction::from(EntraFault::new(error));
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
fn a_sign_in_at_an_emulator_needs_one_option_and_no_wait() {
    let emulator = crate::support::start(true);
    let home = tempfile::tempdir().unwrap();
    let mut environment = vec![("HOME", home.path().display().to_string())];
    environment.extend(key_file(home.path()));
    let began = Instant::now();
    let ran = run(
        &["login", "--emulator", emulator.http_url()],
        &environment,
        "",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    // A sign-in at an emulator sends to its Graph.
    let to = channel(emulator.seed());
    let ran = run(&["send", "--to", &to, "--text", "hello"], &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(emulator.messages().len(), 1);
    // Without an address it is the one of the environment, as for the commands of the emulator.
    environment.push(("MSM_EMULATOR", emulator.http_url().to_owned()));
    let ran = run(&["login", "--emulator", "--profile", "b"], &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn at_the_emulator_of_the_environment_no_option_and_no_code_are_needed() {
    let home = Home::new(3600);
    let mut environment = home.environment();
    environment.push(("MSM_EMULATOR", home.emulator.http_url().to_owned()));
    let ran = run(&["login"], &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.stderr.contains("/devicelogin"), "{ran:?}");
    // What is no emulator by the environment is signed in to as ever.
    environment.retain(|(name, _)| *name != "MSM_EMULATOR");
    environment.push(("MSM_EMULATOR", "http://127.0.0.1:1".to_owned()));
    let ran = run(&["login"], &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("/devicelogin"), "{ran:?}");
}

#[test]
fn an_emulator_that_leaves_the_approval_to_a_user_offers_a_code() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let emulator = Emulator::builder().with_entra_approver(EntraApprover::Manual);
    let emulator = runtime.unwrap().block_on(emulator.start()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = emulator.http_url().to_owned();
    let mut environment = vec![
        ("HOME", folder.path().display().to_string()),
        (
            "AZURE_CLIENT_ID",
            emulator.seed().entra.public_client_id.clone(),
        ),
        ("AZURE_AUTHORITY_HOST", url.clone()),
        ("MSM_EMULATOR", url.clone()),
    ];
    environment.extend(key_file(folder.path()));
    let mut child = msm()
        .arg("login")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let offered = lines.find(|line| line.as_ref().unwrap().contains("/devicelogin"));
    let offered = offered.unwrap().unwrap();
    let (_, _, waiting) = http("GET", &format!("{url}/_emulator/entra/sign-ins"), "");
    let waiting: serde_json::Value = serde_json::from_str(&waiting).unwrap();
    let code = waiting["sign_ins"][0]["user_code"].as_str().unwrap();
    assert!(offered.contains(code), "{offered}");
    let body = format!(r#"{{"user_code":"{code}","user":"bob@contoso.test"}}"#);
    let (status, _, _) = http("POST", &format!("{url}/_emulator/entra/approve"), &body);
    assert!((200..300).contains(&status), "{status}");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    let said = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(said, "signed in as bob@contoso.test; stored as `default`\n");
    let ran = run(&["whoami", "--json"], &environment, "");
    assert_eq!(ran.json()["user"], "bob@contoso.test", "{ran:?}");
}

#[test]
fn without_a_browser_a_code_is_offered_at_once() {
    let home = Home::new(3600);
    let mut environment = home.environment();
    environment.push(("DISPLAY", String::new()));
    environment.push(("WAYLAND_DISPLAY", String::new()));
    environment.push(("WSL_DISTRO_NAME", String::new()));
    let began = Instant::now();
    let ran = run(&["login", "--browser"], &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("no browser could be opened"), "{ran:?}");
    assert!(ran.stderr.contains("/devicelogin"), "{ran:?}");
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_sign_in_that_cannot_be_stored_asks_for_nothing() {
    let home = Home::new(3600);
    let file = home.folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (state, key) = (file.join("state"), file.join("store.key"));
    for [option, path] in [
        ["--state-dir", state.to_str().unwrap()],
        ["--store-key-file", key.to_str().unwrap()],
    ] {
        let ran = home.run(&["login", option, path]);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains(file.to_str().unwrap()), "{ran:?}");
        assert!(ran.stderr.contains("could not be stored"), "{ran:?}");
        assert!(!ran.stderr.contains("/devicelogin"), "{ran:?}");
    }
    assert_eq!(home.entra_requests(), 0);
}

#[test]
fn a_rejected_token_is_named_by_its_option() {
    let emulator = crate::support::start(false);
    let world = emulator.seed();
    let mut environment = crate::support::msgraph_chat(world);
    let words = ["send", "--to", &channel(world), "--text", "x"];
    let given = [&words[..], &["--msgraph-token", "abc"]].concat();
    let ran = run(&given, &environment, "");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.stderr
            .contains("caused by: --msgraph-token: was rejected"),
        "{ran:?}"
    );
    assert!(!ran.stderr.contains("MSGRAPH_TOKEN"), "{ran:?}");
    environment = crate::support::with(environment, "MSGRAPH_TOKEN", "abc");
    let ran = run(&words, &environment, "");
    assert!(
        ran.stderr
            .contains("caused by: MSGRAPH_TOKEN: was rejected"),
        "{ran:?}"
    );
}

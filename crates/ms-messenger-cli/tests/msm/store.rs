//! The files of stored sign-ins: damaged, replaced, named, encrypted.

use std::fs;

use crate::{
    home::Home,
    support::{channel, run},
};

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
    let to = channel(home.emulator.seed());
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
        let said = format!("{name} is not a sign-in of this program");
        assert!(printed.contains(&said), "{words:?}: {ran:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "my shopping list");
    assert_eq!(home.emulator.messages().len(), 0);
}

#[test]
fn a_damaged_sign_in_and_a_lost_key_can_be_set_aside_and_nothing_is_lost() {
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
fn the_sign_in_of_another_authority_is_replaced_only_with_the_option() {
    let home = Home::new(3600);
    assert_eq!(home.run(&["login"]).code, 0);
    let other = Home::new(3600);
    let mut environment = home.environment();
    for (name, value) in &mut environment {
        if *name == "AZURE_AUTHORITY_HOST" {
            value.clone_from(&other.emulator.seed().entra.authority);
        }
    }
    let before = fs::read(home.sign_in()).unwrap();
    let ran = run(&["login"], &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("--profile"), "{ran:?}");
    assert!(ran.stderr.contains("--replace"), "{ran:?}");
    assert_eq!(fs::read(home.sign_in()).unwrap(), before);
    assert_eq!(other.entra_requests(), 0, "no user had to sign in in vain");
    assert_eq!(
        run(&["login", "--profile", "test"], &environment, "").code,
        0
    );
    assert_eq!(run(&["login", "--replace"], &environment, "").code, 0);
    assert_ne!(fs::read(home.sign_in()).unwrap(), before);
}

#[test]
fn a_named_sign_in_takes_precedence_over_the_environment() {
    let home = Home::new(3600);
    assert_eq!(home.run(&["login", "--profile", "desk"]).code, 0);
    let mut environment = home.environment();
    environment.push(("MSGRAPH_TOKEN", "not.a.token".to_owned()));
    let to = channel(home.emulator.seed());
    let words = ["send", "--to", &to, "--text", "x", "--profile", "desk"];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(home.emulator.messages().len(), 1);
}

#[test]
fn commands_that_send_nothing_do_not_mention_sending() {
    let home = Home::new(3600);
    for words in [&["whoami"][..], &["login", "--msgraph-cloud", "mars"]] {
        let ran = home.run(words);
        assert_ne!(ran.code, 0, "{ran:?}");
        assert!(!ran.stderr.contains("sent"), "{words:?}: {ran:?}");
    }
}

#[test]
fn a_damaged_sign_in_does_not_prevent_a_send_over_another_platform() {
    let home = Home::new(3600);
    assert_eq!(home.run(&["login"]).code, 0);
    for file in home.files() {
        fs::write(file, "x").unwrap();
    }
    let environment = [
        home.environment(),
        crate::support::acs_chat(home.emulator.seed()),
    ]
    .concat();
    let thread = crate::support::thread(home.emulator.seed());
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
fn tokens_are_encrypted_readable_by_the_owner_only_and_never_printed() {
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
fn the_key_can_be_in_the_environment_and_the_folder_in_an_option() {
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
    assert!(ran.stderr.contains("needs another key"), "{ran:?}");
    let ran = run(&words, &with("hunter2"), "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("MSM_STORE_KEY"), "{ran:?}");
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
}

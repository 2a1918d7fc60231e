//! `msm emulator exec`, `env`, `health` and `export`.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::{
    checks::with_https,
    support::{Ran, http, run, start},
};

fn exec(options: &[&str], command: &[&str]) -> Ran {
    let words = [&["emulator", "exec"], options, &["--"], command].concat();
    run(&words, &[], "")
}

fn sh(options: &[&str], script: &str) -> Ran {
    exec(options, &["sh", "-c", script])
}

#[cfg(unix)]
#[test]
fn a_command_finds_the_emulator_by_its_environment_and_its_exit_code_is_ours() {
    let msm = env!("CARGO_BIN_EXE_msm");
    let script = format!(
        "set -e
         {msm} send --to \"channel:$MSM_EMULATOR_TEAM_ID/$MSM_EMULATOR_CHANNEL_ID\" --text teams
         {msm} send --to \"conversation:$MSM_EMULATOR_THREAD_ID\" --platform acs-chat --text chat
         {msm} send --to tel:+14255550123 --platform acs-messages --text whatsapp
         {msm} send --to sip:bob@contoso.test --text skype
         {msm} emulator health
         exit 7"
    );
    let ran = sh(&[], &script);
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(ran.stdout.contains(r#""status":"ok""#), "{ran:?}");
    assert!(ran.stderr.contains(" requests, 4 messages\n"), "{ran:?}");
    assert!(
        !ran.stdout.contains("connection_string"),
        "standard output is the command's: {ran:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_sign_in_needs_no_option_and_no_wait_and_stays_inside() {
    let msm = env!("CARGO_BIN_EXE_msm");
    let script = format!(
        "unset MSGRAPH_TOKEN
         {msm} login && {msm} send --to \"conversation:$MSM_EMULATOR_CHAT_ID\" --platform msgraph-chat --text signed"
    );
    let begin = std::time::Instant::now();
    let ran = sh(&[], &script);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.contains("signed in as alice@contoso.test"),
        "{ran:?}"
    );
    // Entra ID's pause between two polls is 5 seconds.
    assert!(
        begin.elapsed() < std::time::Duration::from_secs(5),
        "{ran:?}"
    );
    let stored = concat!(
        env!("CARGO_TARGET_TMPDIR"),
        "/no-home/.local/state/msm/default.sign-in"
    );
    assert!(!Path::new(stored).exists(), "no sign-in is stored outside");
}

#[cfg(unix)]
#[test]
fn the_variables_of_the_cloud_are_removed_and_programs_trust_the_emulator() {
    let words = [
        "emulator", "exec", "--", "sh", "-c",
        "echo \"${MSGRAPH_CLOUD-none} ${ACS_ACCESS_TOKEN-none} ${AZURE_CLIENT_SECRET-none}\"
         echo \"$NO_PROXY\"
         grep -c BEGIN \"$NODE_EXTRA_CA_CERTS\"
         tail -n 1 \"$SSL_CERT_FILE\"
         head -n 1 \"$REQUESTS_CA_BUNDLE\"
         case $COMMUNICATION_SERVICES_CONNECTION_STRING in endpoint=https://localhost:*) echo secure;; esac
         case $ACS_CONNECTION_STRING in endpoint=http://127.0.0.1:*) echo plain;; esac
         case $ACS_CONNECTION_STRING in *\";accesskey=$ACS_ACCESS_KEY\") echo \"own key\";; esac",
    ];
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.pem");
    fs::write(&own, "OWN\n").unwrap();
    let environment = [
        ("MSGRAPH_CLOUD", "china".to_owned()),
        ("ACS_ACCESS_TOKEN", "hunter2".to_owned()),
        ("ACS_ACCESS_KEY", "aHVudGVyMg==".to_owned()),
        ("AZURE_CLIENT_SECRET", "hunter2".to_owned()),
        ("NO_PROXY", "corp".to_owned()),
        ("SSL_CERT_FILE", own.to_str().unwrap().to_owned()),
    ];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let expected = [
        "none none none",
        "corp,localhost,127.0.0.1,::1",
        "1",
        "-----END CERTIFICATE-----",
        "OWN",
        "secure",
        "plain",
        "own key",
    ];
    assert_eq!(lines, expected, "{ran:?}");
}

#[cfg(unix)]
#[test]
fn the_variables_of_the_samples_of_microsofts_packages_are_set() {
    let script = "
        for endpoint in AZURE_COMMUNICATION_SERVICE_ENDPOINT COMMUNICATION_SAMPLES_ENDPOINT_STRING \
            COMMUNICATION_SERVICE_ENDPOINT ACS_URL; do
            test \"$(printenv $endpoint)\" = \"$MSM_EMULATOR_HTTPS\" || echo $endpoint
        done
        for string in SERVICES_CONNECTION_STRING SAMPLES_CONNECTION_STRING CONNECTION_STRING; do
            case $(printenv COMMUNICATION_$string) in
            \"endpoint=$MSM_EMULATOR_HTTPS/;accesskey=$ACS_ACCESS_KEY\") ;;
            *) echo COMMUNICATION_$string
            esac
        done
        test \"$WHATSAPP_CHANNEL_ID\" = \"$ACS_CHANNEL_REGISTRATION_ID\" || echo WHATSAPP_CHANNEL_ID
        echo \"channel ${CHANNEL_ID#$WHATSAPP_CHANNEL_ID}\"";
    let words = ["emulator", "exec", "--", "sh", "-c", script];
    let ran = run(&words, &[], "");
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "channel \n"),
        "{ran:?}"
    );
    // Other programs have channels, too.
    let ran = run(&words, &[("CHANNEL_ID", "of-a-bot".to_owned())], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "channel of-a-bot\n"));
}

#[cfg(unix)]
#[test]
fn commands_that_do_not_run_or_are_ended_have_the_exit_codes_of_shells() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no-program");
    fs::write(&file, "").unwrap();
    for (command, code) in [
        (&["/nonexistent/program"][..], 127),
        (&[file.to_str().unwrap()], 126),
        (&["sh", "-c", "kill -9 $$"], 137),
        (&["sh", "-c", "kill -TERM $$"], 143),
        (&["true"], 0),
    ] {
        let ran = exec(&[], command);
        assert_eq!(ran.code, code, "{command:?}: {ran:?}");
    }
    let without = run(&["emulator", "exec"], &[], "");
    assert_eq!(without.code, 2, "{without:?}");
}

#[cfg(unix)]
#[test]
fn signals_are_passed_on() {
    use std::io::{BufRead as _, BufReader};
    for (signal, code) in [("-TERM", 3), ("-INT", 4), ("-USR1", 5)] {
        let script = "trap 'exit 3' TERM; trap 'exit 4' INT; trap 'exit 5' USR1; echo ready
                      while :; do sleep 0.05; done";
        let mut child = crate::support::msm()
            .args(["emulator", "exec", "--", "sh", "-c", script])
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let id = child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn what_was_stored_is_exported_and_the_variables_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let (export, env) = (folder.path().join("export"), folder.path().join("a.env"));
    let options = [
        "--export",
        export.to_str().unwrap(),
        "--env-out",
        env.to_str().unwrap(),
    ];
    let msm = env!("CARGO_BIN_EXE_msm");
    let script = format!(
        "set -a; . {}; set +a
         {msm} send --to \"conversation:$MSM_EMULATOR_THREAD_ID\" --platform acs-chat --text kept; exit 3",
        env.display()
    );
    let ran = sh(&options, &script);
    assert_eq!(ran.code, 3, "{ran:?}");
    let row = fs::read_to_string(export.join("messages/000001-acs-chat.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&row).unwrap()["text"], "kept");
    let raw = fs::read_to_string(export.join("exchanges/000001-acs-chat.request.http")).unwrap();
    assert!(raw.starts_with("POST /chat/threads/"), "{raw}");
    let told = fs::read_to_string(export.join("exchanges/000001-acs-chat.response.http")).unwrap();
    assert!(told.starts_with("HTTP/1.1 201 Created"), "{told}");
    let ran = exec(&options[..2], &["true"]);
    assert_eq!(ran.code, 3, "an earlier export stays: {ran:?}");
    assert!(ran.stderr.contains("is not empty"), "{ran:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_found_before_the_command_runs() {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("ran");
    let command = ["touch", marker.to_str().unwrap()];
    // No user can create it, not even the administrator.
    let ran = exec(&["--export", "/proc/msm-export"], &command);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.stderr.contains("/proc/msm-export: no such file"),
        "{ran:?}"
    );
    assert!(!marker.exists(), "the command ran");
}

#[test]
fn a_certificate_authority_that_is_not_on_this_machine_is_not_trusted() {
    let emulator = start(false);
    let mut line = emulator.ready_line();
    let variables = |line: &Value| {
        let words = ["emulator", "env", "-", "--format", "json"];
        run(&words, &[], &line.to_string())
    };
    let without = variables(&line).json();
    line["ca"] = "/nonexistent/ca.pem".into();
    let ran = variables(&line);
    assert_eq!((ran.code, ran.json()), (0, without), "{ran:?}");
    let note = "/nonexistent/ca.pem is not on this machine: the variables of TLS are left out";
    assert!(ran.stderr.contains(note), "{ran:?}");
}

#[test]
fn an_untrusted_emulator_is_told_with_what_makes_it_trusted() {
    let (emulator, _folder, _) = with_https();
    let url = emulator.https_url().unwrap();
    for command in [&["health"][..], &["env"], &["export", "to", "--from"]] {
        let ran = run(&[&["emulator"], command, &[url]].concat(), &[], "");
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains("is not trusted: "), "{ran:?}");
        assert!(ran.stderr.contains("set SSL_CERT_FILE to "), "{ran:?}");
        assert!(!ran.stderr.contains("HttpOptions"), "{ran:?}");
    }
}

#[test]
fn a_running_emulator_gives_its_variables_its_health_and_its_export() {
    let emulator = start(false);
    let world = emulator.seed();
    let url = emulator.http_url();
    let message = r#"{"platform":"acs-messages","from":"+14255550123","text":"hi"}"#;
    assert_eq!(
        http("POST", &format!("{url}/_emulator/inject"), message).0,
        200
    );

    let ran = run(&["emulator", "env", url, "--format", "json"], &[], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let variables = ran.json();
    assert_eq!(variables["MSGRAPH_TOKEN"], world.graph.token.as_str());
    assert_eq!(variables["AZURE_AUTHORITY_HOST"], url);
    assert_eq!(
        variables.get("SSL_CERT_FILE"),
        None,
        "no authority was written"
    );

    let line = emulator.ready_line().to_string();
    let from_line = run(&["emulator", "env", "-", "--format", "json"], &[], &line);
    assert_eq!(from_line.json(), variables);
    let by_variable = [("MSM_EMULATOR", url.to_owned())];
    let shell = run(&["emulator", "env"], &by_variable, "");
    let connection = &world.acs.connection_string;
    assert!(
        shell
            .stdout
            .contains(&format!("export ACS_CONNECTION_STRING='{connection}'\n")),
        "{shell:?}"
    );
    assert!(
        shell.stdout.starts_with("unset ACS_ACCESS_KEY "),
        "{shell:?}"
    );

    let health = run(&["emulator", "health"], &by_variable, "");
    assert_eq!(
        (health.code, health.json()["status"].as_str()),
        (0, Some("ok"))
    );
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("to");
    let export = ["emulator", "export", to.to_str().unwrap(), "--from", url];
    let ran = run(&export, &[], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.starts_with("1 message is in "), "{ran:?}");
    assert!(to.join("stats.json").exists());
    if cfg!(target_os = "linux") {
        // Nobody can make a folder there.
        let export = ["emulator", "export", "/proc/none", "--from", url];
        let ran = run(&export, &[], "");
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains("/proc/none: "), "{ran:?}");
    }
    let (_, port) = crate::support::closed_port();
    let gone = format!("http://127.0.0.1:{port}");
    let ran = run(&["emulator", "health", &gone], &[], "");
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(
        ran.stderr.contains("no emulator is running there"),
        "{ran:?}"
    );
    for (source, named) in [
        ("/nonexistent", "/nonexistent: no such file"),
        ("http://127.0.0.1:1/x", "without a path"),
    ] {
        let ran = run(&["emulator", "env", source], &[], "");
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
        assert!(ran.stderr.contains(named), "{ran:?}");
    }
    let ran = run(&["emulator", "env", "-"], &[], "hello");
    assert!(
        ran.stderr.contains("not the ready line of an emulator"),
        "{ran:?}"
    );
}

#[test]
fn fish_reads_the_variables_in_its_form() {
    let emulator = start(false);
    let words = ["emulator", "env", emulator.http_url(), "--format", "fish"];
    let variables = run(&words, &[], "").stdout;
    // Those that would mislead a client are unset.
    let script =
        format!("{variables}\necho $ACS_CONNECTION_STRING; set -q ACS_ENDPOINT; or echo unset");
    let ran = Command::new("fish")
        .args(["--no-config", "-c", &script])
        .env("ACS_ENDPOINT", "https://contoso.communication.azure.com")
        .output()
        .unwrap();
    let connection = &emulator.seed().acs.connection_string;
    assert_eq!(
        String::from_utf8_lossy(&ran.stdout),
        format!("{connection}\nunset\n"),
        "{ran:?}"
    );
    assert!(ran.stderr.is_empty(), "{ran:?}");
}

#[test]
fn an_address_that_is_none_is_named_as_it_was_given() {
    let rule = "must be an http or https URL without a path";
    let set = [("MSM_EMULATOR", "emulator".to_owned())];
    for (words, environment, name) in [
        (&["emulator", "health"][..], &set[..], "MSM_EMULATOR"),
        (&["emulator", "env"], &set, "MSM_EMULATOR"),
        (&["login", "--emulator"], &set, "MSM_EMULATOR"),
        (&["emulator", "health", "emulator"], &[], "URL"),
        (
            &["emulator", "export", "to", "--from", "a:b"],
            &[],
            "--from",
        ),
        (&["login", "--emulator", "http://a/b"], &[], "--emulator"),
        (&["login", "--emulator", "http://a:b@c"], &[], "--emulator"),
    ] {
        let ran = run(words, environment, "");
        assert_eq!(ran.code, 3, "{words:?} {ran:?}");
        let begin = format!("error: {name}: {rule}");
        assert!(ran.stderr.starts_with(&begin), "{words:?} {ran:?}");
    }
}

#[test]
fn files_that_cannot_be_read_or_written_are_named_in_plain_words() {
    let missing = "/nonexistent/file";
    let exec = |option: &'static str| vec!["emulator", "exec", option, missing, "--", "true"];
    let record = |more: &[&'static str]| -> Vec<&str> {
        let words: &[&str] = &["emulator", "record", "--http", "127.0.0.1:0"];
        [words, &["--upstream", "https://127.0.0.1:9"], more].concat()
    };
    let (_, port) = crate::support::closed_port();
    let gone = format!("http://127.0.0.1:{port}");
    let cases: [Vec<&str>; 9] = [
        exec("--env-out"),
        exec("--data"),
        exec("--replay"),
        exec("--ca-out"),
        vec!["emulator", "exec", "--", missing],
        record(&["--out", missing]),
        record(&["--out", "new", "--upstream-ca", missing]),
        vec!["emulator", "env", missing],
        vec!["emulator", "export", "/dev/null/x", "--from", &gone],
    ];
    for words in cases {
        let ran = run(&words, &[], "");
        assert_ne!(ran.code, 0, "{words:?}: {ran:?}");
        assert!(ran.stderr.contains("error: "), "{words:?}: {ran:?}");
        for foreign in ["os error", ".tmp"] {
            assert!(!ran.stderr.contains(foreign), "{words:?}: {ran:?}");
        }
    }
}

//! The completions in real shells, and the pages of the manual.

use std::{fs, process::Command};

use crate::support::{msm, run};

/// Runs a script in a shell; `$MSM` is the program.
fn shell(name: &str, options: &[&str], script: &str) -> String {
    let program = msm();
    let output = Command::new(name)
        .args(options)
        .args(["-c", script])
        .env("MSM", program.get_program())
        .output()
        .unwrap_or_else(|e| panic!("{name} must be installed for this test: {e}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {error}");
    assert_eq!(error, "", "{name}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_completes_commands_options_and_values() {
    let complete = |words: &str, place: usize| {
        // `compopt` needs a shell that completes at a terminal.
        let script = format!(
            "compopt() {{ :; }}; eval \"$($MSM completions bash)\"; COMP_WORDS=({words}); COMP_CWORD={place}; \
             _msm msm \"${{COMP_WORDS[{place}]}}\" \"${{COMP_WORDS[{place}-1]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        shell("bash", &["--norc", "--noprofile"], &script)
    };
    let commands = complete("msm se", 1);
    assert!(commands.lines().any(|it| it == "send"), "{commands}");
    let options = complete("msm send --tex", 2);
    assert!(options.lines().any(|it| it == "--text"), "{options}");
    let nested = complete("msm outbox st", 2);
    assert_eq!(nested, "status\n");
    let values = complete("msm send --platform acs", 3);
    assert_eq!(values, "acs-messages\nacs-chat\n");
    let values = complete("msm send --wait \"\"", 3);
    assert_eq!(values, "delivered\nread\n");
    let values = complete("msm list ch", 2);
    assert_eq!(values, "channels\nchats\n");
    // In the folder of this crate.
    let files = complete("msm send --card Cargo", 3);
    assert_eq!(files, "Cargo.toml\n");
    for option in ["--to", "--profile", "--text"] {
        let none = complete(&format!("msm send {option} Cargo"), 3);
        assert_eq!(none, "Cargo\n", "what is there already");
    }
}

/// A home with a configuration file, and the folder of the program in the path of programs.
fn named(home: &std::path::Path) -> String {
    let folder = home.join(".config/msm");
    fs::create_dir_all(&folder).unwrap();
    let file = "[targets]\nops = \"conversation:1\"\n[profiles.work]\n[profiles.home]\n\
        [profiles.home.targets]\nown = \"conversation:2\"\n";
    fs::write(folder.join("config.toml"), file).unwrap();
    let program = msm().get_program().to_owned();
    let bin = std::path::Path::new(&program).parent().unwrap().display();
    format!(
        "unset MSM_CONFIG XDG_CONFIG_HOME; export HOME='{}' PATH='{bin}':\"$PATH\"; ",
        home.display()
    )
}

#[test]
fn the_names_that_completions_offer_are_those_of_the_configuration_file() {
    let home = tempfile::tempdir().unwrap();
    let prefix = named(home.path());
    let names = |words: &str| shell("bash", &["--norc"], &format!("{prefix} {words}"));
    let profiles = names("msm completions --names profiles");
    assert_eq!(profiles, "home\nwork\n");
    let targets = names("msm completions --names targets");
    let schemes = "conversation:\nchannel:\ntel:\nsip:\nuser:\nwhatsapp:\n";
    assert_eq!(targets, format!("{schemes}@ops\n"));
    let targets = names("MSM_PROFILE=home msm completions --names targets");
    assert_eq!(targets, format!("{schemes}@ops\n@own\n"));
    // A shell that completes shows no errors.
    fs::write(home.path().join(".config/msm/config.toml"), "[").unwrap();
    let targets = names("msm completions --names targets");
    assert_eq!(targets, schemes);
    assert_eq!(run(&["completions"], &[], "").code, 2);
    assert_eq!(
        run(&["completions", "--names", "targets", "bash"], &[], "").code,
        2
    );
}

#[test]
fn bash_completes_profiles_and_targets() {
    let home = tempfile::tempdir().unwrap();
    let prefix = named(home.path());
    let complete = |line: &str| {
        let script = format!(
            "{prefix} compopt() {{ :; }}; eval \"$(msm completions bash)\"; COMP_LINE='{line}'; \
             COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _msm_with_names msm \"${{COMP_LINE##* }}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; printf '%s|' \"${{COMPREPLY[@]}}\""
        );
        shell("bash", &["--norc", "--noprofile"], &script)
    };
    let targets = "conversation:|channel:|tel:|sip:|user:|whatsapp:|@ops|";
    for (line, expected) in [
        ("msm send --profile ", "home|work|"),
        ("msm config show --profile=w", "work|"),
        ("msm send --to ", targets),
        ("msm send --text x --to @", "@ops|"),
        ("msm send --to=ch", "channel:|"),
        ("msm send --fallback con", "conversation:|"),
        // Nothing is known of what follows, and a scheme is not completed to itself.
        ("msm send --to channel:", "|"),
        ("msm read ", targets),
        ("msm react 👍 us", "user:|"),
        ("msm list members ", targets),
        ("msm list chan", "channels|"),
        ("msm send --platform acs-c", "acs-chat|"),
    ] {
        assert_eq!(complete(line), expected, "{line}");
    }
    assert!(complete("msm read --la").contains("--last|"));
}

#[test]
fn zsh_and_fish_complete_profiles_and_targets() {
    let home = tempfile::tempdir().unwrap();
    let prefix = named(home.path());
    let path = home.path().display();
    let script = format!(
        "{prefix} msm completions zsh > {path}/_msm; fpath=({path} $fpath); autoload -U compinit; \
         compinit -u -d {path}/dump; autoload +X _msm; _arguments() {{ }}; _msm; \
         compadd() {{ print -l -- ${{(P)@[-1]}} }}; _msm_profiles; _msm_targets; \
         words=(msm list teams); _msm_of; print; words=(msm list members); _msm_of"
    );
    let printed = shell("zsh", &["-f"], &script);
    let targets = "conversation:\nchannel:\ntel:\nsip:\nuser:\nwhatsapp:\n@ops\n";
    assert_eq!(printed, format!("home\nwork\n{targets}\n{targets}"));
    let zsh = run(&["completions", "zsh"], &[], "").stdout;
    for (end, least) in [
        (":_msm_profiles' \\", 20),
        (":_msm_targets' \\", 9),
        (":_msm_of' \\", 1),
    ] {
        let count = zsh.lines().filter(|line| line.ends_with(end)).count();
        assert!(count >= least, "{end}: {count}");
    }
    let complete = |line: &str| {
        // fish has no assignments before a command.
        let script = prefix.replace("unset MSM_CONFIG XDG_CONFIG_HOME;", "");
        let script = script.replace(":\"$PATH\"", " $PATH");
        let script = format!(
            "{} msm completions fish | source; complete -C '{line}'",
            script
                .replace("export HOME='", "set -x HOME '")
                .replace("' PATH='", "'; set -x PATH '")
        );
        let found = shell("fish", &["--no-config"], &script);
        let names = found
            .lines()
            .map(|it| it.split('\t').next().unwrap_or_default());
        names.collect::<Vec<_>>().join("|")
    };
    let sorted = "@ops|channel:|conversation:|sip:|tel:|user:|whatsapp:";
    for (line, expected) in [
        ("msm send --profile ", "home|work"),
        ("msm send --to ", sorted),
        ("msm send --to ch", "channel:"),
        ("msm read ", sorted),
        ("msm list members ", sorted),
        ("msm list teams Car", ""),
        ("msm outbox show Car", ""),
        ("msm doctor Car", ""),
        ("msm batch Car", "Cargo.toml"),
    ] {
        assert_eq!(complete(line), expected, "{line}");
    }
}

#[test]
fn elvish_knows_values_files_and_names() {
    let script = run(&["completions", "elvish"], &[], "").stdout;
    let line = |name: &str| {
        let begin = format!("var {name} = [");
        let mut lines = script.lines();
        lines
            .find(|line| line.starts_with(&begin))
            .unwrap()
            .to_owned()
    };
    let values = line("msm-values");
    for part in [
        "&'send --platform'=[acs-chat acs-messages msgraph-chat ucwa]",
        "&'emulator record --platform'=[acs entra graph ucwa]",
        "&'list'=[channels chats",
    ] {
        assert!(values.contains(part), "{part} in {values}");
    }
    let files = line("msm-files");
    for part in ["'send --card'", "'report -o'", "'emulator exec --export'"] {
        assert!(files.contains(part), "{part} in {files}");
    }
    assert!(
        !files.contains("--to'") && !files.contains("--profile'"),
        "{files}"
    );
    let names = line("msm-names");
    for part in [
        "&'--profile'=profiles",
        "&'--to'=targets",
        "&'list members'=targets",
    ] {
        assert!(names.contains(part), "{part} in {names}");
    }
}

#[test]
fn fish_completes_commands_options_and_values() {
    let complete = |line: &str| {
        let script = format!("$MSM completions fish | source; complete -C '{line}'");
        shell("fish", &["--no-config"], &script)
    };
    let commands = complete("msm se");
    assert!(
        commands.lines().any(|it| it.starts_with("send\t")),
        "{commands}"
    );
    let options = complete("msm send --tex");
    assert!(
        options.lines().any(|it| it.starts_with("--text\t")),
        "{options}"
    );
    let values = complete("msm send --platform acs-c");
    assert!(values.starts_with("acs-chat\t"), "{values}");
    for (line, expected) in [
        ("msm send --wait ", "delivered\nread\n"),
        ("msm list ch", "channels\nchats\n"),
        ("msm list --json te", "teams\ntemplates\n"),
        ("msm schema emulator-h", "emulator-health\n"),
        ("msm completions p", "powershell\n"),
        ("msm outbox list --state u", "unconfirmed\n"),
        ("msm send --card Cargo", "Cargo.toml\n"),
        ("msm send --to Cargo", "\n"),
        ("msm send --profile Cargo", "\n"),
        ("msm man sr", "src/\n"),
    ] {
        let values = complete(line);
        let names = values
            .lines()
            .map(|it| it.split('\t').next().unwrap_or_default());
        let mut values: Vec<&str> = names.collect();
        values.sort_unstable();
        assert_eq!(values.join("\n") + "\n", expected, "{line}");
    }
}

#[test]
fn zsh_loads_the_completions_and_offers_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    let script = run(&["completions", "zsh"], &[], "").stdout;
    fs::write(folder.path().join("_msm"), script).unwrap();
    let path = folder.path().display();
    // Without a terminal nothing is completed, so what would be offered is printed.
    let script = format!(
        "fpath=({path} $fpath); autoload -U compinit; compinit -u -d {path}/dump; \
         print -r -- $_comps[msm]; autoload +X _msm; _arguments() {{ }}; _msm; \
         _describe() {{ print -l -- ${{(P)4}} }}; _msm_commands"
    );
    let printed = shell("zsh", &["-f"], &script);
    assert!(printed.starts_with("_msm\n"), "{printed}");
    assert!(
        printed.lines().any(|it| it.starts_with("send:Sends one")),
        "{printed}"
    );
}

#[test]
fn every_shell_has_completions() {
    for (name, part) in [
        ("bash", "complete -F _msm"),
        ("zsh", "#compdef msm"),
        ("fish", "complete -c msm"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion:arg-completer[msm]"),
    ] {
        let ran = run(&["completions", name], &[], "");
        assert_eq!(ran.code, 0, "{name}");
        assert!(ran.stdout.contains(part), "{name}");
        assert!(ran.stdout.contains("idempotency-key"), "{name}");
    }
}

#[test]
fn the_pages_of_the_manual_have_nothing_to_warn_of() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&["man", &folder.path().display().to_string()], &[], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut pages = 0;
    for page in fs::read_dir(folder.path()).unwrap() {
        let page = page.unwrap().path();
        let output = Command::new("groff")
            .args(["-ww", "-man", "-Tutf8"])
            .arg(&page)
            .output()
            .unwrap_or_else(|e| panic!("groff must be installed for this test: {e}"));
        let warnings = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {warnings}", page.display());
        assert_eq!(warnings, "", "{}", page.display());
        pages += 1;
    }
    assert!(pages > 40, "{pages}");
}

/// Where a script is out of balance; the quotes of both shells are doubled within themselves, and
/// PowerShell escapes with a grave accent.
fn unbalanced(script: &str, escapes: bool) -> Option<String> {
    let mut open = Vec::new();
    let mut characters = script.char_indices().peekable();
    let mut quote = None;
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            (None | Some('"'), '`') if escapes => drop(characters.next()),
            (Some(mark), _) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            // A comment; inside of a word it is none.
            (None, '#') if script[..at].ends_with([' ', '\n']) => {
                while characters.next_if(|(_, c)| *c != '\n').is_some() {}
            }
            (None, '(' | '[' | '{') => open.push((at, c)),
            (None, ')' | ']' | '}') => match open.pop() {
                Some((_, '(')) if c == ')' => {}
                Some((_, '[')) if c == ']' => {}
                Some((_, '{')) if c == '}' => {}
                other => return Some(format!("{c} at {at} closes {other:?}")),
            },
            _ => {}
        }
    }
    let rest = open.pop().map(|(at, c)| format!("{c} at {at} stays open"));
    rest.or_else(|| quote.map(|mark| format!("{mark} stays open")))
}

#[test]
fn scripts_of_shells_that_are_not_here_are_well_formed() {
    for (name, escapes, begins, ends) in [
        (
            "powershell",
            true,
            "\nusing namespace System.Management.Automation",
            "}\n",
        ),
        ("elvish", false, "\nuse builtin;\nuse str;\n", "}\n"),
    ] {
        let script = run(&["completions", name], &[], "").stdout;
        assert!(script.starts_with(begins), "{name}: {}", &script[..80]);
        assert!(script.ends_with(ends), "{name}");
        assert_eq!(unbalanced(&script, escapes), None, "{name}");
        // A script that is cut anywhere is not.
        for at in [script.len() / 3, script.len() / 2, script.len() - 2] {
            let at = (0..=at).rev().find(|at| script.is_char_boundary(*at));
            let cut = &script[..at.unwrap()];
            assert!(unbalanced(cut, escapes).is_some(), "{name}");
        }
    }
}

#[test]
fn every_command_has_a_page_of_the_manual() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("share/man1");
    let path = folder.display().to_string();
    let ran = run(&["man", &path], &[], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let page = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert!(page("msm.1").contains("msm\\-send(1)"), "{}", page("msm.1"));
    assert!(page("msm-send.1").contains("\\-\\-idempotency\\-key"));
    assert!(page("msm-outbox-add.1").contains("sqlite:out.db"));
    let unusable = folder.join("msm.1/man1").display().to_string();
    let refused = run(&["man", &unusable], &[], "");
    let page = folder.join("msm.1").display().to_string();
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(
        refused
            .stderr
            .contains(&format!("{unusable}: {page} is a file, not a folder")),
        "{refused:?}"
    );
}

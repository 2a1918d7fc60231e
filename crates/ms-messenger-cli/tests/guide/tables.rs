//! The tables of the pages "Coming from": each command of ours runs against the emulator, and each
//! option exists.

use std::{collections::BTreeMap, fs};

use crate::{
    blocks::folder,
    shell::{Ran, Shell},
};

/// What a column of our commands is called, at its beginning.
const OURS: &str = "With `msm`";
/// The placeholders of the pages, and what the emulator has in their place. Words are compared.
const WORDS: [(&str, &str); 12] = [
    ("T", "Contoso"),
    ("TEXT", "hi"),
    ("ID", "11111111-2222-3333-4444-555555555555"),
    ("TENANT", "contoso.com"),
    ("FILE", "request.json"),
    ("METHOD", "GET"),
    ("PATH", "/me/chats"),
    ("M", "\"$(posted)\""),
    ("LINK", "\"$(posted web_url)\""),
    ("channel:T/C", "channel:@Contoso/General"),
    ("conversation:C", "\"conversation:$(chat)\""),
    ("user:lene@contoso.com", "user:bob@contoso.test"),
];
/// What a row leaves out with an ellipsis: by the words before it.
const LEFT_OUT: [(&str, &str); 5] = [
    ("--text …", "--text hi"),
    ("--to … ", "--to channel:@Contoso/General "),
    (
        "channel:@Contoso/General …",
        "channel:@Contoso/General --text hi",
    ),
    ("user:bob@contoso.test …", "user:bob@contoso.test --text hi"),
    ("GET /… ", "GET /me/chats "),
];
/// What the commands need.
const FIRST: &str = r#"
posted() {
    local line
    line=$(msm send --to channel:@Contoso/General --text hi --json) || return
    echo "$line" | grep -o "\"${1:-message_id}\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4
}
chat() { msm list chats --json | grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4; }
echo '{"to": "channel:@Contoso/General", "message": {"body": {"text": "hi"}}}' > request.json
echo '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "hi"}]}' > card.json
printf '[targets]\nops = "channel:@Contoso/General"\n[profiles.work]\n' > config.toml
export MSM_CONFIG=$PWD/config.toml
# The browser of a machine without one: it opens the page, and follows its redirection.
printf '#!/bin/sh\nexec curl -sSL -o /dev/null "$1"\n' > browser
chmod +x browser
export BROWSER=$PWD/browser
# The rows are about Teams; those about WhatsApp name their settings.
resource=$ACS_CONNECTION_STRING whatsapp=$ACS_CHANNEL_REGISTRATION_ID
unset ACS_CONNECTION_STRING ACS_CHANNEL_REGISTRATION_ID ACS_CHAT_ENDPOINT ACS_CHAT_TOKEN UCWA_SIP UCWA_USERNAME UCWA_PASSWORD
export AZURE_CLIENT_ID=11111111-2222-3333-4444-555555555555 AZURE_TENANT_ID=contoso.com
msm login
"#;

/// The cells of a row of a table; a bar in a cell is escaped.
fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_matches('|').replace("\\|", "\u{0}");
    let cells = inner.split('|');
    cells.map(|cell| cell.replace('\u{0}', "|")).collect()
}

/// What is between backticks.
fn code(cell: &str) -> Vec<String> {
    let parts = cell.split('`').enumerate();
    parts
        .filter(|(n, _)| n % 2 == 1)
        .map(|(_, part)| part.to_owned())
        .collect()
}

/// The code of our column, row by row.
fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut rows = Vec::new();
    let mut is_ours = false;
    for (number, line) in text.lines().enumerate() {
        if !line.starts_with('|') {
            is_ours = false;
            continue;
        }
        let cells = cells(line);
        let last = cells.last().unwrap().trim();
        if last.starts_with(OURS) {
            is_ours = true;
        } else if is_ours && !last.starts_with("---") {
            rows.push((number + 1, code(last)));
        }
    }
    rows
}

/// Returns what is run for a command of the page.
fn runnable(command: &str) -> String {
    let words = command.split(' ').map(|word| {
        let found = WORDS.iter().find(|(placeholder, _)| *placeholder == word);
        found.map_or(word, |(_, real)| real)
    });
    let command = words.collect::<Vec<_>>().join(" ");
    let command = command.replace("--card request.json", "--card card.json");
    let left_out = LEFT_OUT.iter();
    let command = left_out.fold(command, |it, (part, real)| it.replace(part, real));
    if ["tel:", "people.csv"].iter().any(|it| command.contains(it)) {
        let settings = "ACS_CONNECTION_STRING=$resource ACS_CHANNEL_REGISTRATION_ID=$whatsapp";
        format!("{settings} {command}")
    } else {
        command
    }
}

/// The options of a command, by its help.
fn options<'a>(shell: &Shell, known: &'a mut BTreeMap<String, String>, command: &str) -> &'a str {
    known.entry(command.to_owned()).or_insert_with(|| {
        let ran = shell.run(&[&format!("msm {command} --help")]);
        ran.into_iter().next().unwrap().output
    })
}

fn has_option(help: &str, option: &str) -> bool {
    let mut words = help.split([' ', '\n', ',', '.', ';']);
    words.any(|word| word == option)
}

#[test]
fn each_command_of_the_tables_works() {
    let mut problems = Vec::new();
    let (mut commands, mut options_seen) = (Vec::new(), 0);
    let shell = Shell::start();
    let mut helps = BTreeMap::new();
    for file in fs::read_dir(folder().join("src/from")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let rows = rows(&fs::read_to_string(&path).unwrap());
        assert!(!rows.is_empty(), "{name} has no column {OURS}");
        for (line, spans) in rows {
            let mut of = "send".to_owned();
            for span in spans {
                if let Some(rest) = span.strip_prefix("msm ") {
                    of = rest.split(' ').next().unwrap().to_owned();
                    commands.push((format!("{name}:{line}: {span}"), runnable(&span)));
                    continue;
                }
                // The values of options are in the commands.
                for option in span
                    .split(' ')
                    .filter(|it| it.len() > 1 && it.starts_with('-'))
                {
                    options_seen += 1;
                    let short = if option == "-vv" { "-v" } else { option };
                    if !has_option(options(&shell, &mut helps, &of), short) {
                        problems.push(format!("{name}:{line}: {of} has no {option}"));
                    }
                }
            }
        }
    }
    assert!(
        commands.len() > 40 && options_seen > 20,
        "{}, {options_seen}",
        commands.len()
    );
    let first = std::iter::once(FIRST);
    let lines: Vec<&str> = first
        .chain(commands.iter().map(|(_, line)| line.as_str()))
        .collect();
    let mut ran = shell.run(&lines).into_iter();
    let prepared = ran.next().unwrap();
    assert_eq!(prepared.code, Some(0), "{}", prepared.output);
    for ((page, line), Ran { code, output }) in commands.iter().zip(ran) {
        if code != Some(0) {
            problems.push(format!("{page}\n{line}\nexit code {code:?}\n{output}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn tables_are_read_with_their_placeholders() {
    let text = "| With `x` | With `msm` |\n|---|---|\n| `a\\|b` | `msm show channel:T/C M`, `--json` |\n\n| a | b |\n| `c` | `d` |";
    let spans = vec!["msm show channel:T/C M".to_owned(), "--json".to_owned()];
    assert_eq!(rows(text), [(3, spans)]);
    let shown = runnable("msm send --to channel:T/C --text …");
    assert_eq!(shown, "msm send --to channel:@Contoso/General --text hi");
}

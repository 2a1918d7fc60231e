//! Values that begin with a minus and a digit: `clap` takes them for options, and no option is a
//! digit.

use std::ffi::OsString;

use super::complete_command;

/// Joins each such value with the option before it, so that the error names the option and its rule.
pub(crate) fn joined(words: Vec<OsString>) -> Vec<OsString> {
    if !words.iter().any(is_negative) {
        return words;
    }
    let mut command = complete_command();
    let mut joined: Vec<OsString> = Vec::new();
    let mut words = words.into_iter();
    for word in words.by_ref() {
        if word == "--" {
            joined.push(word);
            break;
        }
        let inner = word.to_str().and_then(|it| command.find_subcommand(it));
        if let Some(inner) = inner.cloned() {
            command = inner;
        }
        match joined.last_mut() {
            Some(option) if is_negative(&word) && takes_value(&command, option) => {
                option.push("=");
                option.push(word);
            }
            _ => joined.push(word),
        }
    }
    joined.extend(words);
    joined
}

/// Whether a word begins like a number below 0.
fn is_negative(word: &OsString) -> bool {
    matches!(word.as_encoded_bytes(), [b'-', b'0'..=b'9' | b'.', ..])
}

/// Whether a word is an option of the command that is followed by its value.
fn takes_value(command: &clap::Command, word: &OsString) -> bool {
    let Some(name) = word.to_str().and_then(|word| word.strip_prefix("--")) else {
        return false;
    };
    let mut options = command.get_arguments();
    options.any(|option| option.get_long() == Some(name) && option.get_action().takes_values())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_value_is_joined_with_its_option() {
        for (line, expected) in [
            (
                "msm send --timeout -1s --json",
                "msm send --timeout=-1s --json",
            ),
            ("msm read user:a --last -1", "msm read user:a --last=-1"),
            ("msm outbox run --rate -.5/s", "msm outbox run --rate=-.5/s"),
            ("msm emulator --seed -1", "msm emulator --seed=-1"),
            ("msm send --json -1", "msm send --json -1"),
            ("msm send --nonsense -1", "msm send --nonsense -1"),
            ("msm send --timeout=1s -1", "msm send --timeout=1s -1"),
            ("msm send --timeout --json", "msm send --timeout --json"),
            (
                "msm emulator exec -- tail --lines -1",
                "msm emulator exec -- tail --lines -1",
            ),
        ] {
            let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
            assert_eq!(joined(words(line)), words(expected), "{line}");
        }
    }
}

//! Commands with their output, as a terminal shows them.

/// Stands for any text within a line; alone on a line, for any number of lines.
const ANY: &str = "…";

/// A command and what it prints.
#[derive(Debug)]
pub(crate) struct Step {
    /// The number of its first line within the block, from 1.
    pub(crate) line: usize,
    /// As the shell reads it.
    pub(crate) command: String,
    /// The lines that it prints; empty where the page does not show them.
    pub(crate) output: Vec<String>,
}

/// Reads the steps of a block: `$` begins a command, `>` and a line after `\` continue it.
pub(crate) fn steps(lines: &[String]) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_command = false;
    for (number, line) in lines.iter().enumerate() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                line: number + 1,
                command: command.to_owned(),
                output: Vec::new(),
            });
            is_command = true;
            continue;
        }
        let step = steps.last_mut();
        let step = step.ok_or_else(|| format!("line {}: no command before it", number + 1))?;
        let more = line.strip_prefix("> ").or((line == ">").then_some(""));
        let more = more.or(step.command.ends_with('\\').then_some(line.as_str()));
        match more.filter(|_| is_command) {
            Some(more) => {
                step.command.push('\n');
                step.command.push_str(more);
            }
            None => {
                is_command = false;
                step.output.push(line.clone());
            }
        }
    }
    Ok(steps)
}

/// Whether the lines that were printed are those of the page.
pub(crate) fn matches(page: &[String], printed: &[&str]) -> bool {
    match page.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == ANY => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        Some((first, rest)) => {
            let line = printed.split_first();
            line.is_some_and(|(line, more)| line_matches(first, line) && matches(rest, more))
        }
    }
}

fn line_matches(page: &str, printed: &str) -> bool {
    let printed = printed.trim_end();
    let Some((start, rest)) = page.split_once(ANY) else {
        return page == printed;
    };
    let Some(printed) = printed.strip_prefix(start) else {
        return false;
    };
    let ends = printed.char_indices().map(|(index, _)| index);
    ends.chain([printed.len()])
        .any(|skipped| line_matches(rest, &printed[skipped..]))
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}

#[test]
fn commands_are_read_with_their_continuations_and_outputs() {
    let lines = owned(&[
        "$ cat <<. \\",
        "  | wc -l",
        "> a",
        "> .",
        "1",
        "> 2",
        "$ true",
    ]);
    let steps = steps(&lines).unwrap();
    assert_eq!(steps[0].command, "cat <<. \\\n  | wc -l\na\n.");
    assert_eq!(steps[0].output, ["1", "> 2"]);
    assert_eq!((steps[1].line, steps[1].command.as_str()), (7, "true"));
    assert!(super::transcript::steps(&owned(&["output"])).is_err());
}

#[test]
fn output_is_compared_line_by_line() {
    for (page, printed, matched) in [
        (&["posted as …"][..], &["posted as 17"][..], true),
        (&["posted as …"], &["queued as 17"], false),
        (&["a … c … e"], &["a b c d e"], true),
        (&["a … c"], &["a b c d"], false),
        (&["…", "end"], &["a", "b", "end"], true),
        (&["…", "end"], &["end", "more"], false),
        (&["a", "…"], &["a"], true),
        (&["a"], &["a", "b"], false),
        (&[], &["a"], false),
    ] {
        assert_eq!(
            matches(&owned(page), printed),
            matched,
            "{page:?} {printed:?}"
        );
    }
}

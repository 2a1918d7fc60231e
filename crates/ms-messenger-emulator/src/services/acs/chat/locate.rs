//! Finds the line and position of a value in the text of a JSON body.

/// A step from a value into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Member(String),
    Item(usize),
}

/// A path as the service writes it: `participants[0].communicationIdentifier`.
pub(crate) fn written(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Item(index) => text.push_str(&format!("[{index}]")),
            Step::Member(name) if text.is_empty() => text.push_str(name),
            Step::Member(name) => text.push_str(&format!(".{name}")),
        }
    }
    text
}

/// Line and position, from 1, of the first character of the value at `path` in valid JSON.
pub(crate) fn place(json: &[u8], path: &[Step]) -> Option<(usize, usize)> {
    let mut at = blank(json, 0);
    for step in path {
        at = into(json, at, step)?;
    }
    let before = json.get(..at)?;
    let line_start = before.iter().rposition(|byte| *byte == b'\n');
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let in_line = String::from_utf8_lossy(&before[line_start.map_or(0, |start| start + 1)..]);
    Some((line, in_line.chars().count() + 1))
}

/// The beginning of the value that a step leads to from the one at `at`.
fn into(json: &[u8], at: usize, step: &Step) -> Option<usize> {
    let is_object = matches!(step, Step::Member(_));
    (json.get(at) == Some(if is_object { &b'{' } else { &b'[' })).then_some(())?;
    let mut at = blank(json, at + 1);
    for index in 0.. {
        if matches!(json.get(at)?, b'}' | b']') {
            return None;
        }
        let is_it = match step {
            Step::Item(wanted) => *wanted == index,
            Step::Member(name) => {
                let end = value_end(json, at);
                let key: String = serde_json::from_slice(json.get(at..end)?).ok()?;
                at = blank(json, blank(json, end) + 1);
                key == *name
            }
        };
        if is_it {
            return Some(at);
        }
        at = blank(json, value_end(json, at));
        at = blank(json, at + usize::from(json.get(at) == Some(&b',')));
    }
    None
}

fn blank(json: &[u8], from: usize) -> usize {
    let rest = json.get(from..).unwrap_or_default();
    from + rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count()
}

/// The end of the value at `at`.
fn value_end(json: &[u8], at: usize) -> usize {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for (offset, byte) in json.iter().enumerate().skip(at) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => {
                in_text = !in_text;
                if !in_text && depth == 0 {
                    return offset + 1;
                }
            }
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return offset,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return offset + 1;
                }
            }
            b',' if depth == 0 => return offset,
            byte if depth == 0 && byte.is_ascii_whitespace() => return offset,
            _ => {}
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(steps: &[&str]) -> Vec<Step> {
        let step = |step: &&str| match step.parse() {
            Ok(index) => Step::Item(index),
            Err(_) => Step::Member((*step).to_owned()),
        };
        steps.iter().map(step).collect()
    }

    #[test]
    fn values_are_found_by_line_and_position() {
        let json = b"{\"a\": \"x,{\\\"\", \"b\": [1,\n  {\"c\": {\"d\": null}}]}";
        for (steps, expected) in [
            (&[][..], Some((1, 1))),
            (&["a"], Some((1, 7))),
            (&["b"], Some((1, 21))),
            (&["b", "0"], Some((1, 22))),
            (&["b", "1", "c"], Some((2, 9))),
            (&["b", "1", "c", "d"], Some((2, 15))),
            (&["b", "2"], None),
            (&["c"], None),
        ] {
            assert_eq!(place(json, &path(steps)), expected, "{steps:?}");
        }
        assert_eq!(written(&path(&["b", "1", "c"])), "b[1].c");
    }

    proptest::proptest! {
        #[test]
        fn hostile_text_does_not_panic(text in "[\\[\\]{}\",:\\\\a1 é]{0,40}") {
            let _ = place(text.as_bytes(), &path(&["a", "0"]));
            let _ = place(text.as_bytes(), &path(&["0", "a"]));
        }
    }
}

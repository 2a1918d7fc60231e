//! Recipients of notifications.

use ms_messenger_core::{Problems, WhatsAppUserId};

/// Adds what is wrong with the recipients of a notification: the service accepts exactly one.
pub(crate) fn find_recipient_problems(to: &[String], problems: &mut Problems) {
    problems.add_if(to.len() != 1, "to", "must be exactly one recipient");
    for (i, recipient) in to.iter().enumerate() {
        if let Some(problem) = recipient_problem(recipient) {
            problems.add(format!("to[{i}]"), problem);
        }
    }
}

/// Returns what is wrong with a recipient, if anything: the live service accepts digits with separators,
/// with or without `+`, or a business-scoped user id, `CC.` and up to 128 alphanumerics.
fn recipient_problem(to: &str) -> Option<String> {
    const RULE: &str =
        "must be a number in E.164 form, e.g. +14255550123, or a business-scoped user id";
    if to.contains(|c: char| c.is_ascii_alphabetic()) {
        let is_scoped = WhatsAppUserId::parse(to).is_ok();
        return (!is_scoped).then(|| RULE.to_owned());
    }
    let number = to.replace(['-', '(', ')', ' '], "");
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let is_number = |digits: &str| {
        (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    // No country code begins with a zero; `00` is how many countries dial what `+` stands for.
    match digits.strip_prefix("00") {
        Some(meant) if is_number(meant) && !meant.starts_with('0') => Some(format!(
            "must be a number in E.164 form: write it as +{meant}"
        )),
        _ if is_number(digits) && !digits.starts_with('0') => None,
        _ => Some(RULE.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_a_number_of_e_164_or_a_business_scoped_id() {
        for to in [
            "+14255550123",
            "14255550123",
            "+1 (425) 555-0123",
            "US.13491208655302741918",
        ] {
            assert_eq!(recipient_problem(to), None, "{to}");
        }
        for to in [
            "",
            "+",
            " ",
            "0255550123",
            "+0255550123",
            "1+4255550123",
            "++14255550123",
            "+1234567890123456",
            "+1425555012x",
            "alice@contoso.com",
            "us.1349",
            "US.",
            "+१४२५",
        ] {
            let problem = recipient_problem(to).unwrap();
            assert!(problem.contains("E.164"), "{to}: {problem}");
            assert!(to.is_empty() || !problem.contains(&format!("`{to}`")));
        }
    }

    #[test]
    fn a_number_dialled_with_00_is_refused_with_the_one_to_write() {
        for to in ["0049 30 901820", "+00 49-30-901820"] {
            let problem = recipient_problem(to).unwrap();
            assert!(problem.ends_with("write it as +4930901820"), "{problem}");
        }
    }
}

//! Chooses what a name stands for, and refuses to guess.

use ms_messenger_core::{Delivery, Error, ErrorKind, Problem, Result};
use ms_messenger_http::one_line;

use crate::error::PLATFORM;

/// The most candidates that an error lists.
const LISTED: usize = 10;

/// Something with a name and an id.
pub(super) struct Candidate<T> {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) item: T,
}

/// What is looked for, in the words of the errors.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The member that names it.
    pub(super) field: &'a str,
    /// One of them, e.g. `team`.
    pub(super) one: &'a str,
    /// All of them, e.g. `teams`.
    pub(super) all: &'a str,
    pub(super) name: &'a str,
}

/// The candidate with exactly the name, else the one whose name differs in case alone, else the one
/// with this id.
pub(super) fn pick<T>(wanted: Wanted<'_>, candidates: Vec<Candidate<T>>) -> Result<T> {
    let total = candidates.len();
    let lower = wanted.name.to_lowercase();
    let (named, others): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .partition(|it| it.name.to_lowercase() == lower);
    let (exact, alike): (Vec<_>, Vec<_>) = named.into_iter().partition(|it| it.name == wanted.name);
    let mut named = if exact.is_empty() { alike } else { exact };
    let mut meant = None;
    if named.is_empty() {
        let near = |it: &&Candidate<T>| is_near(&it.name.to_lowercase(), &lower);
        meant = others.iter().find(near).map(|it| one_line(&it.name));
        let mut others = others.into_iter();
        named.extend(others.find(|it| it.id.eq_ignore_ascii_case(wanted.name)));
    }
    match (named.pop(), named.is_empty()) {
        (Some(only), true) => Ok(only.item),
        (Some(last), false) => {
            named.push(last);
            Err(several(wanted, &named))
        }
        (None, _) => Err(none(wanted, total, meant.as_deref())),
    }
}

fn several<T>(Wanted { field, all, .. }: Wanted<'_>, named: &[Candidate<T>]) -> Error {
    let ids: Vec<String> = named
        .iter()
        .take(LISTED)
        .map(|it| format!("{} ({})", one_line(&it.id), one_line(&it.name)))
        .collect();
    let more = match named.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let rule = format!(
        "is the name of {} {all}, use the id of one: {}{more}",
        named.len(),
        ids.join(", ")
    );
    refuse(ErrorKind::InvalidRequest, field, &rule)
}

fn none(Wanted { field, one, .. }: Wanted<'_>, total: usize, meant: Option<&str>) -> Error {
    let mut rule =
        format!("is neither the name nor the id of a {one}: the signed-in user can see {total}");
    if let Some(meant) = meant {
        rule.push_str(", did you mean ");
        rule.push_str(meant);
        rule.push('?');
    }
    refuse(ErrorKind::NotFound, field, &rule)
}

/// Whether two names differ by one letter that is missing, added or another one, or by two that are
/// swapped.
fn is_near(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let shorter = one.len().min(other.len());
    let begin = (0..shorter).take_while(|at| one[*at] == other[*at]).count();
    let end = |at: &usize| one[one.len() - 1 - at] == other[other.len() - 1 - at];
    let end = (0..shorter - begin).take_while(end).count();
    let (one, other) = (
        &one[begin..one.len() - end],
        &other[begin..other.len() - end],
    );
    match (one, other) {
        ([a, b], [c, d]) => (a, b) == (d, c),
        _ => one.len() <= 1 && other.len() <= 1,
    }
}

/// The error of a name that leads nowhere.
pub(super) fn refuse(kind: ErrorKind, field: &str, rule: &str) -> Error {
    Problem::new(field, rule)
        .into_error(kind)
        .with_delivery(Delivery::NotSent)
        .with_platform(PLATFORM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, names: &[&str]) -> Result<usize> {
        let candidates = names.iter().enumerate().map(|(item, name)| Candidate {
            name: (*name).to_owned(),
            id: format!("id{item}"),
            item,
        });
        let wanted = Wanted {
            field: "team",
            one: "team",
            all: "teams",
            name,
        };
        pick(wanted, candidates.collect())
    }

    #[test]
    fn the_exact_name_comes_first_and_case_does_not_count_otherwise() {
        assert_eq!(of("Ops", &["ops", "Ops", "Other"]).unwrap(), 1);
        assert_eq!(of("OPS", &["Other", "ops"]).unwrap(), 1);
        assert_eq!(of("ÄRZTE", &["Ärzte"]).unwrap(), 0);
    }

    #[test]
    fn an_id_counts_where_nothing_has_it_as_its_name() {
        assert_eq!(of("ID1", &["Ops", "Other"]).unwrap(), 1);
        assert_eq!(of("id1", &["Id1", "Other"]).unwrap(), 0);
    }

    #[test]
    fn several_and_none_are_errors_that_name_the_field() {
        let error = of("Ops", &["Ops", "x", "Ops"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        let rule = "is the name of 2 teams, use the id of one: id0 (Ops), id2 (Ops)";
        assert_eq!(error.problems()[0].rule, rule);
        let error = of("OPS", &["Ops", "ops"]).unwrap_err();
        assert!(error.message().contains("2 teams"), "{error}");
        let error = of("Ops", &["abc", "bcd"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let rule = "is neither the name nor the id of a team: the signed-in user can see 2";
        assert_eq!(error.problems()[0].rule, rule);
        assert_eq!(error.delivery(), Delivery::NotSent);
        let many = vec!["Ops"; 300];
        assert!(of("Ops", &many).unwrap_err().message().len() < 400);
    }

    #[test]
    fn a_name_that_is_nearly_one_is_asked_about() {
        for typed in ["contso", "Contosso", "Conotso", "Contosa", "ontoso"] {
            let error = of(typed, &["General", "Contoso"]).unwrap_err();
            let asked = error.problems()[0]
                .rule
                .ends_with(", did you mean Contoso?");
            assert!(asked, "{typed}: {error}");
        }
        for typed in ["Fabrikam", "Contooos", "", "C", "ÄÖ"] {
            let error = of(typed, &["General", "Contoso"]).unwrap_err();
            assert!(!error.message().contains("mean"), "{typed}: {error}");
        }
        let error = of("ab", &["a\u{1b}b"]).unwrap_err();
        assert!(!error.message().contains('\u{1b}'), "{error:?}");
    }
}

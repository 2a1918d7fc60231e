//! What was meant by an unknown name.

/// The most edits between a name and the one that was meant.
const MAX_EDITS: usize = 3;

/// `: did you mean …?` if a known name is close, else `: there are …`.
pub(super) fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    let edits = |it: &str| strsim::damerau_levenshtein(name, it);
    let closest = known.iter().min_by_key(|it| edits(it));
    match closest {
        // A long name is not compared: it is none.
        Some(closest) if name.len() <= 64 && edits(closest) <= MAX_EDITS.min(closest.len() / 3) => {
            format!(": did you mean {closest}?")
        }
        Some(_) => format!(": there are {}", known.join(", ")),
        None => String::new(),
    }
}

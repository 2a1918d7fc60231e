//! Errors of the operating system in plain words.

use std::{io, path::Path};

/// The words of the error without its number, which begin with a small letter.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error ").next().unwrap_or_default();
    let mut rest = words.chars();
    let first = rest.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}

/// The error of a file that could not be created at `path`: it names the folder that is missing or none,
/// and what to do.
pub(crate) fn uncreated(path: &Path, error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::NotADirectory
        && let Some(file) = path.ancestors().skip(1).find(|it| it.exists())
    {
        let text = format!("{} is a file, not a folder", file.display());
        return io::Error::new(error.kind(), text);
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let Some(folder) = folder.filter(|it| error.kind() == io::ErrorKind::NotFound && !it.exists())
    else {
        return error;
    };
    let above = folder.ancestors().filter(|it| !it.as_os_str().is_empty());
    let missing = above.take_while(|it| !it.exists()).last();
    let missing = missing.unwrap_or(folder);
    let needed = if missing == folder {
        "it".to_owned()
    } else {
        folder.display().to_string()
    };
    let text = format!(
        "the folder {} does not exist: create {needed} first",
        missing.display()
    );
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_named_with_what_to_create() {
        let folder = std::env::temp_dir().join(format!("emulator-{}", uuid::Uuid::new_v4()));
        let text = |path: &Path| {
            let error = std::fs::File::create_new(path).unwrap_err();
            plain(&uncreated(path, error))
        };
        let (missing, below) = (folder.display(), folder.join("below"));
        assert_eq!(
            text(&folder.join("file")),
            format!("the folder {missing} does not exist: create it first")
        );
        let needed = below.display();
        assert_eq!(
            text(&below.join("file")),
            format!("the folder {missing} does not exist: create {needed} first")
        );
        let file = std::env::current_exe().unwrap();
        assert_eq!(
            text(&file.join("below/file")),
            format!("{} is a file, not a folder", file.display())
        );
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let kind = uncreated(&folder.join("file"), denied).kind();
        assert_eq!(kind, io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn the_number_is_left_out() {
        for number in [2, 13, 21, 28] {
            let text = plain(&io::Error::from_raw_os_error(number));
            assert!(!text.contains("os error") && !text.is_empty(), "{text}");
            assert!(text.starts_with(|c: char| c.is_ascii_lowercase()), "{text}");
        }
    }
}

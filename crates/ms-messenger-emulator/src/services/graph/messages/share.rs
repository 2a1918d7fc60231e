//! Share links, which the service replaces by the address and the name of the file.

/// The address and the name of the file that a share link leads to; `None` for another address.
///
/// For links of others than the emulator's own sites: the name is made of the link's token and its
/// kind of document.
pub(crate) fn file(link: &str) -> Option<(String, String)> {
    let (host, path) = link.strip_prefix("https://")?.split_once('/')?;
    let path = path.split(['?', '#']).next()?;
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let [kind, scope, rest @ ..] = segments.as_slice() else {
        return None;
    };
    let extension = extension(kind.strip_prefix(':')?.strip_suffix(':')?)?;
    let (folder, token) = match (*scope, rest) {
        ("g" | "r", ["personal", owner, token]) => (format!("personal/{owner}/Documents"), token),
        ("g" | "r" | "s" | "t", ["sites" | "teams", site, token]) | ("s" | "t", [site, token]) => {
            (format!("sites/{site}/Shared%20Documents"), token)
        }
        _ => return None,
    };
    let name = format!("{token}{extension}");
    Some((format!("https://{host}/{folder}/{name}"), name))
}

fn extension(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "w" => ".docx",
        "x" => ".xlsx",
        "p" => ".pptx",
        "b" => ".pdf",
        "t" => ".txt",
        "i" => ".png",
        "v" => ".mp4",
        "o" | "f" | "u" => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_links_are_distinguished_from_other_addresses() {
        let found = file("https://a.test/:w:/g/personal/me/Eah_j?e=0H");
        let (address, name) = found.unwrap();
        assert_eq!(address, "https://a.test/personal/me/Documents/Eah_j.docx");
        assert_eq!(name, "Eah_j.docx");
        let (address, _) = file("https://a.test/:x:/s/red/Tok").unwrap();
        assert_eq!(
            address,
            "https://a.test/sites/red/Shared%20Documents/Tok.xlsx"
        );
        for other in [
            "https://a.test/sites/x/y.docx",
            "https://a.test",
            "https://a.test/:w:/g",
            "x",
        ] {
            assert_eq!(file(other), None, "{other}");
        }
    }
}

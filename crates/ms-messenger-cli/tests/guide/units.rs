//! Units of systemd.

use std::{collections::BTreeMap, fs, process::Command};

const PROGRAM: &str = env!("CARGO_BIN_EXE_msm");

/// Checks the syntax, and the sections and members that a unit of its kind needs.
pub(crate) fn assert_is_valid(name: &str, text: &str) {
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut section = "";
    let mut is_continued = false;
    for line in text.lines() {
        let is_head = !is_continued && !line.is_empty() && !line.starts_with('#');
        is_continued = line.ends_with('\\');
        if let Some(head) = line.strip_prefix('[') {
            section = head
                .strip_suffix(']')
                .unwrap_or_else(|| panic!("{name}: {line}"));
            sections.entry(section).or_default();
        } else if is_head {
            let (key, value) = line
                .split_once('=')
                .unwrap_or_else(|| panic!("{name}: {line}"));
            let is_word = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric());
            assert!(
                is_word && !value.is_empty() && !section.is_empty(),
                "{name}: {line}"
            );
            sections.entry(section).or_default().push(key);
        }
    }
    let kind = name.rsplit_once('.').unwrap().1;
    let (own, needed) = match kind {
        "service" => ("Service", "ExecStart"),
        "timer" => ("Timer", "OnCalendar"),
        other => panic!("{name}: no unit ends with {other}"),
    };
    assert!(
        sections
            .get("Unit")
            .is_some_and(|it| it.contains(&"Description")),
        "{name}"
    );
    assert!(
        sections.get(own).is_some_and(|it| it.contains(&needed)),
        "{name}"
    );
}

/// Where systemd is installed, it reads the units, with this program in place of the installed one.
pub(crate) fn verify_with_systemd(units: &[(String, String)]) {
    let is_here = Command::new("systemd-analyze").arg("--version").output();
    if !is_here.is_ok_and(|output| output.status.success()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no", "--recursive-errors=one"]);
    for (name, text) in units {
        let path = folder.path().join(name);
        fs::write(&path, text.replace("/usr/local/bin/msm", PROGRAM)).unwrap();
        // A template is read as one of its instances.
        verify.arg(folder.path().join(name.replace("@.", "@backup.")));
    }
    let output = verify.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

//! What each crate pulls in, counted with `cargo tree`.

use std::{collections::BTreeSet, process::Command};

/// The distinct crates below `package`, itself included, for the machine that runs the test.
fn tree(package: &str, features: &[&str]) -> BTreeSet<String> {
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none"])
        .args([
            "--format",
            "{p}",
            "--package",
            package,
            "--no-default-features",
        ])
        .args(["--features", &features.join(",")]);
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some(format!("{} {}", words.next()?, words.next()?))
        })
        .collect()
}

fn names(tree: &BTreeSet<String>) -> BTreeSet<&str> {
    tree.iter()
        .filter_map(|line| line.split(' ').next())
        .collect()
}

const HTTP_AND_TLS: [&str; 10] = [
    "reqwest",
    "hyper",
    "hyper-util",
    "h2",
    "rustls",
    "native-tls",
    "openssl",
    "aws-lc-rs",
    "ring",
    "tokio-rustls",
];

#[test]
fn core_is_small_and_has_no_http_client() {
    let tree = tree("ms-messenger-core", &[]);
    assert!(tree.len() <= 60, "{}: {tree:#?}", tree.len());
    for name in HTTP_AND_TLS
        .into_iter()
        .chain(["mio", "socket2", "async-std", "smol"])
    {
        assert!(!names(&tree).contains(name), "{name}");
    }
}

#[test]
fn the_facade_without_platforms_has_no_http_client() {
    for features in [
        &[][..],
        &["rustls"],
        &["rustls-ring", "native-tls", "tracing"],
        &["rustls-ring", "events"],
        &["rustls-ring", "connect"],
    ] {
        let tree = tree("ms-messenger", features);
        for name in HTTP_AND_TLS {
            assert!(!names(&tree).contains(name), "{features:?}: {name}");
        }
    }
}

#[test]
fn each_platform_feature_brings_its_crate_and_no_other() {
    let platforms = [
        "acs-messages",
        "acs-chat",
        "msgraph-chat",
        "ucwa",
        "acs-identity",
    ];
    for platform in platforms {
        let tree = tree("ms-messenger", &[platform, "rustls-ring"]);
        for other in platforms {
            assert_eq!(
                names(&tree).contains(other),
                other == platform,
                "{platform}: {other}"
            );
        }
    }
}

/// The providers of cryptography in the tree of `package`.
fn providers(package: &str, features: &[&str]) -> Vec<&'static str> {
    let tree = tree(package, features);
    let names = names(&tree);
    ["aws-lc-rs", "native-tls", "ring"]
        .into_iter()
        .filter(|name| names.contains(name))
        .collect()
}

/// A second provider would make every `rustls::ClientConfig::builder()` of the program panic.
#[test]
fn each_tls_feature_brings_one_provider_of_cryptography() {
    for (feature, brought) in [
        ("rustls", &["aws-lc-rs"][..]),
        ("rustls-ring", &["ring"]),
        ("native-tls", &["native-tls"]),
    ] {
        assert_eq!(providers("ms-messenger", &["full", feature]), brought);
        if feature != "native-tls" {
            assert_eq!(providers("ms-messenger-emulator", &[feature]), brought);
        }
    }
}

/// Events bring cryptography only for tokens and decryption, and no HTTP client even then.
#[test]
fn events_bring_a_provider_of_cryptography_only_when_asked() {
    for (feature, brought) in [
        ("events", &[][..]),
        ("events-jwt", &["aws-lc-rs"]),
        ("events-decryption", &["aws-lc-rs"]),
    ] {
        assert_eq!(providers("ms-messenger", &[feature]), brought);
        let tree = tree("ms-messenger", &[feature]);
        let names = names(&tree);
        assert!(names.contains("ms-messenger-events") && !names.contains("reqwest"));
    }
}

#[test]
fn the_default_is_not_heavier_than_the_light_choice_by_more_than_aws_lc() {
    let light = tree("ms-messenger", &["msgraph-chat", "rustls-ring"]);
    let default = tree("ms-messenger", &["msgraph-chat", "rustls"]);
    let added: Vec<_> = default
        .difference(&light)
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(added, ["aws-lc-rs", "aws-lc-sys"]);
}

/// The thirteenth is `html5gum`, which reads the markup of a message once and without copies.
/// The yardstick is a program with reqwest, rustls, serde_json and tokio; both count themselves.
#[test]
fn the_facade_with_graph_is_hardly_heavier_than_reqwest_alone() {
    let bare = tree("bare-reqwest", &[]);
    let ours = tree("hello-graph", &[]);
    let added: Vec<_> = ours.difference(&bare).collect();
    assert!(
        ours.len() <= bare.len() + 13,
        "{} against {}; added: {added:#?}",
        ours.len(),
        bare.len()
    );
}

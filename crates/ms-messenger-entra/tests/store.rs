//! Sign-ins in files: what is on the disk, who may read it, and what is never touched.
#![cfg(feature = "token-store")]
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::{fs, path::Path};

use ms_messenger_core::{ErrorKind, TokenRequest};
use ms_messenger_entra::{
    Application, FileTokenStore, SignIn, StoreError, StoreFault, StoreKey, TokenStore,
};
use proptest::prelude::*;
use secrecy::ExposeSecret;

const ACCESS: &str = "access-token-hunter2";
const REFRESH: &str = "refresh-token-hunter2";

fn key() -> StoreKey {
    StoreKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
}

/// The sign-in that a token endpoint gives.
fn sign_in() -> SignIn {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut server = mockito::Server::new_async().await;
        server
            .mock("POST", "/contoso.com/oauth2/v2.0/devicecode")
            .with_body(
                r#"{"user_code":"A","device_code":"D","expires_in":900,"interval":5,
                    "verification_uri":"https://microsoft.com/devicelogin"}"#,
            )
            .create_async()
            .await;
        server
            .mock("POST", "/contoso.com/oauth2/v2.0/token")
            .with_body(format!(
                r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{ACCESS}",
                     "refresh_token":"{REFRESH}"}}"#
            ))
            .create_async()
            .await;
        let flow = Application::new("contoso.com", "the-client").with_authority(server.url());
        let flow = flow.device_code(|_| {}).unwrap().with_sleep(|_| async {});
        let scopes = ["https://graph.microsoft.com/ChatMessage.Send"];
        flow.sign_in(&TokenRequest::new(&scopes)).await.unwrap()
    })
}

fn assert_same(left: &SignIn, right: &SignIn) {
    assert_eq!(left.authority, right.authority);
    assert_eq!(left.tenant, right.tenant);
    assert_eq!(left.client_id, right.client_id);
    assert_eq!(left.scopes, right.scopes);
    assert_eq!(left.access_token, right.access_token);
    let milliseconds = |sign_in: &SignIn| {
        let end = sign_in.access_token.expires_at().unwrap();
        [end, sign_in.renewed_at].map(|it| {
            it.duration_since(std::time::UNIX_EPOCH)
                .unwrap()
                .as_millis()
        })
    };
    assert_eq!(milliseconds(left), milliseconds(right));
    let refresh = |sign_in: &SignIn| sign_in.refresh_token.clone().unwrap();
    assert_eq!(
        refresh(left).expose_secret(),
        refresh(right).expose_secret()
    );
}

#[test]
fn what_is_kept_comes_back_and_is_forgotten_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokenStore::new(folder.path().join("deep/er"), key());
    assert!(store.load("bot").unwrap().is_none());
    assert!(
        !folder.path().join("deep").exists(),
        "reading makes nothing"
    );
    let mut sign_in = sign_in();
    store.save("bot", &sign_in).unwrap();
    sign_in.user = Some("alice@contoso.com".to_owned());
    store.save("bot", &sign_in).unwrap();
    let loaded = store.load("bot").unwrap().unwrap();
    assert_same(&loaded, &sign_in);
    assert_eq!(loaded.user, sign_in.user);
    assert!(store.load("other").unwrap().is_none());
    assert!(store.remove("bot").unwrap());
    assert!(!store.remove("bot").unwrap());
    assert!(store.load("bot").unwrap().is_none());
}

/// All that lies in `folder`.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn nothing_is_on_the_disk_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokenStore::with_key_file(folder.path(), folder.path().join("key"));
    store.save("bot", &sign_in()).unwrap();
    let _lock = store.try_lock("bot").unwrap().unwrap();
    let mut files = files(folder.path());
    files.sort();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [".key.lock", "bot.lock", "bot.sign-in", "key"]);
    for (name, bytes) in &files {
        let text = String::from_utf8_lossy(bytes);
        for secret in ["hunter2", "contoso", "the-client", "graph"] {
            assert!(!text.contains(secret), "{name}: {secret}");
        }
    }
    // Two seals of the same have nothing in common but their head.
    let first = fs::read(folder.path().join("bot.sign-in")).unwrap();
    store
        .save("bot", &store.load("bot").unwrap().unwrap())
        .unwrap();
    let second = fs::read(folder.path().join("bot.sign-in")).unwrap();
    assert_eq!(first[..23], *b"ms-messenger sign-in 1\n");
    assert_eq!(first[..23], second[..23]);
    assert_ne!(first[23..47], second[23..47], "a nonce is used once");
}

#[cfg(unix)]
#[test]
fn folder_and_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("state");
    let store = FileTokenStore::with_key_file(&folder, parent.path().join("config/key"));
    store.save("bot", &sign_in()).unwrap();
    store.save("bot", &sign_in()).unwrap();
    let _lock = store.try_lock("bot").unwrap().unwrap();
    for (path, expected) in [
        (folder.clone(), 0o700),
        (folder.join("bot.sign-in"), 0o600),
        (folder.join("bot.lock"), 0o600),
        (folder.join(".key.lock"), 0o600),
        (parent.path().join("config"), 0o700),
        (parent.path().join("config/key"), 0o600),
    ] {
        assert_eq!(mode(&path), expected, "{}", path.display());
    }
}

#[cfg(unix)]
#[test]
fn a_folder_in_place_of_the_key_file_is_called_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokenStore::with_key_file(folder.path(), folder.path());
    for error in [store.load("bot").err(), store.save("bot", &sign_in()).err()] {
        // No advice to change the mode of a folder.
        let error = error.map(|it| it.message().to_owned()).unwrap_or_default();
        assert!(!error.contains("0600"), "{error}");
    }
    let error = store.save("bot", &sign_in()).unwrap_err();
    assert!(error.message().contains("is a folder"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let store = FileTokenStore::with_key_file(folder.path(), &file);
    store.save("bot", &sign_in()).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o660] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let error = store.load("bot").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("mode 0600"), "{error}");
        assert!(error.message().contains("key"), "{error}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_never_touched() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokenStore::new(folder.path(), key());
    store.save("bot", &sign_in()).unwrap();
    let path = store.path("bot").unwrap();
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let mut other_nonce = whole.clone();
    other_nonce[30] ^= 1;
    for (bytes, why) in [
        (Vec::new(), "is not a sign-in of this program"),
        (
            b"my shopping list".to_vec(),
            "is not a sign-in of this program",
        ),
        (
            b"ms-messenger sign-in 2\nxyz".to_vec(),
            "is not a sign-in of this program",
        ),
        (whole[..23].to_vec(), "cannot be decrypted"),
        (whole[..40].to_vec(), "cannot be decrypted"),
        (whole[..whole.len() - 1].to_vec(), "cannot be decrypted"),
        (flipped, "cannot be decrypted"),
        (other_nonce, "cannot be decrypted"),
    ] {
        fs::write(&path, &bytes).unwrap();
        let errors = [
            store.load("bot").unwrap_err(),
            store.save("bot", &sign_in()).unwrap_err(),
            store.remove("bot").unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().contains(why), "{error}");
            assert!(error.message().contains("bot.sign-in"), "{error}");
        }
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    // The file of one name is none of another, and one of another key neither.
    fs::write(&path, &whole).unwrap();
    fs::write(store.path("eve").unwrap(), &whole).unwrap();
    assert!(store.load("eve").is_err());
    let other = FileTokenStore::new(folder.path(), StoreKey::random().unwrap());
    assert!(other.save("bot", &sign_in()).is_err());
    assert_eq!(fs::read(&path).unwrap(), whole);
    assert!(store.load("bot").unwrap().is_some());
}

#[test]
fn a_lost_key_is_said_and_no_new_one_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let store = FileTokenStore::with_key_file(folder.path(), &file);
    store.save("bot", &sign_in()).unwrap();
    fs::remove_file(&file).unwrap();
    for error in [
        store.load("bot").unwrap_err(),
        store.save("bot", &sign_in()).unwrap_err(),
    ] {
        assert!(error.message().contains("has no key"), "{error}");
    }
    assert!(!file.exists());
}

/// What is wrong, as a program reads it.
fn fault(error: &ms_messenger_core::Error) -> StoreFault {
    let source = std::error::Error::source(error).unwrap();
    source.downcast_ref::<StoreError>().unwrap().fault
}

#[test]
fn a_damaged_sign_in_is_set_aside_and_none_of_it_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokenStore::new(folder.path(), key());
    assert!(store.set_aside("bot").unwrap().is_empty());
    store.save("bot", &sign_in()).unwrap();
    let path = store.path("bot").unwrap();
    for (number, bytes, expected) in [
        (1, b"my shopping list".to_vec(), StoreFault::Foreign),
        (
            2,
            fs::read(&path).unwrap()[..60].to_vec(),
            StoreFault::Damaged,
        ),
        (3, Vec::new(), StoreFault::Foreign),
    ] {
        fs::write(&path, &bytes).unwrap();
        let error = store.load("bot").unwrap_err();
        assert_eq!(fault(&error), expected);
        assert!(error.message().contains("set it aside"), "{error}");
        let aside = format!("{}.aside-{number}", path.display());
        assert_eq!(store.set_aside("bot").unwrap(), [aside.as_str()]);
        assert_eq!(fs::read(&aside).unwrap(), bytes);
        assert!(store.load("bot").unwrap().is_none());
        store.save("bot", &sign_in()).unwrap();
        assert!(store.load("bot").unwrap().is_some());
    }
}

#[test]
fn a_lost_key_can_be_got_over_and_the_old_sign_in_opens_again_when_it_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let store = FileTokenStore::with_key_file(folder.path(), &file);
    store.save("bot", &sign_in()).unwrap();
    let lost = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    assert_eq!(fault(&store.load("bot").unwrap_err()), StoreFault::KeyLost);
    let aside = store.set_aside("bot").unwrap();
    store.save("bot", &sign_in()).unwrap();
    assert!(store.load("bot").unwrap().is_some());
    let other = tempfile::tempdir().unwrap();
    let found = FileTokenStore::new(other.path(), StoreKey::parse(&lost).unwrap());
    fs::copy(&aside[0], found.path("bot").unwrap()).unwrap();
    assert!(found.load("bot").unwrap().is_some());
}

#[test]
fn a_damaged_key_is_set_aside_with_the_sign_in() {
    for damage in [&b"hunter2"[..], b"", b"\xff\xfe"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let store = FileTokenStore::with_key_file(folder.path(), &file);
        store.save("bot", &sign_in()).unwrap();
        fs::write(&file, damage).unwrap();
        let error = store.save("bot", &sign_in()).unwrap_err();
        assert_eq!(fault(&error), StoreFault::KeyDamaged);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        let places = store.set_aside("bot").unwrap();
        assert_eq!(places.len(), 2, "{places:?}");
        assert_eq!(fs::read(&places[1]).unwrap(), damage);
        store.save("bot", &sign_in()).unwrap();
        assert!(store.load("bot").unwrap().is_some());
    }
}

#[test]
fn a_sign_in_that_could_never_be_read_again_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokenStore::new(folder.path(), key());
    store.save("bot", &sign_in()).unwrap();
    let mut huge = sign_in();
    huge.refresh_token = Some("r".repeat(1 << 20).into());
    let error = store.save("bot", &huge).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("1 MiB"), "{error}");
    let kept = store.load("bot").unwrap().unwrap();
    assert_eq!(kept.refresh_token.unwrap().expose_secret(), REFRESH);
    // The longest that fits comes back.
    huge.refresh_token = Some("r".repeat((1 << 20) - 2000).into());
    store.save("bot", &huge).unwrap();
    assert!(store.load("bot").unwrap().is_some());
}

#[test]
fn names_lead_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokenStore::new(folder.path(), key());
    let long = "a".repeat(65);
    for name in [
        "", ".", "..", ".bot", "-x", "a/b", "../x", "a\\b", "a b", "a\0", "ä", &long,
    ] {
        let errors = [
            store.load(name).unwrap_err(),
            store.remove(name).unwrap_err(),
            store.try_lock(name).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Config, "{name:?}");
            assert!(
                error.message().starts_with("name of the sign-in"),
                "{error}"
            );
        }
    }
    assert!(files(folder.path()).is_empty());
}

#[test]
fn a_lock_is_shared_by_all_stores_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let one = FileTokenStore::new(folder.path(), key());
    let two = FileTokenStore::new(folder.path(), key());
    let lock = one.try_lock("bot").unwrap().unwrap();
    assert!(one.try_lock("bot").unwrap().is_none());
    assert!(two.try_lock("bot").unwrap().is_none());
    assert!(two.try_lock("other").unwrap().is_some());
    // Reading and writing need no lock.
    two.save("bot", &sign_in()).unwrap();
    drop(lock);
    assert!(two.try_lock("bot").unwrap().is_some());
}

#[test]
fn keys_are_32_bytes_in_base64_and_never_shown() {
    let key = StoreKey::random().unwrap();
    let text = key.to_base64();
    let again = StoreKey::parse(&format!(" {}\n", text.expose_secret())).unwrap();
    assert_eq!(again.to_base64().expose_secret(), text.expose_secret());
    assert!(!format!("{key:?}").contains(text.expose_secret()));
    let secret = "c2VjcmV0";
    for bad in ["", secret, "no base64 at all!", &secret.repeat(10)] {
        let error = StoreKey::parse(bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error:?}").contains(secret), "{error:?}");
    }
}

proptest! {
    #[test]
    fn hostile_files_give_an_error(tail in prop::collection::vec(any::<u8>(), 0..200), known in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(folder.path(), key());
        let head: &[u8] = if known { b"ms-messenger sign-in 1\n" } else { b"" };
        fs::write(store.path("bot").unwrap(), [head, &tail].concat()).unwrap();
        prop_assert!(store.load("bot").is_err());
    }
}

#[cfg(feature = "keyring")]
mod in_keyring {
    use keyring_core::mock;
    use ms_messenger_entra::KeyringTokenStore;

    use super::*;

    fn entry(store: &std::sync::Arc<mock::Store>) -> keyring::Entry {
        use keyring_core::api::CredentialStoreApi as _;
        let inner = store.build("ms-messenger-test", "key", None).unwrap();
        keyring::Entry { inner }
    }

    #[test]
    fn the_key_is_in_the_keyring_and_nowhere_else() {
        let keyring = mock::Store::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = KeyringTokenStore::with_entry(entry(&keyring), folder.path());
        assert!(store.load("bot").unwrap().is_none());
        assert!(
            entry(&keyring).get_password().is_err(),
            "reading makes no key"
        );
        store.save("bot", &sign_in()).unwrap();
        let other = KeyringTokenStore::with_entry(entry(&keyring), folder.path());
        assert_same(
            &other.load("bot").unwrap().unwrap(),
            &store.load("bot").unwrap().unwrap(),
        );
        let key = entry(&keyring).get_password().unwrap();
        StoreKey::parse(&key).unwrap();
        for (name, bytes) in files(folder.path()) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(&key) && !text.contains("hunter2"), "{name}");
        }
        assert!(other.remove("bot").unwrap());
        assert!(!format!("{store:?}").contains(&key));
    }

    #[test]
    fn a_keyring_that_fails_is_a_clear_error_without_its_content() {
        let keyring = mock::Store::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = KeyringTokenStore::with_entry(entry(&keyring), folder.path());
        store.save("bot", &sign_in()).unwrap();
        entry(&keyring).set_password("hunter2").unwrap();
        let error = store.load("bot").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error:?}").contains("hunter2"));
        entry(&keyring).delete_credential().unwrap();
        let error = store.save("bot", &sign_in()).unwrap_err();
        assert!(error.message().contains("has no key"), "{error}");
    }
}

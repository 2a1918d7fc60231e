//! A user with a home folder of their own, for tests of sign-ins.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ms_messenger_emulator::{Emulator, EntraApprover, FaultAction, FaultRule, Faults, Platform};
use tempfile::TempDir;

use crate::support::{Environment, Ran, channel, http, run};

/// Returns the variable that asks for the key in a file of this home, where it is without the feature
/// `keyring`: the machine of a test need not have a keyring.
pub(crate) fn key_file(home: &Path) -> Option<(&'static str, String)> {
    let key = home.join(".config/msm/store.key").display().to_string();
    cfg!(feature = "keyring").then_some(("MSM_STORE_KEY_FILE", key))
}

/// A user with an empty home, and the emulator that they use.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) emulator: Emulator,
}

impl Home {
    pub(crate) fn new(lifetime: u32) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let emulator = Emulator::builder()
            .with_entra_approver(EntraApprover::AtOnce)
            .with_device_interval(0)
            .with_token_lifetime(lifetime);
        Self {
            folder: tempfile::tempdir().unwrap(),
            emulator: runtime.unwrap().block_on(emulator.start()).unwrap(),
        }
    }

    pub(crate) fn environment(&self) -> Environment {
        let world = self.emulator.seed();
        let mut environment = vec![
            ("HOME", self.folder.path().display().to_string()),
            ("AZURE_CLIENT_ID", world.entra.public_client_id.clone()),
            ("AZURE_TENANT_ID", world.entra.tenant.clone()),
            ("AZURE_AUTHORITY_HOST", world.entra.authority.clone()),
            ("MSGRAPH_BASE_URL", world.graph.base.clone()),
        ];
        environment.extend(key_file(self.folder.path()));
        environment
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        run(words, &self.environment(), "")
    }

    pub(crate) fn send(&self) -> Ran {
        let channel = channel(self.emulator.seed());
        self.run(&["send", "--to", &channel, "--text", "hello"])
    }

    /// Returns the number of requests to Entra ID.
    pub(crate) fn entra_requests(&self) -> u64 {
        self.emulator.stats()["platforms"]["entra"]["requests"]
            .as_u64()
            .unwrap_or_else(|| panic!("{}", self.emulator.stats()))
    }

    /// The next send finds its token expired.
    pub(crate) fn end_tokens(&self) {
        let rule = FaultRule::new(FaultAction::TokenExpiry).with_times(1);
        let rule = rule.with_platform(Platform::MSGRAPH_CHAT);
        self.emulator.set_faults(Faults::new().with_rule(rule));
    }

    pub(crate) fn revoke(&self) {
        let url = format!("{}/_emulator/entra/revoke", self.emulator.http_url());
        let (status, _, body) = http("POST", &url, r#"{"all":true}"#);
        assert_eq!(status, 200, "{body}");
    }

    pub(crate) fn sign_in(&self) -> PathBuf {
        let state = self.folder.path().join(".local/state/msm");
        state.join("default.sign-in")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join(".config/msm/store.key")
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, files);
                } else {
                    files.push(path);
                }
            }
        }
        let mut files = Vec::new();
        walk(self.folder.path(), &mut files);
        files.sort();
        files
    }
}

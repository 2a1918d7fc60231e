//! Options of `msm login`, `msm logout` and `msm whoami`.

use std::time::Duration;

use clap::Args;

use super::values::duration;
use crate::{profile::StoreArgs, text::examples::LOGIN};

#[derive(Args, Debug, Default)]
#[command(
    after_help = format!("{LOGIN}\nThe application needs the permissions as delegated ones. For a device code it \
        must allow public client flows; for --browser it needs the redirect URI http://localhost. \
        The sign-in is encrypted before it is written to the disk.")
)]
pub(crate) struct LoginArgs {
    /// Client id of your registered application [env: AZURE_CLIENT_ID]
    #[arg(long, value_name = "GUID")]
    pub(crate) client_id: Option<String>,
    /// Tenant, a GUID or a domain; by default any organization [env: AZURE_TENANT_ID]
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
    /// Authority to sign in at, instead of that of the cloud [env: AZURE_AUTHORITY_HOST]
    #[arg(long, value_name = "URL")]
    pub(crate) authority: Option<String>,
    /// National cloud: global, us-gov-l4, us-gov-l5, china [env: MSGRAPH_CLOUD]
    #[arg(long, value_name = "CLOUD")]
    pub(crate) msgraph_cloud: Option<String>,
    /// Permission to request, e.g. Chat.Read; can be repeated; by default those that sending needs, also by names
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// Sign in with the browser of this machine, within 10 minutes; by default with a code on any device
    #[arg(long)]
    pub(crate) browser: bool,
    /// Sign in at an emulator, which needs no application and no wait; by default at the address in MSM_EMULATOR, else http://127.0.0.1:8410
    #[arg(long, value_name = "URL", num_args = 0..=1, conflicts_with_all = ["authority", "browser"])]
    pub(crate) emulator: Option<Option<String>>,
    /// Replace a sign-in of another authority with the same name
    #[arg(long)]
    pub(crate) replace: bool,
    /// Rename a sign-in of this name that cannot be read, then sign in
    #[arg(long)]
    pub(crate) set_aside: bool,
    /// Time-out of one request, e.g. 30s; by default 100s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print one line of JSON, also for errors
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  msm logout\n  msm logout --profile test\n\n\
        Entra ID is not contacted: tokens stay valid until they expire or are revoked there."
)]
pub(crate) struct LogoutArgs {
    /// Rename the sign-in if it cannot be read
    #[arg(long)]
    pub(crate) set_aside: bool,
    /// Print one line of JSON, also for errors
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  msm whoami\n  msm whoami --json")]
pub(crate) struct WhoamiArgs {
    /// Print one line of JSON, also for errors
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

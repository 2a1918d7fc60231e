//! The national clouds. Source: Graph, "National cloud deployments".

use std::{fmt, str::FromStr};

use ms_messenger_core::{Error, ErrorKind};

/// A national cloud: the addresses of Graph and of its sign-in. Tokens are not interchangeable
/// between clouds.
///
/// Documents of Microsoft contradict each other on whether Teams is served in
/// [`Cloud::CHINA`]; that is left to the caller. Germany was closed in 2021.
///
/// ```
/// use msgraph_chat::Cloud;
///
/// let cloud: Cloud = "us-gov-l4".parse()?;
/// assert_eq!(cloud.graph_root, "https://graph.microsoft.us");
/// assert_eq!(cloud.to_string(), "us-gov-l4");
/// # Ok::<_, ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cloud {
    /// The name: `global`, `us-gov-l4`, `us-gov-l5` or `china`.
    pub name: &'static str,
    /// The root of Graph, without a version.
    pub graph_root: &'static str,
    /// The authority for sign-in.
    pub login_authority: &'static str,
    /// The scope for all permissions that were granted, as a token request takes it.
    pub scopes: &'static [&'static str],
}

impl Cloud {
    /// The global cloud, GCC included.
    pub const GLOBAL: Self = Self {
        name: "global",
        graph_root: "https://graph.microsoft.com",
        login_authority: "https://login.microsoftonline.com",
        scopes: &["https://graph.microsoft.com/.default"],
    };
    /// US Government L4 (GCC High).
    pub const US_GOV_L4: Self = Self {
        name: "us-gov-l4",
        graph_root: "https://graph.microsoft.us",
        login_authority: "https://login.microsoftonline.us",
        scopes: &["https://graph.microsoft.us/.default"],
    };
    /// US Government L5 (DoD).
    pub const US_GOV_L5: Self = Self {
        name: "us-gov-l5",
        graph_root: "https://dod-graph.microsoft.us",
        login_authority: "https://login.microsoftonline.us",
        scopes: &["https://dod-graph.microsoft.us/.default"],
    };
    /// China, operated by 21Vianet.
    pub const CHINA: Self = Self {
        name: "china",
        graph_root: "https://microsoftgraph.chinacloudapi.cn",
        login_authority: "https://login.partner.microsoftonline.cn",
        scopes: &["https://microsoftgraph.chinacloudapi.cn/.default"],
    };
    /// Every cloud.
    pub const ALL: &'static [Self] = &[Self::GLOBAL, Self::US_GOV_L4, Self::US_GOV_L5, Self::CHINA];
}

/// Writes the name.
impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Reads the name. Any other is `Config`.
impl FromStr for Cloud {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let mut clouds = Self::ALL.iter();
        let cloud = clouds.find(|cloud| cloud.name == name).copied();
        cloud.ok_or_else(|| {
            let rule = "must be global, us-gov-l4, us-gov-l5 or china";
            Error::new(ErrorKind::Config, rule)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cloud_is_read_by_its_name_and_has_the_scope_of_its_own_root() {
        for cloud in Cloud::ALL {
            assert_eq!(cloud.name.parse::<Cloud>().unwrap(), *cloud);
            assert_eq!(cloud.scopes, [format!("{}/.default", cloud.graph_root)]);
        }
        let error = "Germany".parse::<Cloud>().unwrap_err();
        for cloud in Cloud::ALL {
            assert!(error.message().contains(cloud.name), "{error}");
        }
    }
}

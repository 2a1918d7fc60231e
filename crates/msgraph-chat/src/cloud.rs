//! The national clouds. Source: Graph, "National cloud deployments".

/// A national cloud: where Graph and its sign-in are. Tokens are not interchangeable between
/// clouds.
///
/// Documents of Microsoft contradict each other on whether Teams is served in
/// [`Cloud::CHINA`]; that is left to the caller. Germany was closed in 2021.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cloud {
    /// The root of Graph, without a version.
    pub graph_root: &'static str,
    /// The authority for sign-in.
    pub login_authority: &'static str,
    /// The scope that stands for all permissions that were granted.
    pub default_scope: &'static str,
}

impl Cloud {
    /// The global cloud, GCC included.
    pub const GLOBAL: Self = Self {
        graph_root: "https://graph.microsoft.com",
        login_authority: "https://login.microsoftonline.com",
        default_scope: "https://graph.microsoft.com/.default",
    };
    /// US Government L4 (GCC High).
    pub const US_GOV_L4: Self = Self {
        graph_root: "https://graph.microsoft.us",
        login_authority: "https://login.microsoftonline.us",
        default_scope: "https://graph.microsoft.us/.default",
    };
    /// US Government L5 (DoD).
    pub const US_GOV_L5: Self = Self {
        graph_root: "https://dod-graph.microsoft.us",
        login_authority: "https://login.microsoftonline.us",
        default_scope: "https://dod-graph.microsoft.us/.default",
    };
    /// China, operated by 21Vianet.
    pub const CHINA: Self = Self {
        graph_root: "https://microsoftgraph.chinacloudapi.cn",
        login_authority: "https://login.partner.microsoftonline.cn",
        default_scope: "https://microsoftgraph.chinacloudapi.cn/.default",
    };

    pub(crate) fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::US_GOV_L4 => &["https://graph.microsoft.us/.default"],
            Self::US_GOV_L5 => &["https://dod-graph.microsoft.us/.default"],
            Self::CHINA => &["https://microsoftgraph.chinacloudapi.cn/.default"],
            _ => &["https://graph.microsoft.com/.default"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_of_a_cloud_is_that_of_its_own_root() {
        for cloud in [
            Cloud::GLOBAL,
            Cloud::US_GOV_L4,
            Cloud::US_GOV_L5,
            Cloud::CHINA,
        ] {
            assert_eq!(
                cloud.default_scope,
                format!("{}/.default", cloud.graph_root)
            );
            assert_eq!(cloud.scopes(), [cloud.default_scope]);
        }
    }
}

//! Refusals by which a tenant says that this way of signing in is forbidden.

/// A rule of the tenant that stops a sign-in whatever the user does the same way again. Source:
/// "Microsoft Entra authentication & authorization error codes".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignInPolicy {
    /// Conditional Access blocks it: 53003, 530034, 530035, 530036. Often it blocks sign-in by
    /// code as such.
    ConditionalAccess,
    /// The device must be compliant, joined to the domain, or known: 50097, 50129, 50131, 53000,
    /// 53001, 530001, 530002, 530003, 530021.
    Device,
    /// The application must be one that protects the data: 53002, 53009.
    ApprovedApplication,
    /// The user must prove or register something where the tenant allows it: 53004, 53010,
    /// 53011.
    Registration,
    /// The user has not been assigned to the application: 50105.
    Assignment,
    /// An administrator must consent to the application first: 90093, 90094, 90095.
    AdminConsent,
    /// Sign-in with a second factor is required, which only an interactive sign-in has: 50076,
    /// 50079, 50158.
    Interaction,
}

impl SignInPolicy {
    pub(super) fn of(code: u64) -> Option<Self> {
        Some(match code {
            53_003 | 530_034 | 530_035 | 530_036 => Self::ConditionalAccess,
            50_097 | 50_129 | 50_131 | 53_000 | 53_001 | 530_001 | 530_002 | 530_003 | 530_021 => {
                Self::Device
            }
            53_002 | 53_009 => Self::ApprovedApplication,
            53_004 | 53_010 | 53_011 => Self::Registration,
            50_105 => Self::Assignment,
            90_093 | 90_094 | 90_095 => Self::AdminConsent,
            50_076 | 50_079 | 50_158 => Self::Interaction,
            _ => return None,
        })
    }

    /// Whether signing in again, interactively, is what helps.
    pub(crate) fn wants_interaction(self) -> bool {
        self == Self::Interaction
    }

    /// What is wrong and what to do, for people.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::ConditionalAccess => {
                "the policy of the tenant forbids this way of signing in: sign in another way, \
                 such as with the browser of a device that the tenant manages, or ask an \
                 administrator"
            }
            Self::Device => {
                "the policy of the tenant asks for a device that it manages or knows: sign in \
                 with the browser of such a device, or ask an administrator"
            }
            Self::ApprovedApplication => {
                "the policy of the tenant allows approved applications alone: ask an \
                 administrator to allow this one"
            }
            Self::Registration => {
                "the policy of the tenant asks the user to register or prove more first: do so \
                 in the browser, or ask an administrator"
            }
            Self::Assignment => {
                "the user is not assigned to the application: ask an administrator to assign them"
            }
            Self::AdminConsent => {
                "an administrator of the tenant must consent to the application first: ask one"
            }
            Self::Interaction => {
                "the policy of the tenant asks for another factor: sign in interactively, such as \
                 with the browser"
            }
        }
    }
}

/// The number in `AADSTS53003: …`, for responses without a list of them.
pub(super) fn code_in(description: &str) -> Option<u64> {
    let (_, rest) = description.split_once("AADSTS")?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

//! Rejections by a policy of the tenant.

/// A policy of the tenant by which a sign-in fails, however often it is attempted in the same way.
///
/// It is advice for display and never decides whether a request is retried: the service may
/// change its numbers at any time. Sources: "Microsoft Entra authentication and authorization
/// error codes"; for 530036 "Block authentication flows with Conditional Access policy"; 50131 and
/// those of six digits otherwise as the sign-in page names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignInPolicy {
    /// Conditional Access or the security defaults block it: 50131, 53003, 530032, 530035, 530036.
    /// Often every sign-in by code is blocked.
    ConditionalAccess,
    /// The device must be compliant, joined to the domain, or known: 50005, 50097, 50129, 50155,
    /// 50187, 53000, 53001, 530001, 530002, 530003.
    Device,
    /// The application must be one that protects the data: 50127, 53002, 53009, 530021.
    ApprovedApplication,
    /// The user must register security information where the tenant allows it: 53004, 53010.
    Registration,
    /// The account is considered at risk: 53011, 530034.
    Risk,
    /// The user has not been assigned to the application: 50105.
    Assignment,
    /// An administrator must consent to the application first: 90094, 90095.
    AdminConsent,
    /// One of the tenants involved does not allow access from or to the other: 500021, 500022,
    /// 500212, 500213.
    TenantAccess,
    /// Sign-in with a second factor is required, which only an interactive sign-in has: 50072,
    /// 50074, 50076, 50078, 50079, 50158.
    Interaction,
}

impl SignInPolicy {
    pub(super) fn of(code: u64) -> Option<Self> {
        Some(match code {
            50_131 | 53_003 | 530_032 | 530_035 | 530_036 => Self::ConditionalAccess,
            50_005 | 50_097 | 50_129 | 50_155 | 50_187 | 53_000 | 53_001 | 530_001..=530_003 => {
                Self::Device
            }
            50_127 | 53_002 | 53_009 | 530_021 => Self::ApprovedApplication,
            53_004 | 53_010 => Self::Registration,
            53_011 | 530_034 => Self::Risk,
            50_105 => Self::Assignment,
            90_094 | 90_095 => Self::AdminConsent,
            500_021 | 500_022 | 500_212 | 500_213 => Self::TenantAccess,
            50_072 | 50_074 | 50_076 | 50_078 | 50_079 | 50_158 => Self::Interaction,
            _ => return None,
        })
    }

    /// Whether an interactive sign-in satisfies the policy.
    pub(crate) fn wants_interaction(self) -> bool {
        self == Self::Interaction
    }

    /// What is wrong and what to do.
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
                "the policy of the tenant allows only approved applications: ask an \
                 administrator to allow this one"
            }
            Self::Registration => {
                "the policy of the tenant asks the user to register security information first: \
                 do so in the browser, or ask an administrator"
            }
            Self::Risk => "the account is considered at risk: ask an administrator to look into it",
            Self::TenantAccess => {
                "the policy of a tenant forbids access from or to the other one: ask an \
                 administrator of both"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_policy_that_the_documentation_gives_it() {
        for (codes, policy) in [
            (
                &[50_131, 53_003, 530_032, 530_035, 530_036][..],
                SignInPolicy::ConditionalAccess,
            ),
            (
                &[50_005, 50_097, 50_155, 53_000, 53_001, 530_003],
                SignInPolicy::Device,
            ),
            (&[53_002, 530_021], SignInPolicy::ApprovedApplication),
            (&[53_004, 53_010], SignInPolicy::Registration),
            (&[53_011, 530_034], SignInPolicy::Risk),
            (&[90_094, 90_095], SignInPolicy::AdminConsent),
            (&[500_021, 500_213], SignInPolicy::TenantAccess),
            (&[50_074, 50_076, 50_079, 50_158], SignInPolicy::Interaction),
        ] {
            for code in codes {
                assert_eq!(SignInPolicy::of(*code), Some(policy), "{code}");
            }
        }
        // A wrong password, a revoked grant, a failure of Graph: no policy.
        for code in [50_126, 50_173, 70_008, 90_093, 0, u64::MAX] {
            assert_eq!(SignInPolicy::of(code), None, "{code}");
        }
    }

    #[test]
    fn the_number_is_found_in_the_text_or_there_is_none() {
        assert_eq!(code_in("x AADSTS53003: blocked"), Some(53_003));
        assert_eq!(code_in("AADSTS53003"), Some(53_003));
        for text in [
            "",
            "AADSTS",
            "AADSTS: 1",
            "AADSTS99999999999999999999999: x",
        ] {
            assert_eq!(code_in(text), None, "{text}");
        }
    }
}

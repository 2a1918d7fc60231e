//! The operations of ACS Identity: what each is, and whether it may be repeated.

use ms_messenger_http::{Method, Operation};

/// A lost token does no harm.
const ANOTHER: &str = "a token may have been issued, which expires unused: the call can be made \
                       again";

pub(crate) static IDENTITY_CREATE: Operation = Operation::once(
    Method::POST,
    "identity.create",
    "/identities",
    "each call creates a user",
)
.with_function("AcsIdentityClient::create_user")
.with_doubt("a user may exist whose id is lost; another one can be created");

pub(crate) static IDENTITY_DELETE: Operation = Operation::repeatable(
    Method::DELETE,
    "identity.delete",
    "/identities/{id}",
    "a deleted user stays deleted",
)
.with_function("AcsIdentityClient::delete_user");

pub(crate) static TOKEN_ISSUE: Operation = Operation::once(
    Method::POST,
    "token.issue",
    "/identities/{id}/:issueAccessToken",
    "each call issues a token",
)
.with_function("AcsIdentityClient::issue_token")
.with_doubt(ANOTHER);

pub(crate) static TOKEN_REVOKE: Operation = Operation::repeatable(
    Method::POST,
    "token.revoke",
    "/identities/{id}/:revokeAccessTokens",
    "revoked tokens stay revoked",
)
.with_function("AcsIdentityClient::revoke_tokens");

pub(crate) static TOKEN_EXCHANGE: Operation = Operation::once(
    Method::POST,
    "token.exchange",
    "/teamsUser/:exchangeAccessToken",
    "each call issues a token",
)
.with_function("AcsIdentityClient::exchange_teams_user_token")
.with_doubt(ANOTHER);

pub(crate) static TOKEN_EXCHANGE_ENTRA: Operation = Operation::once(
    Method::POST,
    "token.exchange_entra",
    "/access/entra/:exchangeAccessToken",
    "each call issues a token",
)
.with_permission(ENTRA_SCOPES[0])
.with_function("EntraUser::exchange_token")
.with_doubt(ANOTHER);

pub(crate) static TOKEN_EXCHANGE_TEAMS_PHONE: Operation = Operation::once(
    Method::POST,
    "token.exchange_teams_phone",
    "/access/teamsExtension/:exchangeAccessToken",
    "each call issues a token",
)
.with_permission(TEAMS_PHONE_SCOPES[0])
.with_function("EntraUser::exchange_teams_phone_token")
.with_doubt(ANOTHER);

pub(crate) static ASSIGNMENT_GET: Operation = Operation::read(
    "assignment.get",
    "/access/teamsExtension/tenants/{tenantId}/assignments/{objectId}",
)
.with_function("AcsIdentityClient::teams_phone_assignment");

pub(crate) static ASSIGNMENT_PUT: Operation = Operation::repeatable(
    Method::PUT,
    "assignment.put",
    "/access/teamsExtension/tenants/{tenantId}/assignments/{objectId}",
    "it sets the whole assignment",
)
.with_function("AcsIdentityClient::put_teams_phone_assignment");

pub(crate) static ASSIGNMENT_DELETE: Operation = Operation::repeatable(
    Method::DELETE,
    "assignment.delete",
    "/access/teamsExtension/tenants/{tenantId}/assignments/{objectId}",
    "a deleted assignment stays deleted",
)
.with_function("AcsIdentityClient::delete_teams_phone_assignment");

/// The scopes of the Entra token that is exchanged for one of an ACS user.
pub(crate) const ENTRA_SCOPES: &[&str] = &["https://communication.azure.com/clients/.default"];
/// The scopes of the Entra token that is exchanged for one of Teams Phone.
pub(crate) const TEAMS_PHONE_SCOPES: &[&str] =
    &["https://auth.msft.communication.azure.com/.default"];

/// Every operation of this client.
///
/// ```
/// use acs_identity::OPERATIONS;
///
/// let create = OPERATIONS.iter().find(|it| it.name() == "identity.create");
/// assert!(create.is_some_and(|it| !it.is_repeatable()));
/// ```
pub static OPERATIONS: &[&Operation] = &[
    &IDENTITY_CREATE,
    &IDENTITY_DELETE,
    &TOKEN_ISSUE,
    &TOKEN_REVOKE,
    &TOKEN_EXCHANGE,
    &TOKEN_EXCHANGE_ENTRA,
    &TOKEN_EXCHANGE_TEAMS_PHONE,
    &ASSIGNMENT_GET,
    &ASSIGNMENT_PUT,
    &ASSIGNMENT_DELETE,
];

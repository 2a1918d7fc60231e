//! Assignments of Teams Phone to the resource.

use ms_messenger_core::{ErrorKind, Problems, Result, open_enum};
use ms_messenger_http::{Call, Operation, Response, check_id, encode_path_segment};
use serde::{Deserialize, Serialize};

use crate::{
    AcsIdentityClient,
    error::PLATFORM,
    operations::{ASSIGNMENT_DELETE, ASSIGNMENT_GET, ASSIGNMENT_PUT},
};

/// The first version that has assignments.
const VERSION: &str = "2025-06-30";

open_enum! {
    /// What an assignment is for.
    pub enum PrincipalType {
        /// A user of the tenant.
        User = "user",
        /// A resource account of the tenant.
        ResourceAccount = "resourceAccount",
    }
}

/// Permits a user or resource account of a tenant to use Teams Phone over the resource.
///
/// ```
/// use acs_identity::{PrincipalType, TeamsPhoneAssignment};
///
/// let assignment = TeamsPhoneAssignment::new("tenant", "object", PrincipalType::User)
///     .with_client_id("1fd5118e-2576-4263-8130-9503064c837a");
/// assert_eq!(assignment.client_ids.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TeamsPhoneAssignment {
    /// The id of the tenant.
    pub tenant_id: String,
    /// The object id of the user or resource account.
    pub object_id: String,
    /// Which of them it is.
    pub principal_type: PrincipalType,
    /// The applications that it may use.
    pub client_ids: Vec<String>,
}

impl TeamsPhoneAssignment {
    /// An assignment of `object_id` of the tenant `tenant_id`, without applications.
    pub fn new(
        tenant_id: impl Into<String>,
        object_id: impl Into<String>,
        principal_type: PrincipalType,
    ) -> Self {
        Self {
            tenant_id: tenant_id.into(),
            object_id: object_id.into(),
            principal_type,
            client_ids: Vec::new(),
        }
    }

    /// Adds an application that it may use.
    #[must_use]
    pub fn with_client_id(mut self, id: impl Into<String>) -> Self {
        self.client_ids.push(id.into());
        self
    }
}

/// An assignment as JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    principal_type: PrincipalType,
    #[serde(default)]
    client_ids: Option<Vec<String>>,
}

impl AcsIdentityClient {
    /// Returns the assignment of an object of a tenant:
    /// `GET /access/teamsExtension/tenants/{tenant}/assignments/{object}`. Since 2025-06-30.
    ///
    /// # Errors
    ///
    /// `Unsupported` before any I/O in an earlier version, `InvalidRequest` for an empty id;
    /// `NotFound` when there is none, and the other errors of the service.
    pub async fn teams_phone_assignment(
        &self,
        tenant_id: &str,
        object_id: &str,
    ) -> Result<TeamsPhoneAssignment> {
        let call = self.assignment_call(&ASSIGNMENT_GET, tenant_id, object_id, &[])?;
        let wire: Wire = self.call(call, 200).await?.json()?;
        Ok(TeamsPhoneAssignment {
            tenant_id: tenant_id.to_owned(),
            object_id: object_id.to_owned(),
            principal_type: wire.principal_type,
            client_ids: wire.client_ids.unwrap_or_default(),
        })
    }

    /// Creates or replaces an assignment:
    /// `PUT /access/teamsExtension/tenants/{tenant}/assignments/{object}`. Since 2025-06-30.
    ///
    /// The call is retried like a read: it sets the whole assignment.
    ///
    /// ```
    /// use acs_identity::{AcsIdentityBuilder, PrincipalType, TeamsPhoneAssignment};
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let string = &emulator.seed().acs.connection_string;
    /// let identity = AcsIdentityBuilder::from_connection_string(string)?.build()?;
    ///
    /// let assignment = TeamsPhoneAssignment::new("tenant", "object", PrincipalType::User);
    /// identity.put_teams_phone_assignment(&assignment).await?;
    /// assert_eq!(identity.teams_phone_assignment("tenant", "object").await?, assignment);
    /// identity.delete_teams_phone_assignment("tenant", "object").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`teams_phone_assignment`](Self::teams_phone_assignment).
    pub async fn put_teams_phone_assignment(
        &self,
        assignment: &TeamsPhoneAssignment,
    ) -> Result<()> {
        let clients = &assignment.client_ids;
        let (tenant_id, object_id) = (&assignment.tenant_id, &assignment.object_id);
        let call = self.assignment_call(&ASSIGNMENT_PUT, tenant_id, object_id, clients)?;
        let call = call.with_json(&Wire {
            principal_type: assignment.principal_type.clone(),
            client_ids: Some(clients.clone()),
        })?;
        let response: Response = self.pipeline().call(call).await?;
        match response.status() {
            200 => Ok(()),
            _ => response.expect_status(201),
        }
    }

    /// Deletes an assignment:
    /// `DELETE /access/teamsExtension/tenants/{tenant}/assignments/{object}`. Since 2025-06-30.
    ///
    /// The call is retried like a read. `NotFound` after more than one attempt
    /// ([`Error::attempts`](ms_messenger_core::Error::attempts)) can mean that an earlier one
    /// deleted it.
    ///
    /// # Errors
    ///
    /// As [`teams_phone_assignment`](Self::teams_phone_assignment).
    pub async fn delete_teams_phone_assignment(
        &self,
        tenant_id: &str,
        object_id: &str,
    ) -> Result<()> {
        let call = self.assignment_call(&ASSIGNMENT_DELETE, tenant_id, object_id, &[])?;
        self.call(call, 204).await.map(drop)
    }

    fn assignment_call(
        &self,
        operation: &'static Operation,
        tenant_id: &str,
        object_id: &str,
        client_ids: &[String],
    ) -> Result<Call> {
        let mut problems = Problems::for_platform(PLATFORM);
        check_id(tenant_id, "tenant_id", &mut problems);
        check_id(object_id, "object_id", &mut problems);
        for (i, id) in client_ids.iter().enumerate() {
            check_id(id, &format!("client_ids[{i}]"), &mut problems);
        }
        problems.into_result(ErrorKind::InvalidRequest)?;
        self.check_since(VERSION)?;
        let path = format!(
            "/access/teamsExtension/tenants/{}/assignments/{}",
            encode_path_segment(tenant_id),
            encode_path_segment(object_id)
        );
        Ok(Call::of(operation, self.path(&path)))
    }
}

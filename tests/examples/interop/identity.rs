//! ACS Identity.

use ms_messenger::acs_identity::{AcsIdentityBuilder, TokenOptions};
use serde_json::{Value, json};

use crate::fields::{Fields, Result, unknown};

pub(crate) async fn perform(world: &Fields, operation: &str) -> Result<Value> {
    let connection = world.text("/acs/connection_string")?;
    let client = AcsIdentityBuilder::from_connection_string(connection)?.build()?;
    if operation != "user" {
        return Err(unknown(operation));
    }
    let user = client.create_user_with_token(&TokenOptions::chat()).await?;
    let token = user.token.ok_or("the user has no token")?.token;
    Ok(json!({"id": user.id.as_str(), "token": token.secret()}))
}

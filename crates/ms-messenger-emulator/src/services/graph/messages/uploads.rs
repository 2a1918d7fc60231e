//! The hosted contents that a message brings.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::Value;

use crate::services::graph::{
    error::GraphError,
    messages::{markup::hosted_references, validate::items},
};

const HOSTED_TYPE: &str = "#microsoft.graph.chatMessageHostedContent";
const BAD_TYPE: &str =
    "The request is malformed or incorrect: expected a string for ODataType value.";

/// A hosted content that a message brings.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) temporary_id: String,
    pub(crate) content_type: String,
    pub(crate) content: Bytes,
}

/// Checks that references and hosted contents match one to one; returns the latter.
pub(crate) fn hosted_contents(message: &Value, content: &str) -> Result<Vec<Upload>, GraphError> {
    let mut referenced = hosted_references(content);
    for attachment in items(&message["attachments"])? {
        referenced.extend(hosted_references(
            attachment["content"].as_str().unwrap_or_default(),
        ));
    }
    let mut uploads: Vec<Upload> = Vec::new();
    for item in items(&message["hostedContents"])? {
        let upload = upload(item)?;
        let id = upload.temporary_id.as_str();
        let is_new = !uploads.iter().any(|known| known.temporary_id == id);
        if !is_new || !referenced.contains(&id) {
            return Err(GraphError::invalid_body());
        }
        uploads.push(upload);
    }
    let is_there = |id: &&str| uploads.iter().any(|known| known.temporary_id == **id);
    if referenced.iter().all(is_there) {
        Ok(uploads)
    } else {
        Err(GraphError::invalid_body())
    }
}

fn upload(item: &Value) -> Result<Upload, GraphError> {
    let text = |name: &str| item[name].as_str().filter(|text| !text.is_empty());
    if !matches!(&item["@odata.type"], Value::Null) && text("@odata.type") != Some(HOSTED_TYPE) {
        return Err(GraphError::bad_request(BAD_TYPE));
    }
    let content_type = text("contentType").filter(|name| name.contains('/'));
    let id = text("@microsoft.graph.temporaryId");
    let bytes = text("contentBytes").and_then(|bytes| STANDARD.decode(bytes).ok());
    let (Some(id), Some(content_type), Some(content)) = (id, content_type, bytes) else {
        return Err(GraphError::invalid_body());
    };
    Ok(Upload {
        temporary_id: id.to_owned(),
        content_type: content_type.to_owned(),
        content: content.into(),
    })
}

//! The forms of the admin API's responses.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::{refusal::Refusal, strict_json},
    wire::{request::Request, response::Response},
};

/// The response to a request that the admin API cannot serve.
pub(crate) fn refusal(refusal: Refusal) -> Response {
    let code = match refusal {
        Refusal::Unrouted => "NotFound",
        Refusal::WrongMethod => "MethodNotAllowed",
        Refusal::TooLarge => "PayloadTooLarge",
        Refusal::Incomplete => "BadRequest",
    };
    error(refusal.status(), code, refusal.message(), &[])
}

pub(crate) fn ok(body: &Value) -> Response {
    Response::json(StatusCode::OK, body)
}

pub(crate) fn error(status: StatusCode, code: &str, message: &str, details: &[String]) -> Response {
    let mut error = json!({"code": code, "message": message});
    if !details.is_empty() {
        error["details"] = json!(details);
    }
    Response::json(status, &json!({ "error": error }))
}

pub(crate) fn bad_request(code: &str, problems: &[String]) -> Response {
    error(
        StatusCode::BAD_REQUEST,
        code,
        &problems.join("; "),
        problems,
    )
}

/// What is wrong with a query that names a parameter twice.
pub(crate) fn repeated(request: &Request) -> Option<String> {
    let name = request.query.repeated()?;
    let name: String = name.chars().take(40).collect();
    Some(format!("{name}: is given twice"))
}

/// The document in the body, or the response to a body that is no JSON.
pub(crate) fn document(request: &Request) -> Result<Value, Box<Response>> {
    strict_json::read(&request.body).map_err(|e| {
        let problem = if e.is_data() {
            e.to_string()
        } else {
            format!("the body is not JSON: {e}")
        };
        Box::new(bad_request("InvalidJson", &[problem]))
    })
}

pub(crate) fn json_of<T: serde::Serialize + ?Sized>(value: &T) -> Response {
    match serde_json::to_value(value) {
        Ok(value) => ok(&value),
        Err(e) => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal",
            &e.to_string(),
            &[],
        ),
    }
}

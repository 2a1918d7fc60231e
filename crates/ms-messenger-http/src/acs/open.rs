//! Requests for any path of an ACS service.

use http::Method;

use crate::{OpenRequest, Pipeline};

/// Returns a request for `path` with the API version `version`, which every ACS service needs,
/// unless the path states one.
///
/// ```
/// use ms_messenger_core::StaticToken;
/// use ms_messenger_http::{
///     Bearer, Endpoint, HttpClient, HttpOptions, Method, Pipeline, ServiceProfile, acs::open_request,
/// };
///
/// # static PAGER: ServiceProfile = ServiceProfile::new("pager");
/// # let http = HttpClient::new(&HttpOptions::default())?;
/// # let endpoint = Endpoint::parse("http://localhost:8410")?;
/// # let pipeline = Pipeline::new(&PAGER, http, endpoint, Bearer::new(StaticToken::new("t"), &[]));
/// let request = open_request(&pipeline, Method::GET, "/pagers", "2025-03-15");
/// # let _ = request;
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
pub fn open_request(
    pipeline: &Pipeline,
    method: Method,
    path: impl Into<String>,
    version: &str,
) -> OpenRequest {
    let path = path.into();
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let mut names = query.split('&').filter_map(|it| it.split('=').next());
    let states_version = names.any(|name| name.eq_ignore_ascii_case("api-version"));
    let request = OpenRequest::new(pipeline, method, path);
    if states_version {
        request
    } else {
        request.with_query("api-version", version)
    }
}

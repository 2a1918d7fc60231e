//! The builder of the client.

use std::{fmt, sync::Arc, time::Duration};

use ms_messenger_core::{ErrorKind, Problems, Result, RetryPolicy, TokenProvider, UserId, auth};
use ms_messenger_http::{Bearer, Endpoint, HttpClient, HttpOptions, Transport, redacted_address};

use crate::{
    client::{GraphChatClient, Inner},
    cloud::Cloud,
    delegated::DelegatedOnly,
    error::{PLATFORM, SERVICE},
    files::UploadOptions,
    names::NameCache,
    sends::RecentSends,
};

/// The published limit of a post is about 28 KB, mentions and cards included.
const MAX_MESSAGE_BYTES: usize = 28 * 1024;

/// The limit of Graph is 4 MB per call.
const MAX_CALL_BYTES: usize = 4 * 1024 * 1024;

/// Graph documents no bound for how late a message can appear after a 504 or a lost connection;
/// its front ends time out within this time.
const SETTLING_MARGIN: Duration = Duration::from_secs(30);

/// Configures a [`GraphChatClient`].
///
/// ```
/// use std::time::Duration;
///
/// use ms_messenger_core::StaticToken;
/// use msgraph_chat::{Cloud, GraphChatClient, HttpOptions};
///
/// let client = GraphChatClient::builder(StaticToken::new("eyJ0eXAi"))
///     .with_cloud(Cloud::US_GOV_L4)
///     .with_http_options(HttpOptions::default().with_timeout(Duration::from_secs(20)))
///     .with_one_on_one_chats("bot@contoso.com")
///     .build()?;
/// # Ok::<_, ms_messenger_core::Error>(())
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct GraphChatBuilder {
    token: Arc<dyn TokenProvider>,
    cloud: Cloud,
    base_url: Option<String>,
    transport: Transport,
    max_message_bytes: Option<usize>,
    max_call_bytes: Option<usize>,
    one_on_one: Option<UserId>,
    app_only: bool,
    settling_margin: Duration,
    uploads: UploadOptions,
    name_cache: Duration,
}

impl GraphChatBuilder {
    pub(crate) fn new(token: Arc<dyn TokenProvider>) -> Self {
        Self {
            token,
            cloud: Cloud::GLOBAL,
            base_url: None,
            transport: Transport::default(),
            max_message_bytes: Some(MAX_MESSAGE_BYTES),
            max_call_bytes: Some(MAX_CALL_BYTES),
            one_on_one: None,
            app_only: false,
            settling_margin: SETTLING_MARGIN,
            uploads: UploadOptions::default(),
            name_cache: Duration::ZERO,
        }
    }

    /// Sets the national cloud. Default [`Cloud::GLOBAL`].
    pub fn with_cloud(mut self, cloud: Cloud) -> Self {
        self.cloud = cloud;
        self
    }

    /// Sets the base address with its version, instead of that of the cloud: for an emulator or a
    /// gateway, e.g. `http://127.0.0.1:8410/v1.0`. Tokens are still requested with the scope of
    /// the cloud.
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use msgraph_chat::GraphChatClient;
    ///
    /// let builder = GraphChatClient::builder(StaticToken::new("eyJ0eXAi"));
    /// let client = builder.with_base_url("http://127.0.0.1:8410/v1.0").build()?;
    ///
    /// let builder = GraphChatClient::builder(StaticToken::new("eyJ0eXAi"));
    /// let error = builder.with_base_url("graph.contoso.com").build().unwrap_err();
    /// assert_eq!(error.problems()[0].field, "base_url");
    /// # Ok::<_, ms_messenger_core::Error>(())
    /// ```
    pub fn with_base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Shares the connections of `http`. Options set with
    /// [`with_http_options`](Self::with_http_options) are ignored then.
    pub fn with_http_client(mut self, http: HttpClient) -> Self {
        self.transport = self.transport.with_http_client(http);
        self
    }

    /// Sets timeouts, proxy, TLS roots and HTTP version.
    pub fn with_http_options(mut self, options: HttpOptions) -> Self {
        self.transport = self.transport.with_http_options(options);
        self
    }

    /// Sets the retry limits and the backoff.
    pub fn with_retry_policy(mut self, retry: RetryPolicy) -> Self {
        self.transport = self.transport.with_retry_policy(retry);
        self
    }

    /// Sets how long after the end of its last attempt a send without a response can still take
    /// effect. Settling reports `NotFound` only after that. Default 30 s; Graph documents none.
    pub fn with_settling_margin(mut self, margin: Duration) -> Self {
        self.settling_margin = margin;
        self
    }

    /// Sets how the files of messages are uploaded, unless a message sets it.
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use msgraph_chat::{GraphChatClient, UploadOptions};
    ///
    /// let options = UploadOptions::default().with_max_bytes(50 * 1024 * 1024);
    /// let client = GraphChatClient::builder(StaticToken::new("eyJ0eXAi"))
    ///     .with_upload_options(options)
    ///     .build()?;
    /// # Ok::<_, ms_messenger_core::Error>(())
    /// ```
    pub fn with_upload_options(mut self, options: UploadOptions) -> Self {
        self.uploads = options;
        self
    }

    /// Sets the size limit of a message in bytes of JSON, without the Base64 of its pictures;
    /// `None` leaves it to the service. Default 28 KiB, the published limit.
    pub fn with_max_message_bytes(mut self, limit: Option<usize>) -> Self {
        self.max_message_bytes = limit;
        self
    }

    /// Sets the size limit of a whole call in bytes; `None` leaves it to the service. Default
    /// 4 MiB, the limit of Graph: about 3 MB of pictures before Base64.
    pub fn with_max_call_bytes(mut self, limit: Option<usize>) -> Self {
        self.max_call_bytes = limit;
        self
    }

    /// Keeps for `age` what was found by a name: teams, channels and users, up to 1,024 of them. By
    /// default nothing is kept, so that each use of a name asks the service. Until the age is over, a
    /// name that was given to another team or channel still leads to the earlier one.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ms_messenger_core::StaticToken;
    /// use msgraph_chat::GraphChatClient;
    ///
    /// let client = GraphChatClient::builder(StaticToken::new("eyJ0eXAi"))
    ///     .with_name_cache(Duration::from_secs(600))
    ///     .build()?;
    /// # Ok::<_, ms_messenger_core::Error>(())
    /// ```
    pub fn with_name_cache(mut self, age: Duration) -> Self {
        self.name_cache = age;
        self
    }

    /// Sets the id or user principal name of the signed-in user, whose one-on-one chats are found or
    /// created for users as recipients. By default it is read from the token, or from the service
    /// where the token cannot be read. Such recipients need the permission Chat.Create in addition
    /// to ChatMessage.Send.
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use msgraph_chat::GraphChatClient;
    ///
    /// let builder = GraphChatClient::builder(StaticToken::new("eyJ0eXAi"));
    /// let client = builder.with_one_on_one_chats("bot@contoso.com").build()?;
    /// # Ok::<_, ms_messenger_core::Error>(())
    /// ```
    pub fn with_one_on_one_chats(mut self, own: impl Into<UserId>) -> Self {
        self.one_on_one = Some(own.into());
        self
    }

    /// Sets whether tokens of an application without a user are accepted, as imports, exports and
    /// marks of policies need them. Graph rejects them for sends, so by default they are rejected
    /// here, with the reason.
    pub fn with_app_only(mut self, allowed: bool) -> Self {
        self.app_only = allowed;
        self
    }

    /// Builds the client, without any I/O.
    ///
    /// # Errors
    ///
    /// `Config`: an unusable base address, an empty own id, or an unusable HTTP option.
    pub fn build(self) -> Result<GraphChatClient> {
        let mut problems = Problems::for_platform(PLATFORM);
        let base = self.base_url;
        let base = base.unwrap_or_else(|| format!("{}/v1.0", self.cloud.graph_root));
        let endpoint = Endpoint::parse(&base);
        if let Err(error) = &endpoint {
            problems.add("base_url", error.message());
        }
        let empty = self
            .one_on_one
            .as_ref()
            .is_some_and(|own| own.as_str().is_empty());
        problems.add_if(empty, "one_on_one_chats", "the own id must not be empty");
        problems.into_result(ErrorKind::Config)?;
        let cached = auth::cached(self.token);
        let token: Arc<dyn TokenProvider> = if self.app_only {
            cached
        } else {
            Arc::new(DelegatedOnly::new(cached))
        };
        let scopes = self.cloud.scopes;
        let bearer = Bearer::new(Arc::clone(&token), scopes);
        let retry = self.transport.retry_policy().clone();
        let http = self.transport.client()?;
        let transport = self.transport.with_http_client(http.clone());
        Ok(GraphChatClient::from_inner(Inner {
            pipeline: transport
                .pipeline(&SERVICE, endpoint?, bearer)?
                .with_settling_margin(self.settling_margin),
            http,
            retry,
            uploads: self.uploads,
            names: NameCache::new(self.name_cache),
            sends: RecentSends::default(),
            settling_margin: self.settling_margin,
            token,
            scopes,
            max_message_bytes: self.max_message_bytes,
            max_call_bytes: self.max_call_bytes,
            one_on_one: self.one_on_one,
        }))
    }
}

/// An address can hold a secret, so it is shown without user info and query.
impl fmt::Debug for GraphChatBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base_url = self.base_url.as_deref().map(redacted_address);
        f.debug_struct("GraphChatBuilder")
            .field("token", &self.token)
            .field("cloud", &self.cloud)
            .field("base_url", &base_url)
            .field("transport", &self.transport)
            .field("max_message_bytes", &self.max_message_bytes)
            .field("max_call_bytes", &self.max_call_bytes)
            .field("app_only", &self.app_only)
            .field("settling_margin", &self.settling_margin)
            .field("uploads", &self.uploads)
            .field("name_cache", &self.name_cache)
            .finish_non_exhaustive()
    }
}

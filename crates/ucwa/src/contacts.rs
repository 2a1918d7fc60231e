//! The search for contacts.
//!
//! ```text
//! GET {search}?query=lene%40contoso.com&limit=3
//!
//! {"moreResultsAvailable": false, "_embedded": {"contact": [
//!   {"uri": "sip:lene@contoso.com", "name": "Lene Aaling", "type": "User",
//!    "_links": {"contactPresence": {"href": "…/people/lene@contoso.com/presence"}}}]}}
//! ```

use ms_messenger_core::{Error, ErrorKind, Problems, Result, SipUri};
use ms_messenger_http::encode_path_segment;

use crate::{
    contact::UcwaContact,
    error::{PLATFORM, not_allowed},
    operations::CONTACT_SEARCH,
    session::UcwaSession,
};

/// The limits of the server. Source: "search".
const MAX_QUERY: usize = 256;
const MAX_RESULTS: usize = 100;

/// What a search found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ContactSearch {
    /// The contacts, in the order of the server.
    pub contacts: Vec<UcwaContact>,
    /// Whether the server has more than the limit.
    pub has_more: bool,
}

impl UcwaSession {
    /// Searches the address book by name, mail address, SIP address or phone number. `limit` is the
    /// most results, from 1 to 100.
    ///
    /// ```no_run
    /// # async fn run(session: ucwa::UcwaSession) -> Result<(), ms_messenger_core::Error> {
    /// let found = session.search_contacts("Lene", 10).await?;
    /// for contact in &found.contacts {
    ///     println!("{:?}: {:?}", contact.name, contact.presence().await?.availability);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for a query that is empty or longer than 256 characters, and
    /// for another limit; `Unsupported` if the policy of the user does not allow it; otherwise the
    /// error of the server.
    pub async fn search_contacts(&self, query: &str, limit: usize) -> Result<ContactSearch> {
        let query = query.trim();
        let mut problems = Problems::for_platform(PLATFORM);
        problems.add_if(query.is_empty(), "query", "must not be empty");
        let is_long = query.chars().count() > MAX_QUERY;
        problems.add_if(is_long, "query", "must have 256 characters at most");
        let is_in_range = (1..=MAX_RESULTS).contains(&limit);
        problems.add_if(!is_in_range, "limit", "must be from 1 to 100");
        problems.into_result(ErrorKind::InvalidRequest)?;

        let inner = self.inner();
        inner.lifecycle.check()?;
        let application = inner.application.get();
        let href = application.search().await;
        let href = href.inspect_err(|error| inner.observe(&application, error))?;
        let href = href.ok_or_else(|| not_allowed("the search for contacts"))?;
        let sign = if href.contains('?') { '&' } else { '?' };
        let query = encode_path_segment(query);
        let href = format!("{href}{sign}query={query}&limit={limit}");
        let found = inner.read(&application, &CONTACT_SEARCH, &href).await?;
        let contacts = found.all_embedded("contact");
        let contacts = contacts
            .filter_map(|it| UcwaContact::read(self.handle().clone(), &application, it))
            .take(limit);
        let more = found.properties.get("moreResultsAvailable");
        Ok(ContactSearch {
            contacts: contacts.collect(),
            has_more: more.and_then(serde_json::Value::as_bool) == Some(true),
        })
    }

    /// Finds the contact with a SIP address, by the same search.
    ///
    /// # Errors
    ///
    /// `NotFound` if the search finds no contact with exactly this address; otherwise as
    /// [`search_contacts`](Self::search_contacts).
    pub async fn contact(&self, sip: impl Into<SipUri>) -> Result<UcwaContact> {
        let sip = sip.into();
        let bare = bare(sip.as_str());
        let found = self.search_contacts(bare, MAX_RESULTS).await?;
        let mut contacts = found.contacts.into_iter();
        let is_it = |contact: &UcwaContact| self::bare(&contact.uri).eq_ignore_ascii_case(bare);
        contacts.find(is_it).ok_or_else(|| {
            let message = "the search finds no contact with this address";
            Error::new(ErrorKind::NotFound, message).with_platform(PLATFORM)
        })
    }
}

/// An address without its scheme, as it stands in the address book.
fn bare(sip: &str) -> &str {
    let scheme = sip.get(..4).filter(|it| it.eq_ignore_ascii_case("sip:"));
    scheme.map_or(sip, |scheme| &sip[scheme.len()..])
}

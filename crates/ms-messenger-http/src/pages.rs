//! Lists that a service returns page by page.

use std::marker::PhantomData;

use ms_messenger_core::{Error, ErrorKind, Result};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Call, Pipeline};

/// The most pages that are read by default.
const MAX_PAGES: usize = 20;

/// A list of items that a service returns page by page, each with a link to the next one
/// (`nextLink` or `@odata.nextLink`).
///
/// A link is followed only within the origin and base path of the endpoint. The number of pages is
/// bounded, and a link back to a page that was read already is an error, so reading always ends.
///
/// ```no_run
/// use ms_messenger_http::{Pages, Pipeline};
///
/// # async fn run(pipeline: &Pipeline) -> ms_messenger_core::Result<()> {
/// let mut pages = Pages::<serde_json::Value>::new(pipeline, "list", "/chat/threads?api-version=2025-03-15");
/// while let Some(threads) = pages.next_page().await? {
///     println!("{} threads", threads.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is read before the first call of next_page"]
pub struct Pages<'a, T> {
    pipeline: &'a Pipeline,
    operation: &'static str,
    /// The path of the next page, or why its link cannot be followed.
    next: Option<Result<String>>,
    /// The paths of the pages that were read.
    read: Vec<String>,
    max_pages: usize,
    items: PhantomData<fn() -> T>,
}

#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
    #[serde(default, rename = "nextLink", alias = "@odata.nextLink")]
    next_link: Option<String>,
}

impl<'a, T: DeserializeOwned> Pages<'a, T> {
    /// The list that begins at `path_and_query`, read with GET calls named `operation`. At most 20
    /// pages are read.
    pub fn new(
        pipeline: &'a Pipeline,
        operation: &'static str,
        path_and_query: impl Into<String>,
    ) -> Self {
        Self {
            pipeline,
            operation,
            next: Some(Ok(path_and_query.into())),
            read: Vec::new(),
            max_pages: MAX_PAGES,
            items: PhantomData,
        }
    }

    /// Sets the most pages that are read.
    pub fn with_max_pages(mut self, max_pages: usize) -> Self {
        self.max_pages = max_pages;
        self
    }

    /// Returns the number of pages that were read.
    #[must_use]
    pub fn pages_read(&self) -> usize {
        self.read.len()
    }

    /// Reads the next page; `None` after the last one. A page can be empty.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::call`]; `Protocol` for a link to another origin, outside the base path or to
    /// a page that was read already; `Other` when the list has more pages than may be read.
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>> {
        let Some(path) = self.next.take().transpose()? else {
            return Ok(None);
        };
        if self.read.contains(&path) {
            let rule = "the list leads back to a page that was read already";
            return Err(Error::new(ErrorKind::Protocol, rule));
        }
        if self.read.len() >= self.max_pages {
            let rule = format!("the list has more than {} pages", self.max_pages);
            return Err(Error::new(ErrorKind::Other, rule));
        }
        let call = Call::get(self.operation, path.as_str());
        let page: Page<T> = self.pipeline.call(call).await?.json()?;
        self.read.push(path);
        let link = page.next_link.filter(|link| !link.is_empty());
        // The link is absolute: its origin is checked before the credential is sent there.
        self.next = link.map(|link| self.pipeline.endpoint().follow_path(&link));
        Ok(Some(page.value))
    }
}

//! Lists that a service returns page by page.

use std::marker::PhantomData;

use futures_core::Stream;
use futures_util::stream;
use ms_messenger_core::{Delivery, Error, ErrorKind, Result};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Call, Pipeline};

/// The most pages that are read by default.
const MAX_PAGES: usize = 1_000;

/// A list of items that a service returns page by page, each with a link to the next one
/// (`nextLink` or `@odata.nextLink`). It holds one page at a time.
///
/// A link is followed only within the origin and base path of the endpoint. The number of pages is
/// bounded, and a link back to a page that was read already is an error, so reading always ends.
///
/// ```no_run
/// use ms_messenger_http::{Call, Pages, Pipeline};
///
/// # async fn run(pipeline: &Pipeline) -> ms_messenger_core::Result<()> {
/// let first = Call::get("list", "/chat/threads?api-version=2025-03-15");
/// let mut pages = Pages::<serde_json::Value>::new(pipeline, Ok(first));
/// while let Some(threads) = pages.next_page().await? {
///     println!("{} threads", threads.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is read before the first call of next_page"]
pub struct Pages<T> {
    pipeline: Pipeline,
    /// The call for the next page, or why there can be none.
    next: Option<Result<Call>>,
    /// The paths of the pages that were read.
    read: Vec<String>,
    max_pages: usize,
    delta_link: Option<String>,
    items: PhantomData<fn() -> T>,
}

#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
    #[serde(default, rename = "nextLink", alias = "@odata.nextLink")]
    next_link: Option<String>,
    #[serde(default, rename = "@odata.deltaLink")]
    delta_link: Option<String>,
}

impl<T: DeserializeOwned> Pages<T> {
    /// The list that begins with the page that `first` reads; the calls for the others differ from
    /// it in the path only. A call that could not be made is the error of the first page. At most
    /// 1,000 pages are read.
    pub fn new(pipeline: &Pipeline, first: Result<Call>) -> Self {
        Self {
            pipeline: pipeline.clone(),
            next: Some(first),
            read: Vec::new(),
            max_pages: MAX_PAGES,
            delta_link: None,
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

    /// Returns the link under which the changes since this reading can be read
    /// (`@odata.deltaLink`): there is one after the last page of a list of changes.
    #[must_use]
    pub fn delta_link(&self) -> Option<&str> {
        self.delta_link.as_deref()
    }

    /// Returns whether the list goes on, but ends here: as many pages as allowed were read, or the
    /// link leads back to one of them. The next page is an error then, and the pages that were
    /// read are a part of the list.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        let next = self.next.as_ref().and_then(|next| next.as_ref().ok());
        next.is_some_and(|call| self.cut(&call.path_and_query).is_some())
    }

    /// Reads the next page; `None` after the last one. A page can be empty.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::call`]; `Protocol` for a link to another origin, outside the base path or to
    /// a page that was read already; `Other` when the list has more pages than may be read.
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>> {
        let Some(call) = self.next.take().transpose()? else {
            return Ok(None);
        };
        let path = call.path_and_query.clone();
        if let Some(error) = self.cut(&path) {
            return Err(error);
        }
        let page: Page<T> = self.pipeline.call(call.clone()).await?.json()?;
        self.read.push(path);
        self.delta_link = page.delta_link;
        let link = page.next_link.filter(|link| !link.is_empty());
        // The link is absolute: its origin is checked before the credential is sent there.
        self.next = link.map(|link| {
            let path = self.pipeline.endpoint().follow_path(&link);
            let path = path.map_err(|error| error.with_platform(self.pipeline.platform()))?;
            Ok(call.with_path(path))
        });
        Ok(Some(page.value))
    }

    /// Why the page at `path` is not read.
    fn cut(&self, path: &String) -> Option<Error> {
        if self.read.contains(path) {
            let rule = "the list leads back to a page that was read already";
            return Some(self.fail(ErrorKind::Protocol, rule.into()));
        }
        (self.read.len() >= self.max_pages).then(|| {
            let rule = format!("the list has more than {} pages", self.max_pages);
            self.fail(ErrorKind::Other, rule)
        })
    }

    fn fail(&self, kind: ErrorKind, rule: String) -> Error {
        let error = Error::new(kind, rule).with_delivery(Delivery::NotSent);
        error.with_platform(self.pipeline.platform())
    }

    /// Returns the items one by one. A page is read when the items of the page before it are used
    /// up; the first error ends the stream.
    ///
    /// ```no_run
    /// use std::pin::pin;
    ///
    /// use futures_util::TryStreamExt as _;
    /// use ms_messenger_http::{Call, Pages, Pipeline};
    ///
    /// # async fn run(pipeline: &Pipeline) -> ms_messenger_core::Result<()> {
    /// let first = Call::get("list", "/chat/threads?api-version=2025-03-15");
    /// let mut threads = pin!(Pages::<serde_json::Value>::new(pipeline, Ok(first)).into_stream());
    /// while let Some(thread) = threads.try_next().await? {
    ///     println!("{}", thread["id"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_stream(self) -> impl Stream<Item = Result<T>> + Send
    where
        T: Send,
    {
        let state = (Some(self), Vec::new().into_iter());
        stream::unfold(state, |(mut pages, mut items)| async move {
            loop {
                if let Some(item) = items.next() {
                    return Some((Ok(item), (pages, items)));
                }
                match pages.as_mut()?.next_page().await {
                    Ok(Some(page)) => items = page.into_iter(),
                    Ok(None) => return None,
                    Err(error) => return Some((Err(error), (None, items))),
                }
            }
        })
    }
}

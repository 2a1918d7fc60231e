//! Options of lists.

use std::time::SystemTime;

use ms_messenger_core::{Problems, rfc3339};
use ms_messenger_http::encode_path_segment;

/// The most items of a page.
const MAX_PAGE_SIZE: u32 = 200;

/// What a list begins with, and how many items a page has.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use acs_chat::ListOptions;
///
/// let hour = Duration::from_secs(3600);
/// let options = ListOptions::default()
///     .with_page_size(50)
///     .with_start_time(SystemTime::now() - hour);
/// assert_eq!(options.page_size, Some(50));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOptions {
    /// The most items of a page, from 1 to 200; 200 when absent.
    pub page_size: Option<u32>,
    /// The time from which on items are listed, to the second; for lists of threads and messages.
    pub start_time: Option<SystemTime>,
    /// How many items are left out; for lists of participants and receipts.
    pub skip: Option<u32>,
}

/// By what a list begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Time,
    Skip,
}

impl ListOptions {
    /// Sets the most items of a page, from 1 to 200.
    #[must_use]
    pub fn with_page_size(mut self, items: u32) -> Self {
        self.page_size = Some(items);
        self
    }

    /// Sets the time from which on items are listed.
    #[must_use]
    pub fn with_start_time(mut self, time: SystemTime) -> Self {
        self.start_time = Some(time);
        self
    }

    /// Sets how many items are left out.
    #[must_use]
    pub fn with_skip(mut self, items: u32) -> Self {
        self.skip = Some(items);
        self
    }

    /// Returns the query without the version, and adds what is wrong.
    pub(crate) fn query(&self, start: Start, problems: &mut Problems) -> String {
        let size = self.page_size.unwrap_or(MAX_PAGE_SIZE);
        let is_sound = (1..=MAX_PAGE_SIZE).contains(&size);
        problems.add_if(!is_sound, "page_size", "must be from 1 to 200");
        let mut query = format!("maxPageSize={size}");
        if let Some(time) = self.start_time {
            let is_for = start == Start::Time;
            let rule = "is for lists of threads and messages only";
            problems.add_if(!is_for, "start_time", rule);
            let text = rfc3339(time);
            let rule = "must be from 1970 to 9999";
            problems.add_if(text.is_none(), "start_time", rule);
            let text = text.unwrap_or_default();
            query.push_str(&format!("&startTime={}", encode_path_segment(&text)));
        }
        if let Some(skip) = self.skip {
            let rule = "is for lists of participants and receipts only";
            problems.add_if(start != Start::Skip, "skip", rule);
            query.push_str(&format!("&skip={skip}"));
        }
        query
    }
}

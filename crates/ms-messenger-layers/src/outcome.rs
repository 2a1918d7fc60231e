//! What one member did with a request.

use ms_messenger_core::{Delivery, Error, Evidence, MemberReport, Receipt, Result, Target};

use crate::member::Member;

/// The most characters of an error in a report.
const LONGEST_ERROR: usize = 300;

/// What one member of a composition did with a request: its receipt, or its error with everything
/// that the error says.
///
/// ```
/// use ms_messenger_core::{MemoryMessenger, SendRequest, Target};
/// use ms_messenger_layers::{FanOut, Member};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let all = FanOut::new([Member::new("chat", MemoryMessenger::new())])?;
/// let request = SendRequest::new(Target::conversation("1"), "hello");
/// for outcome in all.send_each(&request).await? {
///     match outcome.result {
///         Ok(receipt) => println!("{}: {}", outcome.name, receipt.acceptance),
///         Err(error) => println!("{}: {error}", outcome.name),
///     }
/// }
/// # Ok::<(), ms_messenger_core::Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct MemberOutcome {
    /// The name of the member.
    pub name: String,
    /// The platform of the member.
    pub platform: String,
    /// The target, if the member has one of its own.
    pub to: Option<Target>,
    /// The receipt, or the error.
    pub result: Result<Receipt>,
}

impl MemberOutcome {
    pub(crate) fn new(member: &Member, result: Result<Receipt>) -> Self {
        Self {
            name: member.name().to_owned(),
            platform: member.platform().to_owned(),
            to: member.target().cloned(),
            result,
        }
    }

    /// The outcome of a member as a report has it, with what was found out since.
    pub(crate) fn reported(report: &MemberReport, result: Result<Receipt>) -> Self {
        Self {
            name: report.name.clone(),
            platform: report.platform.clone(),
            to: report.to.as_deref().and_then(|to| to.parse().ok()),
            result,
        }
    }

    /// Returns whether this member sent the message.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match &self.result {
            Ok(_) => Delivery::Sent,
            Err(error) => error.delivery(),
        }
    }

    /// The same for evidence and receipts.
    pub(crate) fn report(&self) -> MemberReport {
        let mut report = MemberReport::new(&self.name, &self.platform, self.delivery());
        report.to = self.to.as_ref().map(ToString::to_string);
        match &self.result {
            Ok(receipt) => report.receipt = Some(receipt.clone()),
            Err(error) => {
                report.error = Some(one_line(error));
                report.evidence = Evidence::of(error);
            }
        }
        report
    }
}

/// An error as one line of bounded length.
pub(crate) fn one_line(error: &Error) -> String {
    let text = error.to_string();
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(LONGEST_ERROR).collect()
}

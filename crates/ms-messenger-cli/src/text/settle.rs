//! Texts of `msm settle`, and on the evidence that it reads.

pub(crate) const NOT_SENT: &str = "the message was not sent: sending it again makes no duplicate";

pub(crate) fn not_yet(then: &str) -> String {
    format!("the message was not found, but can still appear: run this again after {then}")
}

pub(crate) const UNKNOWN_VERDICT: &str = "this program does not know the verdict";

pub(crate) fn still_unknown(error: &str) -> String {
    format!("it is still unknown whether the message was sent\n{error}")
}

pub(crate) const USED_KEY: &str = "the evidence is that of a send whose key was rejected as used, \
    and proves nothing about the first use: to run it again without a duplicate, give the \
    --first-sent of the first use of the key, within five minutes of it";

pub(crate) const REQUEST_MISSING: &str =
    "the evidence does not include its request: give --request";
pub(crate) const NO_EVIDENCE: &str = "the line has no evidence: the delivery of its send is known";

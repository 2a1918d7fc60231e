//! The published rates of Chat's operations.

use crate::acs_chat::routes::Op;
use crate::acs_limits::Rate;

/// Who shares a rate.
#[derive(Clone, Copy)]
enum Per {
    User,
    Thread,
    UserInThread,
    Resource,
}

/// What is counted together, by whom, how many requests in 10 seconds and in a minute; 0 where
/// nothing is published.
type Row = (&'static str, Per, usize, usize);

const fn rows(op: Op) -> &'static [Row] {
    match op {
        Op::ThreadCreate => &[
            ("create", Per::User, 10, 0),
            ("create", Per::Resource, 0, 3000),
        ],
        Op::ThreadDelete => &[("remove", Per::User, 10, 0)],
        Op::ThreadUpdate => &[("change", Per::Thread, 5, 0)],
        Op::ParticipantsAdd => &[
            ("members", Per::Thread, 10, 30),
            ("members", Per::Resource, 0, 3000),
        ],
        Op::ParticipantsRemove => &[("members", Per::Thread, 10, 30)],
        Op::ThreadGet | Op::ThreadList => &[("threads", Per::User, 50, 0)],
        Op::Get => &[
            ("get", Per::UserInThread, 50, 0),
            ("get", Per::Thread, 250, 0),
        ],
        Op::List => &[
            ("list", Per::UserInThread, 50, 200),
            ("list", Per::Thread, 250, 400),
        ],
        Op::ReceiptsList => &[
            ("receipts", Per::UserInThread, 5, 0),
            ("receipts", Per::Thread, 100, 0),
        ],
        Op::ParticipantsList => &[
            ("participants", Per::UserInThread, 10, 0),
            ("participants", Per::Thread, 250, 0),
        ],
        Op::Send | Op::Update | Op::Delete => &[("messages", Per::Thread, 10, 30)],
        Op::ReceiptsSend => &[("receipt", Per::UserInThread, 10, 30)],
        Op::Typing => &[
            ("typing", Per::UserInThread, 5, 15),
            ("typing", Per::Thread, 10, 30),
        ],
    }
}

/// The rates that a call of `caller` counts under.
pub(crate) fn of(op: Op, caller: &str, thread: &str) -> Vec<Rate> {
    let mut rates = Vec::new();
    for (what, per, in_ten_seconds, in_a_minute) in rows(op) {
        let whom = match per {
            Per::User => caller.to_owned(),
            Per::Thread => thread.to_owned(),
            Per::UserInThread => format!("{caller} in {thread}"),
            Per::Resource => String::new(),
        };
        for (requests, seconds) in [(*in_ten_seconds, 10), (*in_a_minute, 60)] {
            if requests > 0 {
                rates.push(Rate {
                    key: format!("chat/{what}/{whom}"),
                    requests,
                    seconds,
                });
            }
        }
    }
    rates
}

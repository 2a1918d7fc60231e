//! The published rates of Chat's operations.

use crate::{engine::limits::bucket::Rate, services::acs::chat::routes::Op};

/// Who shares a rate.
#[derive(Clone, Copy)]
enum Per {
    User,
    Thread,
    UserInThread,
    Resource,
}

/// Name, sharing, and the requests in 10 seconds and in a minute; 0 where
/// nothing is published.
type Row = (&'static str, Per, u64, u64);

const fn rows(op: Op) -> &'static [Row] {
    match op {
        Op::ThreadCreate => &[
            ("acs-chat/create", Per::User, 10, 0),
            ("acs-chat/create", Per::Resource, 0, 3000),
        ],
        Op::ThreadDelete => &[("acs-chat/remove", Per::User, 10, 0)],
        Op::ThreadUpdate => &[("acs-chat/change", Per::Thread, 5, 0)],
        Op::ParticipantsAdd => &[
            ("acs-chat/members", Per::Thread, 10, 30),
            ("acs-chat/members", Per::Resource, 0, 3000),
        ],
        Op::ParticipantsRemove => &[("acs-chat/members", Per::Thread, 10, 30)],
        Op::ThreadGet | Op::ThreadList => &[("acs-chat/threads", Per::User, 50, 0)],
        Op::Get => &[
            ("acs-chat/get", Per::UserInThread, 50, 0),
            ("acs-chat/get", Per::Thread, 250, 0),
        ],
        Op::List => &[
            ("acs-chat/list", Per::UserInThread, 50, 200),
            ("acs-chat/list", Per::Thread, 250, 400),
        ],
        Op::ReceiptsList => &[
            ("acs-chat/receipts", Per::UserInThread, 5, 0),
            ("acs-chat/receipts", Per::Thread, 100, 0),
        ],
        Op::ParticipantsList => &[
            ("acs-chat/participants", Per::UserInThread, 10, 0),
            ("acs-chat/participants", Per::Thread, 250, 0),
        ],
        Op::Send | Op::Update | Op::Delete => &[("acs-chat/messages", Per::Thread, 10, 30)],
        Op::ReceiptsSend => &[("acs-chat/receipt", Per::UserInThread, 10, 30)],
        Op::Typing => &[
            ("acs-chat/typing", Per::UserInThread, 5, 15),
            ("acs-chat/typing", Per::Thread, 10, 30),
        ],
        Op::ImageUpload | Op::ImageGet | Op::ImageDelete => &[],
    }
}

/// The rates that a call of `caller` counts under.
pub(crate) fn of(op: Op, caller: &str, thread: &str) -> Vec<Rate> {
    let mut rates = Vec::new();
    for (what, per, in_ten_seconds, in_a_minute) in rows(op) {
        let key = match per {
            Per::User => caller.to_owned(),
            Per::Thread => thread.to_owned(),
            Per::UserInThread => format!("{caller} in {thread}"),
            Per::Resource => String::new(),
        };
        for (requests, seconds) in [(*in_ten_seconds, 10), (*in_a_minute, 60)] {
            if requests > 0 {
                rates.push(Rate {
                    class: what,
                    key: key.clone(),
                    requests,
                    seconds,
                });
            }
        }
    }
    rates
}

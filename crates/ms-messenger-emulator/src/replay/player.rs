//! Responds with the exchanges of a recording, in their order for each method and path.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use http::Method;
use serde_json::{Value, json};

use crate::{
    engine::playback::{Playback, Ticket},
    record::{body::Body, exchange::Exchange, path},
    replay::{
        difference::ReplayDifference,
        identifiers::Identifiers,
        recording::Recording,
        report::ReplayReport,
        response::{self, differences, playable},
    },
    wire::{lock::lock, path::path_of, response::Response},
};

/// The most differences that are kept.
const MOST_DIFFERENCES: usize = 1000;

/// A method, and the shape of a path.
type Key = (String, String);

/// Plays a recording.
#[derive(Debug)]
pub(crate) struct Player {
    recording: Recording,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The numbers of the exchanges that are left, by method and shape of the path.
    waiting: HashMap<Key, VecDeque<usize>>,
    ids: Identifiers,
    replayed: usize,
    unmatched: u64,
    differences: Vec<ReplayDifference>,
    omitted: u64,
}

impl Player {
    pub(crate) fn new(recording: Recording) -> Self {
        let state = Mutex::new(beginning(&recording));
        Self { recording, state }
    }

    /// What became of the recording so far.
    pub(crate) fn summary(&self) -> ReplayReport {
        let state = lock(&self.state);
        let exchanges = self.recording.exchanges();
        ReplayReport {
            exchanges,
            replayed: state.replayed,
            left: exchanges - state.replayed,
            unmatched: state.unmatched,
            differences: state.differences.clone(),
            omitted: state.omitted,
        }
    }

    fn add(&self, state: &mut State, difference: ReplayDifference) {
        let mut known = state.differences.iter_mut();
        if let Some(known) = known.find(|known| known.is_same(&difference)) {
            known.count += 1;
            return;
        }
        if state.differences.len() == MOST_DIFFERENCES {
            state.omitted += 1;
            return;
        }
        if let Some(listener) = &self.recording.listener {
            listener(&difference);
        }
        state.differences.push(difference);
    }
}

impl Playback for Player {
    fn begin(&self, method: &Method, target: &str, origin: String) -> Option<Ticket> {
        let path = path_of(target);
        let key = (method.as_str().to_owned(), path::shape(path));
        let mut state = lock(&self.state);
        let Some(exchange) = state.waiting.get_mut(&key).and_then(VecDeque::pop_front) else {
            state.unmatched += 1;
            return None;
        };
        state.replayed += 1;
        let recorded = &self.recording.exchanges[exchange].request.path;
        state.ids.learn_path(recorded, path);
        Some(Ticket { exchange, origin })
    }

    fn respond(&self, ticket: &Ticket, ours: &Response) -> Response {
        let Exchange {
            n,
            request,
            response: recorded,
            ..
        } = &self.recording.exchanges[ticket.exchange];
        let mut state = lock(&self.state);
        for (at, recorded, ours) in differences(recorded, ours) {
            let difference = ReplayDifference {
                method: request.method.clone(),
                path: path::shape(&request.path),
                at,
                recorded,
                ours,
                exchange: *n,
                count: 1,
            };
            self.add(&mut state, difference);
        }
        if let (Body::Json(recorded), Some(ours)) = (&recorded.body, response::json(ours)) {
            state.ids.learn(recorded, &ours);
        }
        playable(recorded, ours, &state.ids, &ticket.origin)
    }

    fn report(&self) -> Value {
        serde_json::to_value(self.summary()).unwrap_or_else(|_| json!({}))
    }

    fn reset(&self) {
        *lock(&self.state) = beginning(&self.recording);
    }
}

/// The state before the first request.
fn beginning(recording: &Recording) -> State {
    let mut state = State::default();
    for (number, exchange) in recording.exchanges.iter().enumerate() {
        let request = &exchange.request;
        let key = (request.method.clone(), path::shape(&request.path));
        state.waiting.entry(key).or_default().push_back(number);
    }
    state
}

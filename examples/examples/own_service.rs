//! A service of your own beside the built-in ones of the emulator: a pager.
//!
//! The service is a trait with four required methods. The engine does the rest: faults, limits, the
//! ledger, injected messages, statistics and reset.

use std::sync::{Mutex, PoisonError};

use ms_messenger_emulator::{
    Emulator, FaultAction, InjectError, Platform,
    service::{
        Description, Engine, Exchange, Injection, Method, NewRow, Outcome, Rate, Request, Response,
        Routing, Service, StatusCode,
    },
};
use serde_json::{Value, json};

const PAGER: Platform = Platform::new("pager");

/// All pages, oldest first.
#[derive(Debug, Default)]
struct Pager(Mutex<Vec<String>>);

impl Pager {
    /// Stores a page with its ledger row: the store is locked first, the ledger inside.
    fn store(&self, engine: &Engine, operation: &'static str, text: &str, request: &Request) {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.push(text.to_owned());
        let id = pages.len().to_string();
        let row = NewRow::new(PAGER, operation, "all", id).with_text("text", text);
        engine.append(row, request);
    }
}

impl Service for Pager {
    type Call = ();

    fn description(&self) -> Description {
        Description::new(PAGER, &["send"]).with_injections(true)
    }

    fn route(&self, method: &Method, target: &str) -> Routing<()> {
        match target {
            "/pager" if *method == Method::POST => Routing::found("send", ()),
            "/pager" => Routing::WrongMethod("POST"),
            _ => Routing::NotMine,
        }
    }

    async fn serve(&self, exchange: &Exchange<'_>, (): &()) -> Outcome {
        let (engine, request) = (exchange.engine(), exchange.request());
        let rates = [Rate::new("pager/all", "", 2, 60)];
        if let Err(throttled) = engine.admit(PAGER, &rates) {
            let response = Response::empty(StatusCode::TOO_MANY_REQUESTS);
            return Outcome::new(throttled.mark(response), false);
        }
        let text = String::from_utf8_lossy(request.body());
        self.store(engine, exchange.operation(), &text, request);
        Outcome::new(Response::empty(StatusCode::CREATED), true)
    }

    fn error(&self, _: &Engine, _: &Request, status: StatusCode, message: &str) -> Response {
        Response::json(status, &json!({ "error": message }))
    }

    fn inject(&self, engine: &Engine, injection: &Injection<'_>) -> Result<Value, InjectError> {
        let fields = injection.fields(&["text"], &[])?;
        self.store(engine, "inject", fields.text("text"), injection.request);
        Ok(json!({}))
    }

    fn reset(&self, rest: &mut dyn FnMut()) {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.clear();
        rest();
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::builder()
        .with_service(Pager::default())
        .with_documented_limits(true)
        .start()
        .await?;
    // reqwest needs a TLS provider even for plain HTTP; a second installation fails, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/pager", emulator.http_url());
    let send = async |text: &'static str| {
        let response = client.post(&url).body(text).send().await;
        response.map(|response| response.status().as_u16())
    };

    // A fault, once; nothing is stored.
    emulator.fail_next(PAGER, "send", FaultAction::status(503))?;
    assert_eq!(send("lost").await?, 503);
    // Stored, with a row in the ledger.
    assert_eq!(send("hello").await?, 201);
    let rows = emulator.messages();
    assert_eq!((rows.len(), &*rows[0].text), (1, "hello"));
    // The other side speaks.
    emulator.inject(&json!({"platform": "pager", "text": "hi"}))?;
    // The inbox has both.
    let inbox = format!("{}/_emulator/messages?platform=pager", emulator.http_url());
    let inbox: Value = serde_json::from_slice(&client.get(inbox).send().await?.bytes().await?)?;
    assert_eq!(
        (&inbox[0]["text"], &inbox[1]["text"]),
        (&json!("hello"), &json!("hi"))
    );
    // The third send in a minute is above the rate.
    assert_eq!((send("again").await?, send("once more").await?), (201, 429));
    println!("{}", emulator.stats()["platforms"]["pager"]);
    Ok(())
}

//! One client process: sends, then tells what it cost.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use cpu_time::ProcessTime;
use ms_messenger::{
    MessengerExt as _, SharedMessenger, StaticToken, Target,
    acs_chat::AcsChatClient,
    acs_messages::{AcsMessagesClient, Credential},
    http::{HttpClient, HttpOptions},
    msgraph_chat::GraphChatClient,
};
use uuid::Uuid;

use crate::Failure;

pub(crate) const PLATFORMS: [&str; 3] = ["msgraph-chat", "acs-chat", "acs-messages"];
pub(crate) const KINDS: [&str; 2] = ["reqwest", "ms-messenger"];

const CONVERSATION: &str = "19:34adfa4f-cedf-4dc0-ba29-b6d1a69ab345@thread.v2";
const TEXT: &str = "The build is green again; thanks to everybody who helped.";

#[derive(Clone)]
enum Client {
    Ours(SharedMessenger),
    Bare {
        client: bare_reqwest::Client,
        platform: String,
        base: String,
        token: String,
    },
}

impl Client {
    fn new(platform: &str, kind: &str, base: &str, root: &str) -> Result<Self, Failure> {
        let root = std::fs::read(root)?;
        // As long as a real token, because its length counts.
        let token = "eyJ0eXAi".repeat(180);
        if kind == "reqwest" {
            let client = bare_reqwest::client(Some(&root)).map_err(|e| e.to_string())?;
            return Ok(Self::Bare {
                client,
                platform: platform.to_owned(),
                base: base.to_owned(),
                token,
            });
        }
        let http = HttpClient::new(&HttpOptions::default().with_extra_roots(root))?;
        let token = StaticToken::new(token);
        Ok(Self::Ours(match platform {
            "msgraph-chat" => Arc::new(
                GraphChatClient::builder(token)
                    .with_base_url(format!("{base}/v1.0"))
                    .with_http_client(http)
                    .build()?,
            ),
            "acs-chat" => Arc::new(
                AcsChatClient::builder(base, token)
                    .with_http_client(http)
                    .build()?,
            ),
            _ => Arc::new(
                AcsMessagesClient::builder(base, Credential::entra(token))
                    .with_http_client(http)
                    .build()?,
            ),
        }))
    }

    async fn send(&self) -> Result<(), Failure> {
        match self {
            Self::Ours(messenger) => {
                messenger
                    .send_text(Target::conversation(CONVERSATION), TEXT)
                    .await?;
            }
            Self::Bare {
                client,
                platform,
                base,
                token,
            } => {
                // As ours: an id that comes twice would be taken for a repetition.
                let id = Uuid::new_v4().to_string();
                send_bare((client, base, token), platform, &id).await?;
            }
        }
        Ok(())
    }
}

async fn send_bare(
    (client, base, token): (&bare_reqwest::Client, &str, &str),
    platform: &str,
    id: &str,
) -> Result<(), Failure> {
    match platform {
        "msgraph-chat" => {
            bare_reqwest::send_graph(client, base, token, CONVERSATION, TEXT, id).await?;
        }
        "acs-chat" => {
            bare_reqwest::send_acs_chat(client, base, token, CONVERSATION, TEXT, id).await?;
        }
        _ => {
            let key = Uuid::new_v4().to_string();
            let date = httpdate::fmt_http_date(SystemTime::now());
            let once = (key.as_str(), date.as_str());
            bare_reqwest::send_acs_messages(client, base, token, CONVERSATION, TEXT, id, once)
                .await?;
        }
    }
    Ok(())
}

/// `PLATFORM KIND CONCURRENCY SENDS ADDRESS ROOT`.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let [platform, kind, concurrency, sends, base, root] = args else {
        return Err("six arguments".into());
    };
    let (concurrency, sends): (usize, usize) = (concurrency.parse()?, sends.parse()?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let client = Client::new(platform, kind, base, root)?;
        let cold = ProcessTime::now();
        let begun = Arc::new(AtomicUsize::new(0));
        let workers: Vec<_> = (0..concurrency)
            .map(|_| tokio::spawn(work(client.clone(), Arc::clone(&begun), sends)))
            .collect();
        for worker in workers {
            worker.await??;
        }
        println!(
            "{} {}",
            cold.elapsed().as_nanos() / sends as u128,
            peak_kib().unwrap_or(0)
        );
        Ok(())
    })
}

async fn work(client: Client, begun: Arc<AtomicUsize>, sends: usize) -> Result<(), Failure> {
    loop {
        let number = begun.fetch_add(1, Ordering::Relaxed);
        if number >= sends {
            return Ok(());
        }
        client.send().await?;
        if number == 0 {
            accepted()?;
        }
    }
}

fn accepted() -> Result<(), Failure> {
    println!("accepted");
    Ok(std::io::stdout().flush()?)
}

/// The peak of resident memory, where the system tells it.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

//! One client process: sends, then prints what it cost.

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
    acs_chat::{AcsChatClient, ChatThread, ListOptions, SendChatMessageRequest},
    acs_messages::{
        AcsMessagesClient, ConversationContent, ConversationThread, Credential,
        NotificationContent, NotificationKind, Notifications,
    },
    http::{HttpClient, HttpOptions, Pages},
    msgraph_chat::{Chat, GraphChatClient, NewChatMessage},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::Failure;

/// What is sent: an API by its native client, or by the trait.
pub(crate) const APIS: [&str; 6] = [
    "acs-messages",
    "acs-messages-notification",
    "acs-chat",
    "msgraph-chat",
    "msgraph-chat-message",
    "msgraph-chat-trait",
];
pub(crate) const KINDS: [&str; 2] = ["reqwest", "ms-messenger"];

const CONVERSATION: &str = "19:34adfa4f-cedf-4dc0-ba29-b6d1a69ab345@thread.v2";
const TEXT: &str = "The build is green again; thanks to the whole team.";
const PHONE: &str = "+14255550123";
/// How many messages a list has.
const LISTED: usize = 10_000;
const CHANNEL: Uuid = Uuid::from_u128(0x34ad_fa4f_cedf_4dc0_ba29_b6d1_a69a_b345);

#[derive(Clone)]
enum Client {
    Conversation(ConversationThread),
    Notifications(Notifications),
    Thread(ChatThread),
    Chat(Chat),
    Message(Chat),
    Trait(SharedMessenger),
    ThreadList(ChatThread),
    ChatList(Chat),
    Bare(Bare),
}

#[derive(Clone)]
struct Bare {
    client: bare_reqwest::Client,
    api: String,
    base: String,
    token: String,
}

impl Client {
    fn new(api: &str, kind: &str, base: &str, root: &str) -> Result<Self, Failure> {
        let root = std::fs::read(root)?;
        // As long as a real token, because its length counts.
        let token = "eyJ0eXAi".repeat(180);
        if kind == "reqwest" {
            let client = bare_reqwest::client(Some(&root)).map_err(|e| e.to_string())?;
            return Ok(Self::Bare(Bare {
                client,
                api: api.to_owned(),
                base: base.to_owned(),
                token,
            }));
        }
        let http = HttpClient::new(&HttpOptions::default().with_extra_roots(root))?;
        let token = StaticToken::new(token);
        if api.starts_with("msgraph-chat") {
            let client = GraphChatClient::builder(token).with_base_url(format!("{base}/v1.0"));
            let client = client.with_http_client(http).build()?;
            return Ok(match api {
                "msgraph-chat" => Self::Chat(client.chat(CONVERSATION)),
                "msgraph-chat-message" => Self::Message(client.chat(CONVERSATION)),
                "msgraph-chat-list" => Self::ChatList(client.chat(CONVERSATION)),
                _ => Self::Trait(Arc::new(client)),
            });
        }
        if api.starts_with("acs-chat") {
            let client = AcsChatClient::builder(base, token).with_http_client(http);
            let thread = client.build()?.thread(CONVERSATION);
            return Ok(match api {
                "acs-chat-list" => Self::ThreadList(thread),
                _ => Self::Thread(thread),
            });
        }
        let client = AcsMessagesClient::builder(base, Credential::entra(token));
        let client = client.with_http_client(http).build()?;
        Ok(match api {
            "acs-messages" => Self::Conversation(client.conversation(CONVERSATION)),
            _ => Self::Notifications(client.notifications()),
        })
    }

    /// Sends a message, or reads a list.
    async fn send(&self) -> Result<(), Failure> {
        match self {
            Self::ThreadList(thread) => {
                let options = ListOptions::default().with_page_size(50);
                read(thread.messages_with(&options)).await?;
            }
            Self::ChatList(chat) => read(chat.messages()).await?,
            Self::Conversation(conversation) => {
                conversation.send(&ConversationContent::text(TEXT)).await?;
            }
            Self::Notifications(notifications) => {
                let text = NotificationKind::text(TEXT);
                let content = NotificationContent::new(CHANNEL, PHONE, text);
                notifications.send(&content).await?;
            }
            Self::Thread(thread) => {
                thread.send(&SendChatMessageRequest::text(TEXT)).await?;
            }
            Self::Chat(chat) => {
                chat.send(NewChatMessage::text(TEXT)).await?;
            }
            Self::Message(chat) => {
                chat.send(NewChatMessage::text(TEXT)).await?.message()?;
            }
            Self::Trait(messenger) => {
                let target = Target::conversation(CONVERSATION);
                messenger.send_text(target, TEXT).await?;
            }
            Self::Bare(bare) => bare.send().await?,
        }
        Ok(())
    }
}

async fn read<T: DeserializeOwned>(mut pages: Pages<T>) -> Result<(), Failure> {
    let mut count = 0;
    while let Some(page) = pages.next_page().await? {
        count += page.len();
    }
    is_whole(count)
}

fn is_whole(count: usize) -> Result<(), Failure> {
    if count == LISTED {
        return Ok(());
    }
    Err(format!("{count} messages were listed").into())
}

impl Bare {
    async fn send(&self) -> Result<(), Failure> {
        let (client, base, token) = (&self.client, &*self.base, &*self.token);
        // As ours: an id that comes twice would be taken for a repetition.
        let id = Uuid::new_v4().to_string();
        match &*self.api {
            "msgraph-chat-message" => {
                bare_reqwest::send_graph_message(client, base, token, CONVERSATION, TEXT, &id)
                    .await?;
            }
            "msgraph-chat" | "msgraph-chat-trait" => {
                bare_reqwest::send_graph(client, base, token, CONVERSATION, TEXT, &id).await?;
            }
            "msgraph-chat-list" => {
                is_whole(bare_reqwest::list::graph(client, base, token, CONVERSATION).await?)?;
            }
            "acs-chat-list" => {
                is_whole(bare_reqwest::list::acs_chat(client, base, token, CONVERSATION).await?)?;
            }
            "acs-chat" => {
                bare_reqwest::send_acs_chat(client, base, token, CONVERSATION, TEXT, &id).await?;
            }
            api => {
                let key = Uuid::new_v4().to_string();
                let date = httpdate::fmt_http_date(SystemTime::now());
                let ids = (&*id, &*key, &*date);
                if api == "acs-messages" {
                    bare_reqwest::send_conversation(client, base, token, CONVERSATION, TEXT, ids)
                        .await?;
                } else {
                    let (channel, to) = (CHANNEL.to_string(), PHONE);
                    let recipient = (&*channel, to);
                    bare_reqwest::send_notification(client, base, token, recipient, TEXT, ids)
                        .await?;
                }
            }
        }
        Ok(())
    }
}

/// `API KIND CONCURRENCY SENDS ADDRESS ROOT`.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let [api, kind, concurrency, sends, base, root] = args else {
        return Err("six arguments are needed".into());
    };
    let (concurrency, sends): (usize, usize) = (concurrency.parse()?, sends.parse()?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let client = Client::new(api, kind, base, root)?;
        let cold = ProcessTime::now();
        // Before the others, so that each contender opens its connection of HTTP/2 once: how many
        // a burst opens at a cold start depends on the speed of the machine.
        client.send().await?;
        println!("accepted");
        std::io::stdout().flush()?;
        let begun = Arc::new(AtomicUsize::new(1));
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
        if begun.fetch_add(1, Ordering::Relaxed) >= sends {
            return Ok(());
        }
        client.send().await?;
    }
}

/// The peak of resident memory, where the system reports it.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

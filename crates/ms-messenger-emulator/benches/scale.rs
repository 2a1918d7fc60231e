//! How much the emulator can take: sends a second, CPU per send, memory for a million messages,
//! memory when idle, and the time until it is ready.
//!
//! ```sh
//! cargo bench -p ms-messenger-emulator                        # 200,000 sends a platform
//! cargo bench -p ms-messenger-emulator -- 1000000 acs-chat    # a million to one platform
//! ```
//!
//! Client and emulator share this process and machine: 16 kept connections of HTTP/1.1 with one
//! request at a time each, written and read as bare bytes. Memory and CPU are those of the process,
//! as Linux reports them; elsewhere they are left out.

use std::time::{Duration, Instant};

use ms_messenger_emulator::{Emulator, Seed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 16;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One request of a platform; `NUMBER` stands for what differs between them.
fn request(platform: &str, world: &Seed) -> Option<String> {
    let text = "x".repeat(100);
    let (target, token, id, body) = match platform {
        "acs-chat" => (
            format!(
                "/chat/threads/{}/messages?api-version=2025-03-15",
                world.acs.thread_id
            ),
            &world.acs.users[0].token,
            "x-ms-client-request-id",
            format!(r#"{{"content":"{text} NUMBER","type":"text"}}"#),
        ),
        "acs-messages" => (
            format!(
                "/messages/conversations/{}/messages:send?api-version=2025-04-01-preview",
                world.acs.conversation_id
            ),
            &world.acs.users[0].token,
            "x-ms-client-request-id",
            format!(r#"{{"request":{{"kind":"text","content":"{text} NUMBER"}}}}"#),
        ),
        "msgraph-chat" => (
            format!("/v1.0/chats/{}/messages", world.graph.chat_id),
            &world.graph.token,
            "client-request-id",
            format!(r#"{{"body":{{"content":"{text} NUMBER"}}}}"#),
        ),
        _ => return None,
    };
    // NUMBER has as many bytes as the number that takes its place.
    let length = body.len() - "NUMBER".len() + 12;
    Some(format!(
        "POST {target} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         accept: application/json\r\nuser-agent: scale/1.0\r\n\
         {id}: 7f0c1d2e-3a4b-4c5d-8e6f-NUMBER\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
}

/// Sends requests one after the other over one connection.
async fn sender(
    address: String,
    template: String,
    first: usize,
    sends: usize,
) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut response = Vec::with_capacity(8 * 1024);
    for n in 0..sends {
        let number = format!("{:012}", first + n);
        stream
            .write_all(template.replace("NUMBER", &number).as_bytes())
            .await?;
        read_response(&mut stream, &mut response).await?;
    }
    Ok(())
}

async fn read_response(stream: &mut TcpStream, response: &mut Vec<u8>) -> Result<(), Failure> {
    response.clear();
    loop {
        if stream.read_buf(response).await? == 0 {
            return Err("the connection was closed".into());
        }
        let Some(end) = response.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&response[..end])?.to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap_or_default().to_owned();
        if !status.starts_with('2') {
            return Err(format!("answered {status}").into());
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .ok_or("no length")?;
        if response.len() >= end + 4 + length.trim().parse::<usize>()? {
            return Ok(());
        }
    }
}

struct Measured {
    elapsed: Duration,
    cpu: Option<Duration>,
}

async fn burst(emulator: &Emulator, platform: &str, sends: usize) -> Result<Measured, Failure> {
    let template = request(platform, emulator.seed()).ok_or("no such platform")?;
    let address = emulator.http_url().trim_start_matches("http://").to_owned();
    let (begun, cpu) = (Instant::now(), cpu());
    let share = sends / CONNECTIONS;
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|n| tokio::spawn(sender(address.clone(), template.clone(), n * share, share)))
        .collect();
    for sender in senders {
        sender.await??;
    }
    Ok(Measured {
        elapsed: begun.elapsed(),
        cpu: cpu.zip(self::cpu()).map(|(before, after)| after - before),
    })
}

/// User and system time of this process: fields 14 and 15 of its `stat`, in hundredths.
fn cpu() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = stat.rsplit(')').next()?;
    let mut fields = after_name.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

/// Resident memory of this process in MB.
fn resident_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    let kb: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb / 1024)
}

fn or_unknown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "?".to_owned(), |value| value.to_string())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let sends = match arguments.first() {
        Some(sends) => sends.parse()?,
        None => 200_000,
    };
    let begun = Instant::now();
    let idle = Emulator::start().await?;
    println!(
        "ready after {:.1} ms; idle {} MB",
        begun.elapsed().as_secs_f64() * 1000.0,
        or_unknown(resident_mb())
    );
    drop(idle);
    println!("platform           sends   sends/s   CPU us/send   MB more   bytes/message");
    for platform in ["acs-chat", "acs-messages", "msgraph-chat"] {
        if arguments.get(1).is_some_and(|only| only != platform) {
            continue;
        }
        let emulator = Emulator::builder().with_worker_threads(1).start().await?;
        let before = resident_mb();
        let measured = burst(&emulator, platform, sends).await?;
        let more = before.zip(resident_mb()).map(|(b, a)| a.saturating_sub(b));
        let stored = emulator.stats()["stored"].as_u64().unwrap_or_default();
        let per_second = stored as f64 / measured.elapsed.as_secs_f64();
        let cpu = measured
            .cpu
            .map(|cpu| cpu.as_micros() as u64 / stored.max(1));
        println!(
            "{platform:<14} {stored:>9} {per_second:>9.0} {:>13} {:>9} {:>15}",
            or_unknown(cpu),
            or_unknown(more),
            or_unknown(more.map(|mb| mb * 1024 * 1024 / stored.max(1)))
        );
        if usize::try_from(stored)? != sends / CONNECTIONS * CONNECTIONS {
            return Err(format!("{stored} of {sends} were stored").into());
        }
    }
    Ok(())
}

//! CPU, memory and time to the first message of each client, beside hand-written
//! reqwest that does the same typed work, against the same loopback TLS server. For instructions
//! per send see `instructions.sh` in the folder above.
//!
//! ```text
//! cargo bench -p tests --bench send              # everything
//! cargo bench -p tests --bench send -- --sends 20000 --rounds 3
//! ```
//!
//! Server and clients are processes of their own, so that each figure is one client's alone:
//! CPU of all its threads per send, its peak memory, and the wall time from its start to its
//! first accepted message. The contenders take turns, round by round; medians are printed.

mod client;
mod lists;
mod server;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write as _},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// One of the figures of a run.
type Figure = fn(&Figures) -> f64;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What one client process measured of itself.
#[derive(Clone, Copy)]
struct Figures {
    cpu_per_send: Duration,
    peak_kib: u64,
    first: Duration,
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    match args.first().map(String::as_str) {
        Some("--server") => server::run(),
        Some("--client") => client::run(&args[1..]),
        _ => compare(
            option(&args, "--sends", 10_000)?,
            option(&args, "--rounds", 5)?,
        ),
    }
}

fn option(args: &[String], name: &str, default: usize) -> Result<usize, Failure> {
    match args.iter().position(|arg| arg == name) {
        Some(at) => Ok(args.get(at + 1).ok_or("a value is missing")?.parse()?),
        None => Ok(default),
    }
}

fn compare(sends: usize, rounds: usize) -> Result<(), Failure> {
    let server = Server::start()?;
    println!("{sends} sends a run, {rounds} rounds, medians; ratio = ours / hand-written\n");
    println!(
        "{:<25} {:>11} {:<13} {:>10} {:>7} {:>10} {:>7} {:>10} {:>7}",
        "API", "concurrency", "client", "CPU/send", "ratio", "peak KiB", "ratio", "first", "ratio"
    );
    for api in client::APIS {
        for concurrency in [1, 64] {
            let mut runs: BTreeMap<&str, Vec<Figures>> = BTreeMap::new();
            for _ in 0..rounds {
                for kind in client::KINDS {
                    let figures = measure(&server, api, kind, concurrency, sends)?;
                    runs.entry(kind).or_default().push(figures);
                }
            }
            print(api, concurrency, &runs);
        }
    }
    Ok(())
}

fn print(api: &str, concurrency: usize, runs: &BTreeMap<&str, Vec<Figures>>) {
    let median = |kind: &str, value: Figure| {
        let mut values: Vec<f64> = runs[kind].iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    for kind in client::KINDS {
        print!("{api:<25} {concurrency:>11} {kind:<13}");
        let columns: [(Figure, &str); 3] = [
            (|f| f.cpu_per_send.as_secs_f64() * 1e6, "µs"),
            (|f| f.peak_kib as f64, "  "),
            (|f| f.first.as_secs_f64() * 1e3, "ms"),
        ];
        for (value, unit) in columns {
            let own = median(kind, value);
            print!(" {own:>8.1}{unit} {:>7.2}", own / median("reqwest", value));
        }
        println!();
    }
}

fn measure(
    server: &Server,
    api: &str,
    kind: &str,
    concurrency: usize,
    sends: usize,
) -> Result<Figures, Failure> {
    let started = Instant::now();
    let mut child = itself(&[
        "--client",
        api,
        kind,
        &concurrency.to_string(),
        &sends.to_string(),
        &server.address,
        &server.root,
    ])?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    let accepted = lines.next().ok_or("the client said nothing")??;
    let first = started.elapsed();
    if accepted != "accepted" {
        return Err(format!("the client failed: {accepted}").into());
    }
    let line = lines.next().ok_or("the client measured nothing")??;
    child.wait()?;
    let (nanos, peak) = line.split_once(' ').ok_or("two figures")?;
    Ok(Figures {
        cpu_per_send: Duration::from_nanos(nanos.parse()?),
        peak_kib: peak.parse()?,
        first,
    })
}

fn itself(args: &[&str]) -> Result<Child, Failure> {
    Ok(Command::new(std::env::current_exe()?)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?)
}

/// The server process; it ends when its standard input is closed, which a drop does.
struct Server {
    child: Child,
    address: String,
    root: String,
}

impl Server {
    fn start() -> Result<Self, Failure> {
        let mut child = itself(&["--server"])?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let (address, root) = line
            .trim()
            .split_once(' ')
            .ok_or("address and certificate")?;
        Ok(Self {
            child,
            address: address.to_owned(),
            root: root.to_owned(),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
        let _ = std::io::stdout().flush();
    }
}

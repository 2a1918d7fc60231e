//! `msm emulator`.

use std::io::{self, Write as _};

use ms_messenger_emulator::Emulator;

use crate::{args::EmulatorArgs, exit::Exit};

pub(crate) async fn run(args: &EmulatorArgs) -> Exit {
    match serve(args).await {
        Ok(()) => Exit::Ok,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            Exit::Other
        }
    }
}

async fn serve(args: &EmulatorArgs) -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::builder()
        .with_http(args.http)
        .with_seed(args.seed)
        .with_strict(args.strict)
        .with_worker_threads(2)
        .start()
        .await?;
    // Watched before it is said to be ready, so that no signal after that is missed.
    let stopped = stop_signal()?;
    println!("{}", emulator.ready_line());
    io::stdout().flush()?;
    eprintln!("listening on {}; Ctrl-C ends it", emulator.http_url());
    stopped.await;
    emulator.shutdown().await;
    Ok(())
}

/// Ends at Ctrl-C and, on Unix, at SIGTERM. The handlers stand as soon as this returns.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends at Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a handler there is nothing to wait for.
        let _ = tokio::signal::ctrl_c().await;
    })
}

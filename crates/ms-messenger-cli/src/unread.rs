//! When the reader of standard output goes away.

/// Waits until the reader of standard output has closed it: for ever if it is a file, or where the
/// system does not report it.
pub(crate) async fn output_unread() {
    #[cfg(unix)]
    {
        let (sender, closed) = tokio::sync::oneshot::channel();
        // A thread, because the runtime waits for what can be read or written only.
        std::thread::spawn(move || {
            if is_closed() {
                let _ = sender.send(());
            }
        });
        if closed.await.is_ok() {
            return;
        }
    }
    std::future::pending().await
}

/// Blocks until the reader has closed standard output; `false` when the system refuses to wait.
#[cfg(unix)]
fn is_closed() -> bool {
    use rustix::{
        event::{PollFd, PollFlags, poll},
        io::Errno,
    };

    let out = std::io::stdout();
    loop {
        let mut watched = [PollFd::new(&out, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(_) => {
                let closed = PollFlags::ERR | PollFlags::HUP;
                return watched[0].revents().intersects(closed);
            }
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

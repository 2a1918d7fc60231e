//! Ctrl-C, SIGTERM and SIGHUP.

#[cfg(unix)]
mod caught;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod watch;

#[cfg(unix)]
pub(crate) use caught::Caught;
#[cfg(unix)]
pub(crate) use unix::Interrupt;
#[cfg(unix)]
pub(crate) use watch::{end_with, has_listener, watch, while_reading};

#[cfg(not(unix))]
pub(crate) use other::{Interrupt, end_with, watch, while_reading};

#[cfg(not(unix))]
mod other {
    use std::io;

    /// Waits for a signal that ends the program.
    #[derive(Debug)]
    pub(crate) struct Interrupt {}

    impl Interrupt {
        /// Starts to listen.
        ///
        /// # Errors
        ///
        /// When the operating system refuses.
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self {})
        }

        /// Waits for the next signal. Returns its name.
        pub(crate) async fn requested(&mut self) -> &'static str {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            "Ctrl-C"
        }
    }

    /// Ctrl-C ends the program until a command waits for it.
    pub(crate) fn end_with(_: Option<i32>, _: impl FnOnce() + Send + 'static) {}

    /// Ctrl-C ends the program until a command waits for it.
    pub(crate) fn watch() {}

    /// Ctrl-C ends the program until a command waits for it.
    pub(crate) fn while_reading<T>(read: impl FnOnce() -> T) -> T {
        read()
    }
}

//! Waits for changes: of this store, and of others by `LISTEN`.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// The pauses after which a lost connection is made again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest wait while nothing can be heard of others.
const DEAF: Duration = Duration::from_millis(500);

/// Wakes those who wait for a change.
pub(super) struct Changes {
    ear: Arc<Ear>,
    channel: String,
    /// Of a connection that only listens; `None` if notifications do not get through.
    options: Option<PgConnectOptions>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Ear {
    changed: Notify,
    /// Whether a connection listens.
    listens: AtomicBool,
}

impl Changes {
    pub(super) fn new(pool: &PgPool, channel: String, listens: bool) -> Self {
        let options = listens.then(|| {
            let options = PgConnectOptions::clone(&pool.connect_options());
            options.disable_statement_logging()
        });
        Self {
            ear: Arc::default(),
            channel,
            options,
            listening: Mutex::default(),
        }
    }

    /// Wakes everyone in this process, without the way over the database.
    pub(super) fn wake(&self) {
        self.ear.changed.notify_waiters();
    }

    /// Waits for a change, or for `longest`; not so long while changes of others are not heard.
    pub(super) async fn wait(&self, longest: Duration) {
        let changed = self.ear.changed.notified();
        self.listen();
        let longest = if self.ear.listens.load(Ordering::Acquire) {
            longest
        } else {
            longest.min(DEAF)
        };
        let _ = timeout(longest, changed).await;
    }

    /// Starts to listen with the first wait, and after the runtime of the one before has ended.
    fn listen(&self) {
        let Some(options) = &self.options else {
            return;
        };
        let mut listening = self
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if listening.as_ref().is_none_or(JoinHandle::is_finished) {
            let (channel, ear) = (self.channel.clone(), Arc::clone(&self.ear));
            *listening = Some(tokio::spawn(listen(options.clone(), channel, ear)));
        }
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        let listening = self.listening.get_mut();
        if let Some(listening) = listening.unwrap_or_else(PoisonError::into_inner).take() {
            listening.abort();
        }
    }
}

/// Listens, on one connection after the other. While there is none, workers poll.
async fn listen(options: PgConnectOptions, channel: String, ear: Arc<Ear>) {
    let pool = PgPoolOptions::new().max_connections(1);
    let pool = pool.acquire_timeout(LONGEST_PAUSE);
    let pool = pool.connect_lazy_with(options);
    let mut pause = FIRST_PAUSE;
    loop {
        if let Ok(mut listener) = open(&pool, &channel).await {
            pause = FIRST_PAUSE;
            ear.listens.store(true, Ordering::Release);
            // Something may have changed before.
            ear.changed.notify_waiters();
            while let Ok(Some(_)) = listener.try_recv().await {
                ear.changed.notify_waiters();
            }
            ear.listens.store(false, Ordering::Release);
            ear.changed.notify_waiters();
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn open(pool: &PgPool, channel: &str) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(channel).await?;
    Ok(listener)
}

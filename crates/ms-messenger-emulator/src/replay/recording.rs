//! A recording that an emulator responds with.

use std::{fmt, path::Path, sync::Arc};

use crate::{
    record::exchange::Exchange,
    replay::{difference::ReplayDifference, read, recording_error::RecordingError},
};

type Listener = Arc<dyn Fn(&ReplayDifference) + Send + Sync>;

/// A recording of a [`Recorder`](crate::Recorder), for
/// [`EmulatorBuilder::with_replay`](crate::EmulatorBuilder::with_replay).
///
/// ```
/// use ms_messenger_emulator::{Emulator, Recorder, Recording};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("replay-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let file = folder.join("recording.jsonl");
/// # let service = Emulator::start().await?;
/// # Recorder::builder(service.http_url(), &file).start().await?.shutdown().await;
/// let recording = Recording::read(&file)?.with_listener(|difference| eprintln!("{difference}"));
/// let emulator = Emulator::builder().with_replay(recording).start().await?;
/// let report = emulator.replay_report().expect("it has a recording");
/// assert!(report.differences.is_empty());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Recording {
    pub(crate) exchanges: Arc<[Exchange]>,
    pub(crate) listener: Option<Listener>,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording({} exchanges)", self.exchanges.len())
    }
}

impl Recording {
    /// Reads a file that a recorder made.
    ///
    /// # Errors
    ///
    /// [`RecordingError`] if the file cannot be read, or names the line and the rule that it breaks.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, RecordingError> {
        let (_, exchanges) = read::read(path.as_ref())?;
        Ok(Self {
            exchanges: exchanges.into(),
            listener: None,
        })
    }

    /// Calls `listener` with each difference when it is found, once. It must not block.
    #[must_use]
    pub fn with_listener(
        mut self,
        listener: impl Fn(&ReplayDifference) + Send + Sync + 'static,
    ) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Returns the number of exchanges.
    pub fn exchanges(&self) -> usize {
        self.exchanges.len()
    }
}

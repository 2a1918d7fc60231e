//! Settings of an emulator that runs as a program of its own: in a container, in CI, for a team.

use crate::builder::EmulatorBuilder;
#[cfg(feature = "export")]
use crate::{admin::export, emulator::Emulator};

impl EmulatorBuilder {
    /// Sets whether the addresses of the listeners may be others than loopback ones. Default `false`.
    ///
    /// The keys and tokens are public, so do this in a container or an isolated network only. Every
    /// request must then name a loopback host, the address of the listener, or a host of
    /// [`with_host`](Self::with_host) in `Host` (and in `Origin`, if it has one); others get 403, so
    /// that no page in a browser can reach the emulator by a name of its own. Links and the ready line
    /// name the first of these hosts, or `localhost`, where a listener has no address of its own
    /// (`0.0.0.0`).
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let builder = Emulator::builder().with_http_address(([0, 0, 0, 0], 0).into());
    /// let builder = builder.with_any_address(true).with_host("emulator");
    /// assert!(builder.start().await?.http_url().starts_with("http://emulator:"));
    /// # Ok(()) }
    /// ```
    pub fn with_any_address(mut self, is_allowed: bool) -> Self {
        self.settings.is_open = is_allowed;
        self
    }

    /// Posts each message that is stored to `url`, as a row of `GET /_emulator/messages`, in the order of
    /// storage. It must be an `http` URL of a loopback address or of a host of
    /// [`with_receiver_host`](Self::with_receiver_host).
    ///
    /// A response other than 2xx, or none within 5 seconds, is retried twice; then the message counts as
    /// failed. At most 10,000 messages wait; older ones are dropped. The member `on_message` of
    /// [`stats`](crate::Emulator::stats) counts all of them. After a retry the receiver may get a
    /// message twice, with the same `seq`.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let builder = Emulator::builder().with_on_message("http://127.0.0.1:9/hook");
    /// let emulator = builder.start().await?;
    /// assert_eq!(emulator.stats()["on_message"]["waiting"], 0);
    /// assert!(Emulator::builder().with_on_message("http://example.org/").start().await.is_err());
    /// # Ok(()) }
    /// ```
    pub fn with_on_message(mut self, url: impl Into<String>) -> Self {
        self.on_message = Some(url.into());
        self
    }

    /// Keeps the world in a file, so that the next start has it again: messages and their rows, threads,
    /// chats, channels, members, files, templates, users, tokens, sign-ins, subscriptions of Graph and
    /// Event Grid, used-up rate limits, fault rules with what they have counted, and of Skype for Business
    /// tickets, notes and prepared responses, with the same ids.
    ///
    /// The file is a journal of the requests that changed something, which are replayed. It grows until a
    /// reset empties it. A change is written within a second and at the end; a record is in the file
    /// as a whole or not at all. One emulator at a time can use it. It has the credentials of these requests, which
    /// are public ones of the emulator.
    ///
    /// **Not kept**: statistics, what waits for receivers, applications and conversations of UCWA (of
    /// which the rows are kept), what reads alone created, delta tokens of Graph, and the certificate
    /// authority.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = std::env::temp_dir().join(format!("emulator-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let file = folder.join("world");
    /// let message = serde_json::json!({"platform": "acs-messages", "from": "+14255550123", "text": "hi"});
    /// let emulator = Emulator::builder().with_data(&file).start().await?;
    /// emulator.inject(&message)?;
    /// drop(emulator);
    /// let again = Emulator::builder().with_data(&file).start().await?;
    /// assert_eq!(again.messages()[0].text, "hi");
    /// # drop(again);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(()) }
    /// ```
    pub fn with_data(mut self, file: impl Into<std::path::PathBuf>) -> Self {
        self.data = Some(file.into());
        self
    }

    /// Permits a DNS name or an IP address, beside loopback ones, in
    /// [`with_on_message`](Self::with_on_message).
    pub fn with_receiver_host(mut self, host: impl Into<String>) -> Self {
        self.receivers.push(host.into());
        self
    }
}

#[cfg(feature = "export")]
impl Emulator {
    /// Returns everything that was stored as a tar archive, as `GET /_emulator/export`:
    /// `messages/000001-acs-chat.json` is a row of [`messages`](Self::messages),
    /// `exchanges/000001-acs-chat.request.http` its request as it was received, without credentials;
    /// `stats.json` and `faults.json` as the admin API returns them.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let archive = emulator.export()?;
    /// assert_eq!(archive.len() % 512, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the archive cannot be written, which does not happen in memory.
    pub fn export(&self) -> std::io::Result<Vec<u8>> {
        export::archive(self.registry())
    }
}

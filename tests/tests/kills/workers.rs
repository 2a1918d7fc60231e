//! Worker processes, killed and stopped at random.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::time::sleep;

use crate::{
    plan::{Plan, Random},
    worker::ROLE,
};

/// The processes, all of which are gone when this is dropped.
pub(crate) struct Workers {
    store: String,
    ready: String,
    running: Vec<Child>,
    pub(crate) killed: usize,
    pub(crate) stopped: usize,
}

impl Workers {
    pub(crate) fn start(store: &str, ready: &Value) -> Self {
        let mut workers = Self {
            store: store.to_owned(),
            ready: ready.to_string(),
            running: Vec::new(),
            killed: 0,
            stopped: 0,
        };
        for _ in 0..Plan::WORKERS {
            let child = workers.spawn();
            workers.running.push(child);
        }
        workers
    }

    fn spawn(&self) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args([ROLE, &self.store, &self.ready])
            .stdin(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Strikes one worker: two of three times it is killed, else stopped for longer than its lease.
    pub(crate) async fn strike(&mut self, random: &mut Random) {
        sleep(Duration::from_millis(20 + random.below(230))).await;
        let victim = usize::try_from(random.below(Plan::WORKERS as u64)).unwrap();
        let ended = self.running[victim].try_wait().unwrap();
        assert!(ended.is_none(), "a worker ended by itself: {ended:?}");
        if random.below(3) < 2 {
            self.killed += 1;
            self.running[victim].kill().unwrap();
            self.running[victim].wait().unwrap();
            self.running[victim] = self.spawn();
        } else {
            self.stopped += 1;
            self.signal(victim, "-STOP");
            sleep(Plan::LEASE.mul_f64(1.6)).await;
            self.signal(victim, "-CONT");
        }
    }

    fn signal(&self, worker: usize, signal: &str) {
        let pid = self.running[worker].id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for child in &mut self.running {
            // Whatever became of it, it is gone afterwards.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

//! Worker processes, killed and stopped at random.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    plan::{Plan, Random},
    worker::ROLE,
};

/// The processes, all of which are gone when this is dropped.
pub(crate) struct Workers {
    store: String,
    ready: String,
    running: Vec<Running>,
    pub(crate) killed: usize,
    pub(crate) stopped: usize,
}

/// A process, and the task that lets it go on if it was stopped: also while the others wait for
/// what it holds.
struct Running {
    child: Child,
    going_on: Option<JoinHandle<()>>,
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

    fn spawn(&self) -> Running {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([ROLE, &self.store, &self.ready])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Running {
            child,
            going_on: None,
        }
    }

    /// Strikes one worker: two of three times it is killed, else stopped for longer than its lease,
    /// while the others go on.
    pub(crate) async fn strike(&mut self, random: &mut Random) {
        sleep(Duration::from_millis(20 + random.below(100))).await;
        let victim = usize::try_from(random.below(Plan::WORKERS as u64)).unwrap();
        let is_killed = random.below(3) < 2;
        let worker = &mut self.running[victim];
        let ended = worker.child.try_wait().unwrap();
        assert!(ended.is_none(), "a worker ended by itself: {ended:?}");
        if is_killed {
            self.killed += 1;
            if let Some(going_on) = worker.going_on.take() {
                going_on.abort();
                // It may be at it: the process must not be gone before its signal.
                let _ = going_on.await;
            }
            worker.child.kill().unwrap();
            worker.child.wait().unwrap();
            self.running[victim] = self.spawn();
        } else if worker.going_on.as_ref().is_none_or(JoinHandle::is_finished) {
            self.stopped += 1;
            let pid = worker.child.id();
            signal(pid, "-STOP");
            let pause = Plan::LEASE.mul_f64(1.3) + Duration::from_millis(random.below(600));
            worker.going_on = Some(tokio::spawn(async move {
                sleep(pause).await;
                signal(pid, "-CONT");
            }));
        }
    }

    /// Waits until all go on that are stopped.
    pub(crate) async fn go_on(&mut self) {
        for worker in &mut self.running {
            if let Some(going_on) = worker.going_on.take() {
                going_on.await.unwrap();
            }
        }
    }
}

fn signal(pid: u32, signal: &str) {
    let pid = pid.to_string();
    let status = Command::new("kill").args([signal, &pid]).status().unwrap();
    assert!(status.success());
}

impl Drop for Workers {
    fn drop(&mut self) {
        for Running { child, .. } in &mut self.running {
            // Whatever became of it, it is gone afterwards.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

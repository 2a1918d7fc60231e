//! A random run, side by side with the store in memory.

mod clock;
mod operation;

use super::{
    bench::Bench,
    expect::{Broken, Outcome},
    purge,
};

/// Runs with a random seed.
pub(super) async fn fresh(bench: &Bench<'_>) -> Outcome {
    run(bench, fastrand::u64(..), 400).await
}

/// Runs `steps` operations.
pub(super) async fn run(bench: &Bench<'_>, seed: u64, steps: u32) -> Outcome {
    purge::clear(&**bench.store).await?;
    let mut run = operation::Run::new(bench, seed).await?;
    for step in 0..steps {
        let done = run.step().await;
        done.map_err(|Broken(text)| Broken(format!("seed {seed}, step {step}: {text}")))?;
    }
    let ended = run.compare_all().await;
    ended.map_err(|Broken(text)| Broken(format!("seed {seed}, at the end: {text}")))
}

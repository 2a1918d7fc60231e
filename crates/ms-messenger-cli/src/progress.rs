//! How far a command that sends many messages is, on standard error.

use std::{
    fmt::{self, Write},
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use ms_messenger_outbox::State;

use crate::{counts::Counts, print, terminal::columns, text::outbox::BARS};

/// How often a line is written where there is no terminal.
pub(crate) const LINE_EVERY: Duration = Duration::from_secs(10);

/// How far a command is.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    is_quiet: bool,
    /// How many messages there are to send, if that is known.
    total: Option<u64>,
    /// What ended in this run.
    pub(crate) counts: Counts,
    began: Instant,
}

impl Progress {
    /// Starts; there are no bar and no lines without a `total`.
    pub(crate) fn new(total: Option<u64>, is_quiet: bool) -> Self {
        let is_shown = total.is_some() && !is_quiet && io::stderr().is_terminal();
        let bar = is_shown.then(|| {
            let target = ProgressDrawTarget::stderr();
            let bar = ProgressBar::with_draw_target(total, target);
            if let Ok(style) = ProgressStyle::with_template(fitting(&BARS, columns())) {
                bar.set_style(style.with_key("rate", rate));
            }
            bar.enable_steady_tick(Duration::from_secs(1));
            bar
        });
        let progress = Self {
            bar,
            is_quiet,
            total,
            counts: Counts::default(),
            began: Instant::now(),
        };
        progress.draw();
        progress
    }

    /// Counts a message that ended.
    pub(crate) fn ended(&mut self, state: State) {
        self.counts.add(state);
        if let Some(bar) = &self.bar {
            bar.set_position(self.counts.ended());
        }
        self.draw();
    }

    fn draw(&self) {
        if let Some(bar) = &self.bar {
            bar.set_message(self.counts.short());
        }
    }

    /// Writes the line that stands for the bar where there is no terminal.
    pub(crate) fn line(&self) {
        let Some(total) = self.total.filter(|_| !self.is_quiet && self.bar.is_none()) else {
            return;
        };
        let (ended, seconds) = (self.counts.ended(), self.began.elapsed().as_secs_f64());
        let rate = ended as f64 / seconds.max(0.001);
        print::note(format_args!(
            "{ended}/{total} {}, {rate:.1}/s",
            self.counts.short()
        ));
    }

    /// Returns for how long it runs.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Writes beside the bar.
    pub(crate) fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Writes a note beside the bar.
    pub(crate) fn note(&self, text: &str) {
        if !self.is_quiet {
            self.beside(|| print::note(text));
        }
    }

    /// Removes the bar.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Returns the first template that fits a terminal; a line that went on below could not be redrawn.
pub(crate) fn fitting<'a>(bars: &[(usize, &'a str)], columns: Option<usize>) -> &'a str {
    let columns = columns.unwrap_or(usize::MAX);
    let mut fitting = bars.iter().filter(|(needed, _)| *needed <= columns);
    fitting.next().map_or("{pos}", |(_, template)| template)
}

/// The rate of the bar, in the form of the other lines.
fn rate(state: &ProgressState, text: &mut dyn Write) {
    let _: fmt::Result = write!(text, "{:.1}/s", state.per_sec());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fits_the_terminal() {
        for (columns, begin) in [
            (None, "{bar:24}"),
            (Some(200), "{bar:24}"),
            (Some(80), "{bar:16}"),
            (Some(20), "{pos}"),
            (Some(1), "{pos}"),
        ] {
            assert!(fitting(&BARS, columns).starts_with(begin), "{columns:?}");
        }
    }
}

//! How far an upload is, on a terminal.

use std::{
    io::{self, IsTerminal as _},
    sync::{Mutex, PoisonError},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ms_messenger::msgraph_chat::UploadOptions;

use crate::{print, progress::fitting, terminal::columns, text::send::UPLOAD_BARS};

/// Bytes above which there is a bar.
const LARGE: u64 = 1024 * 1024;

/// Returns options that show the progress of large files on a terminal.
pub(super) fn options() -> UploadOptions {
    let options = UploadOptions::default();
    if print::is_quiet() || !io::stderr().is_terminal() {
        return options;
    }
    let bars = Bars::default();
    options.with_progress(move |progress| {
        bars.show(progress.file, progress.sent, progress.total);
    })
}

/// The bar of the file that is uploaded.
#[derive(Debug, Default)]
struct Bars(Mutex<Option<(usize, ProgressBar)>>);

impl Bars {
    fn show(&self, file: usize, sent: u64, total: u64) {
        if total < LARGE {
            return;
        }
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shown.take().filter(|(of, _)| *of == file);
        let (_, bar) = shown.insert(known.unwrap_or_else(|| (file, new_bar(total))));
        bar.set_position(sent);
        if sent >= total {
            bar.finish_and_clear();
            *shown = None;
        }
    }
}

fn new_bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(fitting(&UPLOAD_BARS, columns())) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_has_a_bar_until_it_is_uploaded() {
        let bars = Bars::default();
        let of = |bars: &Bars| bars.0.lock().unwrap().as_ref().map(|(file, _)| *file);
        bars.show(0, 1, LARGE - 1);
        assert_eq!(of(&bars), None);
        bars.show(0, 1, LARGE);
        assert_eq!(of(&bars), Some(0));
        bars.show(1, 1, LARGE);
        assert_eq!(of(&bars), Some(1));
        bars.show(1, LARGE, LARGE);
        assert_eq!(of(&bars), None);
    }
}

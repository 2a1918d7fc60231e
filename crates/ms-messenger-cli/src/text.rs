//! Every text that `msm` prints, by command; the help of commands and options stands in `args`.

#[cfg(test)]
mod literals;
#[cfg(test)]
mod tests;
pub(crate) mod wording;

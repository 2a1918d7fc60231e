//! The one HTTP pipeline of ms-messenger: authorises every try, repeats only what is proven safe, and classifies every failure.

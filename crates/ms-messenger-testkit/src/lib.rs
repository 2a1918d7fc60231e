//! Conformance suite for implementations of the Messenger trait.

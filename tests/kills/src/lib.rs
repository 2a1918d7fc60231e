//! Nothing: the program is a test.

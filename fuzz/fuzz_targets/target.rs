//! The text form of a target: what is read is printed, and read again as the same.
#![no_main]

use ms_messenger_core::Target;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(target) = text.parse::<Target>() {
        assert_eq!(target.to_string().parse::<Target>().expect("it is read again"), target);
    }
});

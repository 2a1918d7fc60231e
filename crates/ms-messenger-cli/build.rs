//! Leaves the unwind tables out of the program that is compiled for size: a tenth of it.

use std::{env, fs, io, path::PathBuf};

/// The name of the linker script.
const SCRIPT: &str = "no-unwind-tables.ld";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={SCRIPT}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|it| it == value);
    // A panic ends msm (src/defect.rs), so nothing reads them. That of a test unwinds.
    if is("OPT_LEVEL", "z") && is("CARGO_CFG_TARGET_OS", "linux") {
        // Among what is built: cargo finds it there also after a checkout, or what was built, has moved.
        let folder = env::var_os("OUT_DIR").unwrap_or_default();
        let script = PathBuf::from(folder).join(SCRIPT);
        fs::copy(SCRIPT, &script)?;
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
    Ok(())
}

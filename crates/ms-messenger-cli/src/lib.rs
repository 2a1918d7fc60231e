//! msm: send messages over Microsoft messaging platforms from a shell, with an embedded emulator.

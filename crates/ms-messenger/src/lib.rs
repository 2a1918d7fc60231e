//! Send messages through every Microsoft messaging platform behind one trait, and always know whether a message went out.

//! Unpublished workspace member.

//! Codes, one file per type; pure.

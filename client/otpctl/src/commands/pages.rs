//! What `otp-helper` prints for us: completions and manual pages.

use std::process::Command;

use super::OrUsage as _;
use crate::cli::Line;
use crate::client::Client;
use crate::failure::{Failure, Kind, reason};
use crate::text::fill;
use crate::{os, sibling};

pub(super) fn completions(client: &mut Client, line: &Line) -> Result<(), Failure> {
    become_helper(client, "completions", line)
}

pub(super) fn man(client: &mut Client, line: &Line) -> Result<(), Failure> {
    become_helper(client, "man", line)
}

fn become_helper(client: &Client, verb: &str, line: &Line) -> Result<(), Failure> {
    let Some(program) = sibling::find("otp-helper") else {
        return Err(Failure::new(Kind::Other, client.text.no_helper));
    };
    let mut command = Command::new(program);
    command.arg(verb).args(line.argument().or_usage(client)?);
    os::become_program(&mut command).map_err(|error| {
        let cause = fill(client.text.cannot_run, &["otp-helper", &reason(&error)]);
        Failure::new(Kind::Other, cause)
    })
}

//! The verbs: one file per family, each a request in and text out.

mod add;
mod backup;
mod change;
mod code;
mod doctor;
mod file;
mod hardware;
mod list;
mod menu;
mod pages;
mod pass_otp;
mod pasted;
mod pick;
mod programs;
mod qr;
mod reading;
mod recovery_codes;
mod recovery_key;
mod reference;
mod restore_backup;
mod review;
mod slots;
mod source;
mod state;
mod transfer;
mod vault;

use crate::cli::{Line, UsageError, Verb};
use crate::client::Client;
use crate::failure::Failure;
use crate::text::Text;

pub(crate) use state::own_version;

/// Does what a command line asks for.
pub(crate) fn run(text: &'static Text, line: &Line) -> Result<(), Failure> {
    let client = &mut Client::new(text, line.globals);
    match line.verb {
        Verb::Init => vault::init(client, line),
        Verb::Unlock => vault::unlock(client, line),
        Verb::Lock => vault::lock(client, line),
        Verb::Passwd => vault::passwd(client),
        Verb::Status => state::status(client),
        Verb::Version => state::version(client),
        Verb::Add => add::add(client, line),
        Verb::Get => code::get(client, line),
        Verb::Notify => code::notify(client, line),
        Verb::Pick => pick::pick(client, line),
        Verb::List => list::list(client, line),
        Verb::Show => list::show(client, line),
        Verb::Edit => change::edit(client, line),
        Verb::Remove => change::remove(client, line),
        Verb::Restore => change::restore(client, line),
        Verb::Import => transfer::import(client, line),
        Verb::Export => transfer::export(client, line),
        Verb::Backup => backup::backup(client, line),
        Verb::BackupsList => backup::list(client),
        Verb::RestoreBackup => restore_backup::restore(client, line),
        Verb::QrRead => qr::read(client, line),
        Verb::QrShow => qr::show(client, line),
        Verb::CodesAdd => recovery_codes::add(client, line),
        Verb::CodesList => recovery_codes::list(client, line),
        Verb::CodesUse => recovery_codes::take(client, line),
        Verb::SlotsList => slots::list(client),
        Verb::SlotsAdd => slots::add(client, line),
        Verb::SlotsTest => slots::test(client, line),
        Verb::SlotsRemove => slots::remove(client, line),
        Verb::SourceAdd => source::add(client, line),
        Verb::SourceList => source::list(client),
        Verb::SourceRemove => source::remove(client, line),
        Verb::SourceSync => source::sync(client, line),
        Verb::KeyShow => recovery_key::show(client),
        Verb::KeyRenew => recovery_key::renew(client),
        Verb::KeyPrint => recovery_key::print(client, line),
        Verb::Rekey => recovery_key::rekey(client, line),
        Verb::Doctor => doctor::doctor(client),
        Verb::Run => programs::run(client, line),
        Verb::Inject => programs::inject(client, line),
        Verb::PassOtp => pass_otp::pass_otp(client, line),
        Verb::Completions => pages::completions(client, line),
        Verb::Man => pages::man(client, line),
    }
}

/// Turns a mistake in an argument into a failure in the person's language.
trait OrUsage<T> {
    fn or_usage(self, client: &Client) -> Result<T, Failure>;
}

impl<T> OrUsage<T> for Result<T, UsageError> {
    fn or_usage(self, client: &Client) -> Result<T, Failure> {
        self.map_err(|error| error.into_failure(client.text))
    }
}

//! Everything that a person reads, in one place and in every language. A language is a [`Text`];
//! one without a sentence doesn't compile.

mod en;
mod en_help;
mod ja;
mod ja_causes;
mod ja_help;

use std::ffi::OsString;

use otp_proto::UriError;

use crate::cli::Verb;

/// Declares the sentences, and in tests lists them.
macro_rules! sentences {
    ($($name:ident),* $(,)?) => {
        /// The sentences of one language; `{}` stands for a value.
        pub(crate) struct Text {
            $(pub(crate) $name: &'static str,)*
            help: fn(Option<Verb>) -> &'static str,
            failed: fn(Verb) -> &'static str,
            uri_error: fn(UriError) -> String,
            causes: &'static [(&'static str, &'static str)],
        }

        #[cfg(test)]
        impl Text {
            fn sentences(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name)),*]
            }
        }
    };
}

sentences! {
    a_text, a_uri, a_url, accepted_counter, accepted_question, again, agent_line, agent_ok,
    ambiguous, as_it_is, ask_account, ask_codes, ask_issuer, ask_key, asked_again, askpass_help, backed_up,
    backup_age, backup_holds, backup_inside, backup_none, backup_opens, backup_passphrase,
    backup_unopened, backup_what, bad_answer, bad_env_line, bad_line, bad_lines, bad_reference,
    bad_value, both_sides, broken, busy, cancelled, cannot_connect, cannot_read, cannot_run,
    cannot_start, cannot_unlock, cannot_write, cause_files, cause_idle, cause_lost, cause_max,
    cause_request, cause_screen, cause_session, cause_signal, cause_sleep, changed, clock_ok,
    clock_unknown, clock_wrong, code_marked, code_used, codes_added, codes_for, codes_left,
    codes_read, codes_scrollback, copied, copied_by_terminal, copy_age, copy_none, copy_old,
    could_not_be_read, current_passphrase, cut_short, denied, desktop_failed, desktop_missing, do_this, drawn,
    drop_question, duplicate, empty_passphrase, exported, file_exists, foreign_entry,
    foreign_server, found_one, found_several, generated, generation, generation_of, half_verb, hint,
    hours, imported, incomplete, init_intro, invalid, is_locked, is_locked_for, keep_question,
    key_not_kept, key_printed, key_renewed, key_stays, keyring_added, language, last_code,
    last_slot, left_out, like_recovery_key, locked, memory_locked, memory_secret, memory_unlocked,
    minutes, mismatch, mismatch_thrice, missing_parts, mistyped_group, nameless, names_for_several,
    needs_name, needs_value, new_passphrase, next_code_soon, no_answer, no_backups, no_change,
    no_code, no_code_left, no_codes, no_desktop, no_entries, no_helper, no_home, no_identity,
    no_key_in_it, no_key_on_clipboard, no_otpd, no_plugin, no_prompt, no_room, no_slot, no_vault,
    no_verb, nobody_to_ask, not_a_backup, not_a_key, not_a_text, not_accepted, not_answered,
    not_cleared, not_found, not_private, not_ready, not_running, not_there, not_yet,
    nothing_to_pick, on_clipboard, on_screen, one_backup, one_side, one_source, one_way,
    only_keyring, only_others, opened_keyring, opened_passphrase, opened_recovery, other_recipient,
    overwrite_question, passphrase, passphrase_changed, plugin_added, plugin_needs, png_or_print,
    problems, program_broken, program_missing, program_version, progress, purge_needs_yes,
    purge_question, purged, put_back, rate_limited, recovery_intro, recovery_key,
    recovery_not_shown, recovery_outro, refused, refused_for, rekey_intro, rekeyed, remembered,
    remove_question, removed, replaces, restore_needs_yes, restore_question, restored, rollback,
    row_account, row_agent, row_algorithm, row_backup, row_clock, row_codes, row_counter,
    row_created, row_digits, row_entries, row_extra, row_id, row_issuer, row_key, row_memory,
    row_note, row_opened, row_period, row_socket, row_sources, row_tags, row_trash, row_type,
    row_vault, same_key, same_keys, saved, scrollback, seconds, seconds_left, secret_argument,
    several_lines, several_vaults, short_key, short_question, short_warning, skew, slot_gone,
    slot_keyring, slot_name, slot_opens, slot_passphrase, slot_plugin, slot_recovery, slot_removed,
    source_absent, source_late, source_loading, source_needs_place, source_off, source_password,
    source_ready, source_screen, source_session, source_sleep, source_stale, source_starting,
    start_failed, state_ok, state_problem, state_unknown, state_warning, store_question, superseded,
    takes_no_value, the_clipboard, the_screen, there_already, too_few, too_many, type_code,
    type_counter_code, type_it, undo, unknown_format, unknown_option, unknown_verb, unlocked,
    unsupported, unsupported_yet, usage, vault_exists, vault_locked_by, vault_locked_for,
    vault_none, vault_open, vault_open_idle, vault_open_max, warning, what_stays, which_again,
    which_question, will_supersede, would_change, would_come, would_go, would_import, would_stay,
    wrong_passphrase,
}

impl Text {
    /// The help of a verb, or of all.
    pub(crate) fn help(&self, verb: Option<Verb>) -> &'static str {
        (self.help)(verb)
    }

    /// What it means that a verb failed.
    pub(crate) fn failed(&self, verb: Verb) -> &'static str {
        (self.failed)(verb)
    }

    /// Why a text isn't a key; never quotes it.
    pub(crate) fn uri_error(&self, error: UriError) -> String {
        (self.uri_error)(error)
    }

    /// A cause that the system or another program has said in English, in this language.
    pub(crate) fn cause(&self, cause: &str) -> String {
        let mut said = cause.to_owned();
        for (english, own) in self.causes {
            if said.contains(english) {
                said = said.replace(english, own);
            }
        }
        said
    }
}

/// Chooses the language as setlocale(3) does: the first of three variables that isn't empty.
pub(crate) fn of_environment(env: &dyn Fn(&str) -> Option<OsString>) -> &'static Text {
    let chosen = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| env(name))
        .find(|value| !value.is_empty());
    match chosen {
        Some(value) if value.to_string_lossy().starts_with("ja") => &ja::TEXT,
        _ => &en::TEXT,
    }
}

/// Puts values in the places of a sentence, in their order.
pub(crate) fn fill(sentence: &str, values: &[&str]) -> String {
    let mut out = String::with_capacity(sentence.len() + 64);
    let mut values = values.iter();
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once("{}") {
        out.push_str(before);
        out.push_str(values.next().unwrap_or(&""));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Seconds as a person says them: the two largest units.
pub(crate) fn duration(text: &Text, seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    if hours > 0 {
        let rest = (minutes % 60).to_string();
        fill(text.hours, &[&hours.to_string(), &rest])
    } else if minutes > 0 {
        fill(text.minutes, &[&minutes.to_string()])
    } else {
        fill(text.seconds, &[&seconds.to_string()])
    }
}

/// Seconds since 1970 as a day in UTC, `2025-06-17` (Howard Hinnant, "chrono-compatible
/// low-level date algorithms", `civil_from_days`).
pub(crate) fn date(seconds: i64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let in_month = in_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (year + era * 400, month + 3)
    } else {
        (year + era * 400 + 1, month - 9)
    };
    format!("{year}-{month:02}-{in_month:02}")
}

/// Seconds since 1970 as a minute in UTC, `2025-06-17 09:41 UTC`.
pub(crate) fn moment(seconds: i64) -> String {
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{} {hours:02}:{minutes:02} UTC", date(seconds))
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    fn chosen(vars: &[(&str, &str)]) -> &'static str {
        let env = |name: &str| {
            vars.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        };
        of_environment(&env).locked
    }

    #[test]
    fn the_first_locale_variable_that_is_not_empty_decides() {
        let (en, ja) = (en::TEXT.locked, ja::TEXT.locked);
        assert_eq!(chosen(&[]), en);
        assert_eq!(chosen(&[("LANG", "ja_JP.UTF-8")]), ja);
        assert_eq!(chosen(&[("LC_ALL", "C"), ("LANG", "ja_JP.UTF-8")]), en);
        assert_eq!(chosen(&[("LC_ALL", ""), ("LC_MESSAGES", "ja")]), ja);
    }

    #[test]
    fn both_languages_say_everything_with_the_same_values() {
        for ((name, english), (_, japanese)) in
            en::TEXT.sentences().iter().zip(ja::TEXT.sentences())
        {
            assert!(!english.is_empty() && !japanese.is_empty(), "{name}");
            let places = |sentence: &str| sentence.matches("{}").count();
            assert_eq!(places(english), places(japanese), "{name}");
            let ends = |sentence: &str| sentence.ends_with('\n');
            assert_eq!(ends(english), ends(japanese), "{name}");
        }
    }

    #[test]
    fn every_help_fits_a_terminal_of_24_lines_and_80_columns() {
        for text in [&en::TEXT, &ja::TEXT] {
            for verb in Verb::all().map(Some).chain([None]) {
                let help = text.help(verb);
                assert!(help.lines().count() <= 24, "{verb:?}");
                assert!(help.ends_with('\n'), "{verb:?}");
                for line in help.lines() {
                    assert!(line.width() <= 80, "{verb:?}: {line}");
                }
                if let Some(verb) = verb {
                    assert!(
                        help.contains(&format!("otpctl {}", verb.name())),
                        "{verb:?}"
                    );
                    assert!(!text.failed(verb).is_empty());
                } else {
                    for verb in Verb::all() {
                        let first = verb.name().split(' ').next().unwrap();
                        assert!(help.contains(first), "{verb:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_date_is_right_at_leap_days_and_year_ends() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_735_689_599, "2024-12-31"),
            (1_750_118_400, "2025-06-17"),
        ] {
            assert_eq!(date(seconds), expected);
        }
        assert_eq!(moment(1_735_689_599), "2024-12-31 23:59 UTC");
    }
}

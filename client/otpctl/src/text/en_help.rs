//! English: what `--help` prints, at most 24 lines of 80 columns.

use crate::cli::Verb;

#[expect(clippy::too_many_lines, reason = "a text for each verb")]
pub(super) fn help(verb: Option<Verb>) -> &'static str {
    let Some(verb) = verb else {
        return "\
Usage: otpctl VERB [OPTIONS]            otpctl help VERB explains a verb

  init             make the vault         unlock, lock     open it, close it
  passwd           new passphrase         status           what the agent says
  add              store a key            get QUERY        print a code
  list [QUERY]     list entries           show QUERY       describe an entry
  edit QUERY       change an entry        remove QUERY     put it into the trash
  restore ID       out of the trash       version          versions
  import FILE      take over keys         export FILE      hand out keys
  backup FILE      save the vault         restore-backup FILE   put it back
  backups list     otpd's own copies      notify QUERY     show it for a while
  qr read, show    QR codes               pick [QUERY]     choose an entry
  completions SHELL, man   for you        recovery-codes add, list, use
  doctor           look for problems      slots, recovery-key, rekey   ways in
  run -- COMMAND, inject, pass-otp        codes for other programs
  source add, list, remove, sync          show entries that live elsewhere

QUERY is an id, issuer:account, an issuer, an account, or part of a name.

      --json             stable output for programs
  -q, --quiet, --no-start     results only, do not start otpd
      --prompt, --no-prompt   allow the agent's own dialog, forbid any question
      --passphrase-fd N  read passphrases from this descriptor, one a line
  -h, --help    -V, --version
";
    };
    match verb {
        Verb::Init => {
            "\
Usage: otpctl init [--generate]

Makes the vault and leaves it unlocked. The passphrase is asked on the terminal,
or read as a line from standard input if that is no terminal. The recovery key
goes to standard output, once: print it or write it down.

      --generate   propose a passphrase of six words (73 bits)
"
        }
        Verb::Unlock => {
            "\
Usage: otpctl unlock [--slot NAME | --vault NAME]

Opens the vault with the passphrase or the recovery key, asked on the terminal,
or read as a line from standard input if that is no terminal.

      --slot NAME    by this slot of hardware (otpctl slots list); what its
                     plugin says and asks, such as a PIN, is shown here
      --vault NAME   of more than one vault file, with this one; the others are
                     kept, and no longer in the way
"
        }
        Verb::Lock => {
            "\
Usage: otpctl lock [--for DURATION]

Wipes the keys from memory. The next code needs the passphrase again.

      --for DURATION   refuse every unlock for so long (30m, 8h, 2d; at most a
                       year), suspend counted; 0 ends that. No passphrase ends
                       it, for it guards against habit and not against who may
                       stop the agent; a restart of the agent does not either
"
        }
        Verb::Status => {
            "\
Usage: otpctl status [--json]

Says whether the vault is locked, since when, until when and by what, what else
locks it, how memory is protected, how old the newest automatic backup is,
whether the clock is synchronised, which otpd runs, and where.
JSON keys: locked, vault, version, protocol, pid, memory, rollback, entries,
since, locks_in, locks_by, locked_by, unlocked_by, lock_sources, socket,
backup_age, clock_synchronised, warnings.
"
        }
        Verb::Passwd => {
            "\
Usage: otpctl passwd

Changes the passphrase: the present one (or the recovery key), then the new one
twice. If standard input is no terminal, two lines: present, new.
The recovery key stays as it is.
"
        }
        Verb::Version => {
            "\
Usage: otpctl version

Prints the versions of otpctl and of the otpd that runs.
"
        }
        Verb::Add => {
            "\
Usage: otpctl add [OPTIONS]

Stores a key: an otpauth URI or a base32 key, asked on the terminal or read from
standard input, or QR codes. On a terminal the first code is shown, and the key
is stored once the page accepted it; of several keys you choose.

      --screen            find the QR codes on every monitor
      --clipboard         read the clipboard's picture or URI, then clear it
      --image FILE...     read pictures (PNG, JPEG, WebP, GIF, BMP); - is stdin
      --issuer NAME       the service's name
      --account NAME      your name there
      --type TYPE         totp, hotp or steam
      --algorithm HASH    SHA1, SHA256 or SHA512
      --digits N          1 to 9
      --period SECONDS    1 to 86400
      --counter N         the next counter (hotp)
      --tag WORD          may be given several times
      --note TEXT         a remark
      --yes               store without asking

A key never goes on the command line: every program could read it there.
"
        }
        Verb::Get => {
            "\
Usage: otpctl get QUERY [OPTIONS]

Prints the code and a newline on standard output. Several matches are listed on
standard error, exit status 4. On a locked vault the passphrase is asked if
standard input and error are terminals; else exit status 5.

      --next              also print the next code
      --min-left SECONDS  wait for a code that lives at least so long
      --fresh             never the same code twice; waits for the next one
      --copy              onto the clipboard instead, and off it when it dies
      --osc52             the same by the terminal, over SSH; it stays there
      --type              type it into the field that has the focus
      --script, --window  with --type: {USER}{TAB}{CODE}{ENTER}; only into this
      --script -          reads it from standard input, out of sight of others
      --notify            show it in a notification instead, as notify does
      --json              id, code, valid_for, next; clears_in with --copy
"
        }
        Verb::Notify => {
            "\
Usage: otpctl notify QUERY [--json]

Shows the code in a notification, which goes when the code dies, the vault locks
or the screen is locked. For a key of your desktop:

      otpctl --prompt notify QUERY

      --json   id, valid_for
"
        }
        Verb::Pick => {
            "\
Usage: otpctl pick [QUERY] [--notify] [--json]

Has you choose an entry, and prints its code; without a terminal it is shown in
a notification. Those whose codes were asked for most since otpd started come
first. In a terminal the names go to fzf, if there is one; else to the first of
fuzzel, wofi, rofi, bemenu and dmenu. [pick] in otpd.toml names another one.
For a key of your desktop:

      otpctl --prompt pick

      --copy, --osc52, --type   instead, as get does
      --notify          in a notification, also in a terminal
      --json            as get, or as notify
"
        }
        Verb::List => {
            "\
Usage: otpctl list [QUERY] [--json | --names | --format NAME] [--trash]

Lists entries: id, issuer, account, type. Without a code, without a key.

      --names   one name a line, for menus: otpctl list --names | fzf
      --format json|rofi|fuzzel|alfred|raycast
                for other programs' menus, most used first; no code in it
      --trash   the entries in the trash
      --json    id, issuer, account, type, algorithm, digits, period or
                counter, tags
"
        }
        Verb::Show => {
            "\
Usage: otpctl show QUERY [--json]

Describes an entry, without its key.
"
        }
        Verb::Edit => {
            "\
Usage: otpctl edit QUERY OPTIONS

Changes an entry; what is not given stays.

      --issuer NAME       the service's name
      --account NAME      your name there
      --type TYPE         totp, hotp or steam
      --algorithm HASH    SHA1, SHA256 or SHA512
      --digits N          1 to 9
      --period SECONDS    1 to 86400
      --counter N         the next counter (hotp)
      --tag WORD          all tags, in place of the present ones
      --note TEXT         a remark; empty removes it
"
        }
        Verb::Remove => {
            "\
Usage: otpctl remove QUERY [--purge] [--yes]

Moves an entry to the trash, where it stays for 30 days (otpctl restore).

      --purge   destroy the key for good, in the trash and in the backups too;
                a backup of another vault cannot be read, and is deleted
      --yes     do not ask
"
        }
        Verb::Restore => {
            "\
Usage: otpctl restore ID

Brings an entry back from the trash: its id, or its number there (tr-1), as
otpctl list --trash shows them.
"
        }
        Verb::Import => {
            "\
Usage: otpctl import FILE [OPTIONS]

Takes over the keys of a list of otpauth URIs, one a line, in one write. What
is there already (key, type, algorithm, digits and period) is left out. A line
that is no key is named, and then nothing is stored. FILE may be - for
standard input.

      --format NAME   the file's format; otherwise it is recognised
      --dry-run       say what would happen
      --skip-bad      store the good lines
      --json          added, duplicates, same_key, skipped
"
        }
        Verb::Export => {
            "\
Usage: otpctl export FILE [--format otpauth] [--force]

Writes all keys in clear, one otpauth URI a line; the passphrase is asked again.
The file is new and closed to others (mode 0600). FILE may be - for standard
output.

      --force   replace an existing file
"
        }
        Verb::Backup => {
            "\
Usage: otpctl backup FILE [--force]

Writes the encrypted vault as one text file and reads it back. The passphrase or
the recovery key opens it. FILE may be - for standard output.

      --force   replace an existing file
"
        }
        Verb::BackupsList => {
            "\
Usage: otpctl backups list

The backups that otpd makes by itself, the newest first: the last ten states of
the vault, and one of each day of a month on which it changed. Each comes back
with otpctl restore-backup --from NAME. With --json: name, generation, written
(seconds since 1970), bytes, current.
"
        }
        Verb::RestoreBackup => {
            "\
Usage: otpctl restore-backup FILE | --from NAME [--dry-run] [--yes]

Puts a backup in the vault's place, after showing what would change: a file that
otpctl backup has made, with its passphrase or recovery key, or one of the
automatic backups. A present vault must be unlocked, and is kept among those; if
it is another vault, until the next remove --purge. Counters never go back.

      --from NAME   an automatic backup (otpctl backups list), or last for the
                    vault as it was before the last change
      --dry-run     say what would change, and change nothing
      --yes         do not ask
"
        }
        Verb::QrRead | Verb::QrShow => {
            "\
Usage: otpctl qr read FILE... | show QUERY [OPTIONS]

otpctl qr read prints the text of any QR code, one a line, and stores nothing.
FILE may be - for standard input. With --json: text, source.

otpctl qr show draws an entry's QR code in the terminal, to be scanned by a
phone. The passphrase is asked again: the picture is the key, and the terminal
keeps it in its scrollback.

      --screen       read the codes on every monitor
      --clipboard    read the picture on the clipboard
      --png FILE     write a picture (mode 0600)
      --print FILE   write a page to print (HTML, mode 0600)
      --invert       without colours, for a light terminal
      --force        replace an existing file
"
        }
        Verb::CodesAdd | Verb::CodesList | Verb::CodesUse => {
            "\
Usage: otpctl recovery-codes add QUERY | list QUERY | use QUERY [OPTIONS]

Keeps the one-use codes that a service hands out for the day the token is lost,
encrypted with the entry.

otpctl recovery-codes add reads them from standard input or asks: one a line, or
with blanks between, as they are pasted; numbers and bullets before them go.
otpctl recovery-codes list says how many are left.
otpctl recovery-codes use prints the next one, marked as used on disk before.

      --replace   the service issued new codes: forget the present ones
      --show      also the codes; the passphrase is asked again
      --json      id, left, total; added, code or codes (code, used)
"
        }
        Verb::SlotsList | Verb::SlotsAdd | Verb::SlotsTest | Verb::SlotsRemove => {
            "\
Usage: otpctl slots list | add KIND | test NAME | remove NAME
       otpctl slots add keyring | plugin PROGRAM FILE

The ways to open the vault. Each opens it without the others.

otpctl slots list names them; with --json: name, kind.
otpctl slots add keyring lets the session's keyring open the vault when otpd
starts. otpctl slots add plugin lets hardware open it (otpctl unlock --slot),
through a plugin of age such as age-plugin-tpm, with the identity file that it
has made (or - for standard input). The passphrase is asked.
otpctl slots test opens the vault by one slot alone, and changes nothing.
otpctl slots remove takes a slot away. The passphrase is asked, or the recovery
key where the passphrase's slot goes; one of these two always stays. A new
passphrase (otpctl passwd) makes its slot again.

      --name NAME   call a slot of hardware so, and not as its plugin
"
        }
        Verb::SourceAdd | Verb::SourceList | Verb::SourceRemove | Verb::SourceSync => {
            "\
Usage: otpctl source add NAME | list | remove NAME | sync NAME

Shows entries of another program beside our own, read-only: list, get, pick and
notify find them, each with the name of its source. A database is read again
when it changes. Its password is asked, or a line of standard input, and
forgotten when the vault locks: otpctl source sync NAME asks for it again. Other
programs are asked for each code. otpctl source list says how each stands; with
--json: name, kind, place, state, entries, since, cause. otpctl source remove
forgets the source, not its entries.

      --kdbx FILE       a database of KeePass or KeePassXC
      --key-file FILE   its key file
      --no-password     the key file is all that it has
      --remember        keep its password in the vault
      --pass, --gopass  the store of pass or gopass
      --store FOLDER    where the store is, if it is elsewhere
      --folder NAME     the folder in it that has the entries
      --command LINE    prints id TAB issuer TAB account a line, without a shell
      --code LINE       prints the code of the entry {id}
      --uri LINE        prints its URI instead
      --preset NAME     such lines for rbw, bw, op, proton or openbao
"
        }
        Verb::KeyShow | Verb::KeyRenew | Verb::KeyPrint => {
            "\
Usage: otpctl recovery-key renew | print FILE | show [--force]

The recovery key opens the vault when the passphrase is lost. It is kept
nowhere, so otpctl recovery-key show can only say that.

otpctl recovery-key renew makes a new one and prints it, once. At a terminal it
asks whether you have it on paper.
otpctl recovery-key print makes a new one and writes it on a sheet with its QR
code: a page for FILE.html, else a text (mode 0600). FILE may be -.

From then on the key before it opens only older backups.
The passphrase is asked. If somebody saw the key: otpctl rekey --drop-backups.

      --force   replace an existing file
"
        }
        Verb::Rekey => {
            "\
Usage: otpctl rekey [--drop-backups]

Gives the vault a new identity: for when somebody may have seen the old one. The
passphrase stays, a new recovery key is printed, once, and slots that nobody
types go. All of it is written together or not at all.

      --drop-backups   remove the backups, which only the old identity opens;
                       asked on a terminal, else they stay
"
        }
        Verb::Doctor => {
            "\
Usage: otpctl doctor [--json]

Looks at programs, socket, agent, vault, memory and clock, one line each, and
says what to do. Exit status 1 if there is a problem.
"
        }
        Verb::Run => {
            "\
Usage: otpctl run [--env-file FILE] [--fresh] [--min-left SECONDS] -- COMMAND

Runs a command with codes in its environment: in the place of references in the
files, and of variables whose whole value is one. A reference is otp://QUERY or
otp://ISSUER/ACCOUNT, with %20 for a blank. A file has lines NAME=VALUE.

      TOKEN=otp://github/me otpctl run -- sh -c 'echo \"$TOKEN\" | login'

Codes die soon, so this is for commands that use them at once. The exit status
is the command's own.
"
        }
        Verb::Inject => {
            "\
Usage: otpctl inject [FILE] [--fresh] [--min-left SECONDS]

Copies a text from FILE or standard input to standard output, with codes in the
place of references: otp://QUERY, otp://ISSUER/ACCOUNT, or {{ otp://ISSUER/ME }}
with blanks in names. If one has no code nothing is written.

      echo 'pass=secret otp=otp://vpn' | otpctl inject
"
        }
        Verb::PassOtp => {
            "\
Usage: otpctl pass-otp [code] [-c] NAME
       otpctl pass-otp insert [-f] [-s -i ISSUER -a ACCOUNT] [NAME]
       otpctl pass-otp append [-f] [-s -i ISSUER -a ACCOUNT] NAME
       otpctl pass-otp uri [-q] NAME
       otpctl pass-otp validate

Takes the arguments of pass's extension for codes (pass otp), and answers from
otpd's vault; pass's own store is neither read nor written. NAME is the name it
was inserted by, else FOLDER/NAME means issuer and account, else it is a QUERY.
A key comes from standard input or is asked, never from the command line; uri
asks the passphrase again. To have pass otp ask otpd: otpctl help man, and
docs/integrations.md.
"
        }
        Verb::Completions => {
            "\
Usage: otpctl completions SHELL

Prints completions for bash, zsh or fish.
"
        }
        Verb::Man => {
            "\
Usage: otpctl man [PAGE]

Prints a manual page: otpctl man | man -l -
"
        }
    }
}

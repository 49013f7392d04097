//! What a database's own key derivation costs, read off its header before it is paid.

/// Most bytes that a derivation may take.
const MAX_MEMORY: u64 = 1024 * 1024 * 1024;
/// Most bytes that Argon2 may go over, all passes together.
const MAX_WORK: u64 = 16 * MAX_MEMORY;
/// Most rounds of AES.
const MAX_ROUNDS: u64 = 1_000_000_000;
/// Most lanes: each is a thread.
const MAX_LANES: u64 = 64;
/// Bytes of address space of a thread: its stack and glibc's arena (malloc(3)).
const THREAD: u64 = 66 * 1024 * 1024;
/// Longest header in bytes that is looked at.
const MAX_HEADER: usize = 64 * 1024;

const NOT_ONE: &str = "not a KeePass database (KDBX)";
const TOO_COSTLY: &str = "the key derivation of the database is too costly: more than 1 GiB of \
     memory, or too many rounds";

/// Returns how many bytes of address space it takes.
pub(super) fn memory(database: &[u8]) -> Result<u64, &'static str> {
    let header = database
        .get(..MAX_HEADER.min(database.len()))
        .ok_or(NOT_ONE)?;
    let kind = u32_at(header, 4).ok_or(NOT_ONE)?;
    if !header.starts_with(&super::MAGIC) || kind != 0xb54b_fb67 && kind != 0xb54b_fb65 {
        return Err(NOT_ONE);
    }
    let major = header.get(10..12).ok_or(NOT_ONE)?;
    match (kind, major) {
        (0xb54b_fb65, _) => Err("a database of KeePass 1: save it as KDBX"),
        (_, [4, 0]) => of_version_4(header),
        (_, [3, 0]) => of_version_3(header),
        _ => Err("a KeePass database of a version that isn't known"),
    }
}

/// Fields of a byte that names them, two of length, and their bytes; 6 is the number of rounds.
fn of_version_3(header: &[u8]) -> Result<u64, &'static str> {
    let mut rest = header.get(12..).ok_or(NOT_ONE)?;
    while let [name, low, high, after @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let (value, next) = after.split_at_checked(length).ok_or(NOT_ONE)?;
        match name {
            0 => return Ok(0),
            6 if number(value).is_none_or(|rounds| rounds > MAX_ROUNDS) => return Err(TOO_COSTLY),
            _ => {}
        }
        rest = next;
    }
    Err(NOT_ONE)
}

/// The same with four bytes of length; 11 is a dictionary of parameters.
fn of_version_4(header: &[u8]) -> Result<u64, &'static str> {
    let mut rest = header.get(12..).ok_or(NOT_ONE)?;
    let mut memory = 0;
    while let Some((name, after)) = rest.split_first() {
        let (value, next) = prefixed(after).ok_or(NOT_ONE)?;
        match name {
            0 => return Ok(memory),
            11 => memory = parameters(value)?,
            _ => {}
        }
        rest = next;
    }
    Err(NOT_ONE)
}

fn parameters(dictionary: &[u8]) -> Result<u64, &'static str> {
    let (mut memory, mut passes, mut rounds, mut lanes) = (0, 1, 0, 1);
    let mut rest = dictionary.get(2..).ok_or(NOT_ONE)?;
    while let Some((kind, after)) = rest.split_first().filter(|(kind, _)| **kind != 0) {
        let (name, after) = prefixed(after).ok_or(NOT_ONE)?;
        let (value, next) = prefixed(after).ok_or(NOT_ONE)?;
        let value = matches!(kind, 0x04 | 0x05).then(|| number(value)).flatten();
        match (name, value) {
            (b"M", Some(value)) => memory = value,
            (b"I", Some(value)) => passes = value,
            (b"R", Some(value)) => rounds = value,
            (b"P", Some(value)) => lanes = value,
            _ => {}
        }
        rest = next;
    }
    let is_dear = memory > MAX_MEMORY
        || memory
            .checked_mul(passes)
            .is_none_or(|work| work > MAX_WORK)
        || passes > u64::from(u32::MAX)
        || rounds > MAX_ROUNDS
        || lanes > MAX_LANES;
    if is_dear {
        return Err(TOO_COSTLY);
    }
    // Of several lanes each is a thread.
    let threads = if lanes > 1 { lanes } else { 0 };
    Ok(memory + threads * THREAD)
}

/// Bytes behind their length in four bytes, and what follows them.
fn prefixed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
    bytes.get(4..)?.split_at_checked(length)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

/// A number of four or eight bytes.
fn number(value: &[u8]) -> Option<u64> {
    match value.len() {
        4 => u32_at(value, 0).map(u64::from),
        8 => Some(u64::from_le_bytes(*value.first_chunk()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(memory: u64, passes: u64, rounds: u64) -> Vec<u8> {
        of_lanes(memory, passes, rounds, 1)
    }

    fn of_lanes(memory: u64, passes: u64, rounds: u64, lanes: u64) -> Vec<u8> {
        let mut dictionary = vec![0, 1];
        for (name, value) in [
            (b'M', memory),
            (b'I', passes),
            (b'R', rounds),
            (b'P', lanes),
        ] {
            dictionary.extend([5, 1, 0, 0, 0, name, 8, 0, 0, 0]);
            dictionary.extend(value.to_le_bytes());
        }
        dictionary.push(0);
        let mut bytes = super::super::MAGIC.to_vec();
        bytes.extend([0x67, 0xfb, 0x4b, 0xb5, 1, 0, 4, 0, 11]);
        bytes.extend(u32::try_from(dictionary.len()).unwrap().to_le_bytes());
        bytes.extend(dictionary);
        bytes.extend([0, 4, 0, 0, 0, 13, 10, 13, 10]);
        bytes
    }

    #[test]
    fn a_derivation_is_paid_up_to_a_gibibyte_and_a_billion_rounds() {
        assert_eq!(memory(&database(64 << 20, 10, 0)), Ok(64 << 20));
        assert_eq!(memory(&database(1 << 30, 16, 0)), Ok(1 << 30));
        for dear in [
            database((1 << 30) + 1, 1, 0),
            database(1 << 30, 17, 0),
            database(u64::MAX, u64::MAX, 0),
            database(0, 1, MAX_ROUNDS + 1),
        ] {
            assert_eq!(memory(&dear), Err(TOO_COSTLY));
        }
    }

    #[test]
    fn each_lane_is_a_thread_with_room_for_itself() {
        assert_eq!(memory(&of_lanes(1 << 20, 1, 0, 1)), Ok(1 << 20));
        let room = memory(&of_lanes(1 << 20, 1, 0, 64));
        assert_eq!(room, Ok((1 << 20) + 64 * THREAD));
        assert_eq!(memory(&of_lanes(1 << 20, 1, 0, 65)), Err(TOO_COSTLY));
    }

    #[test]
    fn a_header_that_is_cut_or_foreign_is_no_database() {
        let whole = database(1 << 20, 1, 0);
        for end in 0..whole.len() - 8 {
            assert!(memory(&whole[..end]).is_err(), "cut at {end}");
        }
        assert_eq!(memory(b"PK\x03\x04 something else"), Err(NOT_ONE));
        let mut first = whole;
        first[4] = 0x65;
        assert!(memory(&first).unwrap_err().contains("KeePass 1"));
    }
}

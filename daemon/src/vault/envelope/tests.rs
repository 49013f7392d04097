//! What RFC 8439 and age-encryption.org/v1 say, and what age itself reads and writes.

use std::io::{Read as _, Write as _};
use std::iter::once;

use age::x25519::Identity;
use age_core::format::FileKey;
use age_core::primitives::{aead_decrypt, aead_encrypt};
use zeroize::Zeroizing;

use super::cipher::{self, Cipher, Key, Nonce};
use super::{EnvelopeError, Opening, open, seal};

/// Plaintext lengths about the borders of chunks, of the keystream made at once, and of blocks.
const LENGTHS: [usize; 20] = [
    0, 1, 15, 16, 17, 63, 64, 65, 1023, 1024, 1025, 65_535, 65_536, 65_537, 65_552, 66_560,
    131_071, 131_072, 131_073, 200_000,
];

fn text(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(byte).take(length).collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn key(hex: &str) -> Key {
    Zeroizing::new(unhex(hex).try_into().unwrap())
}

fn nonce(hex: &str) -> Nonce {
    unhex(hex).try_into().unwrap()
}

#[test]
fn a_text_in_pieces_is_encrypted_as_rfc_8439_section_2_4_2_has_it() {
    let key = key("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    let nonce = nonce("000000000000004a00000000");
    let plain = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip \
        for the future, sunscreen would be it.";
    let expected = unhex(
        "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b\
         f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8\
         07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736\
         5af90bbf74a35be6b40b8eedf2785e42874d",
    );
    for size in [1, 7, 64, plain.len()] {
        let mut cipher = Cipher::new(&key, &nonce);
        let mut encrypted = vec![0; plain.len()];
        for (from, to) in plain.chunks(size).zip(encrypted.chunks_mut(size)) {
            cipher.apply(from, to);
        }
        assert_eq!(encrypted, expected);
    }
}

#[test]
fn a_tag_is_rfc_8439s_and_no_other_is_right() {
    // Section 2.8.2 has other data, so the tag is that of an independent implementation, at the
    // nonce that both have in common; its key comes as in section 2.6.2.
    let key = key("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    for length in LENGTHS {
        let plain = text(length);
        let mut cipher = Cipher::new(&key, &[0; 12]);
        let mut encrypted = vec![0; length];
        cipher.apply(&plain, &mut encrypted);
        let tag = cipher::tag(&cipher, &encrypted);
        assert!(cipher::is_right(&cipher, &encrypted, &tag));
        for bit in 0..128 {
            let mut other = tag;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!cipher::is_right(&cipher, &encrypted, &other));
        }
        encrypted.extend_from_slice(&tag);
        assert_eq!(encrypted, aead_encrypt(&key, &plain), "{length}");
        assert_eq!(aead_decrypt(&key, length, &encrypted).unwrap(), plain);
    }
}

#[test]
fn a_ciphertext_exchanged_is_the_one_made_under_the_other_nonce() {
    let key = key("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0");
    let nonces = [[0; 12], [9; 12]];
    for length in LENGTHS {
        let plain = text(length);
        let [mut first, second] = nonces.map(|nonce| {
            let mut encrypted = vec![0; length];
            Cipher::new(&key, &nonce).apply(&plain, &mut encrypted);
            encrypted
        });
        cipher::exchange(&key, &nonces[0], &nonces[1], &mut first);
        assert_eq!(first, second, "{length}");
    }
}

/// Makes a file to an identity, the plaintext written in pieces of odd sizes.
fn sealed(plain: &[u8], identity: &Identity) -> Vec<u8> {
    let recipient = identity.to_public();
    let wrap = |key: &FileKey| {
        let stanzas = age::Recipient::wrap_file_key(&recipient, key).unwrap().0;
        Ok::<_, ()>(stanzas)
    };
    let mut out = seal(0, wrap).unwrap();
    let mut rest = plain;
    for size in (1..).map(|number| number * 97 % 1500 + 1) {
        let (piece, more) = rest.split_at(size.min(rest.len()));
        out.write_all(piece).unwrap();
        rest = more;
        if rest.is_empty() {
            break;
        }
    }
    out.finish()
}

/// Opens a file as far as its payload.
fn opening<'a>(file: &'a [u8], identity: &Identity) -> Option<Opening<&'a [u8]>> {
    let unwrap = |stanzas: &[_]| {
        let key = age::Identity::unwrap_stanzas(identity, stanzas);
        key.and_then(Result::ok).ok_or(EnvelopeError::Damaged)
    };
    open(file, unwrap).ok()
}

/// Opens a file and reads it in pieces of odd sizes.
fn opened(file: &[u8], identity: &Identity) -> Option<Vec<u8>> {
    let mut stream = opening(file, identity)?;
    let (mut plain, mut room) = (Vec::new(), [0; 1500]);
    for size in (1..).map(|number| number * 97 % 1500 + 1) {
        match stream.read(&mut room[..size]).ok()? {
            0 => break,
            read => plain.extend_from_slice(&room[..read]),
        }
    }
    Some(plain)
}

fn opened_by_age(file: &[u8], identity: &Identity) -> Vec<u8> {
    let age = age::Decryptor::new(file).unwrap();
    let mut plain = Vec::new();
    let identity: &dyn age::Identity = identity;
    let mut stream = age.decrypt(once(identity)).unwrap();
    stream.read_to_end(&mut plain).unwrap();
    plain
}

fn sealed_by_age(plain: &[u8], identity: &Identity) -> Vec<u8> {
    let recipient = identity.to_public();
    let age = age::Encryptor::with_recipients(once::<&dyn age::Recipient>(&recipient));
    let mut out = age.unwrap().wrap_output(Vec::new()).unwrap();
    out.write_all(plain).unwrap();
    out.finish().unwrap()
}

#[test]
fn a_file_of_any_length_is_read_by_us_and_by_age_and_ages_by_us() {
    let identity = Identity::generate();
    for length in LENGTHS {
        let plain = text(length);
        let ours = sealed(&plain, &identity);
        assert!(opened(&ours, &identity).unwrap() == plain, "{length}");
        assert!(opened_by_age(&ours, &identity) == plain, "{length}");
        // Its header has a stanza of grease, which differs every time.
        let ages = sealed_by_age(&plain, &identity);
        assert!(opened(&ages, &identity).unwrap() == plain, "{length}");
        assert!(opened(&ours, &Identity::generate()).is_none());
    }
}

#[cfg(unix)]
#[test]
fn a_file_of_any_length_is_opened_by_the_age_tool_and_the_tools_by_us() {
    use std::process::{Command, Stdio};

    use age::secrecy::ExposeSecret as _;

    use crate::vault::tests::interop::are_installed;
    use crate::vault::tests::samples::Folder;

    /// Runs the tool in a folder; its standard input and output are files there.
    fn age(folder: &Folder, arguments: &[&str]) {
        let file = |name| std::fs::File::create(folder.0.join(name)).unwrap();
        let input = std::fs::File::open(folder.0.join("in")).unwrap();
        let status = Command::new("/usr/bin/age")
            .args(arguments)
            .current_dir(&folder.0)
            .stdin(input)
            .stdout(file("out"))
            .stderr(Stdio::inherit())
            .status();
        assert!(status.unwrap().success());
    }

    if !are_installed(&["age"]) {
        return;
    }
    let folder = Folder::new();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.0.join(name), bytes).unwrap();
    let out = || std::fs::read(folder.0.join("out")).unwrap();
    let identity = Identity::generate();
    put("identity", identity.to_string().expose_secret().as_bytes());
    let recipient = identity.to_public().to_string();
    for length in LENGTHS {
        let plain = text(length);
        put("in", &sealed(&plain, &identity));
        age(&folder, &["-d", "-i", "identity"]);
        assert!(out() == plain, "{length}");
        put("in", &plain);
        age(&folder, &["-r", &recipient]);
        assert!(opened(&out(), &identity).unwrap() == plain, "{length}");
    }
}

#[test]
fn two_files_of_one_text_have_nothing_in_common_after_the_first_line() {
    let identity = Identity::generate();
    let [one, other] = [(); 2].map(|()| sealed(&text(100), &identity));
    assert_eq!(one.len(), other.len());
    assert_ne!(one[one.len() - 132..], other[other.len() - 132..]);
    let first = one.iter().position(|&byte| byte == b'\n').unwrap();
    assert_eq!(one[..first], other[..first]);
    assert_ne!(one[first..first + 60], other[first..first + 60]);
}

#[test]
fn a_file_with_any_byte_flipped_or_any_end_cut_off_is_refused() {
    let identity = Identity::generate();
    for length in [0, 100] {
        let file = sealed(&text(length), &identity);
        assert!(opened(&file, &identity).is_some());
        for place in 0..file.len() {
            let mut flipped = file.clone();
            flipped[place] ^= 1 << (place % 8);
            assert!(opened(&flipped, &identity).is_none(), "{place}");
            assert!(opened(&file[..place], &identity).is_none(), "{place}");
        }
        let longer = [file.as_slice(), b"x"].concat();
        assert!(opened(&longer, &identity).is_none());
    }
}

#[test]
fn who_reads_on_after_a_chunk_that_is_not_right_gets_nothing_of_it() {
    let identity = Identity::generate();
    let plain = text(65_536 + 10);
    let mut file = sealed(&plain, &identity);
    let last = file.len() - 20;
    file[last] ^= 1;
    let mut opening = opening(&file, &identity).unwrap();
    let mut first = vec![0; 65_536];
    opening.read_exact(&mut first).unwrap();
    assert!(first == plain[..65_536]);
    for _ in 0..3 {
        assert!(opening.read(&mut first).is_err());
    }
}

#[test]
fn chunks_moved_left_out_doubled_or_added_are_refused() {
    const CHUNK: usize = 65_536 + 16;
    let identity = Identity::generate();
    let file = sealed(&text(65_536 * 2 + 10), &identity);
    let (rest, third) = file.split_at(file.len() - 26);
    let (rest, second) = rest.split_at(rest.len() - CHUNK);
    let (head, first) = rest.split_at(rest.len() - CHUNK);
    let is_read = |chunks: &[&[u8]]| {
        let file = [&[head], chunks].concat().concat();
        opened(&file, &identity).is_some()
    };
    assert!(is_read(&[first, second, third]));
    for chunks in [
        &[second, first, third][..],
        &[first, third],
        &[second, third],
        &[first, first, second, third],
        &[first, second],
        &[first, second, &third[..16]],
        &[first, second, third, third],
        &[first, second, third, &third[10..]],
        &[],
    ] {
        assert!(!is_read(chunks));
    }
}

#[test]
fn a_last_chunk_without_text_is_refused_unless_it_is_alone() {
    let identity = Identity::generate();
    let recipient = identity.to_public();
    let mut known = None;
    let mut out = seal::<()>(0, |key| {
        known = Some(FileKey::init_with_mut(|copy| {
            copy.copy_from_slice(age_core::secrecy::ExposeSecret::expose_secret(key));
        }));
        let stanzas = age::Recipient::wrap_file_key(&recipient, key).unwrap().0;
        Ok(stanzas)
    })
    .unwrap();
    out.write_all(&text(65_536)).unwrap();
    // The chunk is ended as if another followed, and then nothing does.
    let file = out.finish();
    let header = file.len() - 65_536 - 16;
    let nonce: [u8; 16] = file[header - 16..header].try_into().unwrap();
    let key = super::payload_key(&known.unwrap(), &nonce);
    let chunk = |number: u8, is_last: bool, plain: &[u8]| {
        let nonce = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number, is_last.into()];
        let mut cipher = Cipher::new(&key, &nonce);
        let mut encrypted = vec![0; plain.len()];
        cipher.apply(plain, &mut encrypted);
        let tag = cipher::tag(&cipher, &encrypted);
        [encrypted, tag.to_vec()].concat()
    };
    let with = |chunks: &[Vec<u8>]| [&file[..header], &chunks.concat()].concat();
    let whole = with(&[chunk(0, true, &text(65_536))]);
    assert_eq!(whole, file);
    let followed = with(&[chunk(0, false, &text(65_536)), chunk(1, true, b"x")]);
    assert_eq!(opened(&followed, &identity).unwrap().len(), 65_537);
    let empty = with(&[chunk(0, false, &text(65_536)), chunk(1, true, b"")]);
    assert!(opened(&empty, &identity).is_none());
    let alone = with(&[chunk(0, true, b"")]);
    assert_eq!(opened(&alone, &identity).unwrap(), b"");
}

/// Returns whether a header can be read up to its MAC.
fn is_header(text: &str) -> bool {
    super::header::read(&mut text.as_bytes()).is_ok()
}

#[test]
fn a_header_outside_the_grammar_is_refused() {
    let mac = "A".repeat(43);
    let header = |stanzas: &str| format!("age-encryption.org/v1\n{stanzas}--- {mac}\n");
    let full = "A".repeat(64);
    for stanzas in [
        "-> X25519 abc\nAAAA\n",
        "-> x\n\n",
        &format!("-> x a b c\n{full}\n\n"),
        &format!("-> x\n{full}\n{full}\nAAAA\n-> y\nAA\n"),
        "-> scrypt a 18\nAAAA\n",
    ] {
        assert!(is_header(&header(stanzas)), "{stanzas}");
    }
    for stanzas in [
        "",
        "-> \n\n",
        "->\n\n",
        "->  x\n\n",
        "-> x  y\n\n",
        "-> x \n\n",
        "-> x\u{e9}\n\n",
        "-> x\u{7f}\n\n",
        "-> x\r\n\n",
        "-> x\n",
        "-> x\nA\n",
        "-> x\nAB\n",
        "-> x\nAA==\n",
        "-> x\nAA-_\n",
        "-> x\nAAAA\nAAAA\n",
        &format!("-> x\n{full}A\n"),
        &format!("-> x\n{full}\n"),
        "-> scrypt a 18\nAAAA\n-> x\n\n",
        "-> scrypt a 18\nAAAA\n-> scrypt a 18\nAAAA\n",
    ] {
        assert!(!is_header(&header(stanzas)), "{stanzas}");
    }
    let whole = header("-> x\n\n");
    for wrong in [
        whole.replace("v1", "v2"),
        whole.replace("age-", "Age-"),
        whole.replace("--- ", "---"),
        whole.replace("--- ", "---- "),
        whole.replace('\n', "\r\n"),
        whole.trim_end().to_owned(),
    ] {
        assert!(!is_header(&wrong), "{wrong}");
    }
}

#[test]
fn a_header_without_end_is_given_up_after_its_limit() {
    struct Counted(u64);
    impl std::io::Read for Counted {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            self.0 += u64::try_from(room.len()).unwrap();
            room.fill(b'a');
            Ok(room.len())
        }
    }
    let mut endless = std::io::BufReader::new(Counted(0));
    assert!(super::header::read(&mut endless).is_err());
    let start = b"age-encryption.org/v1\n".as_slice();
    let mut endless = std::io::BufReader::new(start.chain(b"-> ".chain(Counted(0))));
    assert!(super::header::read(&mut endless).is_err());
    let (_, endless) = endless.into_inner().into_inner();
    let taken = endless.into_inner().1.0;
    assert!(taken <= 32 * 1024, "{taken}");
}

//! The clipboard of Windows.

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::DataExchange::{
    CloseClipboard, EmptyClipboard, GetClipboardData, IsClipboardFormatAvailable, OpenClipboard,
    RegisterClipboardFormatW,
};
use windows_sys::Win32::System::Memory::{GlobalLock, GlobalSize, GlobalUnlock};
use windows_sys::Win32::System::Ole::{CF_DIB, CF_UNICODETEXT};
use windows_sys::core::w;
use zeroize::Zeroizing;

use crate::clip::{self, Clipboard};
use crate::failure::{Failure, reason};

/// Length of a BMP file's header, which the clipboard leaves out (`BITMAPFILEHEADER`).
const FILE_HEADER: usize = 14;

/// The formats that are read, by the names that they have elsewhere.
struct Formats([(&'static str, u32); 3]);

/// Opens the clipboard, for one call at a time.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature on every system"
)]
pub(crate) fn open() -> Result<Box<dyn Clipboard>, Failure> {
    // SAFETY: the name is a constant with its end. 0 on failure, which is no format.
    let png = unsafe { RegisterClipboardFormatW(w!("PNG")) };
    Ok(Box::new(Formats([
        ("image/png", png),
        ("image/bmp", u32::from(CF_DIB)),
        ("text/plain;charset=utf-8", u32::from(CF_UNICODETEXT)),
    ])))
}

impl Clipboard for Formats {
    fn types(&mut self) -> Result<Vec<String>, Failure> {
        let offered = self.0.iter().filter(|(_, format)| {
            // SAFETY: asks about a number.
            unsafe { IsClipboardFormatAvailable(*format) != 0 }
        });
        Ok(offered.map(|(name, _)| (*name).to_owned()).collect())
    }

    fn read(&mut self, kind: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let format = self.0.iter().find(|(name, _)| *name == kind);
        let (name, format) = *format.ok_or(Failure::Unusable)?;
        let content = Opened::new()?.content(format)?;
        match name {
            "image/bmp" => file(&content),
            "image/png" => Ok(content),
            _ => Ok(utf8(&content)),
        }
    }

    fn clear(&mut self) -> Result<(), Failure> {
        let opened = Opened::new()?;
        // SAFETY: it's open, by us.
        let emptied = unsafe { EmptyClipboard() };
        drop(opened);
        if emptied == 0 {
            let error = std::io::Error::last_os_error();
            return Err(Failure::NotCleared(reason(&error)));
        }
        Ok(())
    }
}

/// The clipboard while it's open; other programs wait.
struct Opened;

impl Opened {
    fn new() -> Result<Self, Failure> {
        // SAFETY: null means that no window of ours will own it.
        if unsafe { OpenClipboard(std::ptr::null_mut()) } == 0 {
            return Err(std::io::Error::last_os_error().into());
        }
        Ok(Self)
    }

    #[expect(clippy::unused_self, reason = "it is open for as long as that")]
    fn content(&self, format: u32) -> Result<Zeroizing<Vec<u8>>, Failure> {
        // SAFETY: the clipboard is open; the handle stays its own and is valid until it closes.
        let handle: HANDLE = unsafe { GetClipboardData(format) };
        if handle.is_null() {
            return Err(Failure::SilentOwner);
        }
        // SAFETY: a handle of global memory, as every format here has it.
        let length = unsafe { GlobalSize(handle) };
        // SAFETY: as above; null is checked.
        let start = unsafe { GlobalLock(handle) }.cast_const().cast::<u8>();
        let mut content = Zeroizing::new(Vec::new());
        let copied = if start.is_null() {
            Err(Failure::SilentOwner)
        } else {
            // SAFETY: locked memory of this length, which nobody changes while it's locked.
            clip::append(&mut content, unsafe {
                std::slice::from_raw_parts(start, length)
            })
        };
        // SAFETY: was locked above.
        unsafe { GlobalUnlock(handle) };
        copied.map(|()| content)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: opened in `new`.
        unsafe { CloseClipboard() };
    }
}

/// A BMP file: the header that was left out, and then what there is.
fn file(bitmap: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let number = |at: usize| -> usize {
        let bytes = bitmap.get(at..at + 4).and_then(|four| four.try_into().ok());
        usize::try_from(bytes.map_or(0, u32::from_le_bytes)).unwrap_or_default()
    };
    let bits = bitmap.get(14).copied().unwrap_or_default();
    // BITMAPINFOHEADER: its size, its compression, its palette's length.
    let (header, compression, colours) = (number(0), number(16), number(32));
    let palette = if colours == 0 && bits <= 8 {
        1 << bits
    } else {
        colours
    };
    let masks = if compression == 3 && header == 40 {
        12
    } else {
        0
    };
    let pixels = FILE_HEADER.saturating_add(header) + masks + palette.saturating_mul(4);
    let length = |value: usize| u32::try_from(value).map_err(|_| Failure::Unusable);
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_HEADER + bitmap.len()));
    bytes.extend_from_slice(b"BM");
    bytes.extend_from_slice(&length(FILE_HEADER + bitmap.len())?.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&length(pixels)?.to_le_bytes());
    bytes.extend_from_slice(bitmap);
    Ok(bytes)
}

/// UTF-16 up to its end mark, as UTF-8.
fn utf8(content: &[u8]) -> Zeroizing<Vec<u8>> {
    let units = content.chunks_exact(2).map(|unit| match unit {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    let text: Zeroizing<String> = Zeroizing::new(
        char::decode_utf16(units.take_while(|unit| *unit != 0))
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
    );
    Zeroizing::new(text.as_bytes().to_vec())
}

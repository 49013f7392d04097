//! The virtual screen, which spans every monitor, as one Netpbm picture.

use std::io::Write as _;
use std::time::Duration;

use windows_sys::Win32::Graphics::Gdi::{
    BI_RGB, BITMAPINFO, BITMAPINFOHEADER, BitBlt, CAPTUREBLT, CreateCompatibleBitmap,
    CreateCompatibleDC, DIB_RGB_COLORS, DeleteDC, DeleteObject, GetDC, GetDIBits, HBITMAP, HDC,
    ReleaseDC, SRCCOPY, SelectObject,
};
use windows_sys::Win32::UI::HiDpi::{
    DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2, SetProcessDpiAwarenessContext,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    GetSystemMetrics, SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN, SM_XVIRTUALSCREEN, SM_YVIRTUALSCREEN,
};

use crate::failure::{Failure, Way, reason};
use crate::out::Pipe;

/// We hold at most this many bytes of pixels.
const STRIP: i32 = 4 * 1024 * 1024;

/// Writes the picture.
pub(crate) fn screen(
    via: Option<Way>,
    _timeout: Duration,
    out: &mut Pipe,
) -> Result<Option<Failure>, Failure> {
    if let Some(way) = via.filter(|way| *way != Way::System) {
        return Err(Failure::Missing(way));
    }
    // SAFETY: changes how this process's own coordinates are meant; without it they are scaled.
    unsafe { SetProcessDpiAwarenessContext(DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2) };
    let [left, top, width, height] = [
        SM_XVIRTUALSCREEN,
        SM_YVIRTUALSCREEN,
        SM_CXVIRTUALSCREEN,
        SM_CYVIRTUALSCREEN,
    ]
    .map(|metric| {
        // SAFETY: asks for a number.
        unsafe { GetSystemMetrics(metric) }
    });
    if width < 1 || height < 1 {
        return Err(Failure::NoSession);
    }
    let rows = (STRIP / width.saturating_mul(4)).clamp(1, height);
    let strip = Strip::new(width, rows)?;
    let mut pixels = vec![0; usize::try_from(width * rows * 4).unwrap_or_default()];
    write!(out, "P6\n{width} {height}\n255\n")?;
    let mut done = 0;
    while done < height {
        let rows = rows.min(height - done);
        strip.copy(left, top + done, rows, &mut pixels)?;
        let bytes = usize::try_from(width * rows * 4).unwrap_or_default();
        let colours: Vec<u8> = pixels
            .get(..bytes)
            .unwrap_or_default()
            .chunks_exact(4)
            .flat_map(|pixel| match pixel {
                [blue, green, red, _] => [*red, *green, *blue],
                _ => [0; 3],
            })
            .collect();
        out.write_all(&colours)?;
        done += rows;
    }
    Ok(None)
}

/// A bitmap as wide as the screen, in a device context of its own.
struct Strip {
    screen: HDC,
    memory: HDC,
    bitmap: HBITMAP,
    width: i32,
    rows: i32,
}

impl Strip {
    fn new(width: i32, rows: i32) -> Result<Self, Failure> {
        // SAFETY: null means the whole screen; the context is released in `drop`.
        let screen = unsafe { GetDC(std::ptr::null_mut()) };
        // SAFETY: of the screen's context, which was just made; null is checked below.
        let memory = unsafe { CreateCompatibleDC(screen) };
        // SAFETY: as above.
        let bitmap = unsafe { CreateCompatibleBitmap(screen, width, rows) };
        let strip = Self {
            screen,
            memory,
            bitmap,
            width,
            rows,
        };
        if screen.is_null() || memory.is_null() || bitmap.is_null() {
            return Err(last_error());
        }
        Ok(strip)
    }

    /// Copies rows of the screen into `pixels`: blue, green, red and nothing, from the top down.
    fn copy(&self, x: i32, y: i32, rows: i32, pixels: &mut [u8]) -> Result<(), Failure> {
        // SAFETY: both were made in `new` and belong together.
        let before = unsafe { SelectObject(self.memory, self.bitmap) };
        // SAFETY: contexts of ours; the areas lie within the bitmap and the screen.
        let copied = unsafe {
            let how = SRCCOPY | CAPTUREBLT;
            BitBlt(self.memory, 0, 0, self.width, rows, self.screen, x, y, how)
        };
        // SAFETY: GetDIBits wants the bitmap in no context.
        unsafe { SelectObject(self.memory, before) };
        if copied == 0 {
            return Err(last_error());
        }
        let mut info = BITMAPINFO {
            bmiHeader: BITMAPINFOHEADER {
                biSize: u32::try_from(size_of::<BITMAPINFOHEADER>()).unwrap_or_default(),
                biWidth: self.width,
                // Negative: from the top down.
                biHeight: -self.rows,
                biPlanes: 1,
                biBitCount: 32,
                biCompression: BI_RGB,
                ..BITMAPINFOHEADER::default()
            },
            ..BITMAPINFO::default()
        };
        let count = u32::try_from(self.rows).unwrap_or_default();
        if pixels.len() < usize::try_from(self.width * self.rows * 4).unwrap_or(usize::MAX) {
            return Err(Failure::Failed(Way::System, "no room".into()));
        }
        // SAFETY: `pixels` has room for all rows of the bitmap, four bytes a pixel.
        let read = unsafe {
            let pixels = pixels.as_mut_ptr().cast();
            GetDIBits(
                self.screen,
                self.bitmap,
                0,
                count,
                pixels,
                &raw mut info,
                DIB_RGB_COLORS,
            )
        };
        if read == 0 {
            return Err(last_error());
        }
        Ok(())
    }
}

impl Drop for Strip {
    fn drop(&mut self) {
        // SAFETY: made in `new`, used nowhere else; null is allowed.
        unsafe { DeleteObject(self.bitmap) };
        // SAFETY: as above.
        unsafe { DeleteDC(self.memory) };
        // SAFETY: as above.
        unsafe { ReleaseDC(std::ptr::null_mut(), self.screen) };
    }
}

fn last_error() -> Failure {
    Failure::Failed(Way::System, reason(&std::io::Error::last_os_error()))
}

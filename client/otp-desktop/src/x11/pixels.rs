//! An X image's rows to rows of red, green and blue: the layout is told by the server's pixmap
//! formats, its byte order and the masks of the visual (X11 protocol, "Connection setup").

use x11rb::protocol::xproto::{ImageOrder, Setup, Visualid, Visualtype};

/// Where a pixel's bits are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// 2, 3 or 4.
    bytes: usize,
    /// Each row begins at a multiple of this many bits: 8, 16 or 32.
    pad: usize,
    order: ImageOrder,
    channels: [Channel; 3],
}

/// Where the bits of one colour are.
#[derive(Debug, Clone, Copy)]
struct Channel {
    shift: u32,
    /// The largest value, as its mask gives it.
    most: u32,
}

impl Layout {
    /// Finds the layout of images of this depth and visual; `None` if it isn't known.
    pub(super) fn of(setup: &Setup, depth: u8, visual: Visualid) -> Option<Self> {
        let format = setup
            .pixmap_formats
            .iter()
            .find(|format| format.depth == depth)?;
        let visual = setup
            .roots
            .iter()
            .flat_map(|screen| &screen.allowed_depths)
            .flat_map(|depth| &depth.visuals)
            .find(|candidate| candidate.visual_id == visual)?;
        Self::new(
            format.bits_per_pixel,
            format.scanline_pad,
            setup.image_byte_order,
            visual,
        )
    }

    fn new(bits: u8, pad: u8, order: ImageOrder, visual: &Visualtype) -> Option<Self> {
        let bytes = match bits {
            16 => 2,
            24 => 3,
            32 => 4,
            _ => return None,
        };
        Some(Self {
            bytes,
            pad: usize::from(pad).max(8),
            order,
            channels: [
                Channel::of(visual.red_mask)?,
                Channel::of(visual.green_mask)?,
                Channel::of(visual.blue_mask)?,
            ],
        })
    }

    /// Returns how many bytes a row of this many pixels takes.
    pub(super) fn stride(&self, width: usize) -> usize {
        (width * self.bytes * 8).div_ceil(self.pad) * self.pad / 8
    }

    /// Appends the pixels of one row, three bytes each.
    pub(super) fn row(&self, width: usize, row: &[u8], out: &mut Vec<u8>) {
        for pixel in row.chunks_exact(self.bytes).take(width) {
            let mut value: u32 = 0;
            for (place, &byte) in pixel.iter().enumerate() {
                let place = if self.order == ImageOrder::MSB_FIRST {
                    self.bytes - 1 - place
                } else {
                    place
                };
                value |= u32::from(byte) << (8 * place);
            }
            out.extend(self.channels.map(|channel| channel.of_pixel(value)));
        }
    }
}

impl Channel {
    /// `None` for a mask of no bits: the visual has a palette or shades of grey.
    fn of(mask: u32) -> Option<Self> {
        (mask != 0).then(|| {
            let shift = mask.trailing_zeros();
            Self {
                shift,
                most: mask >> shift,
            }
        })
    }

    fn of_pixel(self, pixel: u32) -> u8 {
        let value = (pixel >> self.shift) & self.most;
        let scaled = match self.most {
            255 => value,
            // Masks have at most 16 bits, so this can't overflow.
            most => (value * 255 + most / 2) / most,
        };
        let [byte, ..] = scaled.to_le_bytes();
        byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(bits: u8, order: ImageOrder, masks: [u32; 3]) -> Layout {
        let [red_mask, green_mask, blue_mask] = masks;
        let visual = Visualtype {
            red_mask,
            green_mask,
            blue_mask,
            ..Visualtype::default()
        };
        Layout::new(bits, 32, order, &visual).unwrap()
    }

    fn rgb(layout: Layout, width: usize, row: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        layout.row(width, row, &mut out);
        out
    }

    const RGB24: [u32; 3] = [0x00ff_0000, 0x0000_ff00, 0x0000_00ff];

    #[test]
    fn pixels_of_24_bits_are_read_in_either_byte_order() {
        let little = layout(32, ImageOrder::LSB_FIRST, RGB24);
        assert_eq!(
            rgb(little, 2, &[3, 2, 1, 0, 6, 5, 4, 255]),
            [1, 2, 3, 4, 5, 6]
        );
        let big = layout(32, ImageOrder::MSB_FIRST, RGB24);
        assert_eq!(rgb(big, 2, &[0, 1, 2, 3, 9, 4, 5, 6]), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn packed_pixels_of_three_bytes_leave_the_padding_out() {
        let packed = layout(24, ImageOrder::LSB_FIRST, RGB24);
        assert_eq!(packed.stride(3), 12);
        assert_eq!(
            rgb(packed, 3, &[3, 2, 1, 6, 5, 4, 9, 8, 7, 0, 0, 0]),
            [1, 2, 3, 4, 5, 6, 7, 8, 9]
        );
    }

    #[test]
    fn pixels_of_16_and_30_bits_are_stretched_to_8_a_colour() {
        let high = layout(16, ImageOrder::LSB_FIRST, [0xf800, 0x07e0, 0x001f]);
        assert_eq!(high.stride(3), 8);
        assert_eq!(rgb(high, 1, &[0xff, 0xff]), [255, 255, 255]);
        assert_eq!(rgb(high, 1, &[0x00, 0x84]), [132, 130, 0]);
        let deep = layout(32, ImageOrder::LSB_FIRST, [0x3ff0_0000, 0x000f_fc00, 0x3ff]);
        assert_eq!(rgb(deep, 1, &0x3fff_ffff_u32.to_le_bytes()), [255; 3]);
        let half = (512 << 20) | (256_u32 << 10) | 4;
        assert_eq!(rgb(deep, 1, &half.to_le_bytes()), [128, 64, 1]);
    }

    #[test]
    fn a_palette_is_not_taken_for_colours() {
        let palette = Visualtype::default();
        assert!(Layout::new(32, 32, ImageOrder::LSB_FIRST, &palette).is_none());
        assert!(Layout::new(8, 32, ImageOrder::LSB_FIRST, &palette).is_none());
    }
}

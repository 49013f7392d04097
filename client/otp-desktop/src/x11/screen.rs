//! The pixels of every monitor, as one Netpbm picture each.

use std::io::Write;

use x11rb::connection::{Connection, RequestConnection as _};
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat, Screen};
use x11rb::rust_connection::RustConnection;

use super::pixels::Layout;
use crate::failure::Failure;

/// A reply holds at most this many bytes, and we hold one: a screen of any size comes in strips.
const STRIP: usize = 4 * 1024 * 1024;
/// More monitors than a reader takes (its limit of pictures in a stream).
const MOST_PICTURES: usize = 16;

/// A part of the root window, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Area {
    x: i16,
    y: i16,
    width: u16,
    height: u16,
}

/// Writes the pictures of all monitors of all screens of `DISPLAY`.
pub(crate) fn grab(out: &mut dyn Write) -> Result<(), Failure> {
    let (connection, _) = super::connect()?;
    let mut pictures = 0;
    for screen in &connection.setup().roots {
        for area in areas(&connection, screen)? {
            if pictures < MOST_PICTURES {
                picture(&connection, screen, area, out)?;
                pictures += 1;
            }
        }
    }
    Ok(out.flush()?)
}

/// Where the monitors are; the whole root window if nobody says.
fn areas(connection: &RustConnection, screen: &Screen) -> Result<Vec<Area>, Failure> {
    let root = connection.get_geometry(screen.root)?.reply()?;
    let whole = Area {
        x: 0,
        y: 0,
        width: root.width,
        height: root.height,
    };
    let mut areas: Vec<Area> = Vec::new();
    for monitor in monitors(connection, screen)? {
        let name = connection.get_atom_name(monitor.name)?.reply()?.name;
        if name.starts_with(b"XWAYLAND") {
            return Err(Failure::Guest);
        }
        // Mirrored monitors show the same twice.
        if let Some(area) = whole.part(&monitor).filter(|area| !areas.contains(area)) {
            areas.push(area);
        }
    }
    if areas.is_empty() {
        areas.push(whole);
    }
    Ok(areas)
}

/// What the server knows of monitors: nothing before version 1.5 of the `RandR` extension.
fn monitors(
    connection: &RustConnection,
    screen: &Screen,
) -> Result<Vec<randr::MonitorInfo>, Failure> {
    // Since 23.1 the guest says what it is (xwaylandproto); before, its monitors' names do.
    if connection.extension_information("XWAYLAND")?.is_some() {
        return Err(Failure::Guest);
    }
    if connection
        .extension_information(randr::X11_EXTENSION_NAME)?
        .is_none()
    {
        return Ok(Vec::new());
    }
    let version = connection.randr_query_version(1, 5)?.reply()?;
    if (version.major_version, version.minor_version) < (1, 5) {
        return Ok(Vec::new());
    }
    let is_active = true;
    let reply = connection
        .randr_get_monitors(screen.root, is_active)?
        .reply()?;
    Ok(reply.monitors)
}

impl Area {
    /// The part of a monitor that is within the root window.
    fn part(self, monitor: &randr::MonitorInfo) -> Option<Self> {
        let clip = |start: i16, length: u16, most: u16| {
            let (start, most) = (i32::from(start), i32::from(most));
            let end = (start + i32::from(length)).min(most);
            let start = start.max(0);
            let length = u16::try_from(end - start)
                .ok()
                .filter(|&length| length > 0)?;
            Some((i16::try_from(start).ok()?, length))
        };
        let (x, width) = clip(monitor.x, monitor.width, self.width)?;
        let (y, height) = clip(monitor.y, monitor.height, self.height)?;
        Some(Self {
            x,
            y,
            width,
            height,
        })
    }
}

/// Writes one picture (ppm(5): binary, 8 bits a colour).
fn picture(
    connection: &RustConnection,
    screen: &Screen,
    area: Area,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let setup = connection.setup();
    let layout = Layout::of(setup, screen.root_depth, screen.root_visual)
        .ok_or(Failure::Pixels(screen.root_depth))?;
    let width = usize::from(area.width);
    let stride = layout.stride(width);
    let rows = u16::try_from(STRIP / stride.max(1))
        .unwrap_or(u16::MAX)
        .max(1);
    write!(out, "P6\n{} {}\n255\n", area.width, area.height)?;
    let mut pixels = Vec::with_capacity(usize::from(rows.min(area.height)) * width * 3);
    let mut done = 0;
    while done < area.height {
        let height = rows.min(area.height - done);
        let y = i16::try_from(i32::from(area.y) + i32::from(done))
            .map_err(|_| Failure::Display("a screen beyond the protocol's limits".into()))?;
        let strip = connection
            .get_image(
                ImageFormat::Z_PIXMAP,
                screen.root,
                area.x,
                y,
                area.width,
                height,
                !0,
            )?
            .reply()?;
        pixels.clear();
        for row in strip.data.chunks_exact(stride).take(usize::from(height)) {
            layout.row(width, row, &mut pixels);
        }
        if pixels.len() != usize::from(height) * width * 3 {
            return Err(Failure::Display("an image of another size".into()));
        }
        out.write_all(&pixels)?;
        done += height;
    }
    Ok(())
}

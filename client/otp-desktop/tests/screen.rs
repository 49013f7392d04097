//! `grab` on real X servers.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod support;

use std::fs::File;

use support::{X, pictures, program, stderr};
use x11rb::connection::Connection as _;
use x11rb::protocol::randr::{ConnectionExt as _, MonitorInfo};
use x11rb::protocol::xproto::{ConnectionExt as _, CreateGCAux, ImageFormat, Screen};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// A value that no other pixel nearby has.
fn pixel(x: usize, y: usize) -> u32 {
    u32::try_from((x * 2_654_435 + y * 40_503) & 0x3fff_ffff).unwrap()
}

/// Draws on the root window, of four or two bytes a pixel.
fn draw(connection: &RustConnection, screen: &Screen, bytes: usize) {
    let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
    let gc = connection.generate_id().unwrap();
    connection
        .create_gc(gc, screen.root, &CreateGCAux::new())
        .unwrap();
    for y in 0..height {
        let row: Vec<u8> = (0..usize::from(width))
            .flat_map(|x| pixel(x, y.into()).to_le_bytes().into_iter().take(bytes))
            .collect();
        let (depth, y) = (screen.root_depth, i16::try_from(y).unwrap());
        connection
            .put_image(
                ImageFormat::Z_PIXMAP,
                screen.root,
                gc,
                width,
                1,
                0,
                y,
                0,
                depth,
                &row,
            )
            .unwrap();
    }
    connection.sync().unwrap();
}

/// Declares monitors in place of the one that the server has.
fn declare(connection: &RustConnection, screen: &Screen, monitors: &[(&str, [u16; 4])]) {
    let root = screen.root;
    let resources = connection
        .randr_get_screen_resources_current(root)
        .unwrap()
        .reply()
        .unwrap();
    for (number, (name, [x, y, width, height])) in monitors.iter().enumerate() {
        let name = connection
            .intern_atom(false, name.as_bytes())
            .unwrap()
            .reply()
            .unwrap()
            .atom;
        let monitor = MonitorInfo {
            name,
            x: i16::try_from(*x).unwrap(),
            y: i16::try_from(*y).unwrap(),
            width: *width,
            height: *height,
            // The first takes the server's output away from its own monitor.
            outputs: if number == 0 {
                resources.outputs.clone()
            } else {
                Vec::new()
            },
            ..MonitorInfo::default()
        };
        connection
            .randr_set_monitor(root, monitor)
            .unwrap()
            .check()
            .unwrap();
    }
}

/// What a part of the drawn screen must look like.
fn expected(area: [u16; 4], colours: impl Fn(u32) -> [u8; 3]) -> Vec<u8> {
    let [left, top, width, height] = area.map(usize::from);
    (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| colours(pixel(left + x, top + y)))
        .collect()
}

fn of_24_bits(pixel: u32) -> [u8; 3] {
    let [blue, green, red, _] = pixel.to_le_bytes();
    [red, green, blue]
}

#[test]
fn every_monitor_is_a_picture_with_every_pixel_in_its_place() {
    let x = X::start(&["-screen", "0", "1601x1203x24"]);
    let connection = x.connect();
    let screen = &connection.setup().roots[0];
    draw(&connection, screen, 4);
    let whole = x.command(&["grab"]).output().unwrap();
    assert_eq!(stderr(&whole), "");
    assert_eq!(
        pictures(&whole.stdout),
        [(1601, 1203, expected([0, 0, 1601, 1203], of_24_bits))]
    );

    // The last one reaches beyond the screen, and shows the first one's mirror in between.
    let areas = [
        [0, 0, 801, 1203],
        [801, 100, 700, 900],
        [1500, 1000, 400, 400],
    ];
    let [left, right, corner] = areas;
    let monitors = [("L", left), ("R", right), ("M", left), ("C", corner)];
    declare(&connection, screen, &monitors);
    let grabbed = x.command(&["grab", "--via", "x11"]).output().unwrap();
    let grabbed = pictures(&grabbed.stdout);
    let visible = [left, right, [1500, 1000, 101, 203]];
    let visible = visible.map(|area| {
        let [_, _, width, height] = area.map(usize::from);
        (width, height, expected(area, of_24_bits))
    });
    assert_eq!(grabbed.len(), visible.len());
    assert!(grabbed == visible, "the pixels differ");
}

#[test]
fn screens_of_16_and_30_bits_are_read() {
    let x = X::start(&["-screen", "0", "301x50x16"]);
    let connection = x.connect();
    draw(&connection, &connection.setup().roots[0], 2);
    let scale = |value: u32, most: u32| u8::try_from((value * 255 + most / 2) / most).unwrap();
    let grabbed = x.command(&["grab"]).output().unwrap();
    let of_16_bits = |pixel: u32| {
        let most = [31, 63, 31];
        [11, 5, 0].map(|shift: u32| {
            let most = most[usize::from(shift == 5)];
            scale((pixel >> shift) & most, most)
        })
    };
    assert_eq!(
        pictures(&grabbed.stdout),
        [(301, 50, expected([0, 0, 301, 50], of_16_bits))]
    );

    let x = X::start(&["-screen", "0", "301x50x30"]);
    let connection = x.connect();
    draw(&connection, &connection.setup().roots[0], 4);
    let grabbed = x.command(&["grab"]).output().unwrap();
    let of_30_bits = |pixel: u32| [20, 10, 0].map(|shift| scale((pixel >> shift) & 1023, 1023));
    assert_eq!(
        pictures(&grabbed.stdout),
        [(301, 50, expected([0, 0, 301, 50], of_30_bits))]
    );
}

#[test]
fn a_server_without_randr_and_one_with_two_screens_are_read_whole() {
    let x = X::start(&["-screen", "0", "200x100x24", "-extension", "RANDR"]);
    let grabbed = x.command(&["grab"]).output().unwrap();
    assert_eq!(
        pictures(&grabbed.stdout),
        [(200, 100, vec![0; 200 * 100 * 3])]
    );

    let x = X::start(&["-screen", "0", "200x100x24", "-screen", "1", "60x40x24"]);
    let grabbed = x.command(&["grab"]).output().unwrap();
    let sizes: Vec<_> = pictures(&grabbed.stdout)
        .into_iter()
        .map(|(width, height, _)| (width, height))
        .collect();
    assert_eq!(sizes, [(200, 100), (60, 40)]);
}

#[test]
fn the_guest_of_a_wayland_session_gives_no_black_picture() {
    let x = X::start(&["-screen", "0", "200x100x24"]);
    let connection = x.connect();
    let monitors = [("XWAYLAND0", [0, 0, 200, 100])];
    declare(&connection, &connection.setup().roots[0], &monitors);
    for arguments in [&["grab"][..], &["grab", "--via", "x11"]] {
        let output = x.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        assert!(
            stderr(&output).contains("guest of a Wayland session"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn pixels_go_into_no_file_and_on_no_terminal() {
    let x = X::start(&["-screen", "0", "200x100x24"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture");
    let into_file = |arguments: &[&str]| {
        let file = File::create(&path).unwrap();
        let output = x.command(arguments).stdout(file).output().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        output.status.code()
    };
    assert_eq!(into_file(&["grab"]), Some(2));
    assert_eq!(into_file(&["clip"]), Some(2));
    let terminal = File::options()
        .read(true)
        .write(true)
        .open("/dev/ptmx")
        .unwrap();
    let onto_terminal = x.command(&["grab"]).stdout(terminal).output().unwrap();
    assert_eq!(onto_terminal.status.code(), Some(2));
    assert_eq!(
        x.command(&["grab"]).output().unwrap().status.code(),
        Some(0)
    );
}

#[test]
fn without_a_session_the_message_says_so_in_the_asked_language() {
    let output = program(&["grab"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "otp-desktop: there is no graphical session: neither WAYLAND_DISPLAY nor DISPLAY is set\n\
         hint: otpctl add --image FILE\n"
    );
    let output = program(&["clip", "--language", "ja"]).output().unwrap();
    assert!(stderr(&output).starts_with("otp-desktop: グラフィカルセッションがありません"));
    let mut gone = program(&["grab"]);
    let output = gone.env("DISPLAY", ":65432").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("display server"));
}

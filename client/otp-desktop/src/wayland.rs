//! The clipboard of Wayland. Its core protocol shows the clipboard to the focused window alone, and
//! we have none; compositors with a data-control protocol show it to us as well, and let us copy.

mod owner;

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use otp_proto::Code;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use wayland_client::backend::ObjectId;
use wayland_client::globals::{GlobalListContents, registry_queue_init};
use wayland_client::protocol::wl_registry::{self, WlRegistry};
use wayland_client::protocol::wl_seat::{self, WlSeat};
use wayland_client::{
    Connection, Dispatch, EventQueue, Proxy as _, QueueHandle, event_created_child,
};
use wayland_protocols::ext::data_control::v1::client as ext;
use wayland_protocols_wlr::data_control::v1::client as wlr;
use zeroize::Zeroizing;

use self::ext::ext_data_control_device_v1::{self as ext_device, ExtDataControlDeviceV1};
use self::ext::ext_data_control_manager_v1::{self as ext_manager, ExtDataControlManagerV1};
use self::ext::ext_data_control_offer_v1::{self as ext_offer, ExtDataControlOfferV1};
use self::ext::ext_data_control_source_v1::{self as ext_source, ExtDataControlSourceV1};
use self::wlr::zwlr_data_control_device_v1::{self as wlr_device, ZwlrDataControlDeviceV1};
use self::wlr::zwlr_data_control_manager_v1::{self as wlr_manager, ZwlrDataControlManagerV1};
use self::wlr::zwlr_data_control_offer_v1::{self as wlr_offer, ZwlrDataControlOfferV1};
use self::wlr::zwlr_data_control_source_v1::{self as wlr_source, ZwlrDataControlSourceV1};
use crate::clip::{self, Clipboard};
use crate::failure::Failure;

/// Longest silence of the program that owns the content.
const OWNER_PATIENCE: Duration = Duration::from_secs(3);

/// A data-control client.
pub(crate) struct DataControl {
    queue: EventQueue<State>,
    state: State,
    device: Device,
}

/// The seat's clipboard in either protocol; they differ in name alone.
enum Device {
    Ext(ExtDataControlManagerV1, ExtDataControlDeviceV1),
    Wlr(ZwlrDataControlManagerV1, ZwlrDataControlDeviceV1),
}

enum Offer {
    Ext(ExtDataControlOfferV1),
    Wlr(ZwlrDataControlOfferV1),
}

impl Offer {
    fn receive(&self, kind: String, into: BorrowedFd<'_>) {
        match self {
            Self::Ext(offer) => offer.receive(kind, into),
            Self::Wlr(offer) => offer.receive(kind, into),
        }
    }
}

/// What the compositor has told us.
#[derive(Default)]
struct State {
    offers: HashMap<ObjectId, (Offer, Vec<String>)>,
    selection: Option<ObjectId>,
    /// What was copied by us.
    copied: Option<Code>,
    /// Another program has copied something since.
    is_replaced: bool,
}

impl State {
    fn select(&mut self, selected: Option<ObjectId>) {
        self.selection = selected;
        // Offers before this one are void.
        self.offers
            .retain(|id, _| Some(id) == self.selection.as_ref());
    }

    fn offer(&self) -> Option<&(Offer, Vec<String>)> {
        self.offers.get(self.selection.as_ref()?)
    }
}

impl DataControl {
    /// Connects to `WAYLAND_DISPLAY`; [`Failure::NoClipboard`] where the compositor has neither
    /// protocol.
    pub(crate) fn open() -> Result<Self, Failure> {
        let connection = Connection::connect_to_env().map_err(|error| broken(&error))?;
        let (globals, mut queue) =
            registry_queue_init::<State>(&connection).map_err(|error| broken(&error))?;
        let handle = queue.handle();
        let seat: WlSeat = globals
            .bind(&handle, 1..=1, ())
            .map_err(|_| Failure::NoClipboard)?;
        let device = if let Ok(manager) =
            globals.bind::<ExtDataControlManagerV1, _, _>(&handle, 1..=1, ())
        {
            let device = manager.get_data_device(&seat, &handle, ());
            Device::Ext(manager, device)
        } else if let Ok(manager) =
            globals.bind::<ZwlrDataControlManagerV1, _, _>(&handle, 1..=1, ())
        {
            let device = manager.get_data_device(&seat, &handle, ());
            Device::Wlr(manager, device)
        } else {
            return Err(Failure::NoClipboard);
        };
        let mut state = State::default();
        queue
            .roundtrip(&mut state)
            .map_err(|error| broken(&error))?;
        Ok(Self {
            queue,
            state,
            device,
        })
    }

    /// Hears what has happened meanwhile.
    fn listen(&mut self) -> Result<(), Failure> {
        self.queue
            .roundtrip(&mut self.state)
            .map(drop)
            .map_err(|error| broken(&error))
    }
}

impl Clipboard for DataControl {
    fn types(&mut self) -> Result<Vec<String>, Failure> {
        self.listen()?;
        let types = self.state.offer().map(|(_, types)| types.clone());
        Ok(types.unwrap_or_default())
    }

    fn read(&mut self, kind: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.listen()?;
        let (offer, types) = self.state.offer().ok_or(Failure::Empty)?;
        // In the owner's own spelling.
        let kind = types
            .iter()
            .find(|offered| offered.eq_ignore_ascii_case(kind));
        let kind = kind.ok_or(Failure::Unusable)?.clone();
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).map_err(io::Error::from)?;
        offer.receive(kind, writer.as_fd());
        self.queue.flush().map_err(|error| broken(&error))?;
        drop(writer);
        drain(&reader)
    }

    fn clear(&mut self) -> Result<(), Failure> {
        match &self.device {
            Device::Ext(_, device) => device.set_selection(None),
            Device::Wlr(_, device) => device.set_selection(None),
        }
        self.listen()
    }
}

/// Whether the compositor lets programs have a keyboard of their own.
pub(crate) fn takes_keys() -> Result<bool, Failure> {
    let connection = Connection::connect_to_env().map_err(|error| broken(&error))?;
    let (globals, _) = registry_queue_init::<State>(&connection).map_err(|error| broken(&error))?;
    let name = "zwp_virtual_keyboard_manager_v1";
    Ok(globals
        .contents()
        .with_list(|all| all.iter().any(|global| global.interface == name)))
}

/// Reads all that the owner writes.
fn drain(reader: &OwnedFd) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let patience = Timespec::try_from(OWNER_PATIENCE).ok();
    let mut content = Zeroizing::new(Vec::new());
    let mut part = Zeroizing::new(vec![0; 64 * 1024]);
    loop {
        match poll(&mut [PollFd::new(reader, PollFlags::IN)], patience.as_ref()) {
            Ok(0) => return Err(Failure::SilentOwner),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
        match rustix::io::read(reader, part.as_mut_slice()) {
            Ok(0) => return Ok(content),
            Ok(length) => clip::append(&mut content, part.get(..length).unwrap_or_default())?,
            Err(Errno::INTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
    }
}

fn broken(error: &dyn ToString) -> Failure {
    Failure::Display(error.to_string())
}

impl Dispatch<WlRegistry, GlobalListContents> for State {
    fn event(
        _: &mut Self,
        _: &WlRegistry,
        _: wl_registry::Event,
        _: &GlobalListContents,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
    }
}

impl Dispatch<WlSeat, ()> for State {
    fn event(
        _: &mut Self,
        _: &WlSeat,
        _: wl_seat::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
    }
}

/// The events of one protocol.
macro_rules! events {
    ($kind:ident, $manager:ty, $manager_mod:ident, $device:ty, $device_mod:ident, $offer:ty, $offer_mod:ident, $source:ty, $source_mod:ident) => {
        impl Dispatch<$manager, ()> for State {
            fn event(
                _: &mut Self,
                _: &$manager,
                _: $manager_mod::Event,
                (): &(),
                _: &Connection,
                _: &QueueHandle<Self>,
            ) {
            }
        }

        impl Dispatch<$device, ()> for State {
            fn event(
                state: &mut Self,
                _: &$device,
                event: $device_mod::Event,
                (): &(),
                _: &Connection,
                _: &QueueHandle<Self>,
            ) {
                match event {
                    $device_mod::Event::DataOffer { id } => {
                        state.offers.insert(id.id(), (Offer::$kind(id), Vec::new()));
                    }
                    $device_mod::Event::Selection { id } => state.select(id.map(|id| id.id())),
                    // The primary selection, and an end that the next request tells of.
                    _ => {}
                }
            }

            event_created_child!(State, $device, [
                $device_mod::EVT_DATA_OFFER_OPCODE => ($offer, ()),
            ]);
        }

        impl Dispatch<$offer, ()> for State {
            fn event(
                state: &mut Self,
                offer: &$offer,
                event: $offer_mod::Event,
                (): &(),
                _: &Connection,
                _: &QueueHandle<Self>,
            ) {
                if let $offer_mod::Event::Offer { mime_type } = event
                    && let Some((_, types)) = state.offers.get_mut(&offer.id())
                {
                    types.push(mime_type);
                }
            }
        }

        impl Dispatch<$source, ()> for State {
            fn event(
                state: &mut Self,
                _: &$source,
                event: $source_mod::Event,
                (): &(),
                _: &Connection,
                _: &QueueHandle<Self>,
            ) {
                match event {
                    $source_mod::Event::Send { mime_type, fd } => state.hand_over(&mime_type, &fd),
                    $source_mod::Event::Cancelled => state.is_replaced = true,
                    _ => {}
                }
            }
        }
    };
}

events!(
    Ext,
    ExtDataControlManagerV1,
    ext_manager,
    ExtDataControlDeviceV1,
    ext_device,
    ExtDataControlOfferV1,
    ext_offer,
    ExtDataControlSourceV1,
    ext_source
);
events!(
    Wlr,
    ZwlrDataControlManagerV1,
    wlr_manager,
    ZwlrDataControlDeviceV1,
    wlr_device,
    ZwlrDataControlOfferV1,
    wlr_offer,
    ZwlrDataControlSourceV1,
    wlr_source
);

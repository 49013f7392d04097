//! No server that this system has is spoken to.

use std::rc::Rc;

use super::{Order, Orders};
use crate::agent::Input;
use crate::run::Core;

/// Refuses every notice.
pub(crate) fn start(core: &Rc<Core>, mut orders: Orders) {
    let core = Rc::clone(core);
    tokio::task::spawn_local(async move {
        while let Some(order) = orders.ordered.recv().await {
            let why = || "there are none on this system".to_owned();
            match order {
                Order::Probe(number) => core.input(Input::Probed(number, Err(why()))),
                Order::Show(notice, _) => core.input(Input::Shown(notice.number, Err(why()))),
                Order::Unshow => {}
                Order::Rest(done) => drop(done.send(())),
            }
        }
    });
}

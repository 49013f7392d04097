//! No server that this system has is spoken to.

use std::rc::Rc;

use tokio::sync::mpsc;

use super::Order;
use crate::agent::Input;
use crate::run::Core;

/// Refuses every notice.
pub(crate) fn start(core: &Rc<Core>, mut orders: mpsc::Receiver<Order>) {
    let core = Rc::clone(core);
    tokio::task::spawn_local(async move {
        while let Some(order) = orders.recv().await {
            if let Order::Show(notice) = order {
                drop(notice);
                let why = "there are none on this system".to_owned();
                core.input(Input::Shown(Err(why)));
            }
        }
    });
}

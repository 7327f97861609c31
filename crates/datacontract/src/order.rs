//! The order of the members of a class in a document, worked out once for each class.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::xml::chars;

thread_local! {
    /// By the address of the class's name, since comparing names takes longer, and the number of members. The program has
    /// a fixed number of such names.
    static ORDERS: RefCell<BTreeMap<(*const str, usize), Rc<Order>>> = RefCell::default();
}

/// The order of the members of a class: those of the base class first, either group in ordinal order.
pub(crate) struct Order {
    /// The members in the order of their declaration.
    pub(crate) declared: Vec<&'static str>,
    /// Those of them that come from the base class.
    inherited: &'static [&'static str],
    /// The members in the order of the document.
    pub(crate) document: Vec<&'static str>,
    /// Their indices among the declared ones.
    pub(crate) indices: Vec<usize>,
}

impl Order {
    /// The order that was worked out last for a class of this name with this number of members. It may be that of
    /// another type of the same name, with other members; all of them are XML names.
    pub(crate) fn known(
        class: &'static str,
        members: usize,
        inherited: &'static [&'static str],
    ) -> Option<Rc<Self>> {
        let known = ORDERS.with_borrow(|orders| orders.get(&(&raw const *class, members)).cloned());
        known.filter(|order| order.inherited == inherited)
    }

    /// Works out the order of these members, and keeps it if all of them are XML names.
    pub(crate) fn of(
        class: &'static str,
        declared: Vec<&'static str>,
        inherited: &'static [&'static str],
    ) -> Rc<Self> {
        let mut indices: Vec<_> = (0..declared.len()).collect();
        indices.sort_by_key(|&index| (!inherited.contains(&declared[index]), declared[index]));
        let document = indices.iter().map(|&index| declared[index]).collect();
        let key = (&raw const *class, declared.len());
        let order = Rc::new(Self { declared, inherited, document, indices });
        if order.declared.iter().all(|name| chars::is_ncname(name)) {
            ORDERS.with_borrow_mut(|orders| orders.insert(key, Rc::clone(&order)));
        }
        order
    }
}

//! The order in which the parts of a batch are carried out.

use crate::services::graph::{
    batch::{malformed::malformed, part::Part},
    error::GraphError,
};

/// A part by its place in the request, with the places of its parents.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) part: usize,
    pub(super) parents: Vec<usize>,
}

/// Parents before children, else as the request has them; refuses unknown parents and circles.
pub(super) fn of(parts: &[Part]) -> Result<Vec<Step>, GraphError> {
    let place = |id: &String| {
        let place = parts.iter().position(|part| part.is(id));
        place.ok_or_else(|| malformed(&format!("dependsOn names the unknown id '{id}'.")))
    };
    let mut waiting: Vec<Step> = Vec::new();
    for (part, Part { parents, .. }) in parts.iter().enumerate() {
        let parents = parents.iter().map(place).collect::<Result<_, _>>()?;
        waiting.push(Step { part, parents });
    }
    let mut order: Vec<Step> = Vec::new();
    while !waiting.is_empty() {
        let is_done = |parent: &usize| order.iter().any(|step| step.part == *parent);
        let ready = waiting
            .iter()
            .position(|step| step.parents.iter().all(is_done));
        let ready = ready.ok_or_else(|| malformed("dependsOn goes in a circle."))?;
        order.push(waiting.remove(ready));
    }
    Ok(order)
}

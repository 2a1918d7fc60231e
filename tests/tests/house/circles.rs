//! Circles in a graph: its strongly connected components of more than one node.

use std::collections::BTreeSet;

/// The circles of the graph in which node `n` points at `arrows[n]`, the largest first.
pub(crate) fn of(arrows: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let reached: Vec<BTreeSet<usize>> = (0..arrows.len()).map(|it| reach(arrows, it)).collect();
    let mut circles = BTreeSet::new();
    for (node, reachable) in reached.iter().enumerate() {
        let back = |other: &usize| reached[*other].contains(&node);
        let circle: Vec<usize> = reachable.iter().copied().filter(back).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    let mut circles: Vec<Vec<usize>> = circles.into_iter().collect();
    circles.sort_by_key(|it| std::cmp::Reverse(it.len()));
    circles
}

/// The nodes that a walk of at least one arrow from `start` reaches.
fn reach(arrows: &[BTreeSet<usize>], start: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<usize> = arrows[start].iter().copied().collect();
    while let Some(node) = waiting.pop() {
        if reached.insert(node) {
            waiting.extend(&arrows[node]);
        }
    }
    reached
}

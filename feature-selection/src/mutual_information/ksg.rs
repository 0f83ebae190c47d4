//! The first estimator of Kraskov, Stögbauer and Grassberger: two continuous variables.
//!
//! Neighbors in the plane are found in a tree of boxes, counts along each axis in the sorted values: O(n log n).

use super::below;
use super::digamma::Digamma;

/// One variable, ready for many partners.
pub(super) struct Ksg {
    y: Vec<f64>,
    sorted_y: Vec<f64>,
    k: usize,
    psi: Digamma,
}

/// Work space of one partner.
#[derive(Default)]
pub(super) struct Scratch {
    sorted_x: Vec<f64>,
    tree: Tree,
    nearest: Vec<f64>,
    pending: Vec<(usize, f64)>,
    tally: Vec<u32>,
}

impl Ksg {
    /// `y` scaled; `k` below its length.
    pub(super) fn new(y: Vec<f64>, k: usize) -> Self {
        let mut sorted_y = y.clone();
        sorted_y.sort_unstable_by(f64::total_cmp);
        let psi = Digamma::up_to(y.len());
        Self {
            y,
            sorted_y,
            k,
            psi,
        }
    }

    /// Information of the scaled `x` with `y`, clipped at 0.
    pub(super) fn information(&self, x: &[f64], scratch: &mut Scratch) -> f64 {
        let n = x.len();
        let Scratch {
            sorted_x,
            tree,
            nearest,
            pending,
            tally,
        } = scratch;
        sorted_x.clear();
        sorted_x.extend_from_slice(x);
        sorted_x.sort_unstable_by(f64::total_cmp);
        tree.build(x, &self.y);
        tally.clear();
        tally.resize(n + 1, 0);
        nearest.resize(self.k + 1, 0.0);
        for &point in &tree.points {
            let radius = below(tree.neighbor_distance(point, nearest, pending));
            // The count includes the point itself, which makes it n_x + 1.
            tally[count_within(sorted_x, point[0], radius)] += 1;
            tally[count_within(&self.sorted_y, point[1], radius)] += 1;
        }
        let means = self.psi.sum(tally) / n as f64;
        (self.psi.at(n) + self.psi.at(self.k) - means).max(0.0)
    }
}

/// Number of (sorted) values within the radius; distances are the differences the tree compares.
fn count_within(sorted: &[f64], center: f64, radius: f64) -> usize {
    let low = sorted.partition_point(|v| center - v > radius);
    let high = sorted.partition_point(|v| v - center <= radius);
    high - low
}

/// A binary tree of boxes over points of the plane.
#[derive(Default)]
struct Tree {
    points: Vec<[f64; 2]>,
    nodes: Vec<Node>,
}

/// Points `start..end` and the box they span; a node that is no leaf has its children one after the other.
struct Node {
    low: [f64; 2],
    high: [f64; 2],
    start: usize,
    end: usize,
    children: Option<usize>,
}

impl Node {
    fn over(points: &[[f64; 2]], start: usize, end: usize) -> Self {
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for point in &points[start..end] {
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        Self {
            low,
            high,
            start,
            end,
            children: None,
        }
    }

    /// Largest of the two coordinates' distances from the box; no point inside is nearer, rounding included.
    fn distance(&self, point: [f64; 2]) -> f64 {
        (0..2).fold(0.0, |far: f64, axis| {
            far.max(self.low[axis] - point[axis])
                .max(point[axis] - self.high[axis])
        })
    }
}

impl Tree {
    fn build(&mut self, x: &[f64], y: &[f64]) {
        const LEAF: usize = 12;
        self.points.clear();
        self.points.extend(x.iter().zip(y).map(|(&x, &y)| [x, y]));
        self.nodes.clear();
        self.nodes.push(Node::over(&self.points, 0, x.len()));
        let mut next = 0;
        while next < self.nodes.len() {
            let node = &self.nodes[next];
            let (start, end) = (node.start, node.end);
            if end - start > LEAF {
                let axis = usize::from(node.high[1] - node.low[1] > node.high[0] - node.low[0]);
                let middle = (end - start) / 2;
                self.points[start..end]
                    .select_nth_unstable_by(middle, |a, b| a[axis].total_cmp(&b[axis]));
                self.nodes[next].children = Some(self.nodes.len());
                for (start, end) in [(start, start + middle), (start + middle, end)] {
                    self.nodes.push(Node::over(&self.points, start, end));
                }
            }
            next += 1;
        }
    }

    /// Distance (maximum norm) of a point of the tree to its nearest other points: the last of `nearest`, which has
    /// a place for each and one for the point itself.
    fn neighbor_distance(
        &self,
        point: [f64; 2],
        nearest: &mut [f64],
        pending: &mut Vec<(usize, f64)>,
    ) -> f64 {
        let last = nearest.len() - 1;
        nearest.fill(f64::INFINITY);
        pending.clear();
        pending.push((0, 0.0));
        while let Some((index, distance)) = pending.pop() {
            if distance >= nearest[last] {
                continue;
            }
            let node = &self.nodes[index];
            let Some(first) = node.children else {
                for other in &self.points[node.start..node.end] {
                    let distance = (point[0] - other[0]).abs().max((point[1] - other[1]).abs());
                    if distance < nearest[last] {
                        insert(nearest, distance);
                    }
                }
                continue;
            };
            let a = (first, self.nodes[first].distance(point));
            let b = (first + 1, self.nodes[first + 1].distance(point));
            // The nearer box is searched first.
            pending.extend(if a.1 <= b.1 { [b, a] } else { [a, b] });
        }
        nearest[last]
    }
}

/// Puts a distance in its place among sorted ones and drops the last.
fn insert(nearest: &mut [f64], distance: f64) {
    let mut place = nearest.len() - 1;
    while place > 0 && nearest[place - 1] > distance {
        nearest[place] = nearest[place - 1];
        place -= 1;
    }
    nearest[place] = distance;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_finds_what_a_search_finds() {
        // Coarse coordinates, so that many distances tie and points repeat.
        let coordinate = |i: usize, m: usize| ((i * i * 7 + i * m) % 23) as f64 / 4.0;
        let x: Vec<f64> = (0..150).map(|i| coordinate(i, 3)).collect();
        let y: Vec<f64> = (0..150).map(|i| coordinate(i, 11)).collect();
        let mut tree = Tree::default();
        tree.build(&x, &y);
        let points = tree.points.clone();
        for k in [1, 3, 40, 149] {
            let (mut nearest, mut pending) = (vec![0.0; k + 1], Vec::new());
            for p in &points {
                let mut all: Vec<f64> = points
                    .iter()
                    .map(|q| (p[0] - q[0]).abs().max((p[1] - q[1]).abs()))
                    .collect();
                all.sort_by(f64::total_cmp);
                let found = tree.neighbor_distance(*p, &mut nearest, &mut pending);
                assert_eq!(found, all[k]);
            }
        }
    }

    #[test]
    fn a_hand_worked_pair() {
        // Points (0,0), (1,2), (3,3), (7,4) and k = 1: distances to the nearest 2, 2, 2, 4.
        // Within a hair less: x 2, 2, 1, 1 and y 1, 2, 3, 3 points, themselves included.
        let ksg = Ksg::new(vec![0.0, 2.0, 3.0, 4.0], 1);
        let found = ksg.information(&[0.0, 1.0, 3.0, 7.0], &mut Scratch::default());
        let psi = Digamma::up_to(4);
        let sum: f64 = [2, 2, 1, 1, 1, 2, 3, 3].map(|m| psi.at(m)).iter().sum();
        let expected = psi.at(4) + psi.at(1) - sum / 4.0;
        assert!(expected > 0.0);
        assert!((found - expected).abs() < 1e-15, "{found} {expected}");
    }
}

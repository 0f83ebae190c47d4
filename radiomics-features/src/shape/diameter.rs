//! Largest distances between vertices of the mesh.
//!
//! Vertices lie halfway between two voxels that share a face, one inside and one outside. They are many; the pair farthest
//! apart is found among few, exactly:
//!
//! 1. Of the vertices of one line along an axis, only the first and the last can be in it.
//! 2. Of those of one plane, only the corners of their convex hull.
//! 3. The farthest points of two convex polygons, in one plane or in two parallel ones, are a corner of their difference
//!    `{p - q}`, which is a convex polygon whose edges are the edges of both, sorted by angle: one pass around both.
//!
//! So a plane costs about its circumference, and a pair of planes the corners of two hulls. Coordinates are counted in half
//! voxels and are whole numbers: hulls and angles have no rounding.

use std::cmp::Ordering;

use ndarray::ArrayView3;

/// The largest distances; mm. 0 where there are no two vertices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Diameters {
    /// Between any two vertices.
    pub spatial: f64,
    /// Between two vertices with the same coordinate along axis z, y, x.
    pub planar: [f64; 3],
}

/// The vertices of a mesh that can be corners of its convex hull or ends of its largest distances.
#[derive(Debug)]
pub(super) struct Outermost {
    /// By the axis that the planes are perpendicular to.
    extremes: [Extremes; 3],
}

impl Outermost {
    /// Of the mesh around the true voxels of a mask; `(z, y, x)`.
    pub(super) fn of(mask: ArrayView3<'_, bool>) -> Self {
        let mut extremes = [0, 1, 2].map(|axis| Extremes::new(mask.dim(), axis));
        for_each_vertex(mask, |vertex| {
            extremes.iter_mut().for_each(|lines| lines.add(vertex))
        });
        Self { extremes }
    }

    /// The largest distances; spacing in mm.
    pub(super) fn diameters(&self, spacing: [f64; 3]) -> Diameters {
        let half = spacing.map(|mm| mm / 2.0);
        let stacks = self.extremes.each_ref().map(|lines| lines.stack(half));
        let planar = std::array::from_fn(|axis| stacks[axis].largest_within_planes().sqrt());
        // Any stack holds the farthest pair; the one with the fewest planes has the fewest pairs of planes.
        let fewest = stacks.iter().min_by_key(|stack| stack.planes.len());
        let spatial = fewest.map_or(0.0, |stack| stack.largest().sqrt());
        Diameters { spatial, planar }
    }

    /// In half voxels: all corners of the convex hull, and few others.
    pub(super) fn corners(&self) -> Vec<[i64; 3]> {
        // Corners of the hull are corners of the hulls of their planes, and few planes leave few candidates.
        let [first, second, third] = &self.extremes;
        let fewest = [second, third].into_iter().fold(first, |fewest, other| {
            if other.ends.len() / other.lines < fewest.ends.len() / fewest.lines {
                other
            } else {
                fewest
            }
        });
        let planes = fewest.stack([1.0; 3]).planes;
        let corners = planes
            .iter()
            .flat_map(|plane| plane.hull.iter().map(|&point| (plane.place, point)));
        corners
            .map(|(place, point)| {
                let mut vertex = [0; 3];
                vertex[fewest.axis] = i64::from(place);
                [vertex[fewest.u], vertex[fewest.v]] = point;
                vertex
            })
            .collect()
    }
}

/// A vertex in half voxels from the center of the first voxel, `(z, y, x)`; one coordinate is odd.
type Vertex = [i32; 3];

/// Visits the middles of all faces between inside and outside.
fn for_each_vertex(mask: ArrayView3<'_, bool>, mut visit: impl FnMut(Vertex)) {
    let (nz, ny, nx) = mask.dim();
    let nothing = ndarray::Array1::from_elem(nx, false);
    let row = |z: usize, y: usize| {
        if z < nz && y < ny {
            crate::rows::row(mask, z, y)
        } else {
            nothing.view()
        }
    };
    for z in 0..nz {
        for y in 0..ny {
            let here = row(z, y);
            // `wrapping_sub` makes the row before the first one that lies beyond the last.
            let beside = [
                (row(z.wrapping_sub(1), y), [-1, 0]),
                (row(z + 1, y), [1, 0]),
                (row(z, y.wrapping_sub(1)), [0, -1]),
                (row(z, y + 1), [0, 1]),
            ];
            for x in (0..nx).filter(|&x| here[x]) {
                let center = [2 * z as i32, 2 * y as i32, 2 * x as i32];
                for (other, step) in &beside {
                    if !other[x] {
                        visit([center[0] + step[0], center[1] + step[1], center[2]]);
                    }
                }
                if x == 0 || !here[x - 1] {
                    visit([center[0], center[1], center[2] - 1]);
                }
                if x + 1 == nx || !here[x + 1] {
                    visit([center[0], center[1], center[2] + 1]);
                }
            }
        }
    }
}

/// The first and the last vertex on each line of each plane perpendicular to one axis.
#[derive(Debug)]
struct Extremes {
    axis: usize,
    /// The axis from line to line, and the one along a line.
    u: usize,
    v: usize,
    /// Lines of a plane; the table is row-major by plane.
    lines: usize,
    ends: Vec<[i32; 2]>,
}

impl Extremes {
    fn new(shape: (usize, usize, usize), axis: usize) -> Self {
        let shape = [shape.0, shape.1, shape.2];
        let [a, b] = [[1, 2], [0, 2], [0, 1]][axis];
        // Few long lines rather than many short ones.
        let (u, v) = if shape[a] <= shape[b] { (a, b) } else { (b, a) };
        let lines = 2 * shape[u] + 1;
        Self {
            axis,
            u,
            v,
            lines,
            ends: vec![[i32::MAX, i32::MIN]; (2 * shape[axis] + 1) * lines],
        }
    }

    fn add(&mut self, vertex: Vertex) {
        // The first plane and line are half a voxel before the first voxel.
        let (plane, line) = (
            (vertex[self.axis] + 1) as usize,
            (vertex[self.u] + 1) as usize,
        );
        let [first, last] = &mut self.ends[plane * self.lines + line];
        *first = (*first).min(vertex[self.v]);
        *last = (*last).max(vertex[self.v]);
    }

    /// The hulls of the planes that have a vertex; `half` is half the spacing.
    fn stack(&self, half: [f64; 3]) -> Stack {
        let mut planes = Vec::new();
        for (place, plane) in (-1i32..).zip(self.ends.chunks_exact(self.lines)) {
            let used = (-1i64..).zip(plane).filter(|(_, ends)| ends[0] <= ends[1]);
            let points: Vec<Point> = used
                .flat_map(|(u, &ends)| ends.map(|v| [u, i64::from(v)]))
                .collect();
            if !points.is_empty() {
                planes.push(Plane {
                    place,
                    hull: convex_hull(&points),
                });
            }
        }
        Stack {
            planes,
            scale: Scale([half[self.u], half[self.v]]),
            mm_per_place: half[self.axis],
        }
    }
}

/// A point of a plane, in half voxels along its two axes.
type Point = [i64; 2];

/// A plane's hull: corners counterclockwise, without points inside an edge. One or two points are a hull too.
#[derive(Debug, Clone, PartialEq)]
struct Plane {
    /// Place of the plane on the stack's axis, in half voxels.
    place: i32,
    hull: Vec<Point>,
}

/// Half voxels of a plane's two axes, in mm.
#[derive(Debug, Clone, Copy)]
struct Scale([f64; 2]);

impl Scale {
    fn squared(&self, d: Point) -> f64 {
        let (u, v) = (d[0] as f64 * self.0[0], d[1] as f64 * self.0[1]);
        u * u + v * v
    }
}

/// The hulls of all planes perpendicular to one axis.
#[derive(Debug)]
struct Stack {
    planes: Vec<Plane>,
    scale: Scale,
    mm_per_place: f64,
}

impl Stack {
    /// The largest squared distance of two points in one plane.
    fn largest_within_planes(&self) -> f64 {
        self.planes
            .iter()
            .map(|plane| farthest(&plane.hull, &plane.hull, self.scale))
            .fold(0.0, f64::max)
    }

    /// The largest squared distance of any two points.
    fn largest(&self) -> f64 {
        let disks: Vec<Disk> = self
            .planes
            .iter()
            .map(|plane| Disk::around(&plane.hull, self.scale))
            .collect();
        let apart = |a: usize, b: usize| {
            let mm = f64::from(self.planes[b].place - self.planes[a].place) * self.mm_per_place;
            mm * mm
        };
        let n = self.planes.len();
        let pairs = (0..n).flat_map(|a| (a..n).map(move |b| (a, b)));
        let mut bounded: Vec<(f64, usize, usize)> = pairs
            .map(|(a, b)| (apart(a, b) + disks[a].bound(&disks[b]), a, b))
            .collect();
        bounded.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut best = 0.0f64;
        for (bound, a, b) in bounded {
            // No later pair can be farther apart. The bound is rounded, too.
            if bound * (1.0 + 1e-12) < best {
                break;
            }
            let [p, q] = [a, b].map(|index| &self.planes[index].hull);
            best = best.max(apart(a, b) + farthest(p, q, self.scale));
        }
        best
    }
}

/// A disk that holds a hull, in mm.
#[derive(Debug, Clone, Copy)]
struct Disk {
    center: [f64; 2],
    radius: f64,
}

impl Disk {
    /// Around the middle of the lowest and highest coordinates.
    fn around(points: &[Point], scale: Scale) -> Self {
        let ends = [0, 1].map(|i| {
            let coordinates = points.iter().map(|point| point[i]);
            let low = coordinates.clone().min().unwrap_or(0);
            [low, coordinates.max().unwrap_or(0)]
        });
        // Twice the middle is a whole number.
        let twice = ends.map(|[low, high]| low + high);
        let radius = points
            .iter()
            .map(|p| scale.squared([2 * p[0] - twice[0], 2 * p[1] - twice[1]]))
            .fold(0.0, f64::max)
            .sqrt();
        Self {
            center: [0, 1].map(|i| twice[i] as f64 / 2.0 * scale.0[i]),
            radius: radius / 2.0,
        }
    }

    /// No two points of these disks have a larger squared distance.
    fn bound(&self, other: &Self) -> f64 {
        let [u, v] = [0, 1].map(|i| self.center[i] - other.center[i]);
        let distance = u.hypot(v) + self.radius + other.radius;
        distance * distance
    }
}

fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

/// Positive if `b` is counterclockwise of `a`.
fn cross(a: Point, b: Point) -> i64 {
    a[0] * b[1] - a[1] * b[0]
}

/// The convex hull of points in ascending order (Andrew's monotone chain).
fn convex_hull(sorted: &[Point]) -> Vec<Point> {
    let mut points = sorted.to_vec();
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let chain = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for point in points {
            while let [.., a, b] = chain[..]
                && cross(minus(b, a), minus(point, b)) <= 0
            {
                chain.pop();
            }
            chain.push(point);
        }
        // The last point is the first of the other chain.
        chain.pop();
        chain
    };
    let mut hull = chain(&mut points.iter().copied());
    hull.extend(chain(&mut points.iter().rev().copied()));
    hull
}

/// The largest squared distance of a point of one hull to a point of the other.
///
/// Walks around `{p - q}`: from its lowest corner, the next edge is the one with the smaller angle of the next edges of `p`
/// and of `-q`.
fn farthest(p: &[Point], q: &[Point], scale: Scale) -> f64 {
    let turned: Vec<Point> = q.iter().map(|point| [-point[0], -point[1]]).collect();
    let (first_p, first_q) = (lowest(p), lowest(&turned));
    let (mut done_p, mut done_q) = (0, 0);
    let mut best = 0.0f64;
    loop {
        let corner =
            |points: &[Point], first: usize, done: usize| points[(first + done) % points.len()];
        let (a, b) = (corner(p, first_p, done_p), corner(&turned, first_q, done_q));
        best = best.max(scale.squared([a[0] + b[0], a[1] + b[1]]));
        if done_p == p.len() && done_q == turned.len() {
            return best;
        }
        let edge_p = minus(corner(p, first_p, done_p + 1), a);
        let edge_q = minus(corner(&turned, first_q, done_q + 1), b);
        if done_q == turned.len()
            || (done_p < p.len() && angle_order(edge_p, edge_q) != Ordering::Greater)
        {
            done_p += 1;
        } else {
            done_q += 1;
        }
    }
}

/// The corner from which edges run counterclockwise from angle 0: lowest along the second axis, then along the first.
fn lowest(points: &[Point]) -> usize {
    (0..points.len())
        .min_by_key(|&i| (points[i][1], points[i][0]))
        .unwrap_or(0)
}

/// Compares angles in [0, 2π). The edge of a single point has no length and comes first.
fn angle_order(a: Point, b: Point) -> Ordering {
    let lower_half = |d: Point| d[1] < 0 || (d[1] == 0 && d[0] < 0);
    lower_half(a)
        .cmp(&lower_half(b))
        .then_with(|| cross(b, a).cmp(&0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;
    use proptest::prelude::*;

    /// All pairs of all vertices.
    fn brute(mask: ArrayView3<'_, bool>, spacing: [f64; 3]) -> Diameters {
        let mut vertices = Vec::new();
        for_each_vertex(mask, |vertex| vertices.push(vertex));
        let mut found = Diameters {
            spatial: 0.0,
            planar: [0.0; 3],
        };
        for a in &vertices {
            for b in &vertices {
                let d: [f64; 3] =
                    std::array::from_fn(|i| f64::from(a[i] - b[i]) * spacing[i] / 2.0);
                let distance = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
                found.spatial = found.spatial.max(distance);
                for axis in (0..3).filter(|&axis| a[axis] == b[axis]) {
                    found.planar[axis] = found.planar[axis].max(distance);
                }
            }
        }
        found
    }

    fn assert_same(found: Diameters, expected: Diameters) {
        approx::assert_relative_eq!(found.spatial, expected.spatial, max_relative = 1e-14);
        for axis in 0..3 {
            approx::assert_relative_eq!(
                found.planar[axis],
                expected.planar[axis],
                max_relative = 1e-14
            );
        }
    }

    proptest! {
        #[test]
        fn equal_the_largest_of_all_pairs(
            shape in (1usize..6, 1usize..9, 1usize..9),
            fill in 1u64..100,
            seed: u64,
            spacing in prop::array::uniform3(0.1f64..5.0),
        ) {
            let mut state = seed;
            let mut mask = Array3::from_shape_simple_fn(shape, || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % 100 < fill
            });
            mask[[0, 0, 0]] = true;
            assert_same(Outermost::of(mask.view()).diameters(spacing), brute(mask.view(), spacing));
        }
    }

    #[test]
    fn a_ball_is_measured_like_by_all_pairs() {
        let mask = Array3::from_shape_fn((13, 17, 15), |(z, y, x)| {
            let d = |i: usize, n: f64| (i as f64 - (n - 1.0) / 2.0) / (n / 2.0);
            d(z, 13.0).powi(2) + d(y, 17.0).powi(2) + d(x, 15.0).powi(2) <= 1.0
        });
        let spacing = [1.3, 0.7, 0.9];
        assert_same(
            Outermost::of(mask.view()).diameters(spacing),
            brute(mask.view(), spacing),
        );
    }

    #[test]
    fn a_hull_has_only_corners() {
        let mut points: Vec<Point> = (0..4).flat_map(|u| (0..4).map(move |v| [u, v])).collect();
        points.sort_unstable();
        assert_eq!(convex_hull(&points), [[0, 0], [3, 0], [3, 3], [0, 3]]);
        assert_eq!(convex_hull(&[[0, 0], [1, 1], [2, 2]]), [[0, 0], [2, 2]]);
        assert_eq!(convex_hull(&[[5, 5], [5, 5]]), [[5, 5]]);
    }
}

//! Boxes around a convex hull.

use std::cmp::Ordering;

use super::hull::{Hull, Point, scaled_normal};
use crate::par::map_indexed;
use crate::wide::{blocks, wide};

/// A box of any direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cuboid {
    /// Lengths of the edges; mm.
    pub sides: [f64; 3],
}

impl Cuboid {
    /// The product of the sides; mm³.
    pub(super) fn volume(&self) -> f64 {
        self.sides.iter().product()
    }

    /// Of the six sides; mm².
    pub(super) fn area(&self) -> f64 {
        let [a, b, c] = self.sides;
        2.0 * (a * b + a * c + b * c)
    }

    /// The smallest box with one side in a face of the hull, or perpendicular to an axis of the image; `half` is half the
    /// spacing. Of boxes of one volume, that of the smallest area.
    ///
    /// The smallest box of all may touch the hull with edges alone, which is not looked for. In a plane perpendicular to a side
    /// of the box, the smallest rectangle has one side in an edge of the hull's outline; all are tried.
    pub(super) fn around(hull: &Hull, half: [f64; 3]) -> Self {
        const BLOCK: usize = 64;
        let solid = Solid::new(hull, half);
        let directions = directions(hull, half);
        let blocks: Vec<&[[f64; 3]]> = directions.chunks(BLOCK).collect();
        let smallest = map_indexed(blocks.len(), |block| {
            let mut outline = Outline::default();
            let cuboids = blocks[block]
                .iter()
                .map(|&direction| solid.cuboid(direction, &mut outline));
            smallest(cuboids)
        });
        smallest
            .into_iter()
            .reduce(smaller)
            .unwrap_or(Self { sides: [0.0; 3] })
    }
}

fn smallest(cuboids: impl Iterator<Item = Cuboid>) -> Cuboid {
    cuboids.reduce(smaller).unwrap_or(Cuboid {
        sides: [f64::INFINITY; 3],
    })
}

/// The first of two unless the second is smaller.
fn smaller(a: Cuboid, b: Cuboid) -> Cuboid {
    let size = |cuboid: &Cuboid| [cuboid.volume(), cuboid.area()];
    if is_smaller(size(&b), size(&a)) { b } else { a }
}

/// Contents that differ less are one.
const ROUNDING: f64 = 1e-9;

/// Whether a content is smaller than another, or the same but for rounding within a smaller surface: otherwise it would depend on the
/// order of axes which of two boxes of one volume is measured.
fn is_smaller([content, surface]: [f64; 2], than: [f64; 2]) -> bool {
    content < than[0] * (1.0 - ROUNDING)
        || (content <= than[0] * (1.0 + ROUNDING) && surface < than[1])
}

/// The axes, and the normals of the hull's faces, each once; of length 1.
fn directions(hull: &Hull, half: [f64; 3]) -> Vec<[f64; 3]> {
    let mut normals: Vec<Point> = hull.normals.iter().map(|&normal| reduced(normal)).collect();
    normals.extend([[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
    normals.sort_unstable();
    normals.dedup();
    let lengths = normals
        .into_iter()
        .map(|normal| unit(scaled_normal(normal, half)));
    lengths.collect()
}

/// The shortest whole vector in the direction of another or against it.
fn reduced(normal: Point) -> Point {
    let is_negative = normal
        .iter()
        .find(|&&component| component != 0)
        .is_some_and(|&first| first < 0);
    outward_reduced(if is_negative {
        normal.map(|component| -component)
    } else {
        normal
    })
}

/// The shortest whole vector in the direction of another.
fn outward_reduced(normal: Point) -> Point {
    let divisor = normal
        .iter()
        .fold(0, |divisor, &component| gcd(divisor, component.abs()));
    normal.map(|component| component / divisor)
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn unit(a: [f64; 3]) -> [f64; 3] {
    let length = (a[0] * a[0] + a[1] * a[1] + a[2] * a[2]).sqrt();
    a.map(|component| component / length)
}

/// A hull in mm, coordinates and normals by axis.
struct Solid {
    vertices: [Vec<f64>; 3],
    /// Edges between two sides, each of which can be many faces in one plane: the vertices where they begin and end, going around
    /// the first side as seen from outside.
    edges: Vec<[u32; 2]>,
    /// Of each edge, the normals of the first and of the second side.
    normals: [[Vec<f64>; 3]; 2],
}

/// The hull seen along a direction.
#[derive(Default)]
struct Outline {
    heights: Vec<f64>,
    /// Of each edge how much more of its first side is seen than of its second: 1, 0 or -1.
    turns: Vec<i8>,
    /// The edges between what is seen and what is not: from one vertex to the other, counterclockwise.
    edges: Vec<[u32; 2]>,
    /// By vertex, where the edge that begins there ends.
    next: Vec<u32>,
    points: Vec<[f64; 2]>,
    corners: Vec<[f64; 2]>,
}

impl Outline {
    /// Fills the points with those of the edges, one edge after the other; `false` if the edges are not one closed way.
    fn walk(&mut self, place: impl Fn(u32) -> [f64; 2]) -> bool {
        let Some(&[start, _]) = self.edges.first() else {
            return false;
        };
        for &[from, to] in &self.edges {
            self.next[from as usize] = to;
        }
        self.points.clear();
        let mut vertex = start;
        for _ in &self.edges {
            self.points.push(place(vertex));
            vertex = self.next[vertex as usize];
            if vertex == start {
                break;
            }
        }
        vertex == start && self.points.len() == self.edges.len()
    }
}

impl Solid {
    fn new(hull: &Hull, half: [f64; 3]) -> Self {
        let reduced: Vec<Point> = (hull.normals.iter())
            .map(|&normal| outward_reduced(normal))
            .collect();
        let by_axis = |points: &[[f64; 3]]| {
            [0, 1, 2].map(|axis| points.iter().map(|point| point[axis]).collect::<Vec<_>>())
        };
        let vertices: Vec<[f64; 3]> = (hull.vertices.iter())
            .map(|v| [0, 1, 2].map(|axis| v[axis] as f64 * half[axis]))
            .collect();
        let index = |i: usize| u32::try_from(i).expect("fewer than 2^32 corners");
        let edges = (hull.edges.iter()).filter(|edge| {
            let [first, second] = edge.faces;
            reduced[first] != reduced[second]
        });
        let normals_of = |side: usize| {
            let normals =
                (edges.clone()).map(|edge| scaled_normal(reduced[edge.faces[side]], half));
            by_axis(&normals.collect::<Vec<_>>())
        };
        Self {
            vertices: by_axis(&vertices),
            normals: [0, 1].map(normals_of),
            edges: edges.map(|edge| edge.vertices.map(index)).collect(),
        }
    }

    /// The smallest box with a side perpendicular to a direction of length 1.
    fn cuboid(&self, direction: [f64; 3], outline: &mut Outline) -> Cuboid {
        along(&self.vertices, direction, &mut outline.heights);
        let (low, high) = range(&outline.heights);
        self.look(direction, outline);
        let [width, depth] = smallest_rectangle(&outline.corners);
        Cuboid {
            sides: [high - low, width, depth],
        }
    }

    /// Fills the corners of the hull's outline.
    fn look(&self, direction: [f64; 3], outline: &mut Outline) {
        const BLOCK: usize = 16;
        self.find_turns(direction, &mut outline.turns);
        outline.edges.clear();
        // Few edges lie between what is seen and what is not.
        let blocks = blocks::<BLOCK, _>(&outline.turns, 0).zip(self.edges.chunks(BLOCK));
        for (turns, edges) in blocks.filter(|&(turns, _)| turns != [0; BLOCK]) {
            for (turn, &[from, to]) in turns.into_iter().zip(edges).filter(|&(turn, _)| turn != 0) {
                let edge = if turn > 0 { [from, to] } else { [to, from] };
                outline.edges.push(edge);
            }
        }
        let [u, v] = perpendicular(direction);
        let place = |vertex: u32| {
            let at = self.vertices.each_ref().map(|axis| axis[vertex as usize]);
            [dot(u, at), dot(v, at)]
        };
        outline.next.resize(self.vertices[0].len(), 0);
        if outline.walk(place) && convex_of_way(&outline.points, &mut outline.corners) {
            return;
        }
        // Seen along a side, that side's edges can be several ways. Each vertex begins as many of them as it ends.
        outline.points.clear();
        outline
            .points
            .extend(outline.edges.iter().map(|&[from, _]| place(from)));
        convex(&mut outline.points, &mut outline.corners);
    }

    fn find_turns(&self, direction: [f64; 3], turns: &mut Vec<i8>) {
        turns.resize(self.edges.len(), 0);
        let [[az, ay, ax], [bz, by, bx]] = &self.normals;
        wide(
            #[inline(always)]
            || {
                let first = az.iter().zip(ay).zip(ax);
                let second = bz.iter().zip(by).zip(bx);
                for ((turn, ((az, ay), ax)), ((bz, by), bx)) in
                    turns.iter_mut().zip(first).zip(second)
                {
                    let [a, b] = [[*az, *ay, *ax], [*bz, *by, *bx]].map(
                        #[inline(always)]
                        |normal| i8::from(dot(normal, direction) > 0.0),
                    );
                    *turn = a - b;
                }
            },
        );
    }
}

/// The coordinate along a direction of points given by axis.
fn along([zs, ys, xs]: &[Vec<f64>; 3], [z, y, x]: [f64; 3], heights: &mut Vec<f64>) {
    heights.resize(zs.len(), 0.0);
    wide(
        #[inline(always)]
        || {
            for (((height, pz), py), px) in heights.iter_mut().zip(zs).zip(ys).zip(xs) {
                *height = z * pz + y * py + x * px;
            }
        },
    );
}

/// The smallest and the largest of some numbers.
fn range(numbers: &[f64]) -> (f64, f64) {
    const LANES: usize = 8;
    let Some(&first) = numbers.first() else {
        return (f64::INFINITY, f64::NEG_INFINITY);
    };
    let (low, high) = wide(
        #[inline(always)]
        || {
            let (mut low, mut high) = ([first; LANES], [first; LANES]);
            for block in blocks::<LANES, _>(numbers, first) {
                for lane in 0..LANES {
                    let number = block[lane];
                    low[lane] = if number < low[lane] {
                        number
                    } else {
                        low[lane]
                    };
                    high[lane] = if number > high[lane] {
                        number
                    } else {
                        high[lane]
                    };
                }
            }
            (low, high)
        },
    );
    (
        low.into_iter().fold(f64::INFINITY, f64::min),
        high.into_iter().fold(f64::NEG_INFINITY, f64::max),
    )
}

/// Two directions of length 1 that make right angles with a third and with each other.
fn perpendicular(direction: [f64; 3]) -> [[f64; 3]; 2] {
    let [z, y, x] = direction;
    // Away from the axis that the direction is nearest to.
    let aside = if z.abs() <= y.abs() && z.abs() <= x.abs() {
        [0.0, -x, y]
    } else if y.abs() <= x.abs() {
        [x, 0.0, -z]
    } else {
        [-y, z, 0.0]
    };
    let u = unit(aside);
    let v = [
        y * u[2] - x * u[1],
        x * u[0] - z * u[2],
        z * u[1] - y * u[0],
    ];
    [u, v]
}

#[inline(always)]
fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Whether a way turns left in `b`.
fn turns_left(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> bool {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0.0
}

fn in_order(a: &[f64; 2], b: &[f64; 2]) -> Ordering {
    let along = a[0].total_cmp(&b[0]);
    along.then_with(|| a[1].total_cmp(&b[1]))
}

/// The corners of a closed way that is convex, counterclockwise, but for points that rounding has moved into it; `false` if the way
/// is another.
fn convex_of_way(points: &[[f64; 2]], corners: &mut Vec<[f64; 2]>) -> bool {
    corners.clear();
    let lowest = (0..points.len()).min_by(|&i, &j| in_order(&points[i], &points[j]));
    let (behind, from) = points.split_at(lowest.unwrap_or(0));
    for &point in from.iter().chain(behind).chain(from.first()) {
        while let [.., a, b] = corners[..]
            && !turns_left(a, b, point)
        {
            // The way does not turn back.
            if (b[0] - a[0]) * (point[0] - b[0]) + (b[1] - a[1]) * (point[1] - b[1]) < 0.0 {
                return false;
            }
            corners.pop();
        }
        corners.push(point);
    }
    // Away from the lowest point and back, once.
    let returns = corners
        .windows(3)
        .filter(|w| w[0][0] <= w[1][0] && w[2][0] < w[1][0]);
    let goes_around_once = returns.count() == 1;
    corners.pop();
    goes_around_once && corners.len() > 2
}

/// The corners of the convex hull of points in a plane, counterclockwise.
fn convex(points: &mut Vec<[f64; 2]>, corners: &mut Vec<[f64; 2]>) {
    points.sort_unstable_by(in_order);
    points.dedup();
    corners.clear();
    let mut add = |point: [f64; 2], first: usize| {
        while corners.len() > first + 1
            && let [.., a, b] = corners[..]
            && !turns_left(a, b, point)
        {
            corners.pop();
        }
        corners.push(point);
        corners.len()
    };
    let mut n = 0;
    for &point in points.iter() {
        n = add(point, 0);
    }
    for &point in points.iter().rev().skip(1) {
        add(point, n - 1);
    }
    // The first corner again.
    if corners.len() > 1 {
        corners.pop();
    }
}

/// The sides of the smallest rectangle around a convex polygon, corners counterclockwise (rotating calipers).
fn smallest_rectangle(corners: &[[f64; 2]]) -> [f64; 2] {
    let n = corners.len();
    // An index is fewer than four times around, and a division takes longer than all the rest.
    let at = |mut index: usize| {
        while index >= n {
            index -= n;
        }
        corners[index]
    };
    let mut best = [0.0; 2];
    let mut least = [f64::INFINITY; 2];
    // Farthest along the edge, away from it, and against it.
    let [mut right, mut top, mut left] = [0; 3];
    for (i, &from) in corners.iter().enumerate() {
        let to = at(i + 1);
        let (du, dv) = (to[0] - from[0], to[1] - from[1]);
        let squared = du * du + dv * dv;
        if squared == 0.0 {
            continue;
        }
        let advance = |start: usize, [a, b]: [f64; 2]| {
            let place = |[u, v]: [f64; 2]| a * u + b * v;
            let mut here = place(at(start));
            for index in start..start + n {
                let next = place(at(index + 1));
                if next <= here {
                    return index;
                }
                here = next;
            }
            start
        };
        right = advance(right.max(i + 1), [du, dv]);
        top = advance(top.max(right), [-dv, du]);
        left = advance(left.max(top), [-du, -dv]);
        let [right, top, left] = [right, top, left].map(at);
        // Times the length of the edge.
        let width = du * (right[0] - left[0]) + dv * (right[1] - left[1]);
        let depth = du * (top[1] - from[1]) - dv * (top[0] - from[0]);
        let area = width * depth / squared;
        if area <= least[0] * (1.0 + ROUNDING) {
            let sides = [width, depth].map(|side| side / squared.sqrt());
            let size = [area, sides[0] + sides[1]];
            if is_smaller(size, least) {
                least = size;
                best = sides;
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(mut sides: [f64; 3]) -> [f64; 3] {
        sides.sort_by(f64::total_cmp);
        sides
    }

    #[test]
    fn the_box_of_a_box_is_it() {
        let corners: Vec<Point> = (0..8)
            .map(|i| [(i & 1) * 4, (i >> 1 & 1) * 6, (i >> 2) * 10])
            .collect();
        let hull = Hull::new(&corners).expect("a box");
        let found = Cuboid::around(&hull, [0.5, 1.0, 0.1]);
        assert_eq!(sorted(found.sides), [1.0, 2.0, 6.0]);
        assert_eq!((found.volume(), found.area()), (12.0, 40.0));
    }

    #[test]
    fn a_turned_box_is_found() {
        // Edges (3, 4, 0), (-4, 3, 0), (0, 0, 2).
        let corners: Vec<Point> = (0..8)
            .map(|i| [i & 1, i >> 1 & 1, i >> 2])
            .map(|[a, b, c]| [3 * a - 4 * b, 4 * a + 3 * b, 2 * c])
            .collect();
        let hull = Hull::new(&corners).expect("a box");
        let found = sorted(Cuboid::around(&hull, [1.0; 3]).sides);
        for (found, side) in found.into_iter().zip([2.0, 5.0, 5.0]) {
            assert!((found - side).abs() < 1e-12, "{found}, expected {side}");
        }
    }

    /// Every direction and every pair of points as an edge.
    fn brute(points: &[Point], hull: &Hull, half: [f64; 3]) -> f64 {
        let mm: Vec<[f64; 3]> = points
            .iter()
            .map(|p| [0, 1, 2].map(|i| p[i] as f64 * half[i]))
            .collect();
        let extent = |direction: [f64; 3]| {
            let places: Vec<f64> = mm.iter().map(|&p| dot(p, direction)).collect();
            let (low, high) = range(&places);
            high - low
        };
        let mut best = f64::INFINITY;
        for direction in directions(hull, half) {
            let [u, v] = perpendicular(direction);
            for a in &mm {
                for b in &mm {
                    let edge = [0, 1, 2].map(|i| b[i] - a[i]);
                    let (du, dv) = (dot(edge, u), dot(edge, v));
                    let length = du.hypot(dv);
                    if length > 1e-9 {
                        let turned =
                            |a: f64, b: f64| [0, 1, 2].map(|i| (a * u[i] + b * v[i]) / length);
                        let sides = [direction, turned(du, dv), turned(-dv, du)].map(extent);
                        best = best.min(sides.iter().product());
                    }
                }
            }
        }
        best
    }

    #[test]
    fn only_convex_ways_have_corners() {
        let corners = |way: &[[f64; 2]]| {
            let mut corners = Vec::new();
            convex_of_way(way, &mut corners).then_some(corners)
        };
        let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
        assert_eq!(corners(&square), Some(square.to_vec()));
        let [a, b, c, d] = square;
        // Points inside an edge, or just behind it.
        assert_eq!(
            corners(&[b, c, [1.0, 2.0 - 1e-15], d, [0.0, 1.0], a]),
            Some(square.to_vec())
        );
        for way in [
            &[a, d, c, b][..],
            &[a, b, c, d, a, b, c, d],
            &[a, b, [2.0, 3.0], c, d],
            &[a, b],
            &[],
        ] {
            assert_eq!(corners(way), None, "{way:?}");
        }
    }

    /// The corners of the hull of all vertices seen along a direction.
    fn outline_of_all(solid: &Solid, direction: [f64; 3]) -> Vec<[f64; 2]> {
        let [u, v] = perpendicular(direction);
        let [zs, ys, xs] = &solid.vertices;
        let vertices = zs.iter().zip(ys).zip(xs).map(|((z, y), x)| [*z, *y, *x]);
        let mut points: Vec<_> = vertices.map(|at| [dot(u, at), dot(v, at)]).collect();
        let mut corners = Vec::new();
        convex(&mut points, &mut corners);
        corners
    }

    fn doubled_area(corners: &[[f64; 2]]) -> f64 {
        let ends = corners.iter().cycle().skip(1);
        corners
            .iter()
            .zip(ends)
            .map(|(a, b)| a[0] * b[1] - a[1] * b[0])
            .sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn outlines_hold_all_vertices(
            radius in 1.0f64..14.0,
            center in prop::array::uniform3(0.0f64..1.0),
            half in prop::array::uniform3(0.2f64..3.0),
        ) {
            let side = -15..=15i64;
            let all = side.clone().flat_map(|z| side.clone().flat_map(move |y| (-15..=15i64).map(move |x| [z, y, x])));
            let distance = |p: &Point| (0..3).map(|i| (p[i] as f64 - center[i]).powi(2)).sum::<f64>();
            let points: Vec<Point> = all.filter(|p| distance(p) <= radius * radius).collect();
            if let Some(hull) = Hull::new(&points) {
                let solid = Solid::new(&hull, half);
                let mut outline = Outline::default();
                for direction in directions(&hull, half) {
                    solid.look(direction, &mut outline);
                    let expected = outline_of_all(&solid, direction);
                    let (found, expected) = (doubled_area(&outline.corners), doubled_area(&expected));
                    prop_assert!((found - expected).abs() <= 1e-12 * expected, "{found}, expected {expected}");
                }
            }
        }

        #[test]
        fn no_edge_gives_a_smaller_box(
            points in prop::collection::vec(prop::array::uniform3(0i64..9), 4..16),
            half in prop::array::uniform3(0.2f64..3.0),
        ) {
            if let Some(hull) = Hull::new(&points) {
                let (found, expected) = (Cuboid::around(&hull, half).volume(), brute(&points, &hull, half));
                prop_assert!((found - expected).abs() <= 1e-12 * expected, "{found}, expected {expected}");
            }
        }
    }
}

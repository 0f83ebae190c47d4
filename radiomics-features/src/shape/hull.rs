//! The convex hull of points with whole coordinates, exact.
//!
//! Vertices of the mesh are whole numbers of half voxels, at most `2¹⁸` apart, so the side of a plane on which a point lies is a
//! determinant that 64-bit numbers hold: points in one plane, on one line or at one place need no tolerance. A point in the plane
//! of a face counts as behind it. The hull's surface is then made of triangles, some of them in one plane, and has its area and
//! its volume without rounding of any decision.
//!
//! Reference: C. B. Barber, D. P. Dobkin, H. Huhdanpaa, ACM Trans. Math. Softw. 22(4), 469-483 (1996),
//! doi:10.1145/235815.235821.

/// A point, or a vector, in half voxels; `(z, y, x)`.
pub(super) type Point = [i64; 3];

/// A convex polyhedron of triangles.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hull {
    /// Corners. Few of them can lie inside an edge or a side.
    pub vertices: Vec<Point>,
    /// Corners of each triangle by index, counterclockwise seen from outside if the axes z, y, x are right-handed.
    pub faces: Vec<[usize; 3]>,
    /// The normals of the faces, outward; their length is twice the area.
    pub normals: Vec<Point>,
    /// Edges between two faces.
    pub edges: Vec<Edge>,
}

/// Where two faces meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub vertices: [usize; 2],
    pub faces: [usize; 2],
}

impl Hull {
    /// Around points of which no coordinates differ by more than `2¹⁸`; `None` if they lie in one plane.
    pub(super) fn new(points: &[Point]) -> Option<Self> {
        let mut growing = Growing::new(points)?;
        while let Some(face) = growing.pending.pop() {
            if growing.faces[face].is_alive {
                growing.add_farthest_of(face);
            }
        }
        Some(growing.finished())
    }

    /// The volume enclosed, in cubic half voxels.
    pub(super) fn volume(&self) -> f64 {
        let first = self.vertices[0];
        let six =
            self.faces.iter().zip(&self.normals).map(|(face, &normal)| {
                i128::from(dot(normal, minus(self.vertices[face[0]], first)))
            });
        six.sum::<i128>() as f64 / 6.0
    }

    /// The area of the surface in mm², `half` the length of a half voxel along each axis.
    pub(super) fn area(&self, half: [f64; 3]) -> f64 {
        let doubled = self.normals.iter().map(|&normal| {
            let [z, y, x] = scaled_normal(normal, half);
            (z * z + y * y + x * x).sqrt()
        });
        doubled.sum::<f64>() / 2.0
    }
}

/// A face's normal in mm² from that in half voxels.
pub(super) fn scaled_normal(normal: Point, half: [f64; 3]) -> [f64; 3] {
    let [z, y, x] = normal.map(|component| component as f64);
    [
        z * half[1] * half[2],
        y * half[0] * half[2],
        x * half[0] * half[1],
    ]
}

/// A hull to which points are added.
struct Growing<'a> {
    points: &'a [Point],
    faces: Vec<Face>,
    /// Faces that have, or had, points before them.
    pending: Vec<usize>,
    /// Of each point, the new face whose first corner it is.
    starts: Vec<usize>,
}

struct Face {
    corners: [usize; 3],
    /// Across the edges from corner 0 to 1, 1 to 2, 2 to 0.
    neighbors: [usize; 3],
    normal: Point,
    offset: i64,
    /// Points before it.
    before: Vec<usize>,
    is_alive: bool,
}

impl Face {
    fn new(corners: [usize; 3], points: &[Point]) -> Self {
        let [a, b, c] = corners.map(|corner| points[corner]);
        let normal = cross(minus(b, a), minus(c, a));
        Self {
            corners,
            neighbors: [usize::MAX; 3],
            normal,
            offset: dot(normal, a),
            before: Vec::new(),
            is_alive: true,
        }
    }

    /// Positive for points before the face.
    fn height(&self, point: Point) -> i64 {
        dot(self.normal, point) - self.offset
    }
}

/// An edge from a face that a point sees to one that it does not see.
struct Horizon {
    from: usize,
    to: usize,
    beyond: usize,
}

impl<'a> Growing<'a> {
    /// A tetrahedron of four of the points, far apart.
    fn new(points: &'a [Point]) -> Option<Self> {
        let corners = tetrahedron(points)?;
        let mut growing = Self {
            points,
            faces: Vec::new(),
            pending: Vec::new(),
            starts: vec![usize::MAX; points.len()],
        };
        let [a, b, c, d] = corners;
        for (corners, neighbors) in [
            ([a, b, c], [1, 2, 3]),
            ([a, d, b], [3, 2, 0]),
            ([b, d, c], [1, 3, 0]),
            ([c, d, a], [2, 1, 0]),
        ] {
            growing.faces.push(Face {
                neighbors,
                ..Face::new(corners, points)
            });
        }
        growing.distribute(0..points.len(), 0);
        Some(growing)
    }

    /// Gives each point to one of the faces from `first` on that it lies before, if there is one.
    fn distribute(&mut self, points: impl IntoIterator<Item = usize>, first: usize) {
        for point in points {
            let mut faces = self.faces[first..].iter_mut();
            if let Some(face) = faces.find(|face| face.height(self.points[point]) > 0) {
                face.before.push(point);
            }
        }
        let with_points = (first..self.faces.len()).filter(|&f| !self.faces[f].before.is_empty());
        self.pending.extend(with_points);
    }

    /// Makes the point farthest before a face a corner.
    fn add_farthest_of(&mut self, face: usize) {
        let height = |&point: &usize| self.faces[face].height(self.points[point]);
        let Some(&farthest) = self.faces[face]
            .before
            .iter()
            .max_by_key(|point| height(point))
        else {
            return;
        };
        let (seen, horizon) = self.horizon(face, farthest);
        let first = self.faces.len();
        for edge in &horizon {
            self.starts[edge.from] = self.faces.len();
            self.faces
                .push(Face::new([edge.from, edge.to, farthest], self.points));
        }
        for (new, edge) in (first..).zip(&horizon) {
            let next = self.starts[edge.to];
            self.faces[new].neighbors[0] = edge.beyond;
            self.faces[new].neighbors[1] = next;
            self.faces[next].neighbors[2] = new;
            let beyond = &mut self.faces[edge.beyond];
            let side = (0..3).find(|&side| beyond.corners[side] == edge.to);
            beyond.neighbors[side.expect("the edge is also an edge of the face beyond")] = new;
        }
        let mut orphans = Vec::new();
        for face in seen {
            orphans.append(&mut self.faces[face].before);
        }
        self.distribute(
            orphans.into_iter().filter(|&point| point != farthest),
            first,
        );
    }

    /// The faces that a point sees, from one of them on, and the edges around them. The faces are dead then.
    fn horizon(&mut self, face: usize, point: usize) -> (Vec<usize>, Vec<Horizon>) {
        let mut seen = vec![face];
        let mut horizon = Vec::new();
        self.faces[face].is_alive = false;
        let mut next = 0;
        while let Some(&face) = seen.get(next) {
            next += 1;
            for side in 0..3 {
                let beyond = self.faces[face].neighbors[side];
                if !self.faces[beyond].is_alive {
                    continue;
                }
                if self.faces[beyond].height(self.points[point]) > 0 {
                    self.faces[beyond].is_alive = false;
                    seen.push(beyond);
                } else {
                    let corners = self.faces[face].corners;
                    horizon.push(Horizon {
                        from: corners[side],
                        to: corners[(side + 1) % 3],
                        beyond,
                    });
                }
            }
        }
        (seen, horizon)
    }

    fn finished(self) -> Hull {
        let mut new_index = vec![usize::MAX; self.points.len()];
        let mut face_index = vec![usize::MAX; self.faces.len()];
        let alive = || {
            self.faces
                .iter()
                .enumerate()
                .filter(|(_, face)| face.is_alive)
        };
        let mut hull = Hull {
            vertices: Vec::new(),
            faces: Vec::new(),
            normals: Vec::new(),
            edges: Vec::new(),
        };
        for (f, face) in alive() {
            for corner in face.corners {
                if new_index[corner] == usize::MAX {
                    new_index[corner] = hull.vertices.len();
                    hull.vertices.push(self.points[corner]);
                }
            }
            face_index[f] = hull.faces.len();
            hull.faces
                .push(face.corners.map(|corner| new_index[corner]));
            hull.normals.push(face.normal);
        }
        for (f, face) in alive() {
            for side in 0..3 {
                let beyond = face.neighbors[side];
                if f < beyond {
                    let vertices = [face.corners[side], face.corners[(side + 1) % 3]];
                    hull.edges.push(Edge {
                        vertices: vertices.map(|corner| new_index[corner]),
                        faces: [f, beyond].map(|face| face_index[face]),
                    });
                }
            }
        }
        hull
    }
}

/// Four points that span space, in an order in which the last lies behind the triangle of the others.
fn tetrahedron(points: &[Point]) -> Option<[usize; 4]> {
    let farthest = |measure: &dyn Fn(Point) -> i128| {
        let best = (0..points.len()).max_by_key(|&i| measure(points[i]))?;
        (measure(points[best]) > 0).then_some(best)
    };
    let a = (0..points.len()).min_by_key(|&i| points[i])?;
    let from_a = |point: Point| minus(point, points[a]);
    let b = farthest(&|point| squared(from_a(point)))?;
    let along = from_a(points[b]);
    let c = farthest(&|point| squared(cross(along, from_a(point))))?;
    let normal = cross(along, from_a(points[c]));
    let d = farthest(&|point| i128::from(dot(normal, from_a(point)).abs()))?;
    let is_behind = dot(normal, from_a(points[d])) < 0;
    Some(if is_behind {
        [a, b, c, d]
    } else {
        [a, c, b, d]
    })
}

fn squared(a: Point) -> i128 {
    a.map(|component| i128::from(component) * i128::from(component))
        .iter()
        .sum()
}

fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn cross(a: Point, b: Point) -> Point {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn dot(a: Point, b: Point) -> i64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What makes a polyhedron the convex hull of points.
    fn check(points: &[Point], hull: &Hull) -> Result<(), TestCaseError> {
        for (face, &normal) in hull.faces.iter().zip(&hull.normals) {
            let corner = hull.vertices[face[0]];
            prop_assert!(squared(normal) > 0, "a face without area");
            prop_assert!(
                points
                    .iter()
                    .all(|&point| dot(normal, minus(point, corner)) <= 0)
            );
        }
        prop_assert!(hull.vertices.iter().all(|vertex| points.contains(vertex)));
        // Euler's formula, and every edge between two faces that have it in opposite directions.
        prop_assert_eq!(hull.vertices.len() + hull.faces.len(), hull.edges.len() + 2);
        for edge in &hull.edges {
            let [u, v] = edge.vertices;
            let has = |face: [usize; 3], from: usize, to: usize| {
                (0..3).any(|i| face[i] == from && face[(i + 1) % 3] == to)
            };
            prop_assert!(
                has(hull.faces[edge.faces[0]], u, v) && has(hull.faces[edge.faces[1]], v, u)
            );
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn holds_all_points_between_its_faces(
            side in 1i64..6,
            raw in prop::collection::vec(prop::array::uniform3(0i64..1000), 0..80),
        ) {
            // Few places: many points in one plane, on one line, at one place.
            let points: Vec<Point> = raw.iter().map(|point| point.map(|i| i % (side + 1))).collect();
            if let Some(hull) = Hull::new(&points) {
                check(&points, &hull)?;
            } else {
                let flat = points.iter().all(|&b| points.iter().all(|&c| {
                    let a = points[0];
                    let normal = cross(minus(b, a), minus(c, a));
                    points.iter().all(|&d| dot(normal, minus(d, a)) == 0)
                }));
                prop_assert!(flat);
            }
        }

        #[test]
        fn holds_points_in_general_position(points in prop::collection::vec(prop::array::uniform3(0i64..262_144), 4..120)) {
            check(&points, &Hull::new(&points).expect("points that span space"))?;
        }
    }

    #[test]
    fn a_box_full_of_points() {
        let points: Vec<Point> = (0..120).map(|i| [i / 30, i / 6 % 5, i % 6]).collect();
        let hull = Hull::new(&points).expect("a box");
        assert_eq!(hull.volume(), 3.0 * 4.0 * 5.0);
        assert_eq!(
            hull.area([1.0, 2.0, 3.0]),
            2.0 * (3.0 * 8.0 + 3.0 * 15.0 + 8.0 * 15.0)
        );
        assert_eq!(Hull::new(&points[..30]), None);
        assert_eq!(Hull::new(&[]), None);
    }
}

//! Vertices in classes that only ever join.

/// A partition of numbered vertices (union–find with path halving; Tarjan & van Leeuwen, Journal of the
/// ACM 31(2), 1984). A class is known by its least vertex, so that it does not matter what joined first.
#[derive(Clone)]
pub(super) struct Classes {
    parents: Vec<u32>,
    joins: usize,
}

impl Classes {
    /// Every vertex by itself.
    pub(super) fn new(vertices: usize) -> Self {
        Self {
            parents: (0..vertices as u32).collect(),
            joins: 0,
        }
    }

    /// How many times two classes became one.
    pub(super) const fn joins(&self) -> usize {
        self.joins
    }

    /// The least vertex of the class.
    pub(super) fn of(&self, mut vertex: u32) -> u32 {
        while self.parents[vertex as usize] != vertex {
            vertex = self.parents[vertex as usize];
        }
        vertex
    }

    /// Whether two vertices are of one class.
    pub(super) fn are_one(&self, left: u32, right: u32) -> bool {
        self.of(left) == self.of(right)
    }

    /// Joins the classes of two vertices.
    pub(super) fn join(&mut self, left: u32, right: u32) {
        let (left, right) = (self.shortened(left), self.shortened(right));
        if left != right {
            self.parents[left.max(right) as usize] = left.min(right);
            self.joins += 1;
        }
    }

    /// Makes every later question one step.
    pub(super) fn flatten(&mut self) {
        // A vertex's parent is less than it, and so done before it.
        for vertex in 0..self.parents.len() {
            self.parents[vertex] = self.parents[self.parents[vertex] as usize];
        }
    }

    fn shortened(&mut self, mut vertex: u32) -> u32 {
        while self.parents[vertex as usize] != vertex {
            let above = self.parents[vertex as usize];
            self.parents[vertex as usize] = self.parents[above as usize];
            vertex = above;
        }
        vertex
    }
}

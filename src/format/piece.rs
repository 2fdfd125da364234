//! The pieces of a format string, as every dialect's front end gives them, and which belong together.

use super::plan::Field;
use crate::time::Pattern;

/// One piece of a format string, as the front end of a dialect understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes that stand in every line as they are.
    Literal(Vec<u8>),
    /// Something that differs from line to line.
    Field {
        /// What it says.
        field: Field,
        /// Of several fields that say the same, the one with the least preference is used, and of
        /// those the first.
        preference: u8,
    },
}

impl Piece {
    /// A field without rivals.
    pub(super) const fn field(field: Field) -> Self {
        Self::Field {
            field,
            preference: 0,
        }
    }

    /// Whether it is the same literal, or says the same.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(own), Self::Literal(other)) => own == other,
            (Self::Field { field: own, .. }, Self::Field { field: other, .. }) => own == other,
            _ => false,
        }
    }

    /// The date it is, and whether that is the end of the request.
    pub(super) const fn time(&self) -> Option<(&Pattern, bool)> {
        match self {
            Self::Field {
                field: Field::Time(pattern),
                ..
            } => Some((pattern, false)),
            Self::Field {
                field: Field::OtherTime(pattern),
                ..
            } => Some((pattern, true)),
            _ => None,
        }
    }

    /// Whether it is a field that says so.
    pub(super) fn says(&self, wanted: &Field) -> bool {
        matches!(self, Self::Field { field, .. } if field == wanted)
    }
}

/// Joins neighbouring literals, and fields that are easier to read together than apart.
pub(super) fn fused(pieces: &[Piece]) -> Vec<Piece> {
    let shapes = shapes();
    let mut fused = Vec::with_capacity(pieces.len());
    let mut rest = pieces;
    while let Some(first) = rest.first() {
        let shape = shapes.iter().find(|(shape, _)| starts_with(rest, shape));
        let (field, taken) = shape.map_or((None, 1), |(shape, field)| (Some(field), shape.len()));
        match (fused.last_mut(), first) {
            (Some(Piece::Literal(before)), Piece::Literal(literal)) => before.extend(literal),
            _ => fused.push(field.map_or_else(|| first.clone(), |field| as_said_by(field, first))),
        }
        rest = &rest[taken..];
    }
    fused
}

/// Runs of pieces that are read as one field.
///
/// `%m %U%q %H` is a request line in all but name, and is read as one since a path may hold spaces;
/// a query string belongs to its path, a port to its host.
fn shapes() -> [(Vec<Piece>, Field); 4] {
    let field = Piece::field;
    let literal = |text: &[u8]| Piece::Literal(text.to_vec());
    let (method, protocol) = (field(Field::Method), field(Field::Protocol));
    let (path, query) = (field(Field::Path), field(Field::Query));
    let (host, port) = (field(Field::Host), field(Field::Port));
    let space = || literal(b" ");
    [
        (
            vec![
                method.clone(),
                space(),
                path.clone(),
                query.clone(),
                space(),
                protocol.clone(),
            ],
            Field::Request,
        ),
        (
            vec![method, space(), path.clone(), space(), protocol],
            Field::Request,
        ),
        (vec![path, query], Field::Path),
        (vec![host, literal(b":"), port], Field::Host),
    ]
}

fn starts_with(pieces: &[Piece], shape: &[Piece]) -> bool {
    pieces.len() >= shape.len()
        && shape
            .iter()
            .zip(pieces)
            .all(|(own, piece)| own.is_like(piece))
}

/// The field, as preferable as the piece it was fused from.
fn as_said_by(field: &Field, piece: &Piece) -> Piece {
    let preference = match piece {
        Piece::Field { preference, .. } => *preference,
        Piece::Literal(_) => 0,
    };
    Piece::Field {
        field: field.clone(),
        preference,
    }
}

//! The pieces of a format string, as every dialect's front end gives them, and which belong together.

use std::borrow::Cow;

use super::plan::Field;
use crate::{record::Escape, time::Pattern};

/// A format string as the front end of its dialect understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// What stands in a line, one after the other.
    pub(super) pieces: Vec<Piece>,
    /// How the server escapes what a client sent.
    pub(super) escape: Escape,
    /// Whether the dialect takes every field to end at its delimiter, whatever it may hold, and anything
    /// to follow the last one.
    pub(super) is_lenient: bool,
}

/// One piece of a format string, as the front end of a dialect understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes that stand in every line as they are.
    Literal(Vec<u8>),
    /// Something that differs from line to line.
    Field {
        /// Its name in the format string, for people.
        name: String,
        /// What it says.
        field: Field,
        /// Of several fields that say the same, the one with the least preference is used, and of
        /// those the first.
        preference: u8,
    },
}

impl Piece {
    /// A field without rivals.
    pub(super) fn field(name: &str, field: Field) -> Self {
        Self::Field {
            name: name.to_owned(),
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

    /// What the format string has for it.
    fn source(&self) -> Cow<'_, str> {
        match self {
            Self::Literal(literal) => String::from_utf8_lossy(literal),
            Self::Field { name, .. } => Cow::Borrowed(name),
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
            _ => fused.push(
                field.map_or_else(|| first.clone(), |field| as_said_by(field, &rest[..taken])),
            ),
        }
        rest = &rest[taken..];
    }
    fused
}

/// Runs of pieces that are read as one field.
///
/// `%m %U%q %H` is a request line in all but name, and is read as one since a path may hold spaces;
/// a query string belongs to its path, a port to its
/// host or client, whose address may have colons in it too.
fn shapes() -> [(Vec<Piece>, Field); 5] {
    let field = |field| Piece::field("", field);
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
        (vec![host, literal(b":"), port.clone()], Field::Host),
        (
            vec![field(Field::Client), literal(b":"), port],
            Field::ClientAndPort,
        ),
    ]
}

fn starts_with(pieces: &[Piece], shape: &[Piece]) -> bool {
    pieces.len() >= shape.len()
        && shape
            .iter()
            .zip(pieces)
            .all(|(own, piece)| own.is_like(piece))
}

/// The field, as preferable as the first of the pieces that it was fused from, with all their names.
fn as_said_by(field: &Field, pieces: &[Piece]) -> Piece {
    let preference = match pieces {
        [Piece::Field { preference, .. }, ..] => *preference,
        _ => 0,
    };
    Piece::Field {
        name: pieces.iter().map(Piece::source).collect(),
        field: field.clone(),
        preference,
    }
}

//! From the pieces of a format string, in any dialect, to a field plan.

use super::plan::{End, Field, Plan, Step};
use crate::{
    error::{Error, Result},
    time::{Pattern, Provides},
};

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

/// Compiles the pieces of a format string.
///
/// # Errors
///
/// A setting's error where lines of this format tell no client or no time, or where it could not be
/// told where a field ends.
pub(super) fn compile(pieces: &[Piece]) -> Result<Plan> {
    let mut pieces = fused(pieces);
    choose_preferred(&mut pieces);
    choose_times(&mut pieces)?;
    if !pieces
        .iter()
        .any(|piece| piece.says(&Field::Client) || piece.says(&Field::ForwardedFor))
    {
        return Err(refused("no field says who the client is"));
    }
    let in_parts = !pieces.iter().any(|piece| piece.says(&Field::Request));
    let (lead, steps) = steps(pieces)?;
    Ok(Plan {
        lead,
        steps,
        in_parts,
    })
}

/// The error of a format string that cannot be used.
pub(super) fn refused(reason: &str) -> Error {
    Error::Setting(format!("the log format cannot be used: {reason}"))
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
    const fn time(&self) -> Option<(&Pattern, bool)> {
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

    fn says(&self, wanted: &Field) -> bool {
        matches!(self, Self::Field { field, .. } if field == wanted)
    }
}

/// Joins neighbouring literals, and fields that are easier to read together than apart.
fn fused(pieces: &[Piece]) -> Vec<Piece> {
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

/// Leaves at most one field for each thing that a record holds once.
fn choose_preferred(pieces: &mut [Piece]) {
    let outdone: Vec<_> = (0..pieces.len())
        .filter(|&index| is_outdone(pieces, index))
        .collect();
    for index in outdone {
        if let Piece::Field { field, .. } = &mut pieces[index] {
            *field = if field.is_word() {
                Field::Word
            } else {
                Field::Text
            };
        }
    }
}

/// Whether another piece says what this one says, and is preferable.
fn is_outdone(pieces: &[Piece], index: usize) -> bool {
    let Piece::Field {
        field: own,
        preference: own_preference,
    } = &pieces[index]
    else {
        return false;
    };
    pieces.iter().enumerate().any(|(place, piece)| match piece {
        Piece::Field { field, preference } => {
            let is_before = (preference, place) < (own_preference, index);
            is_before && are_rivals(field, own) || is_whole_of(field, own)
        }
        Piece::Literal(_) => false,
    })
}

/// Whether a record holds only one of the two.
fn are_rivals(one: &Field, other: &Field) -> bool {
    match one {
        Field::Client | Field::ForwardedFor => {
            matches!(other, Field::Client | Field::ForwardedFor)
        }
        Field::OptOut
        | Field::OtherTime(_)
        | Field::Port
        | Field::Protocol
        | Field::Text
        | Field::Time(_)
        | Field::Word => false,
        _ => one == other,
    }
}

/// Whether the first says all that the other, a part of the request, says.
const fn is_whole_of(whole: &Field, part: &Field) -> bool {
    matches!(whole, Field::Request) && matches!(part, Field::Method | Field::Path | Field::Query)
}

/// Settles which dates make up the time of the record: those of the request's beginning where they
/// suffice, else those of its end; and of these, each that adds to the ones before it.
fn choose_times(pieces: &mut [Piece]) -> Result<()> {
    let of_end = !provided(pieces, false).is_complete();
    if of_end && !provided(pieces, true).is_complete() {
        return Err(refused(
            "no field says when the request was, to the minute at least",
        ));
    }
    let mut known = Provides::default();
    for piece in pieces {
        let Some((pattern, is_end)) = piece.time() else {
            continue;
        };
        let provides = pattern.provides();
        let field = if is_end != of_end || known.covers(provides) {
            Field::OtherTime(pattern.clone())
        } else {
            known = known | provides;
            if *pattern == Pattern::clf() {
                Field::TimeClf
            } else {
                Field::Time(pattern.clone())
            }
        };
        *piece = Piece::field(field);
    }
    Ok(())
}

/// What the dates of the requests' beginnings, or of their ends, say together.
fn provided(pieces: &[Piece], of_end: bool) -> Provides {
    let times = pieces
        .iter()
        .filter_map(Piece::time)
        .filter(|(_, is_end)| *is_end == of_end);
    times.fold(Provides::default(), |all, (pattern, _)| {
        all | pattern.provides()
    })
}

/// The lead of the line and the steps through it.
fn steps(pieces: Vec<Piece>) -> Result<(Box<[u8]>, Box<[Step]>)> {
    let mut lead = Vec::new();
    let mut fields: Vec<(Field, Vec<u8>)> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => {
                fields
                    .last_mut()
                    .map_or(&mut lead, |(_, after)| after)
                    .extend(literal);
            }
            Piece::Field { field, .. } => push_field(field, &mut fields)?,
        }
    }
    let steps: Result<_> = fields
        .into_iter()
        .map(|(field, literal)| step(field, literal))
        .collect();
    Ok((lead.into(), steps?))
}

/// Appends a field; one that nothing holds and nothing separates from such another joins that.
fn push_field(field: Field, fields: &mut Vec<(Field, Vec<u8>)>) -> Result<()> {
    let Some((before, _)) = fields
        .last_mut()
        .filter(|(before, after)| after.is_empty() && !before.is_time())
    else {
        fields.push((field, Vec::new()));
        return Ok(());
    };
    if before.is_used() || field.is_used() || field.is_time() {
        return Err(refused("nothing separates two neighbouring fields"));
    }
    if !field.is_word() {
        *before = field;
    }
    Ok(())
}

/// The step of a field and the literal after it.
fn step(field: Field, literal: Vec<u8>) -> Result<Step> {
    let end = match literal.first() {
        _ if field.is_time() => End::Syntax,
        Some(b'"') => End::Quote,
        Some(_) => End::Literal,
        None if field.is_word() => End::Word,
        None => End::Line,
    };
    if literal == b" " && matches!(field, Field::Request | Field::UserAgent) {
        return Err(refused(
            "the request line and the user agent have spaces in them, so they need quotes or \
             another separator than a space",
        ));
    }
    Ok(Step {
        field,
        end,
        literal: literal.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::spec::pieces;

    fn plan(spec: &str) -> Plan {
        compile(&pieces(spec).unwrap()).unwrap()
    }

    /// The fields of the compiled format, with how each ends.
    fn fields(spec: &str) -> Vec<(Field, End)> {
        plan(spec)
            .steps
            .iter()
            .map(|step| (step.field.clone(), step.end))
            .collect()
    }

    #[test]
    fn of_several_fields_for_one_thing_the_preferable_one_is_used() {
        let check = |spec: &str, used: &[Field]| {
            let plan = plan(spec);
            let own = plan
                .steps
                .iter()
                .map(|step| &step.field)
                .filter(|field| field.is_used());
            assert_eq!(
                own.collect::<Vec<_>>(),
                used.iter().collect::<Vec<_>>(),
                "{spec}"
            );
        };
        let clf = || Field::TimeClf;
        check("%h %a %t", &[Field::Client, clf()]);
        assert_eq!(plan("%h %a %t").steps[0].field, Field::Word);
        check("%{c}a %h %t", &[Field::Client, clf()]);
        assert_eq!(plan("%{c}a %h %t").steps[1].field, Field::Client);
        check("%{X-Forwarded-For}i|%h %t", &[Field::Client, clf()]);
        check("%{X-Forwarded-For}i %t", &[Field::ForwardedFor, clf()]);
        check("%h %t %s %>s", &[Field::Client, clf(), Field::Status]);
        assert_eq!(plan("%h %t %s %>s").steps[3].field, Field::Status);
        check("%h %t %O %b", &[Field::Client, clf(), Field::Bytes]);
        assert_eq!(plan("%h %t %O %b").steps[3].field, Field::Bytes);
        check(
            r#"%h %t "%r" %m %U"#,
            &[Field::Client, clf(), Field::Request],
        );
        check("%h %t %{end:%s}t", &[Field::Client, clf()]);
        check("%h %t %{begin:%F}t", &[Field::Client, clf()]);
        check("%h %{end}t %{end:sec}t", &[]);
    }
}

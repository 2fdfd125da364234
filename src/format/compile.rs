//! From the pieces of a format string, in any dialect, to a field plan.

use super::{
    piece::{Piece, fused},
    plan::{End, Field, Plan, Step},
};
use crate::{
    error::{Error, Result},
    record::Escape,
    time::{Pattern, Provides},
};

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
    let says_client =
        |piece: &Piece| piece.says(&Field::Client) || piece.says(&Field::ForwardedFor);
    if !pieces.iter().any(says_client) {
        return Err(refused("no field says who the client is"));
    }
    plan(pieces)
}

/// The error of a format string that cannot be used.
pub(super) fn refused(reason: &str) -> Error {
    Error::Setting(format!("the log format cannot be used: {reason}"))
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

/// The plan of pieces of which each has its use.
fn plan(pieces: Vec<Piece>) -> Result<Plan> {
    let mut lead = Vec::new();
    let mut fields = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Field { field, .. } => push_field(field, &mut fields)?,
            Piece::Literal(literal) => {
                let before = fields.last_mut().map_or(&mut lead, |(_, after)| after);
                before.extend(literal);
            }
        }
    }
    let steps = fields
        .into_iter()
        .map(|(field, literal)| step(field, literal));
    Ok(Plan {
        lead: lead.into(),
        steps: steps.collect::<Result<_>>()?,
        escape: Escape::Backslash,
    })
}

/// Appends a field; one that nothing holds and nothing separates from such another joins that.
fn push_field(field: Field, fields: &mut Vec<(Field, Vec<u8>)>) -> Result<()> {
    match fields.last_mut() {
        Some((before, after)) if after.is_empty() && !before.is_time() => {
            if before.is_used() || field.is_used() || field.is_time() {
                return Err(refused("nothing separates two neighbouring fields"));
            }
            if !field.is_word() {
                *before = field;
            }
        }
        _ => fields.push((field, Vec::new())),
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

    fn compiled(spec: &str) -> Result<Plan> {
        compile(&pieces(spec)?)
    }

    #[test]
    fn of_several_fields_that_say_the_same_one_is_used() {
        let check = |spec: &str, used: &[(usize, Field)]| {
            let steps = compiled(spec)
                .unwrap()
                .steps
                .into_vec()
                .into_iter()
                .enumerate();
            let fields = steps.map(|(place, step)| (place, step.field));
            let found: Vec<_> = fields.filter(|(_, field)| field.is_used()).collect();
            assert_eq!(found, used, "{spec}");
        };
        let time = || (0, Field::TimeClf);
        check("%t %h %a", &[time(), (2, Field::Client)]);
        check("%t %{c}a %h", &[time(), (2, Field::Client)]);
        check("%t %h %h", &[time(), (1, Field::Client)]);
        check(
            "%t %{X-Forwarded-For}i %{c}h",
            &[time(), (2, Field::Client)],
        );
        check(
            "%t %{X-Forwarded-For}i",
            &[time(), (1, Field::ForwardedFor)],
        );
        check(
            "%t %h %s %>s",
            &[time(), (1, Field::Client), (3, Field::Status)],
        );
        check(
            "%t %h %<s",
            &[time(), (1, Field::Client), (2, Field::Status)],
        );
        check(
            "%t %h %O %b",
            &[time(), (1, Field::Client), (3, Field::Bytes)],
        );
        check(
            "%t %h %I %O",
            &[time(), (1, Field::Client), (3, Field::Bytes)],
        );
        check(
            "%t %h %{Host}i %V %v",
            &[time(), (1, Field::Client), (4, Field::Host)],
        );
        check(
            r#"%t %h %m %U "%r""#,
            &[time(), (1, Field::Client), (4, Field::Request)],
        );
        check(
            "%t %h %{DNT}i %{Sec-GPC}i",
            &[
                time(),
                (1, Field::Client),
                (2, Field::OptOut),
                (3, Field::OptOut),
            ],
        );
    }

    #[test]
    fn the_time_is_made_up_of_what_adds_to_it() {
        let check = |spec: &str, used: &[bool]| {
            let plan = compiled(spec).unwrap();
            let times = plan.steps.iter().filter(|step| step.field.is_time());
            let found: Vec<_> = times.map(|step| step.field.is_used()).collect();
            assert_eq!(found, used, "{spec}");
        };
        check("%h %t", &[true]);
        check("%h %t %t", &[true, false]);
        check("%h %t %{msec_frac}t %{usec_frac}t", &[true, true, false]);
        check("%h %{%F}t %{%T}t %{%z}t", &[true, true, true]);
        check("%h %t %{end:%s}t", &[true, false]);
        check("%h %{%z}t %{end:%s}t %{end:usec}t", &[false, true, true]);
        check("%h %{msec}t %{msec_frac}t", &[true, false]);
        check("%h %{%F}t %{%I}t:%{%M}t %{%p}t %{%Z}t", &[true; 5]);
    }

    #[test]
    fn fields_that_belong_together_are_read_as_one() {
        let check = |spec: &str, expected: &[Field]| {
            let plan = compiled(&format!("%h %t {spec}")).unwrap();
            let fields = plan.steps.iter().skip(2).map(|step| &step.field);
            assert!(fields.eq(expected), "{spec}");
        };
        check(r#""%m %U%q %H""#, &[Field::Request]);
        check(r#""%m %U %H""#, &[Field::Request]);
        check(r#""%m %U%q""#, &[Field::Method, Field::Path]);
        check(
            r#""%m" "%U" "%q""#,
            &[Field::Method, Field::Path, Field::Query],
        );
        check("%v:%p %T/%D", &[Field::Host, Field::Word, Field::Word]);
        check("%{x}e%X%k", &[Field::Text]);
    }

    #[test]
    fn a_format_that_says_too_little_or_is_ambiguous_is_refused() {
        let check = |spec: &str, reason: &str| {
            let message = compiled(spec).unwrap_err().to_string();
            assert!(message.contains(reason), "{spec}: {message}");
        };
        check("%t %r", "who the client is");
        check("%h %>s", "when the request was");
        check("%h %{msec_frac}t", "when the request was");
        check("%h %{%d/%b %H:%M:%S}t", "when the request was");
        check("%h %{%F %I:%M}t", "when the request was");
        check("%h%a %t", "nothing separates");
        check("%h%{sec}t", "nothing separates");
        check("%h %t %U%m", "nothing separates");
        check("%h %t %r %>s", "need quotes");
        check("%h %t %{User-Agent}i %>s", "need quotes");
        check("", "when the request was");
    }

    #[test]
    fn how_a_field_ends_depends_on_what_follows_it() {
        let check = |spec: &str, expected: &[End]| {
            let ends: Vec<_> = compiled(spec)
                .unwrap()
                .steps
                .iter()
                .map(|step| step.end)
                .collect();
            assert_eq!(ends, expected, "{spec}");
        };
        check(
            r#"%h %t "%r" %b"#,
            &[End::Literal, End::Syntax, End::Quote, End::Word],
        );
        check(
            "%h %t %{User-Agent}i",
            &[End::Literal, End::Syntax, End::Line],
        );
    }
}

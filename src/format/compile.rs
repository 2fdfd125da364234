//! From the pieces of a format string, in any dialect, to a field plan.

use super::{
    piece::{Piece, Template, fused},
    plan::{End, Field, Plan, Step},
    rewrite::Manner,
};
use crate::{
    error::{Error, Result},
    record::Escape,
    time::{Pattern, Provides},
};

/// A field that has its place in the plan, and the literal after it.
struct Placed {
    name: String,
    field: Field,
    literal: Vec<u8>,
}

/// Compiles what a format string says.
///
/// # Errors
///
/// A setting's error where lines of this format tell no client or no time, or where it could not be
/// told where a field ends.
pub(super) fn compile(template: &Template) -> Result<Plan> {
    let mut pieces = fused(&template.pieces);
    choose_preferred(&mut pieces);
    choose_times(&mut pieces)?;
    let clients = [Field::Client, Field::ClientAndPort, Field::ForwardedFor];
    let says_client = |piece: &Piece| clients.iter().any(|client| piece.says(client));
    if !pieces.iter().any(says_client) {
        return Err(refused("no field says who the client is"));
    }
    plan(pieces, template)
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
            *field = unused(field);
        }
    }
}

/// A field of the same shape that a record does not hold.
const fn unused(field: &Field) -> Field {
    match field {
        Field::ForwardedFor => Field::List,
        Field::Path => Field::OtherPath,
        _ if field.is_word() => Field::Word,
        _ => Field::Text,
    }
}

/// Whether another piece says what this one says, and is preferable.
fn is_outdone(pieces: &[Piece], index: usize) -> bool {
    let Piece::Field {
        field: own,
        preference: own_preference,
        ..
    } = &pieces[index]
    else {
        return false;
    };
    pieces.iter().enumerate().any(|(place, piece)| match piece {
        Piece::Field {
            field, preference, ..
        } => {
            let is_before = (preference, place) < (own_preference, index);
            is_before && are_rivals(field, own) || is_whole_of(field, own)
        }
        Piece::Literal(_) => false,
    })
}

/// Whether a record holds only one of the two.
fn are_rivals(one: &Field, other: &Field) -> bool {
    match one {
        Field::Client | Field::ClientAndPort | Field::ForwardedFor => {
            matches!(
                other,
                Field::Client | Field::ClientAndPort | Field::ForwardedFor
            )
        }
        Field::Cookies(_)
        | Field::List
        | Field::OptOut
        | Field::OtherPath
        | Field::OtherTime(_)
        | Field::Port
        | Field::Protocol
        | Field::Spaces
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
        let settled = if is_end != of_end || known.covers(provides) {
            Field::OtherTime(pattern.clone())
        } else {
            known = known | provides;
            if *pattern == Pattern::clf() {
                Field::TimeClf
            } else {
                Field::Time(pattern.clone())
            }
        };
        if let Piece::Field { field, .. } = piece {
            *field = settled;
        }
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
fn plan(pieces: Vec<Piece>, template: &Template) -> Result<Plan> {
    let mut lead = Vec::new();
    let mut fields = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Field { name, field, .. } => push_field(name, field, &mut fields)?,
            Piece::Literal(literal) => {
                let last = fields.last_mut();
                let before = last.map_or(&mut lead, |field: &mut Placed| &mut field.literal);
                before.extend(literal);
            }
        }
    }
    let next = |place: usize| fields.get(place + 1).map(|next| &next.field);
    let ends: Vec<_> = (0..fields.len())
        .map(|place| end(&fields[place], next(place), template.escape))
        .collect();
    let steps = fields.into_iter().zip(ends);
    let steps: Box<[Step]> = steps
        .map(|(field, end)| step(field, end, template.is_lenient))
        .collect::<Result<_>>()?;
    Ok(Plan {
        manners: Manner::of_steps(&lead, &steps, template.escape),
        lead: lead.into(),
        steps,
        escape: template.escape,
        is_open: template.is_lenient,
    })
}

/// Appends a field; one that nothing holds and nothing separates from such another joins that.
fn push_field(name: String, field: Field, fields: &mut Vec<Placed>) -> Result<()> {
    match fields.last_mut() {
        Some(before) if before.literal.is_empty() && !is_parted(&before.field, &field) => {
            if before.field.is_used() || field.is_used() || field.is_time() {
                return Err(refused(&format!(
                    "nothing separates two neighbouring fields, {} and {name}",
                    before.name
                )));
            }
            before.name.push_str(&name);
            if !field.is_word() {
                before.field = field;
            }
        }
        _ => fields.push(Placed {
            name,
            field,
            literal: Vec::new(),
        }),
    }
    Ok(())
}

/// Whether the first field's end can be told although no literal stands between the two.
const fn is_parted(first: &Field, second: &Field) -> bool {
    first.is_time()
        || matches!(
            (first, second),
            (Field::Spaces, _)
                | (_, Field::Spaces)
                | (Field::Host | Field::Word, Field::Path | Field::OtherPath)
        )
}

/// How the end of a field is found, of which the next one is given.
fn end(placed: &Placed, next: Option<&Field>, escape: Escape) -> End {
    let Placed { field, literal, .. } = placed;
    // What a proxy forwarded may stand in the place of the client, next to which a host may stand.
    let may_be_list = matches!(
        field,
        Field::Client | Field::ForwardedFor | Field::Host | Field::List
    );
    match (literal.first(), next) {
        _ if field.is_time() => End::Syntax,
        _ if *field == Field::Spaces => End::Spaces,
        (Some(b'"'), None) if escape == Escape::Literal => End::Line,
        (Some(b'"'), _) if escape != Escape::Literal => End::Quote,
        (Some(b' ' | b','), _) if may_be_list => End::List,
        (Some(_), Some(Field::TimeClf)) if !field.is_word() => End::Date,
        (Some(_), _) => End::Literal,
        (None, Some(Field::Path | Field::OtherPath)) => End::Slash,
        (None, Some(_)) => End::Word,
        (None, None) if field.is_word() => End::Word,
        (None, None) => End::Line,
    }
}

/// The step of a field.
fn step(placed: Placed, end: End, is_lenient: bool) -> Result<Step> {
    let Placed {
        name,
        field,
        literal,
    } = placed;
    let has_spaces = field == Field::Request || field == Field::UserAgent && !is_lenient;
    if literal == b" " && has_spaces {
        return Err(refused(&format!(
            "the request line and the user agent have spaces in them, so {name} needs quotes or \
             another separator than a space"
        )));
    }
    Ok(Step {
        name: name.into(),
        field: field.into(),
        end,
        literal: literal.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::spec::{self, DateFormats};

    fn compiled(spec: &str) -> Result<Plan> {
        compile(&spec::template(spec, &DateFormats::default())?)
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
            let fields = steps.map(|(place, step)| (place, (*step.field).clone()));
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
            let fields = plan.steps.iter().skip(2).map(|step| &*step.field);
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
        check(
            "%h%a %t",
            "nothing separates two neighbouring fields, %h and %a",
        );
        check("%h%{sec}t", "nothing separates");
        check("%h %t %U%m", "nothing separates");
        check("%h %t %r %>s", "needs quotes");
        check("%h %t %{User-Agent}i %>s", "needs quotes");
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
            &[End::List, End::Syntax, End::Quote, End::Word],
        );
        check("%h %t %{User-Agent}i", &[End::List, End::Syntax, End::Line]);
        check(
            "%h %l %u %t %b",
            &[End::List, End::Literal, End::Date, End::Syntax, End::Word],
        );
    }
}

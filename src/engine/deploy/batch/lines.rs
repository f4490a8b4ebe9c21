//! Lines of a list of scores, as a [`csv::Writer`] and `{:.6}` write them, only sooner: ten million lines are
//! mostly short numbers, and identifiers in which nothing is to be quoted.

use rayon::prelude::*;

use crate::deploy::Scored;
use crate::files;

/// Rows that are written in one go.
const LINES: usize = 1 << 13;

/// The lines of `rows`, with what is told of each behind it, made on all cores.
pub(super) fn of(
    rows: &[Scored],
    flags: Option<&[[String; 3]]>,
    threshold: f64,
) -> std::io::Result<Vec<Vec<u8>>> {
    let part = |(part, rows): (usize, &[Scored])| -> std::io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(rows.len() * 36);
        for (at, scored) in rows.iter().enumerate() {
            whole(&mut out, scored.row);
            out.push(b',');
            text(&mut out, &files::harmless(&scored.id));
            out.push(b',');
            share(&mut out, scored.probability)?;
            out.extend_from_slice(if scored.probability >= threshold { b",1," } else { b",0," });
            for flag in flags.and_then(|flags| flags.get(part * LINES + at)).into_iter().flatten() {
                out.push(b',');
                text(&mut out, &files::harmless(flag));
            }
            out.push(b'\n');
        }
        Ok(out)
    };
    rows.par_chunks(LINES).enumerate().map(part).collect()
}

/// A whole number.
fn whole(out: &mut Vec<u8>, number: u32) {
    let (mut digits, mut rest, mut free) = ([b'0'; 10], number, 10);
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        (rest, free) = (rest / 10, free - 1);
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(free..).unwrap_or_default());
}

/// A number with six digits behind the point.
fn share(out: &mut Vec<u8>, p: f64) -> std::io::Result<()> {
    use std::io::Write as _;
    let millionths = p * 1e6;
    let mut rounded = (millionths + 0.5) as u32;
    // The product is exact to far less than a millionth of itself: where it is not near the middle between two
    // numbers, it rounds as the probability itself does.
    let is_clear = (millionths - f64::from(rounded)).abs() < 0.499_999;
    if !(0.0..=1.0).contains(&p) || p.is_sign_negative() || !is_clear {
        return write!(out, "{p:.6}");
    }
    let mut digits = *b"0.000000";
    for digit in digits.iter_mut().skip(2).rev() {
        *digit = b'0' + (rounded % 10) as u8;
        rounded /= 10;
    }
    if let Some(first) = digits.first_mut() {
        *first = b'0' + rounded as u8;
    }
    out.extend_from_slice(&digits);
    Ok(())
}

/// A field of text, in quotes where the writer would put them.
fn text(out: &mut Vec<u8>, field: &str) {
    if !field.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        out.extend_from_slice(field.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in field.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the writer writes.
    fn slow(rows: &[Scored], flags: Option<&[[String; 3]]>, threshold: f64) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for (at, scored) in rows.iter().enumerate() {
            writer.write_field(scored.row.to_string()).unwrap();
            writer.write_field(files::harmless(&scored.id).as_ref()).unwrap();
            writer.write_field(format!("{:.6}", scored.probability)).unwrap();
            writer.write_field(if scored.probability >= threshold { "1" } else { "0" }).unwrap();
            writer.write_field("").unwrap();
            for flag in flags.and_then(|flags| flags.get(at)).into_iter().flatten() {
                writer.write_field(files::harmless(flag).as_ref()).unwrap();
            }
            writer.write_record(None::<&[u8]>).unwrap();
        }
        writer.into_inner().unwrap()
    }

    fn row(row: u32, id: &str, probability: f64) -> Scored {
        Scored { row, id: id.to_owned(), named: true, probability, repeated: false, actual: None }
    }

    fn agree(rows: &[Scored], flags: Option<&[[String; 3]]>) {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert_eq!(text(of(rows, flags, 0.5).unwrap().concat()), text(slow(rows, flags, 0.5)));
    }

    #[test]
    fn numbers_at_the_edge_are_written_alike() {
        let middle = |n: u32| f64::from(n) / 1e6 + 0.5e-6;
        let mut edges =
            vec![0.0, -0.0, 1.0, 0.5, 1e-7, 5e-7, 1.5e-6, 0.9999995, 0.99999949, 1.0 - 1e-16, 1.1, -0.25];
        edges.extend([f64::NAN, f64::INFINITY, f64::MIN_POSITIVE]);
        for n in (0..1_000_000).step_by(977) {
            let p = middle(n);
            edges.extend([
                p,
                f64::from_bits(p.to_bits() - 1),
                f64::from_bits(p.to_bits() + 1),
                f64::from(n) / 1e6,
            ]);
        }
        let rows: Vec<Scored> = edges.iter().map(|p| row(7, "a", *p)).collect();
        agree(&rows, None);
        let numbers = [0, 1, 9, 10, 99, 100, 4_294_967_295, 1_000_000_000];
        agree(&numbers.map(|n| row(n, "", 0.25)), None);
    }

    #[test]
    fn many_rows_keep_their_flags() {
        let rows: Vec<Scored> = (0..3 * LINES as u32 + 5).map(|n| row(n, "x", 0.75)).collect();
        let flags: Vec<[String; 3]> =
            (0..rows.len()).map(|at| [at.to_string(), "a, \"b\"".to_owned(), "=1".to_owned()]).collect();
        agree(&rows, Some(&flags));
    }

    proptest! {
        #[test]
        fn any_identifier_and_any_probability(
            ids in proptest::collection::vec("[-=+@a\",\r\n\t 客é0]{0,9}|\\PC*", 1..40),
            p in proptest::collection::vec(0.0f64..=1.0, 40),
            flags in proptest::collection::vec(proptest::array::uniform3("[=a\", 客]{0,5}"), 40),
            number in any::<u32>(),
        ) {
            let rows: Vec<Scored> = ids.iter().zip(&p).map(|(id, p)| row(number, id, *p)).collect();
            agree(&rows, None);
            agree(&rows, Some(&flags));
        }
    }
}

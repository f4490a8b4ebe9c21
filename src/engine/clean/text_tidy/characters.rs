//! Characters that show nothing, full-width ones and blanks: what text is rid of.

/// Without characters that show nothing. Joiners stay where they carry meaning: inside an emoji,
/// and between letters of Arabic, Persian and the scripts of India.
pub(super) fn visible(text: &str) -> Option<String> {
    if !text.contains(is_invisible) {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let shown = |c: &&char| !is_invisible(**c);
    let mut out = String::with_capacity(text.len());
    for (at, &c) in chars.iter().enumerate() {
        if !is_invisible(c) {
            out.push(c);
            continue;
        }
        let before = chars.get(..at).and_then(|head| head.iter().rev().find(shown)).copied();
        let after = chars.get(at + 1..).and_then(|tail| tail.iter().find(shown)).copied();
        let both = |is: fn(char) -> bool| before.is_some_and(is) && after.is_some_and(is);
        // One joiner between two letters is enough.
        let joins = !out.ends_with(['\u{200c}', '\u{200d}']);
        let keep = match c {
            '\u{200d}' => joins && (both(is_emoji) || both(is_joining)),
            '\u{200c}' => joins && both(is_joining),
            _ => false,
        };
        if keep {
            out.push(c);
        }
    }
    (out != text).then_some(out)
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// What stands beside a joiner in an emoji: pictures, skin tones, the sign that asks for colour.
fn is_emoji(c: char) -> bool {
    matches!(u32::from(c),
        0xA9 | 0xAE | 0x20E3 | 0x2190..=0x21FF | 0x2300..=0x23FF | 0x2600..=0x27BF | 0x2B00..=0x2BFF
        | 0x3030 | 0x303D | 0x3297 | 0x3299 | 0xFE0F | 0x1F000..=0x1FAFF)
}

fn is_joining(c: char) -> bool {
    matches!(u32::from(c),
        0x600..=0x7FF | 0x8A0..=0x8FF | 0x900..=0xDFF | 0x1000..=0x109F | 0x1780..=0x18AF
        | 0xFB50..=0xFDFF | 0xFE70..=0xFEFC)
}

/// Full-width ASCII to half-width. ，：；！？ stay beside Chinese letters unless `punctuation`, but
/// not between digits: `１，２３４` is a number and `１０：３０` a time.
pub(super) fn half_width(text: &str, punctuation: bool) -> Option<String> {
    if !text.contains(|c: char| narrow(c).is_some()) {
        return None;
    }
    let keep_marks = !punctuation && text.chars().any(is_east_asian);
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || matches!(c, '０'..='９'));
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        let is_mark = matches!(c, '，' | '：' | '；' | '！' | '？');
        let kept = keep_marks && is_mark && !(digit(before) && digit(chars.peek().copied()));
        out.push(narrow(c).filter(|_| !kept).unwrap_or(c));
        before = Some(c);
    }
    (out != text).then_some(out)
}

fn narrow(c: char) -> Option<char> {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        '￥' => Some('¥'),
        '￡' => Some('£'),
        '￠' => Some('¢'),
        '￦' => Some('₩'),
        _ => None,
    }
}

fn is_east_asian(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3100..=0x312F | 0x3400..=0x9FFF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Runs of blanks of any kind to one plain blank, or to one line break where they hold one.
pub(super) fn plain_blanks(text: &str) -> Option<String> {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    let mut out = String::with_capacity(text.len());
    let mut gap: Option<char> = None;
    for c in text.chars() {
        if is_blank(c) {
            let breaks = matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
            gap = if breaks { Some('\n') } else { gap.or(Some(' ')) };
            continue;
        }
        if let Some(gap) = gap.take()
            && !out.is_empty()
        {
            out.push(gap);
        }
        out.push(c);
    }
    (out != text).then_some(out)
}

//! Character encodings: a guess from the bytes with its ground, a ranked list to choose from, or
//! the one that a person names.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_8859_2, ISO_8859_4, ISO_8859_7, ISO_8859_10, KOI8_R,
    SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253,
    WINDOWS_1254, WINDOWS_1257, WINDOWS_1258,
};

use super::common::{Language, likeness};
use crate::note::Note;

/// Bytes that are decoded to compare encodings.
const COMPARED: usize = 1 << 14;
/// Bytes beyond ASCII from which statistics over single bytes are trusted.
const ENOUGH: usize = 12;
/// Lines shown of each candidate.
const LINES: usize = 5;
/// Double-byte encodings and the language that each writes.
const WIDE: [(&Encoding, Language); 5] = [
    (GB18030, Language::Simplified),
    (BIG5, Language::Traditional),
    (SHIFT_JIS, Language::Japanese),
    (EUC_JP, Language::Japanese),
    (EUC_KR, Language::Korean),
];
/// Baltic and Vietnamese: where the letters are Western ones as well, they are taken for such.
const RARE: [&Encoding; 4] = [WINDOWS_1257, WINDOWS_1258, ISO_8859_4, ISO_8859_10];
/// What a person can choose from, beside the guess, in this order.
const OFFERED: [&Encoding; 16] = [
    UTF_8,
    GB18030,
    WINDOWS_1252,
    BIG5,
    SHIFT_JIS,
    EUC_KR,
    WINDOWS_1250,
    WINDOWS_1251,
    WINDOWS_1254,
    WINDOWS_1253,
    ISO_8859_2,
    ISO_8859_7,
    KOI8_R,
    EUC_JP,
    UTF_16LE,
    UTF_16BE,
];

/// A guess and its ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guess {
    pub encoding: &'static Encoding,
    /// Bytes of the mark at the head of the file, to be skipped.
    pub mark: usize,
}

/// An encoding that a person can choose, with what the file looks like in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub encoding: &'static Encoding,
    /// Why it stands where it stands.
    pub why: Note,
    /// The first lines, decoded.
    pub lines: Vec<String>,
}

/// Guesses the encoding from the head of a file. `whole` says that `head` is all of it.
pub fn guess(head: &[u8], whole: bool) -> Guess {
    if let Some((encoding, mark)) = Encoding::for_bom(head) {
        return Guess { encoding, mark };
    }
    let encoding = match utf16_without_mark(head) {
        Some(encoding) => encoding,
        None if is_utf8(head, whole) => UTF_8,
        None => legacy(head, whole),
    };
    Guess { encoding, mark: 0 }
}

/// Encodings for a picker, the likeliest first: the guess, then those in which every byte has a
/// meaning, then the rest, each with the file's first five lines in it.
pub fn ranked(head: &[u8], whole: bool) -> Vec<Candidate> {
    let guess = guess(head, whole);
    let mut out: Vec<(bool, Candidate)> = std::iter::once(guess.encoding)
        .chain(OFFERED.into_iter().filter(|other| *other != guess.encoding))
        .map(|encoding| {
            let mark = if encoding == guess.encoding { guess.mark } else { 0 };
            let (text, bad) = decode(head.get(mark..).unwrap_or_default(), encoding);
            let why = match encoding {
                _ if encoding == guess.encoding && mark > 0 => Note::new("encoding_mark"),
                _ if encoding == guess.encoding && bad == 0 => Note::new("encoding_fits"),
                _ if encoding == guess.encoding => Note::new("encoding_nearly").with("count", bad),
                _ if bad == 0 => Note::new("encoding_possible"),
                _ => Note::new("encoding_breaks").with("count", bad),
            };
            let lines = text.lines().take(LINES).map(|line| line.chars().take(200).collect()).collect();
            (encoding != guess.encoding && bad > 0, Candidate { encoding, why, lines })
        })
        .collect();
    // Stable: within each half the order of the list stays.
    out.sort_by_key(|(broken, _)| *broken);
    out.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Finds an encoding by the name that a person typed.
pub fn by_name(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label(name.trim().as_bytes()).map(wider)
}

/// GB18030 contains GBK, and reads what GBK writes.
fn wider(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == GBK { GB18030 } else { encoding }
}

/// True for UTF-8; a sequence cut by the end of `head` is forgiven unless `head` is the whole.
fn is_utf8(head: &[u8], whole: bool) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => !whole && error.error_len().is_none(),
    }
}

/// Text and the number of its characters that do not decode, one at the cut end forgiven.
fn decode(bytes: &[u8], encoding: &'static Encoding) -> (String, usize) {
    let bytes = bytes.get(..bytes.len().min(COMPARED)).unwrap_or(bytes);
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let bad = text.trim_end_matches('\u{fffd}').matches('\u{fffd}').count();
    (text.into_owned(), bad)
}

/// An encoding from before Unicode. The detector's word stands, but for what it gets wrong on short
/// texts: a few bytes of a double-byte language, and one sign of a currency among plain letters.
fn legacy(head: &[u8], whole: bool) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(head, whole);
    let found = wider(detector.guess(None, chardetng::Utf8Detection::Deny));
    let high = head.iter().filter(|b| !b.is_ascii()).count();
    // A byte beyond ASCII between plain ones is a letter of its own: double-byte text in tables
    // has them in pairs.
    let alone = |at: usize| head.get(at).is_some_and(|b| !b.is_ascii());
    let lonely = (0..head.len())
        .filter(|&at| alone(at) && !alone(at + 1) && !at.checked_sub(1).is_some_and(alone))
        .count();
    if lonely * 2 > high {
        let is_wide = WIDE.iter().any(|(encoding, _)| *encoding == found);
        return if is_wide || high < ENOUGH { western(head, found) } else { found };
    }
    if RARE.contains(&found) {
        return western(head, found);
    }
    let mut best = (found, 0.0);
    for (encoding, language) in WIDE {
        let (text, bad) = decode(head, encoding);
        let like = likeness(&text, language);
        // More than one in a hundred wrong is another encoding.
        if bad * 100 <= text.chars().filter(|c| !c.is_ascii()).count() && like > best.1 {
            best = (encoding, like);
        }
    }
    // A third of frequent characters is far above what a wrong reading gives.
    if best.1 > 0.33 { best.0 } else { found }
}

/// Few bytes beyond ASCII: Western, if each is a letter or sign of Western tables.
fn western(head: &[u8], found: &'static Encoding) -> &'static Encoding {
    // With what UTF-8 looks like where a file mixes both.
    let common = "\u{a0}€£¥§°·«»–—‘’“”…™®©äöüÄÖÜßéèêëàâçîïôûùÉÈÀÇñÑáíóúÁÍÓÚåÅøØæÆãõºª½ÃÂ";
    let (text, _) = decode(head, WINDOWS_1252);
    let fits = text.chars().filter(|c| !c.is_ascii()).all(|c| common.contains(c));
    let is_wide = WIDE.iter().any(|(encoding, _)| *encoding == found);
    if fits || is_wide { WINDOWS_1252 } else { found }
}

/// Text of mostly Latin letters in UTF-16 has a zero in every second byte. Chinese or Japanese text
/// has few; but its line ends, commas and digits are zeros beside ASCII, on one side only, and no
/// unit is out of place.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let head = head.get(..head.len().min(4096) & !1)?;
    if head.len() < 8 {
        return None;
    }
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|&&b| b == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), head.len() / 2);
    match () {
        () if odd * 10 > pairs * 4 && even * 20 < pairs => return Some(UTF_16LE),
        () if even * 10 > pairs * 4 && odd * 20 < pairs => return Some(UTF_16BE),
        () if even + odd == 0 || is_utf8(head, false) => return None,
        () => {}
    }
    let encoding = match () {
        () if even == 0 => UTF_16LE,
        () if odd == 0 => UTF_16BE,
        () => return None,
    };
    let (text, bad) = decode(head, encoding);
    let plausible = text.chars().filter(|c| {
        matches!(c, '\t' | '\r' | '\n' | ' '..='~' | '\u{a0}'..='\u{24f}' | '\u{2010}'..='\u{2030}'
            | '\u{3000}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{ff00}'..='\u{ffef}')
    });
    let (all, fits) = (text.chars().count(), plausible.count());
    (bad == 0 && fits * 20 >= all * 19 && text.contains(['\n', '\t', ',', ';'])).then_some(encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses() {
        assert_eq!(guess("姓名,a".as_bytes(), true).encoding, UTF_8);
        assert_eq!(guess(b"\xEF\xBB\xBFid", true), Guess { encoding: UTF_8, mark: 3 });
        assert_eq!(guess(b"\xFF\xFEi\0d\0", true).encoding, UTF_16LE);
        assert_eq!(guess(b"\xFE\xFF\0i\0d", true), Guess { encoding: UTF_16BE, mark: 2 });
        assert_eq!(guess(b"i\0d\0,\0a\0\n\0", true).encoding, UTF_16LE);
        assert_eq!(guess(b"\0i\0d\0,\0a\0\n", true).encoding, UTF_16BE);
        // A character cut by the end of the sample is no reason to doubt.
        let cut = &"客户".as_bytes()[..4];
        assert_eq!(guess(cut, false).encoding, UTF_8);
        // A stray zero makes no UTF-16.
        assert_eq!(guess(b"id,plan\n1,ba\0sic\n2,plus\n", true).encoding, UTF_8);
    }

    #[test]
    fn real_sentences_in_each_encoding() {
        let cases: [(&'static Encoding, &str); 21] = [
            (GB18030, "订单编号,总金额,买家实际支付金额,收货地址\n1,178.8,0,上海\n"),
            (GB18030, "姓名,电话\n张三,138\n李四,139\n"),
            (GB18030, "客户,城市\n1,北京\n"),
            (GB18030, "评价,分\n很快，好吃，味道足，量大,5\n没有送水,1\n"),
            (BIG5, "姓名,電話,地址\n陳大文,02,台北市\n林小美,04,台中市\n"),
            (BIG5, "訂單編號,客戶,金額\n1,王先生,120\n"),
            (BIG5, "商品,評語\n1,很好用，下次還會再買\n"),
            (SHIFT_JIS, "お客様番号,氏名,住所\n1,佐藤花子,東京都\n2,鈴木一郎,大阪府\n"),
            (SHIFT_JIS, "商品,感想\n1,とても良かったです。また買います。\n"),
            (SHIFT_JIS, "注文,カナ\n1,タナカ\n2,ヤマダ\n"),
            (EUC_KR, "고객번호,이름,주소\n1,김철수,서울\n2,이영희,부산\n"),
            (EUC_KR, "상품,평가\n1,아주 좋아요. 다시 사고 싶어요.\n"),
            (EUC_JP, "お客様番号,氏名,住所\n1,佐藤花子,東京都\n2,鈴木一郎,大阪府\n"),
            (WINDOWS_1252, "Kunde;Größe;Preis\nMüller;1;€ 5\n"),
            (WINDOWS_1252, "id;price\n1;5 €\n2;7\n"),
            (WINDOWS_1252, "client,ville\nHélène Lefèvre,Orléans\nFrançois,Besançon\n"),
            (WINDOWS_1252, "cliente;ciudad\nJosé Núñez;Málaga\nBegoña;La Coruña\n"),
            (WINDOWS_1252, "note\nspending (m.u.);\u{a0}\nCaf\u{c3}©\u{a0}\u{e2}€™s\u{a0}\n"),
            (
                WINDOWS_1250,
                "klient;miasto\nWałęsa;Łódź\nŻółkiewski;Kraków\nGrzegorz Brzęczyszczykiewicz;Świętochłowice\n",
            ),
            (WINDOWS_1251, "клиент;город\nИванов Пётр;Москва\nСмирнова Анна;Казань\n"),
            (WINDOWS_1251, "имя,сумма\nОльга,12\n"),
        ];
        for (encoding, text) in cases {
            let (bytes, _, lost) = encoding.encode(text);
            assert!(!lost, "{text}");
            assert_eq!(guess(&bytes, true).encoding.name(), encoding.name(), "{text}");
        }
    }

    #[test]
    fn utf16_of_chinese_without_a_mark() {
        let text = "客户编号，姓名，住址，电话，备注说明文字\n张三住在上海市浦东新区世纪大道，李四住在北京市朝阳区建国路\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!((guess(&little, true).encoding, guess(&big, true).encoding), (UTF_16LE, UTF_16BE));
    }

    #[test]
    fn a_ranked_list_with_the_same_lines() {
        let (bytes, _, _) = GB18030.encode("编号,城市\n1,上海\n2,北京\n3,广州\n4,深圳\n5,杭州\n6,成都\n");
        let list = ranked(&bytes, true);
        assert_eq!((list[0].encoding, list[0].why.code), (GB18030, "encoding_fits"));
        assert_eq!((list[0].lines.len(), list[0].lines[1].as_str()), (5, "1,上海"));
        let utf8 = list.iter().find(|candidate| candidate.encoding == UTF_8).unwrap();
        assert_eq!(utf8.why.code, "encoding_breaks");
        let places: Vec<bool> = list.iter().map(|c| c.why.code == "encoding_breaks").collect();
        assert!(places.is_sorted(), "those that break come last");
        assert_eq!(list.len(), OFFERED.len());
        let marked = ranked(b"\xEF\xBB\xBFid\n1\n", true);
        assert_eq!((marked[0].why.code, marked[0].lines[0].as_str()), ("encoding_mark", "id"));
    }

    #[test]
    fn names_that_people_type() {
        assert_eq!(by_name(" gbk "), Some(GB18030));
        assert_eq!(by_name("latin1"), Some(WINDOWS_1252));
        assert_eq!(by_name("klingon"), None);
    }
}

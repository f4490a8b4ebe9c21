//! Character encodings: a guess from the bytes, or by the name that a person gives.

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

/// A guess and its ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guess {
    pub encoding: &'static Encoding,
    /// Bytes of the mark at the head of the file, to be skipped.
    pub mark: usize,
}

/// Guesses the encoding from the head of a file. `whole` says that `head` is all of it.
pub fn guess(head: &[u8], whole: bool) -> Guess {
    if let Some((encoding, mark)) = Encoding::for_bom(head) {
        return Guess { encoding, mark };
    }
    if let Some(encoding) = utf16_without_mark(head) {
        return Guess { encoding, mark: 0 };
    }
    if is_utf8(head, whole) {
        return Guess { encoding: UTF_8, mark: 0 };
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(head, whole);
    let found = detector.guess(None, chardetng::Utf8Detection::Deny);
    // GB18030 contains GBK, and reads what GBK writes.
    let encoding = if found == encoding_rs::GBK { GB18030 } else { found };
    Guess { encoding, mark: 0 }
}

/// Finds an encoding by the name that a person typed.
pub fn by_name(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label(name.trim().as_bytes())
        .map(|found| if found == encoding_rs::GBK { GB18030 } else { found })
}

/// True for UTF-8; a sequence cut by the end of `head` is forgiven unless `head` is the whole.
fn is_utf8(head: &[u8], whole: bool) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => !whole && error.error_len().is_none(),
    }
}

/// Text of mostly Latin letters in UTF-16 has a zero in every second byte.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let head = &head[..head.len().min(4096) & !1];
    if head.len() < 8 {
        return None;
    }
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|&&b| b == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), head.len() / 2);
    match () {
        () if odd * 10 > pairs * 4 && even * 20 < pairs => Some(UTF_16LE),
        () if even * 10 > pairs * 4 && odd * 20 < pairs => Some(UTF_16BE),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::WINDOWS_1252;

    #[test]
    fn guesses() {
        assert_eq!(guess("姓名,a".as_bytes(), true).encoding, UTF_8);
        assert_eq!(guess(b"\xEF\xBB\xBFid", true), Guess { encoding: UTF_8, mark: 3 });
        assert_eq!(guess(b"\xFF\xFEi\0d\0", true).encoding, UTF_16LE);
        assert_eq!(guess(b"i\0d\0,\0a\0\n\0", true).encoding, UTF_16LE);
        let (gbk, _, _) = GB18030.encode("订单编号,总金额,买家实际支付金额,收货地址\n1,178.8,0,上海\n");
        assert_eq!(guess(&gbk, true).encoding, GB18030);
        assert_eq!(guess(b"Kunde;Gr\xF6\xDFe;Preis\nM\xFCller;1;\x80 5\n", true).encoding, WINDOWS_1252);
        // A character cut by the end of the sample is no reason to doubt.
        let cut = &"客户".as_bytes()[..4];
        assert_eq!(guess(cut, false).encoding, UTF_8);
    }
}

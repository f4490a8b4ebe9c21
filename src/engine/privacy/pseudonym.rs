//! The key, and what is derived from it: HMAC-SHA-256 (RFC 2104, FIPS 198-1), separated by purpose
//! and group of columns, so that a value gets the same pseudonym in every table of a group, another
//! one in every other group, and none that can be traced without the key.

use std::io::{Read as _, Write as _};
use std::path::Path;

use hmac::{Hmac, Mac as _};
use rand::RngCore as _;
use sha2::Sha256;

use super::PrivacyError;

/// What the pseudonyms, stand-ins and shifts of dates are derived from: 32 random bytes. Whoever has
/// it can test a guess; whoever lacks it cannot.
#[derive(Clone)]
pub struct Key {
    hmac: Hmac<Sha256>,
}

/// Said of a key in a log: never its bytes.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// A key of these bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        // HMAC takes a key of any length; the block form needs no error path.
        let mut block = [0u8; 64];
        block[..32].copy_from_slice(bytes);
        Self { hmac: <Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into()) }
    }

    /// The key kept in `file` as 64 hexadecimal digits; a new one is made and kept there, readable by
    /// its owner only, if there is no such file. Also tells whether it was made.
    ///
    /// # Errors
    /// The file cannot be read or written, or holds something else.
    pub fn read_or_make(file: &Path) -> Result<(Self, bool), PrivacyError> {
        let fail = |cause| PrivacyError::Key { file: file.to_owned(), cause };
        match std::fs::File::open(file) {
            Ok(open) => {
                let mut text = String::new();
                // A key is short; a file chosen by mistake may be anything.
                let bad = || PrivacyError::BadKey { file: file.to_owned() };
                open.take(1024).read_to_string(&mut text).map_err(|cause| match cause.kind() {
                    std::io::ErrorKind::InvalidData => bad(),
                    _ => fail(cause),
                })?;
                let bytes = from_hex(text.trim()).ok_or_else(bad)?;
                Ok((Self::new(&bytes), false))
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = [0u8; 32];
                let random = |error: rand::Error| fail(std::io::Error::other(error.to_string()));
                rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(random)?;
                keep(file, &bytes).map_err(fail)?;
                Ok((Self::new(&bytes), true))
            }
            Err(cause) => Err(fail(cause)),
        }
    }

    /// 32 bytes for a value, by purpose and group; `again` gives others where the first will not do.
    pub(super) fn derive(&self, purpose: &str, group: &str, again: u32, value: &str) -> [u8; 32] {
        let mut mac = self.hmac.clone();
        // Each part with its length before it: no two ways to cut lead to the same bytes.
        for part in [purpose.as_bytes(), group.as_bytes(), &again.to_le_bytes(), value.as_bytes()] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Refuses a key file that would lie inside a folder that is handed on.
///
/// # Errors
/// It would.
pub fn keep_apart(key: &Path, folder: &Path) -> Result<(), PrivacyError> {
    // The folder of the key may not be there yet: what is there of its path decides.
    let real = |path: &Path| {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        whole.ancestors().find_map(|part| part.canonicalize().ok()).unwrap_or(whole)
    };
    let parent = key.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match real(parent).starts_with(real(folder)) {
        true => Err(PrivacyError::KeyInside { file: key.to_owned(), folder: folder.to_owned() }),
        false => Ok(()),
    }
}

pub(super) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0u8; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in out.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(out)
}

fn keep(file: &Path, bytes: &[u8; 32]) -> std::io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut open = options.open(file)?;
    let written = writeln!(open, "{text}").and_then(|()| open.sync_all());
    if written.is_err() {
        // Half a key would be refused for ever after.
        let _ = std::fs::remove_file(file);
    }
    written
}

/// A value as it is compared across tables: without surrounding blanks, and without the `.0` that
/// spreadsheets and other programs leave behind identifiers.
pub(super) fn plain(value: &str) -> &str {
    let value = value.trim();
    match value.strip_suffix(".0") {
        Some(whole) if !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()) => whole,
        _ => value,
    }
}

/// The pseudonym of a value: 16 signs of base 32 (RFC 4648, small letters), 80 bits. Letters among
/// them keep spreadsheets from reading a number.
pub(super) fn pseudonym(key: &Key, group: &str, prefix: &str, again: u32, value: &str) -> String {
    const SIGNS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let bytes = key.derive("pseudonym", group, again, plain(value));
    let bits = bytes.iter().take(10).fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    let signs = (0..16).rev().map(|place| char::from(SIGNS[(bits >> (5 * place) & 31) as usize]));
    prefix.chars().chain(signs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_used_as_rfc_2104_says() {
        // HMAC-SHA-256 over the length-marked parts, computed with Python's hmac module.
        let key = Key::new(&[7; 32]);
        let hex: String =
            key.derive("p", "g", 0, "v").iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "4f8198ce9e6451ed");
        assert_eq!(pseudonym(&key, "customerid", "C", 0, " 17.0 "), "Cgjbnibmx3wpwijfg");
        assert_eq!(pseudonym(&key, "customerid", "C", 0, "17"), "Cgjbnibmx3wpwijfg");
    }

    #[test]
    fn parts_cannot_be_cut_otherwise() {
        let key = Key::new(&[1; 32]);
        assert_ne!(key.derive("a", "bc", 0, "v"), key.derive("ab", "c", 0, "v"));
    }

    #[test]
    fn a_key_among_the_copies_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let copies = folder.path().join("copies");
        std::fs::create_dir(&copies).unwrap();
        for inside in ["copies/key", "copies/more/key", "copies/../copies/key", "./copies/key"] {
            let refused = keep_apart(&folder.path().join(inside), &copies);
            assert!(matches!(refused, Err(PrivacyError::KeyInside { .. })), "{inside}");
        }
        for apart in ["key", "copies2/key", "copies/../key"] {
            assert!(keep_apart(&folder.path().join(apart), &copies).is_ok(), "{apart}");
        }
    }

    #[test]
    fn a_key_is_made_once_and_kept_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys").join("mask.key");
        let (made, is_new) = Key::read_or_make(&file).unwrap();
        assert!(is_new);
        let (again, is_new) = Key::read_or_make(&file).unwrap();
        assert!(!is_new);
        assert_eq!(made.derive("p", "g", 0, "v"), again.derive("p", "g", 0, "v"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let other = folder.path().join("other.key");
        let (other, _) = Key::read_or_make(&other).unwrap();
        assert_ne!(made.derive("p", "g", 0, "v"), other.derive("p", "g", 0, "v"));
        for bad in ["", "12", "zz", &"g".repeat(64), "é", &"0".repeat(2000)] {
            std::fs::write(&file, bad).unwrap();
            assert!(matches!(Key::read_or_make(&file), Err(PrivacyError::BadKey { .. })), "{bad}");
        }
        std::fs::write(&file, [0xff, 0xfe, 0x00]).unwrap();
        assert!(matches!(Key::read_or_make(&file), Err(PrivacyError::BadKey { .. })));
        assert!(matches!(Key::read_or_make(folder.path()), Err(PrivacyError::Key { .. })));
    }
}

//! A branch's key: every request is signed with it (ECDSA on P-256 with SHA-256; Flower takes any NIST
//! curve, always with SHA-256).

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use zeroize::Zeroizing;

use super::super::FederatedError;

/// What stands before the point in the public key's DER form (RFC 5480: ecPublicKey on prime256v1).
const HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A key pair. The private half stays in memory; without a saved one each visit has a new name.
pub struct BranchKey {
    pair: EcdsaKeyPair,
    pkcs8: Zeroizing<Vec<u8>>,
    random: SystemRandom,
}

impl BranchKey {
    /// A new key.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new() -> Result<Self, FederatedError> {
        let failed = |_| FederatedError::Key { cause: "the system gives no random numbers".to_owned() };
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).map_err(failed)?;
        Self::open(made.as_ref())
    }

    /// A key from its PKCS#8 form, as [`pkcs8`](Self::pkcs8) gives it.
    ///
    /// # Errors
    /// It is no private key on P-256.
    pub fn open(pkcs8: &[u8]) -> Result<Self, FederatedError> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &random)
            .map_err(|why| FederatedError::Key { cause: why.to_string() })?;
        Ok(Self { pair, pkcs8: Zeroizing::new(pkcs8.to_vec()), random })
    }

    /// The private key, to be kept where only its owner reads.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public key as PEM: what a server's owner registers.
    pub fn public_pem(&self) -> String {
        let der: Vec<u8> = HEAD.iter().chain(self.pair.public_key().as_ref()).copied().collect();
        let text = base64(&der);
        let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(64));
            pem.push_str(line);
            pem.push('\n');
            rest = after;
        }
        pem + "-----END PUBLIC KEY-----\n"
    }

    /// The signature of `message`, in DER, then base64.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(super) fn sign(&self, message: &[u8]) -> Result<String, FederatedError> {
        let failed = |_| FederatedError::Key { cause: "the system gives no random numbers".to_owned() };
        Ok(base64(self.pair.sign(&self.random, message).map_err(failed)?.as_ref()))
    }
}

/// Base64 with padding (RFC 4648).
pub(super) fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4usize {
            let sign = SIGNS.get((word >> (18 - 6 * at)) as usize & 63).copied().unwrap_or(b'=');
            out.push(if at <= chunk.len() { char::from(sign) } else { '=' });
        }
    }
    out
}

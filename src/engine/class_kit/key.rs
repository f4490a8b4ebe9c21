//! The kit on disk: a folder for each student, and the key, apart from them.

use std::path::{Path, PathBuf};

use rand::RngCore as _;
use serde::{Deserialize, Serialize};

use super::student::{DirtKind, Lifetime, StudentShop};
use super::{Hashed, KitError, MANIFEST, VERSION, hash_of, read_json, write_json, write_rows};
use crate::job::Reporter;

/// What a key calls itself.
const KEY: &str = "regulars class key";
/// What the manifest of a student's folder calls itself.
const KIT: &str = "regulars class kit";
/// Students of a class.
const MOST: u32 = 500;
/// Customers of a shop: below, nothing can be found in it.
const LEAST_CUSTOMERS: usize = 200;

/// The truth about one student's shop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudentKey {
    pub number: u32,
    pub folder: String,
    pub files: Vec<Hashed>,
    /// The measures that drive customers away, strongest first: log-odds for one standard deviation.
    pub drivers: Vec<(String, f64)>,
    pub churn_share: f64,
    /// The best area under the ROC curve that can be reached on the fresh customers.
    pub best_auc: f64,
    /// Planted pieces of dirt by kind.
    pub dirt: Vec<(DirtKind, usize)>,
    /// The column that can only be known once a customer has left.
    pub leak: String,
    pub lifetime: Lifetime,
}

/// The trainer's key. Whoever has it has every truth; it is never put into a student's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Key {
    format: String,
    version: u32,
    /// A name of the kit that tells nothing of its seed.
    pub kit: String,
    /// Everything follows from it: it is as secret as the key.
    pub seed: u64,
    /// Customers of a shop.
    pub customers: usize,
    pub students: Vec<StudentKey>,
    /// A keyed hash over all the rest.
    seal: String,
}

/// What stands in a student's folder beside the data: which kit, which student, which files. Only the
/// holder of the key can make one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    format: String,
    version: u32,
    pub kit: String,
    pub student: u32,
    pub files: Vec<Hashed>,
    pub tag: String,
}

/// A key for keyed hashes that follows from the seed (blake3's key derivation).
fn secret(seed: u64) -> [u8; 32] {
    blake3::derive_key("regulars class kit 2026-11 seal", &seed.to_le_bytes())
}

fn kit_name(seed: u64, customers: usize) -> String {
    let text = format!("kit {customers}");
    blake3::keyed_hash(&secret(seed), text.as_bytes()).to_hex().chars().take(16).collect()
}

impl Key {
    /// Opens a key and looks at its seal.
    ///
    /// # Errors
    /// It cannot be read, is no key, or was changed.
    pub fn open(path: &Path) -> Result<Self, KitError> {
        let key: Self = read_json(path, KEY)?;
        match key.made_seal() == key.seal {
            true => Ok(key),
            false => Err(KitError::BrokenSeal { file: path.to_owned() }),
        }
    }

    fn made_seal(&self) -> String {
        let bare = Self { seal: String::new(), ..self.clone() };
        let text = serde_json::to_vec(&bare).unwrap_or_default();
        blake3::keyed_hash(&secret(self.seed), &text).to_hex().to_string()
    }

    /// What only the holder of the key can write of a student's files.
    pub fn tag(&self, student: u32, files: &[Hashed]) -> String {
        let text = serde_json::to_vec(&(&self.kit, student, files)).unwrap_or_default();
        blake3::keyed_hash(&secret(self.seed), &text).to_hex().to_string()
    }

    /// The truth about a student, and the shop made again.
    pub fn student(&self, number: u32) -> Option<(&StudentKey, StudentShop)> {
        let found = self.students.iter().find(|student| student.number == number)?;
        Some((found, StudentShop::new(self.seed, number, self.customers)))
    }
}

impl Manifest {
    /// The manifest of a student's folder.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, KitError> {
        let path = folder.join(MANIFEST);
        match path.is_file() {
            true => read_json(&path, KIT),
            false => Err(KitError::NoManifest { folder: folder.to_owned() }),
        }
    }
}

/// Writes a class kit: below `out` a folder for each of `students`, each with a shop of `customers`, and
/// the key to `key`, readable by its owner only. Without a seed one is drawn. `guide` is put into every
/// folder as README.txt. Returns the key and every file that was written.
///
/// # Errors
/// No students or too many; the key would lie among what is handed out; the disk refuses; the person
/// cancels.
pub fn make(
    (out, key): (&Path, &Path),
    students: u32,
    customers: usize,
    seed: Option<u64>,
    guide: &str,
    report: &Reporter,
) -> crate::Result<(Key, Vec<PathBuf>)> {
    if students == 0 || students > MOST {
        return Err(KitError::Students { found: students, most: MOST }.into());
    }
    let fail = |file: &Path, cause| KitError::File { file: file.to_owned(), cause };
    std::fs::create_dir_all(out).map_err(|cause| fail(out, cause))?;
    let folder = match key.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    std::fs::create_dir_all(&folder).map_err(|cause| fail(&folder, cause))?;
    let is_inside = match (out.canonicalize(), folder.canonicalize()) {
        (Ok(out), Ok(folder)) => folder.starts_with(out),
        _ => false,
    };
    if is_inside {
        let cause = std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "the key would lie among what the students get",
        );
        return Err(fail(key, cause).into());
    }
    let seed = match seed {
        Some(seed) => seed,
        None => {
            let mut bytes = [0u8; 8];
            let random = |cause: rand::Error| fail(key, std::io::Error::other(cause.to_string()));
            rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(random)?;
            u64::from_le_bytes(bytes)
        }
    };
    let customers = customers.max(LEAST_CUSTOMERS);
    let mut made = Key {
        format: KEY.to_owned(),
        version: VERSION,
        kit: kit_name(seed, customers),
        seed,
        customers,
        students: Vec::new(),
        seal: String::new(),
    };
    let mut written = Vec::new();
    for number in 1..=students {
        report.check()?;
        let shop = StudentShop::new(seed, number, customers);
        let name = format!("student-{number:02}");
        let folder = out.join(&name);
        std::fs::create_dir_all(&folder).map_err(|cause| fail(&folder, cause))?;
        let mut files = Vec::new();
        for (file, rows) in shop.files() {
            let path = folder.join(file);
            write_rows(&path, rows)?;
            files.push(hash_of(&path)?);
            written.push(path);
        }
        let manifest = Manifest {
            format: KIT.to_owned(),
            version: VERSION,
            kit: made.kit.clone(),
            student: number,
            tag: made.tag(number, &files),
            files: files.clone(),
        };
        let path = folder.join(MANIFEST);
        write_json(&path, &manifest)?;
        written.push(path);
        let path = folder.join("README.txt");
        crate::files::write_atomically(&path, |out| out.write_all(guide.as_bytes()))
            .map_err(|cause| fail(&path, cause))?;
        written.push(path);
        let drivers = shop.shop.truth.drivers.iter().map(|(name, weight)| ((*name).to_owned(), *weight));
        made.students.push(StudentKey {
            number,
            folder: name,
            files,
            drivers: drivers.collect(),
            churn_share: shop.share,
            best_auc: shop.best_auc(),
            dirt: DirtKind::ALL.iter().map(|kind| (*kind, shop.count(*kind))).collect(),
            leak: shop.leak.to_owned(),
            lifetime: shop.lifetime,
        });
        report.progress(f64::from(number) / f64::from(students));
    }
    made.seal = made.made_seal();
    write_json(key, &made)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600))
            .map_err(|cause| fail(key, cause))?;
    }
    Ok((made, written))
}

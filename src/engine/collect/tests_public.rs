//! The proof over the public files, which `tests/it` runs as well: the same table, here without the
//! rest of the product.

#[path = "../../../tests/it/real_files.rs"]
mod real_files;

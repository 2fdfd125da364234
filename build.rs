//! Unpacks the region database into the build folder, where the library embeds it.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=data/regions.mmdb.zst");
    let packed =
        fs::read("data/regions.mmdb.zst").expect("data/regions.mmdb.zst is part of the source");
    let database =
        zstd::decode_all(packed.as_slice()).expect("data/regions.mmdb.zst is a zstd frame");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("regions.mmdb"), database)
        .expect("the build folder is writable");
}

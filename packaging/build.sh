#!/usr/bin/env bash
# Builds the packages: the .deb, the tarball with the static program, and the image's context.
#
#     packaging/build.sh [FOLDER]      # default: package in cargo's target folder
#
# The same source and tools give the same bytes. See packaging/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly CARGO_DEB=3.8.0
TARGET=$(rustc --version --verbose | sed -n 's/^host: //p')
readonly TARGET
target=${CARGO_TARGET_DIR:-target}
folder=$(realpath -m "${1:-$target/package}")
# Apart from other builds, whose flags are others: neither makes the other start anew.
CARGO_TARGET_DIR=$(realpath -m "$target/packaging")
export CARGO_TARGET_DIR
version=$(sed -n '/^version = /{s/.*"\(.*\)"/\1/p;q}' Cargo.toml)
# Of every file in a package: when this version was made.
made=$(date --date "$(sed -n '/^ -- /{s/.*>  //p;q}' packaging/debian/changelog)" +%s)
umask 022

# Folders of this machine are no part of the program.
RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$PWD=/hushlog"
export RUSTFLAGS

# The tool that makes the .deb, kept beside what it packs.
cargo_deb() {
    local tools=$CARGO_TARGET_DIR/tools
    if [ "$("$tools/bin/cargo-deb" --version 2>/dev/null)" != "cargo-deb $CARGO_DEB" ]; then
        env -u RUSTFLAGS -u CARGO_TARGET_DIR \
            cargo install cargo-deb --version "=$CARGO_DEB" --locked --root "$tools"
    fi
    SOURCE_DATE_EPOCH=$made "$tools/bin/cargo-deb" "$@"
}

# What the program says of itself and of others, where the assets in Cargo.toml look for it.
generate() {
    local program=$CARGO_TARGET_DIR/release/hushlog generated=$CARGO_TARGET_DIR/release/generated
    rm -rf "$generated"
    mkdir -p "$generated/completions"
    "$program" man "$generated/man"
    "$program" completions bash > "$generated/completions/hushlog"
    "$program" completions zsh > "$generated/completions/_hushlog"
    "$program" completions fish > "$generated/completions/hushlog.fish"
    packaging/third-party.py "$TARGET" > "$generated/third-party.txt"
    gzip --best --no-name --keep "$generated/third-party.txt" "$generated"/man/*
}

# The same crates, linked with the archive of libc. It takes the place of the program that is in the package by now.
static_program() {
    cargo rustc --release --locked --bin hushlog -- -C target-feature=+crt-static
    strip --strip-all -o "$folder/image/hushlog" "$CARGO_TARGET_DIR/release/hushlog"
    if readelf --program-headers --wide "$folder/image/hushlog" | grep INTERP; then
        echo 'The program is not static.' >&2
        exit 1
    fi
}

tarball() {
    local name=hushlog-$version-$TARGET generated=$CARGO_TARGET_DIR/release/generated
    local root=$folder/$name
    mkdir -p "$root/data"
    cp "$folder/image/hushlog" README.md NOTICE LICENSE-* packaging/hushlog.toml "$root"
    cp -r data/licences "$root/data"
    cp -r contrib/systemd contrib/logrotate contrib/cron "$root"
    cp -r "$generated/man" "$generated/completions" "$generated/third-party.txt" "$root"
    rm "$root"/man/*.gz
    tar --create --directory "$folder" --sort=name --mtime="@$made" --owner=0 --group=0 \
        --numeric-owner --mode=u+rw,go=rX --format=gnu "$name" | gzip --best --no-name > "$root.tar.gz"
    rm -r "$root"
}

rm -rf "$folder"
mkdir -p "$folder/image"
cargo build --release --locked --bin hushlog
generate
cargo_deb --no-build --locked --strip --output "$folder/"
static_program
tarball
cp packaging/Dockerfile "$folder/image"
(cd "$folder" && sha256sum -- *.deb *.tar.gz image/hushlog | tee SHA256SUMS)

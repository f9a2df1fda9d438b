#!/usr/bin/env bash
# Make wasm32-unknown-unknown compilable; idempotent. Logs to stderr; stdout is shell code:
#     eval "$(xtask/setup-wasm.sh)"      # exports WASM_TOOLCHAIN (empty = the default one will do)
# usage: setup-wasm.sh [CACHE_DIR]         (default ${XDG_CACHE_HOME:-~/.cache}/wasm-rust)
# WASM_STD_FROM=auto|rustup|debian. auto = rustup first, unless RUSTUP_AUTO_INSTALL=0 says
# that rustup must not download anything on this machine; then Debian's packages.
set -euo pipefail
T=wasm32-unknown-unknown NAME=wasm-deb FROM=${WASM_STD_FROM:-auto}
CACHE=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/wasm-rust}
log() { echo "setup-wasm: $*" >&2; }
has_std() { local d; d=$("$@" --print target-libdir --target $T 2>/dev/null) && compgen -G "$d/libstd-*.rlib" >/dev/null; }
limited() { if command -v timeout >/dev/null; then timeout 300 "$@"; else "$@"; fi; }   # macOS has none
use() { echo "export WASM_TOOLCHAIN=$1"; exit 0; }

has_std rustc && { log "the active toolchain has $T"; use ""; }                        # 1. there already

if [ "$FROM" = rustup ] || { [ "$FROM" = auto ] && [ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ]; }; then
  log "rustup target add $T"                                                            # 2. rustup
  if command -v rustup >/dev/null && RUSTUP_MAX_RETRIES=1 limited rustup target add $T >&2 && has_std rustc
  then use ""; fi
  [ "$FROM" = auto ] || { log "rustup could not add $T"; exit 1; }
fi

has_std rustc "+$NAME" && { log "toolchain $NAME has $T"; use $NAME; }                  # 3. Debian, cached
command -v apt-get >/dev/null || { log "needs rustup's $T, or Debian's apt-get"; exit 1; }
mkdir -p "$CACHE"; exec 9>"$CACHE/lock"; flock 9
apt() { apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 "$@" >&2; }
field() { apt-cache show "$1" 2>/dev/null | sed -n "s/^$2: //p" | head -1; }
resolve() {      # one version for all of rustc's packages: the candidate that apt offers
  VER=$(LC_ALL=C apt-cache policy rustc-web | awk '/Candidate:/{print $2}')
  [ -n "$VER" ] && [ "$VER" != "(none)" ] || return 1
  LIBSTD=$(field "libstd-rust-web-dev=$VER" Depends | grep -o 'libstd-rust-web-[0-9.]*[0-9]' | head -1)
  LLVM=$(field "$LIBSTD=$VER" Depends | grep -o 'libllvm[0-9]*' | head -1)
  [ -n "$LIBSTD" ] && [ -n "$LLVM" ]
}
download() {
  resolve && rm -f -- "$W"/deb/*.deb &&
  apt download "rustc-web=$VER" "libstd-rust-web-dev=$VER" "$LIBSTD=$VER" "rust-web-src=$VER" "$LLVM" "lld-${LLVM#libllvm}"
}
# a fixed path and --remap-path-prefix: std's crate hashes must not change when it is rebuilt (E0463)
W=$CACHE/work; rm -rf "$W"; mkdir -p "$W/deb"; trap 'rm -rf "$W"' EXIT; cd "$W/deb"
# a machine's lists may predate the compiler that this lock needs: an older candidate would build, then fail
log "apt-get update"; apt update || true
download
log "rustc-web $VER, $LLVM: unpacking"
D=$CACHE/$VER; rm -rf "$D" "$W/x"; mkdir -p "$W/x" "$D/bin" "$D/lib"
for f in rustc-web libstd-rust-web "$LLVM" lld; do for p in "$f"_*.deb "$f"-*.deb; do [ -e "$p" ] && dpkg -x "$p" "$W/x"; done; done
dpkg --fsys-tarfile rust-web-src_*.deb | tar -x -C "$W/x" --wildcards './usr/src/rustc-*/library/*'
mv "$W"/x/usr/bin/rust{c,doc} "$D/bin/"
mv "$W"/x/usr/lib/*/librustc_driver-*.so "$W"/x/usr/lib/*/libLLVM.so.* "$D/lib/"; mv "$W/x/usr/lib/rustlib" "$D/lib/"
rm -rf "$D/lib/rustlib/src"
export LD_LIBRARY_PATH=$D/lib
ldd "$D"/lib/librustc_driver-*.so "$D"/lib/libLLVM.so.* | grep -q 'not found' &&
  { log "installing LLVM's own libraries"; apt install -y --no-install-recommends "$LLVM"; }
HOST=$("$D/bin/rustc" -vV | sed -n 's/^host: //p'); R=$D/lib/rustlib
mkdir -p "$R/$HOST/bin" "$R/$T/lib"; cp -L "$W"/x/usr/lib/llvm-*/bin/lld "$R/$HOST/bin/rust-lld"
log "building std for $T (about a minute)"
( cd "$W"/x/usr/src/rustc-*/library   # outside any project: no project .cargo/config.toml applies
  CARGO=$(rustup which cargo 2>/dev/null || command -v cargo)
  for v in $(compgen -e | grep -E '^(CARGO_(BUILD|PROFILE|TARGET|ENCODED|INCREMENTAL)|RUSTC_|RUSTFLAGS)'); do unset "$v"; done
  RUSTC=$D/bin/rustc RUSTC_BOOTSTRAP=1 __CARGO_DEFAULT_LIB_METADATA=wasm RUSTFLAGS="-Zforce-unstable-if-unmarked --remap-path-prefix=$W=/wasm-std" CARGO_PROFILE_DIST_DEBUG=0 \
    "$CARGO" build -q --locked -p sysroot --profile dist --target $T \
    --features panic-unwind,compiler-builtins-mem --target-dir "$W/t" >&2 )
cp "$W/t/$T/dist/deps/"*.rlib "$R/$T/lib/"
ln -sf "$(rustup which cargo)" "$D/bin/cargo"       # the default toolchain's cargo drives it
unset LD_LIBRARY_PATH
rustup toolchain link $NAME "$D" >&2                # rustup sets the library path for it
has_std rustc "+$NAME" || { log "the assembled toolchain does not work"; exit 1; }
find "$CACHE" -mindepth 1 -maxdepth 1 -type d ! -path "$D" ! -path "$W" -exec rm -rf {} +
log "ready: cargo +$NAME build --target $T ($(rustc "+$NAME" -V))"
use $NAME

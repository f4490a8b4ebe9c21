#!/bin/sh
# The scoring service asked for an hour (or so many seconds) at a moderate rate: no error, flat memory.
#   benches/soak.sh [SECONDS]
# The program of `cargo test` answers in a process of its own; its resident memory is read four times a
# second, and a line is laid through it by least squares.
set -eu
cd "$(dirname "$0")/.."
REGULARS_SOAK_S=${1:-3600} exec cargo test --test it serve::soak -- --nocapture

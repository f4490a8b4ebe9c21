#!/bin/sh
# What a million customers cost: the sample shop in several sizes, and for each command seconds of the clock, seconds
# of the processors and the most memory, per million customers too.
#   benches/scale.sh [CUSTOMERS…]          (100000 and 1000000 without)
#   SAMPLE=100000 benches/scale.sh 1000000  also trains on a sample
# REGULARS names the program, SCALE_DIR where the shops and the figures are kept. One line a command on standard
# output, with tabs: customers, command, seconds, processor seconds, peak MB, seconds a million, MB a million, exit code.
set -eu
cd "$(dirname "$0")/.."
REGULARS=${REGULARS:-target/debug/regulars}
SCALE_DIR=${SCALE_DIR:-/tmp/scale/shops}
[ $# -gt 0 ] || set -- 100000 1000000
[ -x "$REGULARS" ] || { echo "no program at $REGULARS; build it, or name it in REGULARS" >&2; exit 1; }
mkdir -p "$SCALE_DIR"

# Runs a command under GNU time and tells what it took.
measured() {
    n=$1 name=$2
    shift 2
    code=0
    /usr/bin/time -f '%e %U %S %M' -o "$SCALE_DIR/time" "$@" > "$SCALE_DIR/$n.$name.json" 2> "$SCALE_DIR/$n.$name.log" || code=$?
    tail -n 1 "$SCALE_DIR/time" | awk -v n="$n" -v name="$name" -v code="$code" '{
        printf "%d\t%s\t%.1f\t%.1f\t%.0f\t%.1f\t%.0f\t%d\n", n, name, $1, $2 + $3, $4 / 1024, $1 * 1e6 / n, $4 / 1024 * 1e6 / n, code }'
}

printf 'customers\tcommand\tseconds\tcpu_s\tpeak_mb\ts_per_million\tmb_per_million\texit\n'
for n in "$@"; do
    shop="$SCALE_DIR/$n"
    [ -f "$shop/orders.csv" ] || measured "$n" make "$REGULARS" sample --out "$shop" --customers "$n" --json
    customers="$shop/customers.csv" orders="$shop/orders.csv"
    model="$SCALE_DIR/$n.bundle"
    set -- "$customers" "$orders" --json
    measured "$n" inspect "$REGULARS" inspect "$orders" --json
    measured "$n" train "$REGULARS" train "$@" --horizon 60 --model "${MODEL:-boosted}" --bundle "$model"
    [ ! -f "$model" ] || measured "$n" score "$REGULARS" score "$model" "$@" --out "$SCALE_DIR/$n.scores.csv"
    [ -z "${SAMPLE:-}" ] || measured "$n" "train_sample" "$REGULARS" train "$@" --horizon 60 --model "${MODEL:-boosted}" --sample "$SAMPLE"
    measured "$n" segment "$REGULARS" segment "$@"
    measured "$n" value "$REGULARS" value "$orders" --json
    rm -f "$SCALE_DIR/$n.scores.csv"
done

#!/bin/sh
# Property tests of the scoring service against its own OpenAPI document (schemathesis, from PyPI), every route
# with a model that answers it: a model of customers, a model of a question over time, and a recommender, all
# learnt from the sample shop. Twice, as the document tells the columns of the first model.
#   benches/peers/schemathesis.sh [PROGRAM]        EXAMPLES=200 SCHEMATHESIS=… PORT=8017
# It fails on any server error, on answers that the document does not describe, and on bodies that are
# accepted although the document forbids them.
set -eu
cd "$(dirname "$0")/../.."
program=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/debug/regulars}")
port=${PORT:-8017}
work=$(mktemp -d)
serving=
trap '[ -z "$serving" ] || kill "$serving" 2>/dev/null; rm -rf "$work"' EXIT
cd sample_data
"$program" train customers.csv --target churned --model logistic --bundle "$work/shop.bundle" >/dev/null
"$program" train customers.csv orders.csv events.csv feedback.csv products.csv --horizon 60 --model logistic \
    --bundle "$work/time.bundle" >/dev/null
"$program" recommend orders.csv --model cooccurrence --save "$work/offers.model" >/dev/null
cd ..
for order in "shop.bundle time.bundle" "time.bundle shop.bundle"; do
    (cd "$work" && exec "$program" serve $order offers.model --bind "127.0.0.1:$port" 2>"$work/log") &
    serving=$!
    until grep -q listening "$work/log" 2>/dev/null; do
        kill -0 "$serving" || { cat "$work/log"; exit 1; }
        sleep 0.2
    done
    echo "== $order"
    # There, as it leaves a folder where it runs.
    (cd "$work" && exec "${SCHEMATHESIS:-schemathesis}" run "http://127.0.0.1:$port/openapi.json" \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        --max-examples "${EXAMPLES:-200}" --seed 1 --workers 1)
    # Of what was asked how often, by route and status.
    sed -n 's/.*"route":"\([^"]*\)".*"status":\([0-9]*\).*/\2 \1/p; s/.*"status":\([0-9]*\).*"route":"\([^"]*\)".*/\1 \2/p' \
        "$work/log" | sort | uniq -c
    kill "$serving"
    wait "$serving" || true
    serving=
    rm -f "$work/log"
done

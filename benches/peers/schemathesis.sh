#!/bin/sh
# Property tests of the scoring service against its own OpenAPI document (schemathesis, from PyPI).
#   regulars serve shop.bundle & benches/peers/schemathesis.sh http://127.0.0.1:8017
# It fails on any server error, on answers that the document does not describe, and on bodies that are
# accepted although the document forbids them.
set -eu
url=${1:-http://127.0.0.1:8017}
exec "${SCHEMATHESIS:-schemathesis}" run "$url/openapi.json" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --max-examples "${EXAMPLES:-200}" --seed 1 --workers 2

#!/bin/sh
# smoke.sh URL: has a running service do each of its main jobs once, as a client would, and says `ok` or `FAIL` for each.
#
#   SHELFWISE_PASSWORD   of the account, which is `admin` unless SHELFWISE_USER says otherwise
#   SMOKE_SECONDS        how long one job may take, and the service may take to come up; 180 unless set
#   SMOKE_RECEIVER       HOST:PORT of this machine as the service reaches it; there, a webhook is waited for. The service
#                        must allow it: SHELFWISE_ALLOW_HTTP, _ALLOWED_NETWORKS, _ALLOWED_PORTS. Unset: none is registered
#
# Needs curl and python3. What it submits and registers, it removes again. The exit status is 0 if nothing has failed.
set -u

[ $# -eq 1 ] || { echo "usage: SHELFWISE_PASSWORD=... smoke.sh URL" >&2; exit 2; }
[ -n "${SHELFWISE_PASSWORD-}" ] || { echo "smoke.sh: SHELFWISE_PASSWORD is not set" >&2; exit 2; }
url=${1%/}
user=${SHELFWISE_USER:-admin}
seconds=${SMOKE_SECONDS:-180}
receiver=${SMOKE_RECEIVER-}
failures=0
listener=
umask 077
work=$(mktemp -d) || exit 1
: > "$work/made" # paths of what is to be removed again

# --- what is used below ---

# api PATH [CURL-OPTIONS]: one call with the token; prints the body. The token is in a file, which `ps` does not show.
api() {
    path=$1
    shift
    curl -sS -f --max-time 60 -H "@$work/authorization" "$@" "$url$path"
}

# field PATH: what a path like items.0.name leads to in the JSON on standard input; nothing where it leads nowhere.
field() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key)] if isinstance(value, list) else value[key]
print("" if value is None else value)' "$1" 2> /dev/null
}

# until_true COMMAND...: tries once a second until it succeeds; fails when the time is up.
until_true() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt "$seconds" ] || return 1
        sleep 1
    done
}

# check NAME COMMAND...: runs a step, and says how it went, with the step's `note`, or with what it has said on standard error.
check() {
    name=$1
    shift
    note=
    if "$@" 2> "$work/why"; then
        echo "ok    $name${note:+: $note}"
        return 0
    fi
    failures=$((failures + 1))
    echo "FAIL  $name: $(tr '\n' ' ' < "$work/why")"
    return 1
}

because() {
    echo "$*" >&2
    return 1
}

# ended JOB: waits until it has ended, and leaves it in a file; fails unless every row has a prediction.
ended() {
    until_true has_ended "$1" || because "not ended after $seconds s: $(cat "$work/job" 2> /dev/null)" || return
    [ "$(field status < "$work/job")" = succeeded ] || because "$(cat "$work/job")"
}

has_ended() {
    api "/api/jobs/$1" > "$work/job" && [ -n "$(field finished_at < "$work/job")" ]
}

clean_up() {
    while read -r what; do
        api "$what" -X DELETE > /dev/null 2>&1
    done < "$work/made"
    [ -z "$listener" ] || kill "$listener" 2> /dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- the steps ---

ready() {
    until_true curl -sf --max-time 10 -o /dev/null "$url/health/ready" || because "$url/health/ready is not 200 after $seconds s"
}

sign_in() {
    printf %s "$SHELFWISE_PASSWORD" |
        curl -sS -f --max-time 60 -d "username=$user" --data-urlencode password@- "$url/api/auth" > "$work/tokens" || return
    token=$(field access_token < "$work/tokens")
    [ -n "$token" ] || because "the answer has no access_token"
    printf 'Authorization: Bearer %s\n' "$token" > "$work/authorization"
}

# A PNG of 64x64 pixels, made here.
make_photo() {
    python3 - "$work/photo.png" <<'PYTHON'
import struct, sys, zlib

rows = b"".join(b"\0" + bytes((4 * x, 4 * y, 128)[c] for x in range(64) for c in range(3)) for y in range(64))
chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
with open(sys.argv[1], "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
PYTHON
}

product() {
    make_photo || return
    api /api/predict -F designation="Piscine gonflable ronde" -F image=@"$work/photo.png" > "$work/sent" || return
    job=$(field id < "$work/sent")
    echo "/api/jobs/$job" >> "$work/made"
    ended "$job" || return
    modality=$(field prediction.modality < "$work/job")
    [ "$modality" = text+image ] || because "it was predicted from '$modality'" || return
    note="$(field prediction.category.name < "$work/job"), $(field prediction.confidence < "$work/job")"
}

catalogue() {
    printf 'productid,designation\n' > "$work/catalogue.csv"
    for number in 1 2 3 4 5 6 7 8 9 10; do
        printf '%s,Chaise longue en bois %s\n' "$number" "$number" >> "$work/catalogue.csv"
    done
    api "/api/catalogs?name=smoke" -H 'Content-Type: text/csv' --data-binary @"$work/catalogue.csv" > "$work/sent" || return
    job=$(field id < "$work/sent")
    echo "/api/jobs/$job" >> "$work/made"
    ended "$job" || return
    api "/api/jobs/$job/results?format=csv" > "$work/results.csv" || return
    rows=$(python3 -c '
import csv, sys
print(sum(row["prediction_name"] != "" for row in csv.DictReader(open(sys.argv[1], encoding="utf-8-sig"))))' "$work/results.csv")
    [ "$rows" = 10 ] || because "$rows of 10 rows have a prediction" || return
    note="10 rows"
}

# A webhook may not lead to an address that is kept for documentation: registering one is refused, and sends nothing.
refusal() {
    status=$(curl -sS --max-time 60 -H "@$work/authorization" -H 'Content-Type: application/json' -o "$work/webhook" \
        -w '%{http_code}' -d '{"url": "https://192.0.2.1/shelfwise-smoke"}' "$url/api/webhooks")
    code=$(field code < "$work/webhook")
    [ "$status $code" = "422 WEBHOOK_URL_REFUSED" ] || because "answered $status $code"
}

register() {
    api /api/webhooks -H 'Content-Type: application/json' -d "{\"url\": \"http://$receiver/shelfwise-smoke\"}" \
        > "$work/webhook" || return
    webhook=/api/webhooks/$(field id < "$work/webhook")
    echo "$webhook" >> "$work/made"
    [ -n "$(field secret < "$work/webhook")" ] || because "the answer has no secret"
}

# Takes whatever comes, answers 204, and notes the event's type.
listen() {
    python3 - "${receiver##*:}" "$work/events" > /dev/null 2>&1 <<'PYTHON' &
import http.server, json, sys


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        with open(sys.argv[2], "a") as file:
            file.write(json.loads(body)["type"] + "\n")


http.server.HTTPServer(("", int(sys.argv[1])), Receiver).serve_forever()
PYTHON
    listener=$!
}

delivery() {
    api /api/predict -H 'Content-Type: application/json' -d '{"designation": "Table de jardin"}' > "$work/sent" || return
    job=$(field id < "$work/sent")
    echo "/api/jobs/$job" >> "$work/made"
    ended "$job" || return
    until_true grep -qs job.succeeded "$work/events" || because "nothing arrived at $receiver in $seconds s" || return
    until_true is_booked || because "the delivery is not in the webhook's book"
}

is_booked() {
    [ "$(api "$webhook/deliveries?status=delivered" | field items.0.status)" = delivered ]
}

monitor() {
    api /api/monitor > "$work/monitor" || return
    for part in workers lanes bundle; do
        [ -n "$(field "$part" < "$work/monitor")" ] || because "it has no $part" || return
    done
}

check "the service is ready" ready
check "a token for $user" sign_in
if [ "$failures" -eq 0 ]; then
    check "a product with text and photo" product
    check "a catalogue" catalogue
    check "a webhook to nowhere is refused" refusal
    if [ -n "$receiver" ]; then
        listen
        check "a webhook is registered" register && check "a webhook is delivered" delivery
    else
        echo "skip  a webhook is delivered: SMOKE_RECEIVER does not say where to"
    fi
    check "the monitor" monitor
fi
if [ "$failures" -ne 0 ]; then
    echo "$failures failed"
    exit 1
fi
echo "all well"

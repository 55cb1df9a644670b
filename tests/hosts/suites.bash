# shellcheck shell=bash
# The clients that try servers; read by `run`, whose words and places these are.
# shellcheck disable=SC2154

# conforms ERA OPTION…: the suite speaks HTTP only, so a bridge stands between. What fails on purpose, and why, is in
# the file of the era; a check that fails besides, or passes there, fails the run.
conforms() {
    local era=$1 outcome=ok bridge bridge_stdin
    shift
    say "the conformance suite, $era"
    rm -f "$home/url"
    exec {bridge_stdin}> >(alone python3 tests/hosts/http_bridge.py "$pyro" mcp serve --profile workspace-full > "$home/url")
    bridge=$!
    until [[ -s $home/url ]]; do
        kill -0 "$bridge" || fail 'the bridge has ended'
        sleep 0.05
    done
    alone "$node" "$hosts/node_modules/.bin/conformance" server --url "$(< "$home/url")" "$@" \
        --expected-failures "tests/hosts/conformance-$era.yml" > "$home/log" 2>&1 || outcome=failed
    exec {bridge_stdin}>&-
    wait "$bridge"
    [[ $outcome == ok ]] || { sed -n '/SUMMARY/,$p' "$home/log"; fail "conformance, $era"; }
    grep -q '^Total: ' "$home/log" || { cat "$home/log"; fail "conformance, $era: nothing was tried"; }
}

# Both eras at a time: most of it is the Inspector's own start.
the_inspector_calls_every_tool() {
    local era failed=() running=()
    say 'the Inspector, every tool in both eras'
    for era in legacy modern; do
        mkdir "$home/$era"
        alone python3 tests/hosts/every_tool.py "$era" "$home/$era" \
            "$node" "$hosts/node_modules/.bin/mcp-inspector" -- "$pyro" 2> "$home/log-$era" &
        running+=("$!")
    done
    for era in legacy modern; do
        wait "${running[0]}" || failed+=("$era")
        running=("${running[@]:1}")
    done
    [[ ${#failed[@]} == 0 ]] || { cat "$home"/log-*; fail "the Inspector: ${failed[*]}"; }
}

# works_with_an_sdk LANGUAGE COMMAND…
works_with_an_sdk() {
    say "a client with the SDK for $1"
    shift
    # a module of JavaScript finds packages beside itself
    cp tests/hosts/sdk_client.mjs "$hosts/"
    alone env PYTHONPATH="$hosts/python" timeout 120 "$@" "$pyro" > "$home/log" 2>&1 ||
        { cat "$home/log"; fail "it does not work: $*"; }
}

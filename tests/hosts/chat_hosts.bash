# shellcheck shell=bash
# The clients that people use; read by `run`, whose words and places these are.
# shellcheck disable=SC2154

chat_hosts() {
    connects claude-code 'Connected' claude mcp list
    connects codex 'pyro .* enabled' codex mcp list
    connects opencode 'pyro.*connected' opencode mcp list
    connects gemini 'pyro.*Connected' gemini mcp list
    edits_in_a_workspace 'Claude Code' run_claude_code
    edits_in_a_workspace Codex run_codex
    edits_in_a_workspace OpenCode run_opencode
    settings_are_mended
}

# edits_in_a_workspace NAME RUN_HOST: RUN_HOST runs the host in the clone, with the model at $model_url,
# and leaves what the model says at the end in $home/answer.
edits_in_a_workspace() {
    say "$1"
    local run_host=$2
    rm -rf "$home/project" "$home/port"
    git clone --quiet . "$home/project"
    python3 tests/hosts/scripted_model.py tests/hosts/task.json > "$home/port" 2> "$home/model.log" &
    local model=$! outcome=ok
    until [[ -s $home/port ]]; do sleep 0.05; done
    model_url=http://127.0.0.1:$(< "$home/port")
    "$run_host" > "$home/log" 2>&1 || outcome=failed
    kill "$model"
    [[ $outcome == ok ]] || { cat "$home/log" "$home/model.log"; fail "$1"; }
    did_the_task || { cat "$home/answer" "$home/log"; fail "$1 did not do the task"; }
}

# connects HOST PATTERN COMMAND…: pyro tells the host, and the host's own command says what it knows.
connects() {
    local host=$1 pattern=$2
    shift 2
    say "connects $host"
    mkdir -p "$home/project"
    [[ $host != opencode ]] || write_opencode_settings
    in_the_project "$pyro" host connect "$host" 2> "$home/log" || { cat "$home/log"; fail "connect $host"; }
    in_the_project GEMINI_CLI_TRUST_WORKSPACE=true "$@" > "$home/answer" 2>&1 || true
    grep -q "$pattern" "$home/answer" || { cat "$home/answer" "$home/log"; fail "$host does not see pyro"; }
}

run_claude_code() {
    in_the_project \
        ANTHROPIC_BASE_URL="$model_url" ANTHROPIC_API_KEY=sk-none \
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 ENABLE_TOOL_SEARCH=false \
        claude -p 'greet' --model scripted --allowedTools 'mcp__pyro__*' > "$home/answer"
}

# Codex asks before tools that say of themselves that they are destructive, and here nobody answers.
run_codex() {
    { write_codex_settings; cat "$home/.codex/config.toml"; } > "$home/codex.toml"
    mv "$home/codex.toml" "$home/.codex/config.toml"
    in_the_project codex exec --skip-git-repo-check --output-last-message "$home/answer" 'greet'
}

write_codex_settings() {
    printf '%s\n' 'model = "scripted"' 'model_provider = "scripted"' 'approval_policy = "never"' \
        '[model_providers.scripted]' 'name = "scripted"' "base_url = \"$model_url/v1\"" \
        'wire_api = "responses"' 'requires_openai_auth = false'
}

run_opencode() {
    in_the_project MODEL_URL="$model_url" opencode run --model scripted/scripted 'greet' > "$home/answer"
}

# With a comment, which whoever changes the file must keep.
write_opencode_settings() {
    mkdir -p "$home/.config/opencode"
    cat > "$home/.config/opencode/opencode.jsonc" << 'END'
{
  // a model of the test's own
  "provider": {
    "scripted": {
      "npm": "@ai-sdk/openai-compatible",
      "options": {"baseURL": "{env:MODEL_URL}/v1", "apiKey": "none"},
      "models": {"scripted": {}},
    },
  },
}
END
}

# What goes wrong with settings, against what the hosts themselves write and say.
settings_are_mended() {
    say 'broken settings'
    local settings=$home/.codex/config.toml
    in_the_project "$pyro" host doctor > "$home/answer" || { cat "$home/answer"; fail 'doctor finds fault'; }
    [[ $(grep -c '^ok .*connected' "$home/answer") == 4 ]] || { cat "$home/answer"; fail 'doctor sees too few'; }
    grep -q '// a model of the test' "$home/.config/opencode/opencode.jsonc" || fail 'a comment is gone'

    # the executable has moved
    sed -i "s|$pyro|/nonexistent/pyro|" "$settings"
    ! in_the_project "$pyro" host doctor codex > "$home/answer" || fail 'doctor is content with nothing'
    grep -q 'what it starts is gone' "$home/answer" || { cat "$home/answer"; fail 'doctor names no reason'; }
    in_the_project "$pyro" host repair codex 2> "$home/log"
    in_the_project "$pyro" host doctor codex > "$home/answer" || { cat "$home/answer"; fail 'repaired, and is not'; }

    # another server has the name
    in_the_project codex mcp add pyro -- /bin/true > "$home/log"
    ! in_the_project "$pyro" host connect codex 2> "$home/log" || fail 'the entry of another is overwritten'
    grep -q 'another server called pyro: /bin/true' "$home/log" || { cat "$home/log"; fail 'no word of the other'; }
    in_the_project "$pyro" host connect codex --replace 2> "$home/log"

    # not even the host can read it
    echo '[' >> "$settings"
    cp "$settings" "$home/malformed"
    ! in_the_project codex mcp list > "$home/log" 2>&1 || fail 'Codex reads what is malformed'
    ! in_the_project "$pyro" host repair codex 2> "$home/log" || fail 'what is malformed is repaired'
    cmp "$settings" "$home/malformed" || fail 'what is malformed is changed'

    # away again, by the host's own word
    in_the_project "$pyro" host disconnect claude-code 2> "$home/log"
    in_the_project claude mcp list > "$home/answer" 2>&1 || true
    ! grep -q 'pyro:' "$home/answer" || { cat "$home/answer"; fail 'Claude Code still knows pyro'; }
}

# in_the_project [VARIABLE=VALUE…] COMMAND…
in_the_project() {
    (cd "$home/project" && alone timeout 120 env "$@")
}

# The guest had the project as it is committed, the patch gives the project what the guest had, and what was
# exported is the same.
did_the_task() {
    python3 tests/hosts/told.py "$home/answer" "$home/told" || return
    grep -q '^output:$' "$home/told/2" || return
    [[ $(sed '1,/^output:$/d' "$home/told/2") == 'status: done' ]] || return
    sed '1,/^output:$/d' "$home/told/6" > "$home/checksums"
    sed '1,/^patch:$/d' "$home/told/7" > "$home/patch"
    (cd "$home/project" && git apply "$home/patch" && sha256sum --check --strict "$home/checksums" &&
        cmp .pyro/out/greeting.md 'docs/a greeting.md')
}

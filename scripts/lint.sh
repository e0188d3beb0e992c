#!/usr/bin/env bash
# Checks formatting, the shell scripts, and what may be in the repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

largest_file=$((20 * 1024 * 1024))
# Addresses of package registries and paths of somebody's machine: both break for everybody else.
registries='(py''pi|python''hosted|npm''js|crates|rubygems)[.](org|io|com)'
private_paths='(^|[^[:alnum:]_.~/-])/(work|root)/[[:alnum:].]'

failed=false
fail() {
    printf 'lint: %s\n' "$*" >&2
    failed=true
}

swift format lint --strict --recursive --parallel Sources Tests Package.swift || fail "run 'make format'"

for script in scripts/*.sh scripts/*/*.sh .ci/run; do
    bash -n "$script" || fail "$script is no valid bash"
done
if command -v shellcheck >/dev/null; then
    shellcheck scripts/*.sh scripts/*/*.sh .ci/run || fail 'shellcheck found the above'
fi

if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    while IFS= read -r -d '' file; do
        if [[ -f $file ]] && (($(stat --format=%s "$file") > largest_file)); then
            fail "$file is larger than $((largest_file / 1024 / 1024)) MiB"
        fi
    done < <(git ls-files -z)
    # git grep ends with 1 when nothing is found.
    for pattern in "$registries" "$private_paths"; do
        if git grep --line-number -I --extended-regexp --ignore-case -e "$pattern"; then
            fail 'the lines above name a package registry or a path of somebody'\''s machine'
        fi
    done
fi

# Before libtorch is loaded, every function of the shim is a jump that Sources/CTorch/functions.h lists.
for function in $(grep -oE '\bct_[a-z0-9_]+\(' Sources/CTorch/include/ctorch.h | tr -d '(' | sort -u); do
    [[ $function == ct_load ]] || grep -q "($function," Sources/CTorch/functions.h ||
        fail "$function of ctorch.h is missing in Sources/CTorch/functions.h"
done

if $failed; then exit 1; fi
echo 'lint: clean'

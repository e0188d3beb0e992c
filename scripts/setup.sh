#!/usr/bin/env bash
# Installs what building and testing vqclip-tui needs: Debian packages, and libtorch in .libtorch.
# Does nothing, quickly, when all is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Swift comes from swift.org; the rest from the distribution.
# shellcheck disable=SC2016 # for whoever reads the message to expand
install_swift='curl -O https://download.swift.org/swiftly/linux/swiftly-$(uname -m).tar.gz && tar zxf swiftly-*.tar.gz && ./swiftly init'

# command | package that has it
tools=(
    'ffmpeg|ffmpeg'
    'pkg-config|pkg-config'
    'tmux|tmux'
)
# pkg-config's name | Debian package
libraries=(
    'chafa|libchafa-dev'
    'glib-2.0|libglib2.0-dev'
    'libcurl|libcurl4-openssl-dev'
    'libpng|libpng-dev'
    'libturbojpeg|libturbojpeg0-dev'
    'libwebp|libwebp-dev'
    'ncursesw|libncurses-dev'
    'sqlite3|libsqlite3-dev'
    'zlib|zlib1g-dev'
)

say() {
    printf 'set-up: %s\n' "$*" >&2
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# Named all at once, so that nobody has to run set-up again for each of them.
require_toolchain() {
    local complete=true
    if ! has swift; then
        say "Swift 6.3 or newer is missing; install it with: $install_swift"
        complete=false
    fi
    if ! has cc && ! has gcc && ! has clang; then
        say 'a C compiler and its headers are missing; install them with: apt-get install build-essential'
        complete=false
    fi
    if ! has python3; then
        say 'Python 3 and pip are missing; install them with: apt-get install python3 python3-pip'
        complete=false
    fi
    if ! has make; then
        say 'make is missing; install it with: apt-get install make'
        complete=false
    fi
    $complete
}

debian_packages_missing() {
    local entry installed
    for entry in "${tools[@]}"; do
        has "${entry%|*}" || printf '%s\n' "${entry#*|}"
    done
    installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "${libraries[@]#*|}" 2>/dev/null || true)
    for entry in "${libraries[@]}"; do
        grep --quiet --line-regexp --fixed-strings "installed ${entry#*|}" <<<"$installed" || printf '%s\n' "${entry#*|}"
    done
    # Whom to believe, for downloads.
    [[ -e /etc/ssl/certs/ca-certificates.crt ]] || printf '%s\n' ca-certificates
}

install_debian_packages() {
    local packages as_root=()
    mapfile -t packages < <(debian_packages_missing)
    ((${#packages[@]} > 0)) || return 0
    if ((EUID != 0)); then
        if ! has sudo; then
            say "these packages are missing; as root, run: apt-get install ${packages[*]}"
            return 1
        fi
        as_root=(sudo)
    fi
    say "installing Debian packages: ${packages[*]}"
    # Old package lists may still do, so a failing update does not stop the installation.
    "${as_root[@]}" apt-get -qq update >&2 || say 'apt-get update failed; going on with the lists at hand'
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        install --yes --no-install-recommends "${packages[@]}" >&2
}

require_libraries_of_other_systems() {
    local entry missing=()
    for entry in "${tools[@]}"; do
        has "${entry%|*}" || missing+=("${entry%|*}")
    done
    for entry in "${libraries[@]}"; do
        pkg-config --exists "${entry%|*}" 2>/dev/null || missing+=("${entry%|*}")
    done
    ((${#missing[@]} > 0)) || return 0
    say "this system has no apt-get; install these with its own package manager, headers included: ${missing[*]}"
    return 1
}

require_toolchain
if has apt-get && has dpkg-query; then
    install_debian_packages
else
    require_libraries_of_other_systems
fi
if [[ -n ${LIBTORCH:-} ]]; then
    python3 scripts/libtorch.py check "$LIBTORCH"
else
    python3 scripts/libtorch.py install .libtorch
fi

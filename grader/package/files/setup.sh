#!/usr/bin/env bash
# Gradescope runs this once, as root, while it builds the autograder's image.
# It makes an environment of its own with the grader, and installs bubblewrap for isolation.
set -euo pipefail

root="${AUTOGRADER_ROOT:-/autograder}"
source_folder="$root/source"

is_fit() { "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.12 python3.13 python3.14 python3.11 python3; do
        if command -v "$candidate" >/dev/null && is_fit "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

if [ -z "${GRADER_NO_APT:-}" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq bubblewrap util-linux || echo "bubblewrap could not be installed"
    if ! find_python >/dev/null; then
        # What the distribution has, or what its users keep for older releases.
        apt-get install -y -qq python3.12 python3.12-venv ||
            apt-get install -y -qq python3 python3-venv || true
    fi
    if ! find_python >/dev/null; then
        apt-get install -y -qq software-properties-common
        add-apt-repository -y ppa:deadsnakes/ppa
        apt-get update -qq
        apt-get install -y -qq python3.12 python3.12-venv
    fi
fi

python="$(find_python)" || {
    echo "Python 3.11 to 3.14 with venv is needed, found none" >&2
    exit 1
}
"$python" -m venv "$root/venv"
"$root/venv/bin/python" "$source_folder/requirements/install.py" "$source_folder"/wheel/*.whl

# The course's secret and the rubric are for the grader alone.
chmod -R go-rwx "$source_folder"
"$root/venv/bin/grader" --version

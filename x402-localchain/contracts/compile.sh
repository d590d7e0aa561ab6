#!/bin/sh
# SPDX-FileCopyrightText: The x402j authors
# SPDX-License-Identifier: Apache-2.0
#
# Compiles the contracts into src/main/resources. The same sources give the same bytes: the compiler is pinned by the
# lock file, and the artifact holds no path and no metadata hash. "compile.sh --check" compares instead of writing.
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund --silent
exec node compile.js "$@"

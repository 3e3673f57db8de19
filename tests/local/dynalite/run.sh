#!/bin/sh
# Installs dynalite below build/ (once) and compares. STAND_IN is the stand-in's URL.
modules=$PWD/build/npm/dynalite
command -v npm >/dev/null || { echo "skipped: npm is not installed"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
if [ ! -d "$modules/node_modules/dynalite" ]; then
    mkdir -p "$modules"
    if ! npm install --prefix "$modules" --no-audit --no-fund --silent dynalite@4.0.0 >"$modules/npm.log" 2>&1; then
        echo "skipped: npm could not install dynalite ($(tail -n 1 "$modules/npm.log"))"
        echo "0 passed, 0 failed, 1 skipped"
        exit 0
    fi
fi
exec node tests/local/dynalite/compare.js "$STAND_IN" "$modules"

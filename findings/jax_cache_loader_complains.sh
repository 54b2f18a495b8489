#!/bin/sh
# jaxlib 0.10.1: a program from the persistent compilation cache is complained of when loaded.
#
# Seen in November 2026 with jaxlib 0.10.1 on Python 3.11, on a processor with AVX-512. The
# compiler adds the preferences prefer-no-gather and prefer-no-scatter to what the
# processor can do, and the loader finds that the processor cannot do them: lines on
# stderr for every program, on the machine that compiled it. Not so with 0.10.2.
#
# What to do meanwhile: course_lib/cache.py keeps nothing before 0.10.2.
set -eu
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
cat >compile.py <<'PYTHON'
import jax

jax.jit(lambda x: 2 * x + 1)(3.0).block_until_ready()
PYTHON
export JAX_PLATFORMS=cpu JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0
export JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1
for version in 0.10.1 0.10.2; do
  python3 -m venv venv
  venv/bin/python -m pip install --quiet --disable-pip-version-check "jax==$version" \
    "jaxlib==$version"
  export JAX_COMPILATION_CACHE_DIR="$here/cache-$version"
  for start in first second; do
    lines=$(venv/bin/python compile.py 2>&1 | grep -c 'Target machine feature' || true)
    echo "$version, $start start: $lines lines"
  done
done >seen.txt
cat seen.txt
cat >expected.txt <<'TEXT'
0.10.1, first start: 0 lines
0.10.1, second start: 2 lines
0.10.2, first start: 0 lines
0.10.2, second start: 0 lines
TEXT
diff expected.txt seen.txt && echo "As it was."

#!/bin/sh
# JAX 0.10.2: an entry of the persistent compilation cache that was cut short stays so.
#
# Seen in November 2026 with JAX 0.10.2 on Python 3.11. An entry is written straight to
# its final name, so a process that is killed, or a disk that is full, can leave half of
# one. From then on every start warns (UserWarning, "incomplete or truncated stream"),
# compiles anew, and does not write what it compiled, because a file of that name is there.
#
# What to do meanwhile: remove entries that cannot be unpacked (they are zlib streams, or
# Zstandard where that package is installed). course_lib/cache.py does so at each start.
set -eu
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/python" -m pip install --quiet --disable-pip-version-check jax==0.10.2
cd "$here"
cat >compile.py <<'PYTHON'
import jax

jax.jit(lambda x: 2 * x + 1)(3.0).block_until_ready()
PYTHON
export JAX_PLATFORMS=cpu JAX_COMPILATION_CACHE_DIR="$here/cache"
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0
export JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1
warnings() { venv/bin/python compile.py 2>&1 | grep -c 'incomplete or truncated' || true; }
{
  echo "first start: $(warnings) warnings"
  echo "second start: $(warnings) warnings"
  entry=$(ls cache/jit__lambda*-cache)
  truncate --size=100 "$entry"
  echo "cut short, third start: $(warnings) warnings, $(wc -c <"$entry") bytes"
  echo "cut short, fourth start: $(warnings) warnings, $(wc -c <"$entry") bytes"
  rm "$entry"
  echo "removed, fifth start: $(warnings) warnings"
  test "$(wc -c <"$entry")" -gt 100 && echo "and the entry is whole"
} >seen.txt
cat seen.txt
cat >expected.txt <<'TEXT'
first start: 0 warnings
second start: 0 warnings
cut short, third start: 1 warnings, 100 bytes
cut short, fourth start: 1 warnings, 100 bytes
removed, fifth start: 0 warnings
and the entry is whole
TEXT
diff expected.txt seen.txt && echo "As it was."

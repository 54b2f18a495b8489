#!/bin/sh
# safetensors 0.8.0, numpy side: of its two readers, one cannot read what it writes.
#
# Seen in November 2026 with safetensors 0.8.0, ml_dtypes 0.6.0 and NumPy 2.4.6, on Python
# 3.11. A bfloat16 or float8 array is written without a word. From a file, `load_file`
# gives the bfloat16 back, and raises AttributeError for float8. From bytes in memory,
# `load` raises KeyError with the type's name in the format ('BF16') for all three.
# float16 and float32 come back as they were.
#
# What to do meanwhile: save float32 (or float16), or read bfloat16 from a file.
set -eu
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  safetensors==0.8.0 ml_dtypes==0.6.0 numpy==2.4.6
cd "$here"
cat >seen.py <<'PYTHON'
import ml_dtypes
import numpy as np
import safetensors
import safetensors.numpy

for name in ("float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"):
    array = np.arange(4).astype(getattr(ml_dtypes, name, name))
    safetensors.numpy.save_file({"x": array}, "x.safetensors")
    with open("x.safetensors", "rb") as file:
        data = file.read()
    seen = []
    for read, given in (("load", data), ("load_file", "x.safetensors")):
        try:
            found = getattr(safetensors.numpy, read)(given)["x"].dtype
        except Exception as error:
            found = f"{type(error).__name__} {error}"
        seen.append(f"{read}: {found}")
    print(f"{name}: {'; '.join(seen)}")
PYTHON
venv/bin/python seen.py >seen.txt
cat seen.txt
cat >expected.txt <<'TEXT'
float32: load: float32; load_file: float32
float16: load: float16; load_file: float16
bfloat16: load: KeyError 'BF16'; load_file: bfloat16
float8_e4m3fn: load: KeyError 'F8_E4M3'; load_file: AttributeError module 'numpy' has no attribute 'float8_e4m3fn'
float8_e5m2: load: KeyError 'F8_E5M2'; load_file: AttributeError module 'numpy' has no attribute 'float8_e5m2'
TEXT
diff expected.txt seen.txt && echo "As it was."

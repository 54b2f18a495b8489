#!/bin/sh
# orbax-checkpoint 0.11.39: weights restored into a target of whole numbers lose their
# fractions without a word.
#
# Seen in November 2026 with orbax-checkpoint 0.11.39 and JAX 0.10.2 on Python 3.11. A
# float32 checkpoint is restored into a target (`jax.ShapeDtypeStruct`) of int32: 0.25,
# 1.75 and -2.5 come back as 0, 1 and -2, with no error and no warning, even where
# warnings are errors. A target of another shape is refused, in one clear error. A typing
# slip in the target of a long run thus gives a model of zeros.
#
# What to do meanwhile: compare the dtypes of target and checkpoint before restoring.
set -eu
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  orbax-checkpoint==0.11.39 jax==0.10.2
cd "$here"
cat >seen.py <<'PYTHON'
import os
import warnings

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp

checkpointer = ocp.StandardCheckpointer()
place = os.path.abspath("saved")
checkpointer.save(place, {"w": jnp.array([0.25, 1.75, -2.5])})
checkpointer.wait_until_finished()
for shape, dtype in (((3,), "float32"), ((3,), "int32"), ((2,), "float32")):
    target = {"w": jax.ShapeDtypeStruct(shape, dtype)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            seen = checkpointer.restore(place, target)["w"].tolist()
    except Exception as error:
        seen = type(error).__name__
    print(f"into {dtype} of shape {shape}: {seen}")
PYTHON
JAX_PLATFORMS=cpu venv/bin/python seen.py 2>errors.txt >seen.txt || cat errors.txt
cat seen.txt
cat >expected.txt <<'TEXT'
into float32 of shape (3,): [0.25, 1.75, -2.5]
into int32 of shape (3,): [0, 1, -2]
into float32 of shape (2,): ValueError
TEXT
diff expected.txt seen.txt && echo "As it was."

"""Settings of JupyterHub for a class, the same on every hub that reads this file.

The Littlest JupyterHub finds it in its folder jupyterhub_config.d (``tljh.sh`` puts it
there), and ``make workshop-demo`` runs it. ``values.yaml`` says the same to Kubernetes.
"""

from pathlib import Path

HERE = Path(__file__).resolve().parent
c = get_config()  # noqa: F821 - JupyterHub provides it

# A server and a kernel at its peak, and a second kernel at rest: see README.md.
c.Spawner.mem_limit = "1536M"
c.Spawner.cpu_limit = 2.0
c.Spawner.environment = {
    "JAX_PLATFORMS": "cpu",
    "MALLOC_ARENA_MAX": "2",  # 40 to 80 MB less at the peak of a kernel that compiles
}

# A private home, and the learner's own copy of the pages, made at the first start.
c.Spawner.cmd = [str(HERE / "start-learner")]
c.Spawner.default_url = "/lab/tree/course/notebooks/00_start_here.ipynb"
c.Spawner.start_timeout = 180  # the first start lays out the course
c.Spawner.http_timeout = 120  # thirty servers that start at once are slow to answer

# Where systemd starts the servers, new files and /tmp are the learner's alone.
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.unit_extra_properties = {
    "UMask": "0077",
    "OOMPolicy": "continue",  # a kernel that wants too much ends, its server stays
}

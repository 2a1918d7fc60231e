#!/usr/bin/env bash
# Size and speed of msm: cli-cost.sh [PROGRAM]. Without a program, it builds that of a release.
# Wall and CPU time are medians, the memory is the largest of all runs. Against an emulator on loopback.
# Ends with 1 if a goal is missed: of use on a quiet machine only.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-}
if [ -z "$program" ]; then
  cargo build --locked --quiet --release -p ms-messenger-cli
  program=${CARGO_TARGET_DIR:-target}/release/msm
fi
exec python3 - "$(realpath "$program")" <<'PYTHON'
import json, os, shutil, statistics, subprocess, sys, tempfile, time

program, runs = sys.argv[1], 51
# At most this many MB of the file, ms of wall time, and MB of memory.
LARGEST_FILE, START, SEND, MEMORY = 14.0, 5.0, 12.0, 14.0
missed = []
home = tempfile.mkdtemp()
stripped = os.path.join(home, "msm")
shutil.copy(program, stripped)
if shutil.which("strip"):
    subprocess.run(["strip", stripped], check=True)


def measure(words, extra):
    """Returns the medians of wall and CPU time in ms, and the largest memory in MB."""
    environment = {"PATH": os.environ["PATH"], "HOME": home, **extra}
    walls, cpus = [], []
    with open(os.devnull, "r+") as null:
        for _ in range(runs):
            begin = time.perf_counter()
            child = subprocess.Popen([stripped, *words], env=environment, stdin=null, stdout=null)
            _, status, usage = os.wait4(child.pid, 0)
            walls.append(time.perf_counter() - begin)
            child.returncode = os.waitstatus_to_exitcode(status)
            assert child.returncode == 0, (words, child.returncode)
            cpus.append(usage.ru_utime + usage.ru_stime)
        # The memory of a child counts that of the process that starts it, which must be a small one.
        timed = ["/usr/bin/time", "--quiet", "--format=%M", stripped, *words]
        children = [
            subprocess.run(timed, env=environment, stdin=null, stdout=null, stderr=subprocess.PIPE, check=True)
            for _ in range(10)
        ]
    largest = max(int(child.stderr.split()[-1]) for child in children)
    return statistics.median(walls) * 1000, statistics.median(cpus) * 1000, largest * 1024 / 1e6


def goal(what, value, most):
    if value > most:
        missed.append(f"{what}: {value:.1f}, more than {most:.0f}")


emulator = subprocess.Popen(
    [stripped, "emulator", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0"],
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
)
try:
    world = json.loads(emulator.stdout.readline())
    graph = world["graph"]
    settings = {"MSGRAPH_BASE_URL": graph["base"], "MSGRAPH_TOKEN": graph["token"]}
    send = ["send", "--json", "--text", "hi", "--to", f"channel:{graph['team_id']}/{graph['channel_id']}"]
    config = os.path.join(home, "config.toml")
    with open(config, "w") as file:
        file.write(f'[profiles.default]\nmsgraph_base_url = "{graph["base"]}"\nmsgraph_token = "env:TOKEN"\n')
    named = {"MSM_CONFIG": config, "TOKEN": graph["token"]}
    size = os.path.getsize(stripped) / 1e6
    print(f"stripped binary             {size:6.1f} MB")
    print("                              wall      CPU   memory")
    results = {}
    for name, words, extra in [
        ("--version", ["--version"], {}),
        ("send --json", send, settings),
        ("send --json with a profile", send, named),
        ("send --json --dry-run", [*send, "--dry-run"], settings),
    ]:
        wall, cpu, memory = results[name] = measure(words, extra)
        print(f"{name:27} {wall:5.1f} ms {cpu:5.1f} ms {memory:5.1f} MB")
    setting_up = results["send --json --dry-run"][1] - results["--version"][1]
    print(f"setting up a client: {setting_up:.1f} ms of CPU")
    goal("MB of the stripped binary", size, LARGEST_FILE)
    goal("ms of --version", results["--version"][0], START)
    goal("ms of send --json", results["send --json"][0], SEND)
    goal("MB of memory of send --json", results["send --json"][2], MEMORY)
finally:
    emulator.terminate()
    emulator.wait()
    shutil.rmtree(home)
for line in missed:
    print(f"missed goal: {line}", file=sys.stderr)
sys.exit(1 if missed else 0)
PYTHON

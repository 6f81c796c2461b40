#!/usr/bin/env bash
# Measures Charloom on this machine's graphics card, with nothing but what lies beside this file (and PyTorch, if
# python3 has it): natively, in Chromium, and PyTorch beside it.
#
# usage: ./run.sh [--quick]        results.jsonl is then what `cargo xtask bench --add` takes
# WORKLOADS="W1 W4" measures these only; CHROMIUM_FLAGS are Chromium's besides.
set -u
cd "$(dirname "$0")" || exit 1
quick=${1:-}
only=${WORKLOADS:-}
out=$PWD/results.jsonl
: > "$out"
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp} HOME=${HOME:-/tmp}
chmod +x bench tests chromium/chromium 2> /dev/null

# A loader for Vulkan where the machine has none, and the driver where the loader does not find it.
ldconfig -p | grep -q libvulkan.so.1 || export LD_LIBRARY_PATH=$PWD/lib
works() { ./bench > smoke.log 2>&1; }
if ! works; then
  for driver in $(find /usr/local /usr/share /etc -name '*icd*.json' -path '*vulkan*' 2> /dev/null); do
    export VK_DRIVER_FILES=$driver
    works && break
  done
fi
works || { echo "no graphics card answers: see smoke.log"; exit 1; }
card=$(grep -m1 '; CPU: ' smoke.log | sed 's/ ([a-z0-9]*); CPU: .*//')
echo "card: $card"

./bench --bench --json --no-cpu $only $quick >> "$out"
./bench --bench --json --no-cpu $only --quick --checked >> "$out"
./bench --bench --json --no-cpu $only --quick --unmeasured >> "$out"
timeout 600 ./tests > tests.log 2>&1
result=$(grep '^test result' tests.log)
echo "{\"card\":\"$card\",\"contestant\":\"tests\",\"result\":\"${result:-none}\"}" >> "$out"

if [ -x chromium/chromium ]; then
  seconds=1
  [ "$quick" = --quick ] && seconds=0.2
  python3 serve.py www 8123 300 "$card" >> "$out" &
  server=$!
  sleep 1
  FONTCONFIG_FILE=$PWD/fonts.conf LD_LIBRARY_PATH=$PWD/chromium-lib:${LD_LIBRARY_PATH:-} chromium/chromium \
    --headless=new --no-sandbox --disable-gpu-sandbox --no-first-run --user-data-dir="$(mktemp -d)" \
    --enable-unsafe-webgpu --enable-features=Vulkan,VulkanFromANGLE,DefaultANGLEVulkan --use-angle=vulkan \
    --use-vulkan=native --disable-vulkan-surface --ignore-gpu-blocklist ${CHROMIUM_FLAGS:-} \
    "http://127.0.0.1:8123/race.html?seconds=$seconds&only=${only// /,}" > chromium.log 2>&1 &
  browser=$!
  wait $server
  kill $browser 2> /dev/null
fi

if python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2> /dev/null; then
  python3 torch_card.py www/workloads.json >> "$out"
fi
python3 table.py "$out"

#!/usr/bin/env bash
# One unattended rerun of a case, for cron or a systemd timer.
#
#   scripts/rerun.sh CASE.toml [OPTION of 'districting rerun' …]
#
# stdout: the one JSON document of the run. Beside the case, in reruns/ (or $DISTRICTING_RUNS):
#   rerun.log            every run in dated lines: what changed, what was done and why, how long, where the result is
#   latest.json          the document of the last run that had a result
#   2026-11-22T0300…/    one folder for each run with proposals: open its index.html; its returned/ holds lists that
#                        could not be read, a file for each sub-district to send back
# Exit code, as that of 'districting rerun':
#   0 nothing to do   10 proposals   2 bad input, or the case is in use   3 a change is asked for, no plan was found
# Two runs never write one case: the program locks it itself.
set -euo pipefail

if [ $# -lt 1 ] || [ ! -f "$1" ]; then
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0" >&2
  exit 2
fi
case_file=$1
shift
runs=${DISTRICTING_RUNS:-$(dirname "$case_file")/reruns}
program=${DISTRICTING:-districting}
mkdir -p "$runs"
log=$runs/rerun.log
started=$(date +%s)
out=$runs/$(date +%Y-%m-%dT%H%M%S)

stamped() {
  while IFS= read -r line || [ -n "$line" ]; do
    # where there is nothing to do the folder goes again, and what it held is latest.json
    printf '%s  %s\n' "$(date +%Y-%m-%dT%H:%M:%S%z)" "${line//"$out/rerun.json"/"$runs/latest.json"}" >>"$log"
  done
}

printf 'begin   %s %s\n' "$case_file" "$*" | stamped
code=0
"$program" rerun "$case_file" --out "$out" --json "$@" 2>&1 >"$runs/latest.json.$$" | stamped || code=${PIPESTATUS[0]}
case ${DISTRICTING_LANGUAGE:-}:$code in
  zh:0) said="无需调整：$runs/latest.json" ;;
  zh:10) said="有调整建议：$out/index.html" ;;
  zh:2) said="输入有误，或案例正在使用：见以上各行" ;;
  zh:3) said="有情况需要处理，但没有找到方案：$out" ;;
  zh:130) said="已停止" ;;
  zh:*) said="没有完成：见以上各行" ;;
  *:0) said="nothing to do: $runs/latest.json" ;;
  *:10) said="proposals: $out/index.html" ;;
  *:2) said="bad input, or the case is in use: see the lines above" ;;
  *:3) said="a change is asked for, but no plan was found: $out" ;;
  *:130) said="stopped" ;;
  *) said="failed: see the lines above" ;;
esac
printf 'end     code %s after %s s, %s\n' "$code" "$(($(date +%s) - started))" "$said" | stamped

cat "$runs/latest.json.$$"
case $code in
  0 | 3 | 10) mv "$runs/latest.json.$$" "$runs/latest.json" ;;
  *) rm -f "$runs/latest.json.$$" ;;
esac
if [ "$code" = 0 ] && [ ! -d "$out/returned" ]; then
  rm -rf "$out" # it holds what latest.json says, and nothing to look at
fi
exit "$code"

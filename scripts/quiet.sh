# Sourced by the scripts beside it.
#
# counted LABEL COMMAND...: runs a command, shows its output as one line that counts up, and all of it where the
# command fails. Counts are read from what ninja ("[12/90] ...") and apt ("5 newly installed", "Setting up ...") say.
# In a log, which cannot rewrite a line, there is one every 20 seconds.
counted() {
  local label=$1 log status=0 begin=$SECONDS
  shift
  log=$(mktemp)
  "$@" 2>&1 | tee "$log" | count_lines "$label" || status=$?
  if [ $status != 0 ]; then
    sed -E '/^\[[0-9]+\/[0-9]+\] /d' "$log" >&2
    printf '%s: failed\n' "$label" >&2
  elif [ -t 1 ]; then
    printf '\r\033[K%s: done in %d s\n' "$label" $((SECONDS - begin))
  else
    printf '%s: done in %d s\n' "$label" $((SECONDS - begin))
  fi
  rm -f "$log"
  return $status
}

count_lines() {
  local label=$1 line done=0 total=0 shown=$SECONDS
  while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\  ]]; then
      done=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    elif [[ $line =~ ^([0-9]+)\ upgraded,\ ([0-9]+)\ newly ]]; then
      total=$((BASH_REMATCH[1] + BASH_REMATCH[2]))
    elif [[ $line == 'Setting up '* ]]; then
      done=$((done + 1))
    else
      continue
    fi
    if [ -t 1 ]; then
      printf '\r\033[K%s: %d of %d' "$label" "$done" "$total"
    elif ((SECONDS - shown >= 20)); then
      shown=$SECONDS
      printf '%s: %d of %d\n' "$label" "$done" "$total"
    fi
  done
}

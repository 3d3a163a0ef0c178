#!/usr/bin/env bash
# Generates three days of realistic dirty files, loads them, and shows what came of it.
# Usage: tools/demo.sh path/to/lyceum FOLDER
set -euo pipefail
lyceum=$1
folder=$2
target="duckdb:$folder/edtech.duckdb"

# Prints a command so that it can be pasted.
say() {
  local line='$' word
  for word in "$@"; do
    case "$word" in
      *[!A-Za-z0-9_./:=-]*) line="$line \"$word\"" ;;
      *) line="$line $word" ;;
    esac
  done
  if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    printf '\n\033[1m%s\033[0m\n' "$line"
  else
    printf '\n%s\n' "$line"
  fi
}
run() { say "$@"; "$@"; }

rm -rf "$folder"
mkdir -p "$folder"
run "$lyceum" generate --rows 20000 --days 3 --seed 7 --dirty 10 --out "$folder/inbox"
run "$lyceum" backfill pipelines/edtech.yaml --start-date 2025-06-01 --end-date 2025-06-03 \
  --input "$folder/inbox" --target "$target"
run "$lyceum" query --target "$target" \
  "SELECT student_name, AVG(quiz_score) FROM fact_quiz JOIN dim_student USING(student_id) GROUP BY student_name ORDER BY 2 DESC, 1 LIMIT 5"
run "$lyceum" query --target "$target" \
  "SELECT course_name, date_key, COUNT(*) FROM fact_student_engagement JOIN dim_course USING(course_id) WHERE event_type = 'login' GROUP BY course_name, date_key ORDER BY 3 DESC, 1, 2 LIMIT 5"
run "$lyceum" verify --target "$target"
cat <<EOF

Try next:
  $lyceum quarantine list --target $target --limit 5
  $lyceum quarantine show --target $target --limit 1
  $lyceum status pipelines/edtech.yaml --target $target
  $lyceum run pipelines/edtech.yaml --date 2025-06-02 --input $folder/inbox --target $target
EOF

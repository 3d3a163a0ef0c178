"""Hand-written DuckDB SQL through the Python client: parse, cast, distinct, keys, write.

One transaction, no checks: what a good user of DuckDB would write for the same tables.
Usage: duckdb_sql.py INPUT_FOLDER DATE OUTPUT_DATABASE
"""

import glob
import sys

import duckdb


def main() -> None:
    folder, date, database = sys.argv[1:4]
    con = duckdb.connect(database)
    con.execute("SET preserve_insertion_order = false")
    con.execute("SET threads = 2")
    con.execute("BEGIN")
    con.execute(f"""
        CREATE TABLE dim_student AS
        SELECT *, sha256(concat_ws('|', student_id)) AS student_sk FROM (
          SELECT DISTINCT ON (student_id) CAST(student_id AS INTEGER) AS student_id,
            trim(name) AS student_name, trim(email) AS email,
            CAST(coalesce(try_strptime(enrollment_date, '%Y-%m-%d'),
                          try_strptime(enrollment_date, '%d-%m-%Y')) AS DATE) AS enrollment_date
          FROM read_csv('{folder}/students*.csv', all_varchar = true))""")
    con.execute(f"""
        CREATE TABLE dim_course AS
        SELECT *, sha256(concat_ws('|', instructor_id)) AS instructor_sk,
          sha256(concat_ws('|', course_id)) AS course_sk FROM (
          SELECT DISTINCT ON (course_id) CAST(course_id AS INTEGER) AS course_id, course_name,
            CAST(instructor_id AS INTEGER) AS instructor_id
          FROM read_csv('{folder}/courses*.csv', all_varchar = true))""")
    con.execute(f"""
        CREATE TABLE fact_student_engagement AS
        SELECT *, CASE event_type WHEN 'login' THEN 1 WHEN 'discussion' THEN 2
            WHEN 'assignment_submit' THEN 3 ELSE 0 END AS event_score,
          CAST(timestamp AS DATE) AS date_key, DATE '{date}' AS batch_date,
          sha256(concat_ws('|', student_id, course_id, timestamp, event_type)) AS engagement_id,
          sha256(concat_ws('|', student_id)) AS student_sk,
          sha256(concat_ws('|', course_id)) AS course_sk
        FROM (
          SELECT DISTINCT student_id, course_id, timestamp, event_type
          FROM read_csv('{folder}/student_engagement*.csv', header = true, columns = {{
            'student_id': 'INTEGER', 'course_id': 'INTEGER', 'timestamp': 'TIMESTAMP',
            'event_type': 'VARCHAR'}}))""")
    con.execute(f"""
        CREATE TABLE fact_quiz AS
        SELECT *, CAST(attempt_time AS DATE) AS date_key, DATE '{date}' AS batch_date,
          sha256(concat_ws('|', student_id, quiz_id, quiz_score, attempt_time)) AS quiz_attempt_id,
          sha256(concat_ws('|', student_id)) AS student_sk, sha256(concat_ws('|', quiz_id)) AS quiz_sk
        FROM (
          SELECT DISTINCT student_id, quiz_id, quiz_score, attempt_time
          FROM read_csv('{folder}/quiz_attempts*.csv', header = true, columns = {{
            'student_id': 'INTEGER', 'quiz_id': 'INTEGER', 'quiz_score': 'DOUBLE',
            'attempt_time': 'TIMESTAMP'}}))""")
    con.execute(f"""
        CREATE TABLE fact_video_interaction AS
        SELECT *, CAST(watched_at AS DATE) AS date_key, DATE '{date}' AS batch_date,
          sha256(concat_ws('|', student_id, video_id, watch_time_seconds, watched_at))
            AS video_watch_sk,
          sha256(concat_ws('|', student_id)) AS student_sk, sha256(concat_ws('|', video_id)) AS video_sk
        FROM (
          SELECT DISTINCT student_id, video_id, watch_time_seconds, watched_at
          FROM read_json('{folder}/video_watch_logs*.json', format = 'array', columns = {{
            'student_id': 'INTEGER', 'video_id': 'INTEGER', 'watch_time_seconds': 'INTEGER',
            'watched_at': 'TIMESTAMP'}}))""")
    con.execute("COMMIT")
    con.close()


if __name__ == "__main__":
    main()

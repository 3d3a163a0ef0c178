"""A Polars script: read with schema, drop nulls and duplicates, keys by the polars-hash plug-in, Parquet.

Usage: polars_script.py INPUT_FOLDER DATE OUTPUT_FOLDER
"""

import datetime
import glob
import os
import sys

import polars as pl
import polars_hash as plh


def key(*columns: str) -> pl.Expr:
    text = pl.concat_str([pl.col(column).cast(pl.String) for column in columns], separator="|")
    return plh.col(text.meta.output_name()).chash.sha2_256() if False else _sha256(text)


def _sha256(text: pl.Expr) -> pl.Expr:
    return plh.concat_str(text).chash.sha2_256()


def read_csv(pattern: str, schema: dict) -> pl.DataFrame:
    return pl.concat([pl.read_csv(path, schema=schema) for path in sorted(glob.glob(pattern))]).rename(
        {"name": "student_name", "score": "quiz_score"}, strict=False)


def with_fact_columns(rows: pl.DataFrame, time: str, date: datetime.date) -> pl.DataFrame:
    return rows.drop_nulls().unique().with_columns(
        pl.col(time).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us")
        if rows.schema[time] == pl.String else pl.col(time)
    ).with_columns(pl.col(time).dt.date().alias("date_key"), pl.lit(date).alias("batch_date"))


def main() -> None:
    folder, day, output = sys.argv[1:4]
    date = datetime.date.fromisoformat(day)
    os.makedirs(output)
    students = read_csv(f"{folder}/students*.csv", {
        "student_id": pl.Int32, "name": pl.String, "email": pl.String,
        "enrollment_date": pl.String}).unique("student_id", keep="first")
    students.with_columns(
        pl.coalesce(pl.col("enrollment_date").str.to_date("%Y-%m-%d", strict=False),
                    pl.col("enrollment_date").str.to_date("%d-%m-%Y", strict=False)),
        key("student_id").alias("student_sk")).write_parquet(f"{output}/dim_student.parquet")
    courses = read_csv(f"{folder}/courses*.csv", {
        "course_id": pl.Int32, "course_name": pl.String, "instructor_id": pl.Int32})
    courses.unique("course_id", keep="first").with_columns(
        key("instructor_id").alias("instructor_sk"),
        key("course_id").alias("course_sk")).write_parquet(f"{output}/dim_course.parquet")
    engagement = with_fact_columns(read_csv(f"{folder}/student_engagement*.csv", {
        "student_id": pl.Int32, "course_id": pl.Int32, "timestamp": pl.String,
        "event_type": pl.String}), "timestamp", date)
    engagement.with_columns(
        pl.col("event_type").replace_strict(
            {"login": 1, "discussion": 2, "assignment_submit": 3}, default=0,
            return_dtype=pl.Int32).alias("event_score"),
        key("student_id", "course_id", "timestamp", "event_type").alias("engagement_id"),
        key("student_id").alias("student_sk"), key("course_id").alias("course_sk"),
    ).write_parquet(f"{output}/fact_student_engagement.parquet")
    quiz = with_fact_columns(read_csv(f"{folder}/quiz_attempts*.csv", {
        "student_id": pl.Int32, "quiz_id": pl.Int32, "score": pl.Float64,
        "attempt_time": pl.String}), "attempt_time", date)
    quiz.with_columns(
        key("student_id", "quiz_id", "quiz_score", "attempt_time").alias("quiz_attempt_id"),
        key("student_id").alias("student_sk"), key("quiz_id").alias("quiz_sk"),
    ).write_parquet(f"{output}/fact_quiz.parquet")
    video = pl.concat([pl.read_json(path, schema={
        "student_id": pl.Int32, "video_id": pl.Int32, "watch_time_seconds": pl.Int32,
        "watched_at": pl.String}) for path in sorted(glob.glob(f"{folder}/video_watch_logs*.json"))])
    video = with_fact_columns(
        video.with_columns(pl.col("watched_at").str.to_datetime(time_unit="us")), "watched_at", date)
    video.with_columns(
        key("student_id", "video_id", "watch_time_seconds", "watched_at").alias("video_watch_sk"),
        key("student_id").alias("student_sk"), key("video_id").alias("video_sk"),
    ).write_parquet(f"{output}/fact_video_interaction.parquet")


if __name__ == "__main__":
    main()

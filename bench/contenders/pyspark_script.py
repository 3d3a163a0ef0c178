"""A PySpark script with the steps of the project that Lyceum grew out of, on local[2].

Schema on read, null counts, filters, dropDuplicates, sha2 keys, Parquet. Prints the seconds without
the start of the session as `work SECONDS`.
Usage: pyspark_script.py INPUT_FOLDER DATE OUTPUT_FOLDER
"""

import sys
import time

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def key(*columns: str):
    return F.sha2(F.concat_ws("|", *[F.col(column).cast("string") for column in columns]), 256)


def cleaned(rows: DataFrame, name: str) -> DataFrame:
    """Counts nulls, as the original does, then drops rows with nulls and duplicates."""
    counts = rows.select([F.count(F.when(F.col(c).isNull(), c)).alias(c) for c in rows.columns])
    print(name, counts.first().asDict())
    return rows.na.drop().dropDuplicates()


def main() -> None:
    folder, day, output = sys.argv[1:4]
    spark = (SparkSession.builder.master("local[2]").appName("edtech")
             .config("spark.sql.shuffle.partitions", 4).config("spark.driver.memory", "4g")
             .config("spark.ui.enabled", "false").getOrCreate())
    spark.sparkContext.setLogLevel("ERROR")
    spark.range(1).collect()
    start = time.time()

    def csv(pattern: str, schema: str) -> DataFrame:
        return spark.read.csv(f"{folder}/{pattern}", header=True, schema=schema)

    def dated(rows: DataFrame, column: str) -> DataFrame:
        return rows.withColumn("date_key", F.to_date(column)).withColumn(
            "batch_date", F.lit(day).cast("date"))

    def write(rows: DataFrame, name: str) -> None:
        rows.write.mode("overwrite").parquet(f"{output}/{name}")

    students = csv("students*.csv", "student_id INT, student_name STRING, email STRING, "
                   "enrollment_date STRING").dropDuplicates(["student_id"])
    write(students.withColumn("enrollment_date", F.coalesce(
        F.try_to_timestamp("enrollment_date", F.lit("yyyy-MM-dd")),
        F.try_to_timestamp("enrollment_date", F.lit("dd-MM-yyyy"))).cast("date"))
        .withColumn("student_sk", key("student_id")), "dim_student")
    write(csv("courses*.csv", "course_id INT, course_name STRING, instructor_id INT")
          .dropDuplicates(["course_id"]).withColumn("instructor_sk", key("instructor_id"))
          .withColumn("course_sk", key("course_id")), "dim_course")
    engagement = cleaned(csv("student_engagement*.csv", "student_id INT, course_id INT, "
                             "timestamp TIMESTAMP, event_type STRING"), "engagement")
    write(dated(engagement.filter("student_id > 0"), "timestamp").withColumn(
        "event_score", F.when(F.col("event_type") == "login", 1)
        .when(F.col("event_type") == "discussion", 2)
        .when(F.col("event_type") == "assignment_submit", 3).otherwise(0))
        .withColumn("engagement_id", key("student_id", "course_id", "timestamp", "event_type"))
        .withColumn("student_sk", key("student_id")).withColumn("course_sk", key("course_id")),
        "fact_student_engagement")
    quiz = cleaned(csv("quiz_attempts*.csv", "student_id INT, quiz_id INT, quiz_score DOUBLE, "
                       "attempt_time TIMESTAMP"), "quiz")
    write(dated(quiz.filter("quiz_score BETWEEN 0 AND 100"), "attempt_time")
          .withColumn("quiz_attempt_id", key("student_id", "quiz_id", "quiz_score", "attempt_time"))
          .withColumn("student_sk", key("student_id")).withColumn("quiz_sk", key("quiz_id")),
          "fact_quiz")
    video = cleaned(spark.read.json(f"{folder}/video_watch_logs*.json", multiLine=True, schema=(
        "student_id INT, video_id INT, watch_time_seconds INT, watched_at TIMESTAMP")), "video")
    write(dated(video.filter("watch_time_seconds >= 0"), "watched_at")
          .withColumn("video_watch_sk",
                      key("student_id", "video_id", "watch_time_seconds", "watched_at"))
          .withColumn("student_sk", key("student_id")).withColumn("video_sk", key("video_id")),
          "fact_video_interaction")
    print(f"work {time.time() - start:.3f}", flush=True)
    spark.stop()


if __name__ == "__main__":
    main()

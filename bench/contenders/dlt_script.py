"""dlt through Arrow into DuckDB, with merge on the natural keys. It computes no keys, checks nothing.

Usage: dlt_script.py INPUT_FOLDER DATE OUTPUT_DATABASE
"""

import glob
import os
import sys
import tempfile

import dlt
import pyarrow as pa
import pyarrow.csv
import polars as pl


def csv(pattern: str, types: dict):
    for path in sorted(glob.glob(pattern)):
        options = pyarrow.csv.ConvertOptions(column_types=types)
        with pyarrow.csv.open_csv(
                path, convert_options=options,
                read_options=pyarrow.csv.ReadOptions(block_size=16 << 20)) as reader:
            for batch in reader:
                yield pa.Table.from_batches([batch])


def json_array(pattern: str, schema: dict):
    for path in sorted(glob.glob(pattern)):
        yield pl.read_json(path, schema=schema).with_columns(
            pl.col("watched_at").str.to_datetime(time_unit="us")).to_arrow()


def main() -> None:
    folder, _, database = sys.argv[1:4]
    whole, time = pa.int32(), pa.timestamp("us")

    def resource(rows, name: str, key: list):
        return dlt.resource(rows, name=name, write_disposition="merge", primary_key=key)

    resources = [
        resource(csv(f"{folder}/students*.csv", {"student_id": whole}), "dim_student", ["student_id"]),
        resource(csv(f"{folder}/courses*.csv", {"course_id": whole}), "dim_course", ["course_id"]),
        resource(csv(f"{folder}/instructors*.csv", {"instructor_id": whole}), "dim_instructor",
                 ["instructor_id"]),
        resource(csv(f"{folder}/student_engagement*.csv", {
            "student_id": whole, "course_id": whole, "timestamp": time, "event_type": pa.string()}),
            "fact_student_engagement", ["student_id", "course_id", "timestamp", "event_type"]),
        resource(csv(f"{folder}/quiz_attempts*.csv", {
            "student_id": whole, "quiz_id": whole, "score": pa.float64(), "attempt_time": time}),
            "fact_quiz", ["student_id", "quiz_id", "score", "attempt_time"]),
        resource(json_array(f"{folder}/video_watch_logs*.json", {
            "student_id": pl.Int32, "video_id": pl.Int32, "watch_time_seconds": pl.Int32,
            "watched_at": pl.String}), "fact_video_interaction",
            ["student_id", "video_id", "watch_time_seconds", "watched_at"]),
    ]
    with tempfile.TemporaryDirectory() as work:
        pipeline = dlt.pipeline("edtech", destination=dlt.destinations.duckdb(os.path.abspath(database)),
                                dataset_name="star", pipelines_dir=work)
        pipeline.run(resources)


if __name__ == "__main__":
    main()

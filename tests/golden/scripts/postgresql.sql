-- What `lyceum run` does for readings on batch date 2025-06-02.

-- -----------------
-- bookkeeping, once
-- create schema 'star'
CREATE SCHEMA IF NOT EXISTS "star";
-- create schema 'lyceum'
CREATE SCHEMA IF NOT EXISTS "lyceum";
-- bookkeeping
CREATE TABLE "lyceum"."writer_lock" (nothing INTEGER);
-- bookkeeping
CREATE TABLE "lyceum"."runs" (run_id VARCHAR(64), pipeline VARCHAR(256), batch_date DATE, state VARCHAR(32), exit_code INTEGER, started_at TIMESTAMP, ended_at TIMESTAMP, lyceum_version VARCHAR(64), message VARCHAR);
-- bookkeeping
CREATE TABLE "lyceum"."batches" (dataset VARCHAR(256), batch_date DATE, delivery_id VARCHAR(64), content_hash VARCHAR(64), spec_hash VARCHAR(64), run_id VARCHAR(64), published_at TIMESTAMP, first_date DATE, last_date DATE);
-- bookkeeping
CREATE TABLE "lyceum"."files" (delivery_id VARCHAR(64), dataset VARCHAR(256), batch_date DATE, run_id VARCHAR(64), file VARCHAR(4096), base_name VARCHAR(4096), content_id VARCHAR(64), bytes BIGINT, rows_read BIGINT, rows_loaded BIGINT, rows_duplicate BIGINT, rows_quarantined BIGINT, empty_lines BIGINT);
-- bookkeeping
CREATE TABLE "lyceum"."quality_results" (run_id VARCHAR(64), dataset VARCHAR(256), batch_date DATE, rule VARCHAR(4096), severity VARCHAR(16), rows_judged BIGINT, rows_failed BIGINT, outcome VARCHAR(16));
-- bookkeeping
CREATE TABLE "lyceum"."quarantine" (record_id VARCHAR(64), run_id VARCHAR(64), dataset VARCHAR(256), batch_date DATE, delivery_id VARCHAR(64), file VARCHAR(4096), content_id VARCHAR(64), line BIGINT, element BIGINT, byte_offset BIGINT, byte_length BIGINT, raw_text VARCHAR, stored_as VARCHAR(256), reasons VARCHAR, kind VARCHAR(16), state VARCHAR(16));
-- bookkeeping
CREATE TABLE "lyceum"."snapshots" (dataset VARCHAR(256), snapshot_date DATE, delivery_id VARCHAR(64));
-- bookkeeping
CREATE TABLE "lyceum"."members" (dimension VARCHAR(256), member_key VARCHAR(64), delivery_id VARCHAR(64));
-- bookkeeping
CREATE TABLE "lyceum"."uses" (dimension VARCHAR(256), member_key VARCHAR(64), uses BIGINT);
-- bookkeeping
CREATE TABLE "lyceum"."marts" (table_name VARCHAR(256), definition_hash VARCHAR(64));
-- bookkeeping
CREATE TABLE "lyceum"."tables" (table_name VARCHAR(256), kind VARCHAR(16), position INTEGER, column_name VARCHAR(256), type VARCHAR(64), keyed_as VARCHAR(64), role VARCHAR(32), identity_position INTEGER, refers_to VARCHAR(4096), dataset VARCHAR(256), table_schema VARCHAR(256));
-- find its rows without reading all
CREATE INDEX ON "lyceum"."members" ("member_key");
-- find its rows without reading all
CREATE INDEX ON "lyceum"."uses" ("member_key");
-- find its rows without reading all
CREATE INDEX ON "lyceum"."quarantine" ("batch_date");

-- -----------
-- read places
-- read and type every row of 'places', judge its rules
CREATE TEMP TABLE "_read_places" AS
SELECT *, CASE WHEN "_bad" IS NULL AND ("_failed0" & 1) = 0 THEN lyceum_seen($places, hash("place_id")) ELSE FALSE END AS "_seen"
FROM (SELECT *,
  CAST(CASE WHEN "_bad" = '*' THEN 0 ELSE
    CASE WHEN "place_id" IS NULL AND ("_bad" IS NULL OR NOT (contains("_bad", ',0,'))) THEN 1 ELSE 0 END
  END AS BIGINT) AS "_failed0"
FROM (SELECT * FROM lyceum_read($places)));

-- ------------------
-- deduplicate places
-- find identities in 'places' that may occur twice
CREATE TEMP TABLE "_twins_places" AS
SELECT hash("place_id") AS hash FROM "_read_places" WHERE "_seen";
-- find the rows of 'places' that are not the first of their identity
CREATE TEMP TABLE "_duplicate_places" AS
SELECT "_pos", "_first" FROM (SELECT "_pos", min("_pos") OVER (PARTITION BY "place_id") AS "_first"
  FROM "_read_places" WHERE "_bad" IS NULL AND ("_failed0" & 1) = 0 AND hash("place_id") IN (SELECT hash FROM "_twins_places"))
WHERE "_pos" <> "_first";
-- find duplicates in 'places' that differ from the row kept
CREATE TEMP TABLE "_conflict_places" AS
SELECT l."_pos" AS "_pos", '[' || concat_ws(',', CASE WHEN l."place_name" IS DISTINCT FROM k."place_name" THEN '"place_name: differs from the kept row of the same identity"' END) || ']' AS reasons FROM "_duplicate_places" AS d
  JOIN "_read_places" AS l ON l."_pos" = d."_pos" JOIN "_read_places" AS k ON k."_pos" = d."_first" WHERE l."place_name" IS DISTINCT FROM k."place_name";
-- the accepted rows of 'places'
CREATE TEMP VIEW "_kept_places" AS
SELECT "place_id", "place_name", "_pos" FROM "_read_places" ANTI JOIN "_duplicate_places" USING ("_pos") WHERE "_bad" IS NULL AND ("_failed0" & 1) = 0;

-- ---------------
-- stage dim_place
-- create its private table
CREATE UNLOGGED TABLE IF NOT EXISTS "star"."ld_00script_dim_place" ("place_id" INTEGER, "place_name" VARCHAR, "place_sk" VARCHAR);
-- send it the rows of this query
SELECT "place_id",
  "place_name",
  lyceum_key("place_id") AS "place_sk"
FROM "_kept_places";
-- as
COPY "star"."ld_00script_dim_place" ("place_id", "place_name", "place_sk") FROM STDIN (FORMAT BINARY);

-- -----------------
-- quarantine places
-- list the rows of 'places' that do not load
CREATE TEMP TABLE "_rejected_places" AS
SELECT * FROM (
SELECT "_pos", 'rejected' AS kind, '[' || concat_ws(',', "_reasons", CASE WHEN ("_failed0" & 1) <> 0 THEN '"place_id: is null"' END) || ']' AS reasons FROM "_read_places" WHERE NOT ("_bad" IS NULL AND ("_failed0" & 1) = 0)
UNION ALL SELECT "_pos", 'conflict', reasons FROM "_conflict_places"
) ORDER BY "_pos";
-- find their raw text again
CREATE TEMP TABLE "_raw_places" AS
SELECT "_pos", kind, reasons, lyceum_record($places, "_pos") AS record FROM "_rejected_places";
-- give each its id
CREATE TEMP VIEW "_quarantined_places" AS
SELECT lyceum_key('places', CAST(NULL AS DATE), record.raw_sha256, occurrence) AS record_id,
  'script' AS run_id, 'places' AS dataset, CAST(NULL AS DATE) AS batch_date,
  'bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d' AS delivery_id, f.file AS file, f.content_id AS content_id,
  record.line AS line, record.element AS element, ("_pos" & 1099511627775) AS byte_offset,
  record.length AS byte_length, record.raw_text AS raw_text,
  record.stored_as AS stored_as, reasons, kind, 'open' AS state
FROM (SELECT *, CAST(1 AS BIGINT) AS occurrence FROM "_raw_places"
    WHERE record.raw_sha256 NOT IN (SELECT record.raw_sha256 FROM "_raw_places" WHERE record.again)
  UNION ALL SELECT *, row_number() OVER (PARTITION BY record.raw_sha256 ORDER BY "_pos")
    FROM "_raw_places" WHERE record.raw_sha256 IN (SELECT record.raw_sha256 FROM "_raw_places" WHERE record.again)) AS r
JOIN (VALUES (0, 'places.csv', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')) AS f(file_index, file, content_id)
  ON f.file_index = (r."_pos" >> 40);
-- create its private table
CREATE UNLOGGED TABLE IF NOT EXISTS "star"."ld_00script_quarantine" ("record_id" VARCHAR, "run_id" VARCHAR, "dataset" VARCHAR, "batch_date" DATE, "delivery_id" VARCHAR, "file" VARCHAR, "content_id" VARCHAR, "line" BIGINT, "element" BIGINT, "byte_offset" BIGINT, "byte_length" BIGINT, "raw_text" VARCHAR, "stored_as" VARCHAR, "reasons" VARCHAR, "kind" VARCHAR, "state" VARCHAR);
-- send it the rows of this query
SELECT * FROM "_quarantined_places";
-- as
COPY "star"."ld_00script_quarantine" ("record_id", "run_id", "dataset", "batch_date", "delivery_id", "file", "content_id", "line", "element", "byte_offset", "byte_length", "raw_text", "stored_as", "reasons", "kind", "state") FROM STDIN (FORMAT BINARY);

-- -------------
-- read readings
-- read and type every row of 'readings', judge its rules
CREATE TEMP TABLE "_read_readings" AS
SELECT *, CASE WHEN "_bad" IS NULL AND ("_failed0" & 31) = 0 THEN lyceum_seen($readings, hash("place_id", "taken_at")) ELSE FALSE END AS "_seen"
FROM (SELECT *,
  CAST(CASE WHEN "_bad" = '*' THEN 0 ELSE
    CASE WHEN "place_id" IS NULL AND ("_bad" IS NULL OR NOT (contains("_bad", ',0,'))) THEN 1 ELSE 0 END
    + CASE WHEN "taken_at" IS NULL AND ("_bad" IS NULL OR NOT (contains("_bad", ',1,'))) THEN 2 ELSE 0 END
    + CASE WHEN (CAST("taken_at" AS DATE) < CAST('2000-01-01' AS DATE) OR CAST("taken_at" AS DATE) > CAST('2050-12-31' AS DATE)) THEN 4 ELSE 0 END
    + CASE WHEN ("value" < CAST('0' AS DECIMAL(6,2)) OR "value" > CAST('1000' AS DECIMAL(6,2))) THEN 8 ELSE 0 END
    + CASE WHEN "steps" IS NULL AND ("_bad" IS NULL OR NOT (contains("_bad", ',2,'))) THEN 16 ELSE 0 END
  END AS BIGINT) AS "_failed0"
FROM (SELECT * FROM lyceum_read($readings)));

-- --------------------
-- deduplicate readings
-- find identities in 'readings' that may occur twice
CREATE TEMP TABLE "_twins_readings" AS
SELECT hash("place_id", "taken_at") AS hash FROM "_read_readings" WHERE "_seen";
-- find the rows of 'readings' that are not the first of their identity
CREATE TEMP TABLE "_duplicate_readings" AS
SELECT "_pos", "_first" FROM (SELECT "_pos", min("_pos") OVER (PARTITION BY "place_id", "taken_at") AS "_first"
  FROM "_read_readings" WHERE "_bad" IS NULL AND ("_failed0" & 31) = 0 AND hash("place_id", "taken_at") IN (SELECT hash FROM "_twins_readings"))
WHERE "_pos" <> "_first";
-- find duplicates in 'readings' that differ from the row kept
CREATE TEMP TABLE "_conflict_readings" AS
SELECT l."_pos" AS "_pos", '[' || concat_ws(',', CASE WHEN l."steps" IS DISTINCT FROM k."steps" THEN '"steps: differs from the kept row of the same identity"' END, CASE WHEN l."value" IS DISTINCT FROM k."value" THEN '"value: differs from the kept row of the same identity"' END) || ']' AS reasons FROM "_duplicate_readings" AS d
  JOIN "_read_readings" AS l ON l."_pos" = d."_pos" JOIN "_read_readings" AS k ON k."_pos" = d."_first" WHERE l."steps" IS DISTINCT FROM k."steps" OR l."value" IS DISTINCT FROM k."value";
-- the accepted rows of 'readings'
CREATE TEMP VIEW "_kept_readings" AS
SELECT "place_id", "taken_at", "steps", "value", "_pos" FROM "_read_readings" ANTI JOIN "_duplicate_readings" USING ("_pos") WHERE "_bad" IS NULL AND ("_failed0" & 31) = 0;

-- ------------------
-- stage fact_reading
-- create its private table
CREATE UNLOGGED TABLE IF NOT EXISTS "star"."ld_00script_fact_reading" ("place_id" INTEGER, "taken_at" TIMESTAMP, "steps" VARCHAR, "value" NUMERIC(6,2), "date_key" DATE, "batch_date" DATE, "reading_id" VARCHAR, "place_sk" VARCHAR);
-- send it the rows of this query
SELECT "place_id",
  "taken_at",
  "steps",
  "value",
  CAST("taken_at" AS DATE) AS "date_key",
  CAST('2025-06-02' AS DATE) AS "batch_date",
  lyceum_key("place_id", "taken_at") AS "reading_id",
  CASE WHEN "place_id" IS NULL THEN NULL ELSE lyceum_key("place_id") END AS "place_sk"
FROM "_kept_readings";
-- as
COPY "star"."ld_00script_fact_reading" ("place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk") FROM STDIN (FORMAT BINARY);

-- -------------------
-- quarantine readings
-- list the rows of 'readings' that do not load
CREATE TEMP TABLE "_rejected_readings" AS
SELECT * FROM (
SELECT "_pos", 'rejected' AS kind, '[' || concat_ws(',', "_reasons", CASE WHEN ("_failed0" & 1) <> 0 THEN '"place_id: is null"' END, CASE WHEN ("_failed0" & 2) <> 0 THEN '"taken_at: is null"' END, CASE WHEN ("_failed0" & 4) <> 0 THEN '"taken_at: outside the calendar 2000-01-01 to 2050-12-31"' END, CASE WHEN ("_failed0" & 8) <> 0 THEN '"value: not in range 0 to 1000"' END, CASE WHEN ("_failed0" & 16) <> 0 THEN '"steps: is null"' END) || ']' AS reasons FROM "_read_readings" WHERE NOT ("_bad" IS NULL AND ("_failed0" & 31) = 0)
UNION ALL SELECT "_pos", 'conflict', reasons FROM "_conflict_readings"
) ORDER BY "_pos";
-- find their raw text again
CREATE TEMP TABLE "_raw_readings" AS
SELECT "_pos", kind, reasons, lyceum_record($readings, "_pos") AS record FROM "_rejected_readings";
-- give each its id
CREATE TEMP VIEW "_quarantined_readings" AS
SELECT lyceum_key('readings', CAST('2025-06-02' AS DATE), record.raw_sha256, occurrence) AS record_id,
  'script' AS run_id, 'readings' AS dataset, CAST('2025-06-02' AS DATE) AS batch_date,
  'da372c160b5b1d44211493b271dcc0848590fee7c3910963ab1f3e770792187e' AS delivery_id, f.file AS file, f.content_id AS content_id,
  record.line AS line, record.element AS element, ("_pos" & 1099511627775) AS byte_offset,
  record.length AS byte_length, record.raw_text AS raw_text,
  record.stored_as AS stored_as, reasons, kind, 'open' AS state
FROM (SELECT *, CAST(1 AS BIGINT) AS occurrence FROM "_raw_readings"
    WHERE record.raw_sha256 NOT IN (SELECT record.raw_sha256 FROM "_raw_readings" WHERE record.again)
  UNION ALL SELECT *, row_number() OVER (PARTITION BY record.raw_sha256 ORDER BY "_pos")
    FROM "_raw_readings" WHERE record.raw_sha256 IN (SELECT record.raw_sha256 FROM "_raw_readings" WHERE record.again)) AS r
JOIN (VALUES (0, 'readings_20250602.csv', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb')) AS f(file_index, file, content_id)
  ON f.file_index = (r."_pos" >> 40);
-- create its private table
CREATE UNLOGGED TABLE IF NOT EXISTS "star"."ld_00script_quarantine" ("record_id" VARCHAR, "run_id" VARCHAR, "dataset" VARCHAR, "batch_date" DATE, "delivery_id" VARCHAR, "file" VARCHAR, "content_id" VARCHAR, "line" BIGINT, "element" BIGINT, "byte_offset" BIGINT, "byte_length" BIGINT, "raw_text" VARCHAR, "stored_as" VARCHAR, "reasons" VARCHAR, "kind" VARCHAR, "state" VARCHAR);
-- send it the rows of this query
SELECT * FROM "_quarantined_readings";
-- as
COPY "star"."ld_00script_quarantine" ("record_id", "run_id", "dataset", "batch_date", "delivery_id", "file", "content_id", "line", "element", "byte_offset", "byte_length", "raw_text", "stored_as", "reasons", "kind", "state") FROM STDIN (FORMAT BINARY);

-- ----
-- gate
-- compares failures with the thresholds; closed, nothing below runs

-- -------
-- publish
-- one transaction from here on
BEGIN;
-- wait for other writers
LOCK TABLE "lyceum"."writer_lock";

-- ------
-- tables
-- create 'dim_date'
CREATE TABLE "star"."dim_date" ("date_key" DATE, "year" INTEGER, "quarter" INTEGER, "month" INTEGER, "day" INTEGER, "iso_week" INTEGER, "iso_weekday" INTEGER, "is_weekend" BOOLEAN);
-- find its rows without reading all
CREATE INDEX ON "star"."dim_date" ("date_key");
-- create 'dim_place'
CREATE TABLE "star"."dim_place" ("place_id" INTEGER, "place_name" VARCHAR, "place_sk" VARCHAR, "is_inferred" BOOLEAN);
-- find its rows without reading all
CREATE INDEX ON "star"."dim_place" ("place_sk");
-- versions of its members
CREATE TABLE IF NOT EXISTS "lyceum"."versions_dim_place" ("delivery_id" VARCHAR, "place_id" INTEGER, "place_name" VARCHAR, "place_sk" VARCHAR);
-- find its rows without reading all
CREATE INDEX ON "lyceum"."versions_dim_place" ("delivery_id");
-- create 'fact_reading'
CREATE TABLE "star"."fact_reading" ("place_id" INTEGER, "taken_at" TIMESTAMP, "steps" VARCHAR, "value" NUMERIC(6,2), "date_key" DATE, "batch_date" DATE, "reading_id" VARCHAR, "place_sk" VARCHAR);
-- find its rows without reading all
CREATE INDEX ON "star"."fact_reading" ("batch_date");
-- find its rows without reading all
CREATE INDEX ON "star"."fact_reading" ("date_key");
-- rows of it that wait
CREATE TABLE IF NOT EXISTS "lyceum"."waiting_fact_reading" ("place_id" INTEGER, "taken_at" TIMESTAMP, "steps" VARCHAR, "value" NUMERIC(6,2), "date_key" DATE, "batch_date" DATE, "reading_id" VARCHAR, "place_sk" VARCHAR, reason VARCHAR(32));
-- find its rows without reading all
CREATE INDEX ON "lyceum"."waiting_fact_reading" ("batch_date");
-- find its rows without reading all
CREATE INDEX ON "lyceum"."waiting_fact_reading" ("date_key");
-- create 'fact_log'
CREATE TABLE "star"."fact_log" ("place_id" INTEGER, "seen_at" TIMESTAMP, "note" VARCHAR, "date_key" DATE, "batch_date" DATE, "log_id" VARCHAR, "place_sk" VARCHAR);
-- find its rows without reading all
CREATE INDEX ON "star"."fact_log" ("batch_date");
-- find its rows without reading all
CREATE INDEX ON "star"."fact_log" ("date_key");
-- rows of it that wait
CREATE TABLE IF NOT EXISTS "lyceum"."waiting_fact_log" ("place_id" INTEGER, "seen_at" TIMESTAMP, "note" VARCHAR, "date_key" DATE, "batch_date" DATE, "log_id" VARCHAR, "place_sk" VARCHAR, reason VARCHAR(32));
-- find its rows without reading all
CREATE INDEX ON "lyceum"."waiting_fact_log" ("batch_date");
-- find its rows without reading all
CREATE INDEX ON "lyceum"."waiting_fact_log" ("date_key");
-- create 'daily_reading'
CREATE TABLE "star"."daily_reading" ("place_id" INTEGER, "place_sk" VARCHAR, "date_key" DATE, "readings" BIGINT, "average_value" NUMERIC(8,4));
-- find its rows without reading all
CREATE INDEX ON "star"."daily_reading" ("date_key");

-- -----------------
-- resolve dim_place
-- collect how the use of 'dim_place' changes
CREATE TEMP TABLE "_uses_dim_place" ("place_sk" VARCHAR(64), "place_id" INTEGER, uses BIGINT);

-- --------------------
-- resolve fact_reading
-- rows of this batch that 'fact_reading' holds now
CREATE TEMP TABLE "_old_fact_reading" AS
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "star"."fact_reading" WHERE "batch_date" = CAST('2025-06-02' AS DATE) AND "date_key" BETWEEN CAST('2025-06-02' AS DATE) AND CAST('2025-06-02' AS DATE);
-- rows of this batch that wait now
CREATE TEMP TABLE "_oldwait_fact_reading" AS
SELECT "reading_id", "date_key" FROM "lyceum"."waiting_fact_reading" WHERE "batch_date" = CAST('2025-06-02' AS DATE) AND "date_key" BETWEEN CAST('2025-06-02' AS DATE) AND CAST('2025-06-02' AS DATE);
-- rows of other batches with the same event keys
CREATE TEMP TABLE "_other_fact_reading" AS
SELECT "reading_id", "batch_date", 1 AS in_fact FROM "star"."fact_reading"
WHERE "batch_date" <> CAST('2025-06-02' AS DATE) AND "date_key" BETWEEN CAST('2000-01-01' AS DATE) AND CAST('2050-12-31' AS DATE) AND "reading_id" IN (SELECT "reading_id" FROM "star"."ld_00script_fact_reading" UNION ALL
  SELECT "reading_id" FROM "_old_fact_reading" UNION ALL SELECT "reading_id" FROM "_oldwait_fact_reading")
UNION ALL SELECT "reading_id", "batch_date", 0 AS in_fact FROM "lyceum"."waiting_fact_reading"
WHERE "batch_date" <> CAST('2025-06-02' AS DATE) AND "date_key" BETWEEN CAST('2000-01-01' AS DATE) AND CAST('2050-12-31' AS DATE) AND "reading_id" IN (SELECT "reading_id" FROM "star"."ld_00script_fact_reading" UNION ALL
  SELECT "reading_id" FROM "_old_fact_reading" UNION ALL SELECT "reading_id" FROM "_oldwait_fact_reading");
-- the smallest other batch date of each key
CREATE TEMP TABLE "_first_fact_reading" AS
SELECT "reading_id", min("batch_date") AS "batch_date" FROM "_other_fact_reading" GROUP BY "reading_id";
-- new rows that wait behind an earlier batch
CREATE TEMP TABLE "_late_fact_reading" AS
SELECT "reading_id" FROM "_first_fact_reading" WHERE "batch_date" < CAST('2025-06-02' AS DATE) AND "reading_id" IN (SELECT "reading_id" FROM "star"."ld_00script_fact_reading");
-- rows of later batches that wait behind this one
CREATE TEMP TABLE "_demoted_fact_reading" AS
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "star"."fact_reading" WHERE "batch_date" > CAST('2025-06-02' AS DATE) AND "date_key" BETWEEN CAST('2000-01-01' AS DATE) AND CAST('2050-12-31' AS DATE) AND "reading_id" IN
  (SELECT "reading_id" FROM "_other_fact_reading" WHERE in_fact = 1 AND "batch_date" > CAST('2025-06-02' AS DATE)
   AND "reading_id" IN (SELECT "reading_id" FROM "star"."ld_00script_fact_reading"));
-- waiting rows that this batch no longer holds back
CREATE TEMP TABLE "_promoted_fact_reading" AS
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "lyceum"."waiting_fact_reading" WHERE "batch_date" <> CAST('2025-06-02' AS DATE) AND "date_key" BETWEEN CAST('2000-01-01' AS DATE) AND CAST('2050-12-31' AS DATE) AND EXISTS
  (SELECT 1 FROM "_first_fact_reading" WHERE "_first_fact_reading"."reading_id" = "lyceum"."waiting_fact_reading"."reading_id"
   AND "_first_fact_reading"."batch_date" = "lyceum"."waiting_fact_reading"."batch_date")
  AND NOT EXISTS (SELECT 1 FROM "_other_fact_reading" WHERE "_other_fact_reading"."reading_id" = "lyceum"."waiting_fact_reading"."reading_id"
   AND "_other_fact_reading"."batch_date" = "lyceum"."waiting_fact_reading"."batch_date" AND "_other_fact_reading".in_fact = 1)
  AND NOT ("batch_date" > CAST('2025-06-02' AS DATE) AND "reading_id" IN (SELECT "reading_id" FROM "star"."ld_00script_fact_reading"));
-- dates that change
CREATE TEMP TABLE "_touched_fact_reading" AS
SELECT DISTINCT "date_key" FROM (SELECT "date_key" FROM "star"."ld_00script_fact_reading" UNION ALL SELECT "date_key" FROM "_old_fact_reading" UNION ALL SELECT "date_key" FROM "_demoted_fact_reading" UNION ALL SELECT "date_key" FROM "_promoted_fact_reading") AS d;
-- count how 'fact_reading' changes the use of 'dim_place'
INSERT INTO "_uses_dim_place"
SELECT "place_sk", "place_id", count(*) FROM "star"."ld_00script_fact_reading" AS s WHERE NOT EXISTS (SELECT 1 FROM "_late_fact_reading" AS l WHERE l."reading_id" = s."reading_id") AND "place_id" IS NOT NULL GROUP BY "place_sk", "place_id"
UNION ALL SELECT "place_sk", "place_id", -count(*) FROM "_old_fact_reading" WHERE TRUE AND "place_id" IS NOT NULL GROUP BY "place_sk", "place_id"
UNION ALL SELECT "place_sk", "place_id", count(*) FROM "_promoted_fact_reading" WHERE TRUE AND "place_id" IS NOT NULL GROUP BY "place_sk", "place_id"
UNION ALL SELECT "place_sk", "place_id", -count(*) FROM "_demoted_fact_reading" WHERE TRUE AND "place_id" IS NOT NULL GROUP BY "place_sk", "place_id";

-- -----------------
-- resolve dim_place
-- rank the snapshots of 'dim_place' by their greatest date
CREATE TEMP TABLE "_rank_dim_place" AS
SELECT delivery_id, max(snapshot_date) AS snapshot_date FROM
  (SELECT delivery_id, snapshot_date FROM "lyceum"."snapshots" WHERE dataset = 'places' AND snapshot_date <> CAST('2025-06-02' AS DATE)
   UNION ALL SELECT CAST('bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d' AS VARCHAR(64)), CAST('2025-06-02' AS DATE)) AS s
GROUP BY delivery_id;
-- members of the new snapshot
CREATE TEMP TABLE "_fresh_dim_place" AS
SELECT "place_sk" FROM "star"."ld_00script_dim_place";
-- members that the replaced snapshot decided
CREATE TEMP TABLE "_lost_dim_place" AS
SELECT member_key AS "place_sk" FROM "lyceum"."members" WHERE dimension = 'dim_place' AND 1 = 0;
-- the snapshot that decides each of them now
CREATE TEMP TABLE "_winner_dim_place" AS
SELECT "place_sk", delivery_id FROM (SELECT c."place_sk", c.delivery_id, row_number() OVER
    (PARTITION BY c."place_sk" ORDER BY r.snapshot_date DESC) AS place
  FROM (SELECT "place_sk", CAST('bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d' AS VARCHAR(64)) AS delivery_id FROM "_fresh_dim_place"
    UNION SELECT member_key, delivery_id FROM "lyceum"."members" WHERE dimension = 'dim_place'
      AND member_key IN (SELECT "place_sk" FROM "_fresh_dim_place")
    UNION SELECT "place_sk", delivery_id FROM "lyceum"."versions_dim_place" WHERE delivery_id <> 'bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d'
      AND "place_sk" IN (SELECT "place_sk" FROM "_lost_dim_place")) AS c
  JOIN "_rank_dim_place" AS r ON r.delivery_id = c.delivery_id
) AS p WHERE place = 1;
-- uses of each member of 'dim_place' after this publish
CREATE TEMP TABLE "_need_dim_place" AS
SELECT "place_sk", CAST(sum(uses) AS BIGINT) AS uses FROM (SELECT "place_sk", uses FROM "_uses_dim_place"
  UNION ALL SELECT member_key, uses FROM "lyceum"."uses" WHERE dimension = 'dim_place' AND member_key IN
    (SELECT "place_sk" FROM "_uses_dim_place" UNION ALL SELECT "place_sk" FROM "_lost_dim_place")) AS u
GROUP BY "place_sk";
-- members that come or change
CREATE TEMP TABLE "_change_dim_place" AS
SELECT v."place_id", v."place_name", v."place_sk", FALSE AS "is_inferred" FROM "star"."ld_00script_dim_place" AS v JOIN "_winner_dim_place" AS w ON w."place_sk" = v."place_sk" WHERE w.delivery_id = 'bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d'
UNION ALL SELECT v."place_id", v."place_name", v."place_sk", FALSE AS "is_inferred" FROM "lyceum"."versions_dim_place" AS v JOIN "_winner_dim_place" AS w ON w."place_sk" = v."place_sk" AND w.delivery_id = v.delivery_id WHERE v.delivery_id <> 'bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d' AND v."place_sk" IN (SELECT "place_sk" FROM "_lost_dim_place")
UNION ALL SELECT u."place_id" AS "place_id", CAST(NULL AS VARCHAR) AS "place_name", u."place_sk" AS "place_sk", TRUE AS "is_inferred" FROM "_uses_dim_place" AS u JOIN "_need_dim_place" AS n ON n."place_sk" = u."place_sk" WHERE n.uses > 0 AND NOT EXISTS (SELECT 1 FROM "star"."dim_place" AS x WHERE x."place_sk" = u."place_sk") AND NOT EXISTS (SELECT 1 FROM "_winner_dim_place" AS x WHERE x."place_sk" = u."place_sk") GROUP BY u."place_sk", u."place_id"
UNION ALL SELECT d."place_id" AS "place_id", CAST(NULL AS VARCHAR) AS "place_name", d."place_sk" AS "place_sk", TRUE AS "is_inferred" FROM "star"."dim_place" AS d JOIN "_need_dim_place" AS n ON n."place_sk" = d."place_sk" WHERE n.uses > 0 AND d."place_sk" IN (SELECT "place_sk" FROM "_lost_dim_place") AND NOT EXISTS (SELECT 1 FROM "_winner_dim_place" AS x WHERE x."place_sk" = d."place_sk");
-- members that go
CREATE TEMP TABLE "_gone_dim_place" AS
SELECT d."place_sk" AS "place_sk" FROM "star"."dim_place" AS d JOIN "_need_dim_place" AS n ON n."place_sk" = d."place_sk" WHERE n.uses <= 0 AND d."is_inferred" AND NOT EXISTS (SELECT 1 FROM "_winner_dim_place" AS x WHERE x."place_sk" = d."place_sk")
UNION SELECT l."place_sk" FROM "_lost_dim_place" AS l WHERE NOT EXISTS (SELECT 1 FROM "_winner_dim_place" AS x WHERE x."place_sk" = l."place_sk") AND NOT EXISTS (SELECT 1 FROM (SELECT "place_sk" FROM "_need_dim_place" WHERE uses > 0) AS x WHERE x."place_sk" = l."place_sk");

-- ------
-- tables
-- describe 'dim_date'
DELETE FROM "lyceum"."tables" WHERE table_name = 'dim_date';
-- describe 'dim_place'
DELETE FROM "lyceum"."tables" WHERE table_name = 'dim_place';
-- describe 'fact_reading'
DELETE FROM "lyceum"."tables" WHERE table_name = 'fact_reading';
-- describe 'fact_log'
DELETE FROM "lyceum"."tables" WHERE table_name = 'fact_log';
-- describe 'daily_reading'
DELETE FROM "lyceum"."tables" WHERE table_name = 'daily_reading';
-- empty the calendar
DELETE FROM "star"."dim_date";
-- forget the old definition
DELETE FROM "lyceum"."marts" WHERE table_name = 'dim_date';

-- ---------------
-- merge dim_place
-- delete members of 'dim_place' that go
DELETE FROM "star"."dim_place" WHERE "place_sk" IN (SELECT "place_sk" FROM "_gone_dim_place");
-- replace their use counts
DELETE FROM "lyceum"."uses" WHERE dimension = 'dim_place' AND member_key IN (SELECT "place_sk" FROM "_need_dim_place");
-- forget who decided the members of both snapshots
DELETE FROM "lyceum"."members" WHERE dimension = 'dim_place' AND (member_key IN (SELECT "place_sk" FROM "_fresh_dim_place") OR member_key IN (SELECT "place_sk" FROM "_lost_dim_place"));
-- drop an earlier load of this snapshot
DELETE FROM "lyceum"."versions_dim_place" WHERE delivery_id = 'bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d';
-- replace what this date delivered
DELETE FROM "lyceum"."snapshots" WHERE dataset = 'places' AND snapshot_date = CAST('2025-06-02' AS DATE);

-- --------------------
-- replace fact_reading
-- take the old batch out of 'fact_reading'
DELETE FROM "star"."fact_reading" WHERE "batch_date" = CAST('2025-06-02' AS DATE) AND "date_key" BETWEEN CAST('2025-06-02' AS DATE) AND CAST('2025-06-02' AS DATE);
-- take out rows that now wait
DELETE FROM "star"."fact_reading" WHERE "batch_date" > CAST('2025-06-02' AS DATE) AND "reading_id" IN (SELECT "reading_id" FROM "_demoted_fact_reading") AND "date_key" IN (SELECT "date_key" FROM "_demoted_fact_reading");
-- take the old batch out of the waiting rows
DELETE FROM "lyceum"."waiting_fact_reading" WHERE "batch_date" = CAST('2025-06-02' AS DATE) AND "date_key" BETWEEN CAST('2025-06-02' AS DATE) AND CAST('2025-06-02' AS DATE);
-- release rows that wait no longer
DELETE FROM "lyceum"."waiting_fact_reading" WHERE EXISTS (SELECT 1 FROM "_promoted_fact_reading" WHERE "_promoted_fact_reading"."reading_id" = "lyceum"."waiting_fact_reading"."reading_id" AND "_promoted_fact_reading"."batch_date" = "lyceum"."waiting_fact_reading"."batch_date");

-- ---------------------
-- refresh daily_reading
-- take them out of 'daily_reading'
DELETE FROM "star"."daily_reading";
-- forget the old definition
DELETE FROM "lyceum"."marts" WHERE table_name = 'daily_reading';

-- -------------
-- record places
-- replace the current content of 'places'
DELETE FROM "lyceum"."batches" WHERE dataset = 'places' AND batch_date = CAST('2025-06-02' AS DATE);
-- close the records of the replaced rows
UPDATE "lyceum"."quarantine" SET state = 'superseded' WHERE state = 'open' AND dataset = 'places' AND delivery_id = 'bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d';
-- drop the ledger lines of the replaced files
DELETE FROM "lyceum"."files" WHERE dataset = 'places' AND delivery_id = 'bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d';

-- ---------------
-- record readings
-- replace the current content of 'readings'
DELETE FROM "lyceum"."batches" WHERE dataset = 'readings' AND batch_date = CAST('2025-06-02' AS DATE);
-- close the records of the replaced rows
UPDATE "lyceum"."quarantine" SET state = 'superseded' WHERE state = 'open' AND dataset = 'readings' AND batch_date = CAST('2025-06-02' AS DATE);
-- drop the ledger lines of the replaced files
DELETE FROM "lyceum"."files" WHERE dataset = 'readings' AND batch_date = CAST('2025-06-02' AS DATE);

-- ------
-- record
-- drop what earlier runs of this date rejected behind a closed gate
DELETE FROM "lyceum"."quarantine" WHERE state = 'not_published' AND run_id IN
  (SELECT run_id FROM "lyceum"."runs" WHERE batch_date = CAST('2025-06-02' AS DATE));
-- replace the run's record
DELETE FROM "lyceum"."runs" WHERE run_id = 'script';
-- replace the run's record
DELETE FROM "lyceum"."quality_results" WHERE run_id = 'script';

-- ------
-- tables
-- describe 'dim_date'
INSERT INTO "lyceum"."tables" (table_name, kind, position, column_name, type, keyed_as, role, identity_position, refers_to, dataset, table_schema) VALUES
('dim_date', 'calendar', 1, 'date_key', 'date', 'date', 'date_key', 0, '', '', 'star'),
('dim_date', 'calendar', 2, 'year', 'integer', 'integer', 'calendar', 0, '', '', 'star'),
('dim_date', 'calendar', 3, 'quarter', 'integer', 'integer', 'calendar', 0, '', '', 'star'),
('dim_date', 'calendar', 4, 'month', 'integer', 'integer', 'calendar', 0, '', '', 'star'),
('dim_date', 'calendar', 5, 'day', 'integer', 'integer', 'calendar', 0, '', '', 'star'),
('dim_date', 'calendar', 6, 'iso_week', 'integer', 'integer', 'calendar', 0, '', '', 'star'),
('dim_date', 'calendar', 7, 'iso_weekday', 'integer', 'integer', 'calendar', 0, '', '', 'star'),
('dim_date', 'calendar', 8, 'is_weekend', 'boolean', 'boolean', 'calendar', 0, '', '', 'star');
-- describe 'dim_place'
INSERT INTO "lyceum"."tables" (table_name, kind, position, column_name, type, keyed_as, role, identity_position, refers_to, dataset, table_schema) VALUES
('dim_place', 'dimension', 1, 'place_id', 'integer', 'integer', 'source', 1, '', 'places', 'star'),
('dim_place', 'dimension', 2, 'place_name', 'text', 'text', 'source', 0, '', 'places', 'star'),
('dim_place', 'dimension', 3, 'place_sk', 'text', 'text', 'surrogate_key', 0, '', 'places', 'star'),
('dim_place', 'dimension', 4, 'is_inferred', 'boolean', 'boolean', 'inferred', 0, '', 'places', 'star');
-- describe 'fact_reading'
INSERT INTO "lyceum"."tables" (table_name, kind, position, column_name, type, keyed_as, role, identity_position, refers_to, dataset, table_schema) VALUES
('fact_reading', 'fact', 1, 'place_id', 'integer', 'integer', 'source', 1, '', 'readings', 'star'),
('fact_reading', 'fact', 2, 'taken_at', 'timestamp', 'timestamp', 'source', 2, '', 'readings', 'star'),
('fact_reading', 'fact', 3, 'steps', 'text', 'text', 'source', 0, '', 'readings', 'star'),
('fact_reading', 'fact', 4, 'value', 'decimal(6,2)', 'decimal(6,2)', 'source', 0, '', 'readings', 'star'),
('fact_reading', 'fact', 5, 'date_key', 'date', 'date', 'date_key', 0, 'taken_at', 'readings', 'star'),
('fact_reading', 'fact', 6, 'batch_date', 'date', 'date', 'batch_date', 0, '', 'readings', 'star'),
('fact_reading', 'fact', 7, 'reading_id', 'text', 'text', 'event_key', 0, '', 'readings', 'star'),
('fact_reading', 'fact', 8, 'place_sk', 'text', 'text', 'reference_key', 0, 'dim_place(place_id)', 'readings', 'star');
-- describe 'fact_log'
INSERT INTO "lyceum"."tables" (table_name, kind, position, column_name, type, keyed_as, role, identity_position, refers_to, dataset, table_schema) VALUES
('fact_log', 'fact', 1, 'place_id', 'integer', 'integer', 'source', 1, '', 'logs', 'star'),
('fact_log', 'fact', 2, 'seen_at', 'timestamp', 'timestamp', 'source', 2, '', 'logs', 'star'),
('fact_log', 'fact', 3, 'note', 'text', 'text', 'source', 3, '', 'logs', 'star'),
('fact_log', 'fact', 4, 'date_key', 'date', 'date', 'date_key', 0, 'seen_at', 'logs', 'star'),
('fact_log', 'fact', 5, 'batch_date', 'date', 'date', 'batch_date', 0, '', 'logs', 'star'),
('fact_log', 'fact', 6, 'log_id', 'text', 'text', 'event_key', 0, '', 'logs', 'star'),
('fact_log', 'fact', 7, 'place_sk', 'text', 'text', 'reference_key', 0, 'dim_place(place_id)', 'logs', 'star');
-- describe 'daily_reading'
INSERT INTO "lyceum"."tables" (table_name, kind, position, column_name, type, keyed_as, role, identity_position, refers_to, dataset, table_schema) VALUES
('daily_reading', 'mart', 1, 'place_id', 'integer', 'integer', 'group', 1, '', '', 'star'),
('daily_reading', 'mart', 2, 'place_sk', 'text', 'text', 'group', 2, 'dim_place(place_id)', '', 'star'),
('daily_reading', 'mart', 3, 'date_key', 'date', 'date', 'date_key', 3, '', '', 'star'),
('daily_reading', 'mart', 4, 'readings', 'bigint', 'bigint', 'measure', 0, '', '', 'star'),
('daily_reading', 'mart', 5, 'average_value', 'decimal(8,4)', 'decimal(8,4)', 'measure', 0, '', '', 'star');
-- fill the calendar
INSERT INTO "star"."dim_date"
SELECT day, EXTRACT(YEAR FROM day), EXTRACT(QUARTER FROM day),
  EXTRACT(MONTH FROM day), EXTRACT(DAY FROM day), EXTRACT(WEEK FROM day),
  MOD(CAST(EXTRACT(DOW FROM day) AS INTEGER) + 6, 7) + 1,
  MOD(CAST(EXTRACT(DOW FROM day) AS INTEGER) + 6, 7) >= 5
FROM (SELECT CAST('2000-01-01' AS DATE) + n AS day FROM (SELECT d0.n + 10 * d1.n + 100 * d2.n + 1000 * d3.n + 10000 * d4.n AS n FROM (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) AS d0
  CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) AS d1
  CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) AS d2
  CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) AS d3
  CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) AS d4) AS s WHERE n < 18628) AS t;
-- note the definition
INSERT INTO "lyceum"."marts" (table_name, definition_hash) VALUES ('dim_date', 'acd10ed5cedf7b799e4fe286d02c45004fbfafef94b15e10217ba30a839bc220');

-- ---------------
-- merge dim_place
-- merge members of 'dim_place', real and placeholder
MERGE INTO "star"."dim_place" USING "_change_dim_place" ON "star"."dim_place"."place_sk" = "_change_dim_place"."place_sk"
WHEN MATCHED THEN UPDATE SET "place_id" = "_change_dim_place"."place_id", "place_name" = "_change_dim_place"."place_name", "is_inferred" = "_change_dim_place"."is_inferred"
WHEN NOT MATCHED THEN INSERT ("place_id", "place_name", "place_sk", "is_inferred") VALUES ("_change_dim_place"."place_id", "_change_dim_place"."place_name", "_change_dim_place"."place_sk", "_change_dim_place"."is_inferred");
-- keep use counts above zero
INSERT INTO "lyceum"."uses" (dimension, member_key, uses)
SELECT CAST('dim_place' AS VARCHAR(256)), "place_sk", uses FROM "_need_dim_place" WHERE uses > 0;
-- note who decides them now
INSERT INTO "lyceum"."members" (dimension, member_key, delivery_id)
SELECT CAST('dim_place' AS VARCHAR(256)), "place_sk", delivery_id FROM "_winner_dim_place";
-- keep the rows of this snapshot
INSERT INTO "lyceum"."versions_dim_place" (delivery_id, "place_id", "place_name", "place_sk")
SELECT CAST('bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d' AS VARCHAR(64)), "place_id", "place_name", "place_sk" FROM "star"."ld_00script_dim_place";
-- note what this date delivers
INSERT INTO "lyceum"."snapshots" (dataset, snapshot_date, delivery_id) VALUES ('places', CAST('2025-06-02' AS DATE), 'bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d');

-- --------------------
-- replace fact_reading
-- put the new batch into 'fact_reading'
INSERT INTO "star"."fact_reading" ("place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk")
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "star"."ld_00script_fact_reading" AS s WHERE NOT EXISTS (SELECT 1 FROM "_late_fact_reading" AS l WHERE l."reading_id" = s."reading_id");
-- put in released rows
INSERT INTO "star"."fact_reading" ("place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk")
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "_promoted_fact_reading";
-- let rows wait
INSERT INTO "lyceum"."waiting_fact_reading" ("place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk", reason)
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk", CAST('overlap' AS VARCHAR(32)) FROM "star"."ld_00script_fact_reading" AS s WHERE EXISTS (SELECT 1 FROM "_late_fact_reading" AS l WHERE l."reading_id" = s."reading_id")
UNION ALL SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk", CAST('overlap' AS VARCHAR(32)) FROM "_demoted_fact_reading";

-- ---------------------
-- refresh daily_reading
-- aggregate 'daily_reading' anew
INSERT INTO "star"."daily_reading" ("place_id", "place_sk", "date_key", "readings", "average_value")
SELECT "place_id", "place_sk", "date_key", CAST(sum("readings") AS BIGINT) AS "readings",
  CASE WHEN sum("_count_average_value") = 0 THEN NULL ELSE CAST(CAST((CASE WHEN sum("average_value") < 0 THEN -1 ELSE 1 END * div((2 * abs(CAST(sum("average_value") AS NUMERIC(38,0))) * 100 + (CAST(sum("_count_average_value") AS NUMERIC(38,0)) * 1)), (2 * (CAST(sum("_count_average_value") AS NUMERIC(38,0)) * 1)))) AS DECIMAL(33, 0)) * 0.0001 AS NUMERIC(8,4)) END AS "average_value"
FROM (SELECT "place_id", "place_sk", "date_key", CASE WHEN TRUE THEN 1 ELSE 0 END AS "readings", CASE WHEN TRUE THEN CAST("value" * 100 AS NUMERIC(38,0)) END AS "average_value", CASE WHEN (TRUE) AND "value" IS NOT NULL THEN 1 ELSE 0 END AS "_count_average_value"
  FROM "star"."fact_reading") AS s
GROUP BY "place_id", "place_sk", "date_key";
-- note the definition
INSERT INTO "lyceum"."marts" (table_name, definition_hash) VALUES ('daily_reading', 'd7763c274d8704cea59734f31c7f52443d6705b39f93c315d41a1c988b143981');

-- -------------
-- record places
-- record it
INSERT INTO "lyceum"."batches" (dataset, batch_date, delivery_id, content_hash, spec_hash, run_id, published_at, first_date, last_date) VALUES ('places', CAST('2025-06-02' AS DATE), 'bb51499ce0ae3281f83bdeffa31d265569da237036ebea11d37ae4f02676567d', '8f457930417a05fadd91c3ead9fd8d2b458c6e3c41b26bcad32306c36e564b21', 'e61448388d12f6f08fe532272dd721d59e453e0f8787ead7332bc17b7d08f948', 'script', CAST(NULL AS TIMESTAMP), CAST(NULL AS DATE), CAST(NULL AS DATE));

-- ---------------
-- record readings
-- record it
INSERT INTO "lyceum"."batches" (dataset, batch_date, delivery_id, content_hash, spec_hash, run_id, published_at, first_date, last_date) VALUES ('readings', CAST('2025-06-02' AS DATE), 'da372c160b5b1d44211493b271dcc0848590fee7c3910963ab1f3e770792187e', 'f4562f34a4dc0993b19db106220b4b7c12047bc931ffc7ad403863ad908f94e9', '9476130d3b1ab815a21f095810d54f175f4d2094daf577f53fdb73514a166d57', 'script', CAST(NULL AS TIMESTAMP), CAST('2000-01-01' AS DATE), CAST('2050-12-31' AS DATE));

-- ------
-- record
-- keep the rejected rows
INSERT INTO "lyceum"."quarantine" (record_id, run_id, dataset, batch_date, delivery_id, file, content_id, line, element, byte_offset, byte_length, raw_text, stored_as, reasons, kind, state)
SELECT record_id, run_id, dataset, batch_date, delivery_id, file, content_id, line, element, byte_offset, byte_length, raw_text, stored_as, reasons, kind, CAST('open' AS VARCHAR(16)) FROM "star"."ld_00script_quarantine";
-- record the run
INSERT INTO "lyceum"."runs" (run_id, pipeline, batch_date, state, exit_code, started_at, ended_at, lyceum_version, message) VALUES ('script', 'readings', CAST('2025-06-02' AS DATE), 'published', 0, CAST(clock_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP), CAST(NULL AS TIMESTAMP), '0.1.0', '');

-- ----------------------
-- swap staging_dim_place
-- drop the staging table of the batch before
DROP TABLE IF EXISTS "star"."staging_dim_place";
-- put this batch's in its place
ALTER TABLE "star"."ld_00script_dim_place" RENAME TO "staging_dim_place";

-- -------------------------
-- swap staging_fact_reading
-- drop the staging table of the batch before
DROP TABLE IF EXISTS "star"."staging_fact_reading";
-- put this batch's in its place
ALTER TABLE "star"."ld_00script_fact_reading" RENAME TO "staging_fact_reading";

-- -------
-- publish
-- a run adds a line per file to lyceum.files here, with counts that only it knows
-- all or nothing
COMMIT;

-- What `lyceum run` does for readings on batch date 2025-06-01.

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
-- its private table is a view of the rows
CREATE OR REPLACE TEMP VIEW "ld_0000plan_fact_reading" AS
SELECT "place_id",
  "taken_at",
  "steps",
  "value",
  CAST("taken_at" AS DATE) AS "date_key",
  CAST('2025-06-01' AS DATE) AS "batch_date",
  lyceum_key("place_id", "taken_at") AS "reading_id",
  CASE WHEN "place_id" IS NULL THEN NULL ELSE lyceum_key("place_id") END AS "place_sk"
FROM "_kept_readings";

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
SELECT lyceum_key('readings', CAST('2025-06-01' AS DATE), record.raw_sha256, occurrence) AS record_id,
  'plan' AS run_id, 'readings' AS dataset, CAST('2025-06-01' AS DATE) AS batch_date,
  '76390bf2e2b881695c1d41869aa4f5129d46dd1ee7a854886c0da700f6bd3d5c' AS delivery_id, f.file AS file, f.content_id AS content_id,
  record.line AS line, record.element AS element, ("_pos" & 1099511627775) AS byte_offset,
  record.length AS byte_length, record.raw_text AS raw_text,
  record.stored_as AS stored_as, reasons, kind, 'open' AS state
FROM (SELECT *, CAST(1 AS BIGINT) AS occurrence FROM "_raw_readings"
    WHERE record.raw_sha256 NOT IN (SELECT record.raw_sha256 FROM "_raw_readings" WHERE record.again)
  UNION ALL SELECT *, row_number() OVER (PARTITION BY record.raw_sha256 ORDER BY "_pos")
    FROM "_raw_readings" WHERE record.raw_sha256 IN (SELECT record.raw_sha256 FROM "_raw_readings" WHERE record.again)) AS r
JOIN (VALUES (0, 'readings_20250601.csv', 'a6fd1570025099bbe09d8e43aed5903147d64f34769723704a97fb4be253ff04'), (1, 'readings_20250601_b.csv', 'f770f0b85836aa0c82bb43a692ed3a975e5b133bb020ae99d3bf29e552447ba7')) AS f(file_index, file, content_id)
  ON f.file_index = (r."_pos" >> 40);
-- its private table is a view of the rows
CREATE OR REPLACE TEMP VIEW "ld_0000plan_quarantine" AS
SELECT * FROM "_quarantined_readings";

-- ----
-- gate
-- compares failures with the thresholds; closed, nothing below runs

-- -------
-- publish
-- one transaction from here on
BEGIN;

-- -----------------
-- resolve dim_place
-- collect how the use of 'dim_place' changes
CREATE TEMP TABLE "_uses_dim_place" ("place_sk" VARCHAR(64), "place_id" INTEGER, uses BIGINT);

-- --------------------
-- resolve fact_reading
-- rows of this batch that 'fact_reading' holds now
CREATE TEMP TABLE "_old_fact_reading" AS
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "main"."fact_reading" WHERE "batch_date" = CAST('2025-06-01' AS DATE) AND "date_key" BETWEEN CAST('2025-06-01' AS DATE) AND CAST('2025-06-01' AS DATE);
-- rows of this batch that wait now
CREATE TEMP TABLE "_oldwait_fact_reading" AS
SELECT "reading_id", "date_key" FROM "lyceum"."waiting_fact_reading" WHERE "batch_date" = CAST('2025-06-01' AS DATE) AND "date_key" BETWEEN CAST('2025-06-01' AS DATE) AND CAST('2025-06-01' AS DATE);
-- rows of other batches with the same event keys
CREATE TEMP TABLE "_other_fact_reading" AS
SELECT "reading_id", "batch_date", 1 AS in_fact FROM "main"."fact_reading"
WHERE "batch_date" <> CAST('2025-06-01' AS DATE) AND "date_key" BETWEEN CAST('2000-01-01' AS DATE) AND CAST('2050-12-31' AS DATE) AND "reading_id" IN (SELECT "reading_id" FROM "ld_0000plan_fact_reading" UNION ALL
  SELECT "reading_id" FROM "_old_fact_reading" UNION ALL SELECT "reading_id" FROM "_oldwait_fact_reading")
UNION ALL SELECT "reading_id", "batch_date", 0 AS in_fact FROM "lyceum"."waiting_fact_reading"
WHERE "batch_date" <> CAST('2025-06-01' AS DATE) AND "date_key" BETWEEN CAST('2000-01-01' AS DATE) AND CAST('2050-12-31' AS DATE) AND "reading_id" IN (SELECT "reading_id" FROM "ld_0000plan_fact_reading" UNION ALL
  SELECT "reading_id" FROM "_old_fact_reading" UNION ALL SELECT "reading_id" FROM "_oldwait_fact_reading");
-- the smallest other batch date of each key
CREATE TEMP TABLE "_first_fact_reading" AS
SELECT "reading_id", min("batch_date") AS "batch_date" FROM "_other_fact_reading" GROUP BY "reading_id";
-- new rows that wait behind an earlier batch
CREATE TEMP TABLE "_late_fact_reading" AS
SELECT "reading_id" FROM "_first_fact_reading" WHERE "batch_date" < CAST('2025-06-01' AS DATE) AND "reading_id" IN (SELECT "reading_id" FROM "ld_0000plan_fact_reading");
-- rows of later batches that wait behind this one
CREATE TEMP TABLE "_demoted_fact_reading" AS
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "main"."fact_reading" WHERE "batch_date" > CAST('2025-06-01' AS DATE) AND "date_key" BETWEEN CAST('2000-01-01' AS DATE) AND CAST('2050-12-31' AS DATE) AND "reading_id" IN
  (SELECT "reading_id" FROM "_other_fact_reading" WHERE in_fact = 1 AND "batch_date" > CAST('2025-06-01' AS DATE)
   AND "reading_id" IN (SELECT "reading_id" FROM "ld_0000plan_fact_reading"));
-- waiting rows that this batch no longer holds back
CREATE TEMP TABLE "_promoted_fact_reading" AS
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "lyceum"."waiting_fact_reading" WHERE "batch_date" <> CAST('2025-06-01' AS DATE) AND "date_key" BETWEEN CAST('2000-01-01' AS DATE) AND CAST('2050-12-31' AS DATE) AND EXISTS
  (SELECT 1 FROM "_first_fact_reading" WHERE "_first_fact_reading"."reading_id" = "lyceum"."waiting_fact_reading"."reading_id"
   AND "_first_fact_reading"."batch_date" = "lyceum"."waiting_fact_reading"."batch_date")
  AND NOT EXISTS (SELECT 1 FROM "_other_fact_reading" WHERE "_other_fact_reading"."reading_id" = "lyceum"."waiting_fact_reading"."reading_id"
   AND "_other_fact_reading"."batch_date" = "lyceum"."waiting_fact_reading"."batch_date" AND "_other_fact_reading".in_fact = 1)
  AND NOT ("batch_date" > CAST('2025-06-01' AS DATE) AND "reading_id" IN (SELECT "reading_id" FROM "ld_0000plan_fact_reading"));
-- dates that change
CREATE TEMP TABLE "_touched_fact_reading" AS
SELECT DISTINCT "date_key" FROM (SELECT "date_key" FROM "ld_0000plan_fact_reading" UNION ALL SELECT "date_key" FROM "_old_fact_reading" UNION ALL SELECT "date_key" FROM "_demoted_fact_reading" UNION ALL SELECT "date_key" FROM "_promoted_fact_reading") AS d;
-- count how 'fact_reading' changes the use of 'dim_place'
INSERT INTO "_uses_dim_place"
SELECT lyceum_key("place_id"), "place_id", uses FROM (SELECT "place_id", count(*) AS uses FROM "ld_0000plan_fact_reading" AS s WHERE NOT EXISTS (SELECT 1 FROM "_late_fact_reading" AS l WHERE l."reading_id" = s."reading_id") AND "place_id" IS NOT NULL GROUP BY "place_id") AS u
UNION ALL SELECT lyceum_key("place_id"), "place_id", -uses FROM (SELECT "place_id", count(*) AS uses FROM "_old_fact_reading" WHERE TRUE AND "place_id" IS NOT NULL GROUP BY "place_id") AS u
UNION ALL SELECT lyceum_key("place_id"), "place_id", uses FROM (SELECT "place_id", count(*) AS uses FROM "_promoted_fact_reading" WHERE TRUE AND "place_id" IS NOT NULL GROUP BY "place_id") AS u
UNION ALL SELECT lyceum_key("place_id"), "place_id", -uses FROM (SELECT "place_id", count(*) AS uses FROM "_demoted_fact_reading" WHERE TRUE AND "place_id" IS NOT NULL GROUP BY "place_id") AS u;

-- -----------------
-- resolve dim_place
-- uses of each member of 'dim_place' after this publish
CREATE TEMP TABLE "_need_dim_place" AS
SELECT "place_sk", CAST(sum(uses) AS BIGINT) AS uses FROM (SELECT "place_sk", uses FROM "_uses_dim_place"
  UNION ALL SELECT member_key, uses FROM "lyceum"."uses" WHERE dimension = 'dim_place' AND member_key IN
    (SELECT "place_sk" FROM "_uses_dim_place")) AS u
GROUP BY "place_sk";
-- members that come or change
CREATE TEMP TABLE "_change_dim_place" AS
SELECT u."place_id" AS "place_id", CAST(NULL AS VARCHAR) AS "place_name", u."place_sk" AS "place_sk", TRUE AS "is_inferred" FROM "_uses_dim_place" AS u JOIN "_need_dim_place" AS n ON n."place_sk" = u."place_sk" WHERE n.uses > 0 AND NOT EXISTS (SELECT 1 FROM "main"."dim_place" AS x WHERE x."place_sk" = u."place_sk") GROUP BY u."place_sk", u."place_id";
-- members that go
CREATE TEMP TABLE "_gone_dim_place" AS
SELECT d."place_sk" AS "place_sk" FROM "main"."dim_place" AS d JOIN "_need_dim_place" AS n ON n."place_sk" = d."place_sk" WHERE n.uses <= 0 AND d."is_inferred";

-- ---------------------
-- refresh daily_reading
-- dates of 'daily_reading' that change
CREATE TEMP TABLE "_touched_daily_reading" AS
SELECT "date_key" FROM "_touched_fact_reading";

-- ---------------
-- merge dim_place
-- delete members of 'dim_place' that go
DELETE FROM "main"."dim_place" WHERE "place_sk" IN (SELECT "place_sk" FROM "_gone_dim_place");
-- replace their use counts
DELETE FROM "lyceum"."uses" WHERE dimension = 'dim_place' AND member_key IN (SELECT "place_sk" FROM "_need_dim_place");

-- --------------------
-- replace fact_reading
-- take the old batch out of 'fact_reading'
DELETE FROM "main"."fact_reading" WHERE "batch_date" = CAST('2025-06-01' AS DATE) AND "date_key" BETWEEN CAST('2025-06-01' AS DATE) AND CAST('2025-06-01' AS DATE);
-- take out rows that now wait
DELETE FROM "main"."fact_reading" WHERE "batch_date" > CAST('2025-06-01' AS DATE) AND "reading_id" IN (SELECT "reading_id" FROM "_demoted_fact_reading") AND "date_key" IN (SELECT "date_key" FROM "_demoted_fact_reading");
-- take the old batch out of the waiting rows
DELETE FROM "lyceum"."waiting_fact_reading" WHERE "batch_date" = CAST('2025-06-01' AS DATE) AND "date_key" BETWEEN CAST('2025-06-01' AS DATE) AND CAST('2025-06-01' AS DATE);
-- release rows that wait no longer
DELETE FROM "lyceum"."waiting_fact_reading" WHERE EXISTS (SELECT 1 FROM "_promoted_fact_reading" WHERE "_promoted_fact_reading"."reading_id" = "lyceum"."waiting_fact_reading"."reading_id" AND "_promoted_fact_reading"."batch_date" = "lyceum"."waiting_fact_reading"."batch_date");

-- ---------------------
-- refresh daily_reading
-- take them out of 'daily_reading'
DELETE FROM "main"."daily_reading" WHERE "date_key" IN (SELECT "date_key" FROM "_touched_daily_reading");
-- forget the old definition
DELETE FROM "lyceum"."marts" WHERE table_name = 'daily_reading';

-- ---------------
-- record readings
-- replace the current content of 'readings'
DELETE FROM "lyceum"."batches" WHERE dataset = 'readings' AND batch_date = CAST('2025-06-01' AS DATE);
-- close the records of the replaced rows
UPDATE "lyceum"."quarantine" SET state = 'superseded' WHERE state = 'open' AND dataset = 'readings' AND batch_date = CAST('2025-06-01' AS DATE);
-- drop the ledger lines of the replaced files
DELETE FROM "lyceum"."files" WHERE dataset = 'readings' AND batch_date = CAST('2025-06-01' AS DATE);

-- ------
-- record
-- drop what earlier runs of this date rejected behind a closed gate
DELETE FROM "lyceum"."quarantine" WHERE state = 'not_published' AND run_id IN
  (SELECT run_id FROM "lyceum"."runs" WHERE batch_date = CAST('2025-06-01' AS DATE));
-- replace the run's record
DELETE FROM "lyceum"."runs" WHERE run_id = 'plan';
-- replace the run's record
DELETE FROM "lyceum"."quality_results" WHERE run_id = 'plan';

-- ---------------
-- merge dim_place
-- merge members of 'dim_place', real and placeholder
MERGE INTO "main"."dim_place" USING "_change_dim_place" ON "main"."dim_place"."place_sk" = "_change_dim_place"."place_sk"
WHEN MATCHED THEN UPDATE SET "place_id" = "_change_dim_place"."place_id", "place_name" = "_change_dim_place"."place_name", "is_inferred" = "_change_dim_place"."is_inferred"
WHEN NOT MATCHED THEN INSERT ("place_id", "place_name", "place_sk", "is_inferred") VALUES ("_change_dim_place"."place_id", "_change_dim_place"."place_name", "_change_dim_place"."place_sk", "_change_dim_place"."is_inferred");
-- keep use counts above zero
INSERT INTO "lyceum"."uses" (dimension, member_key, uses)
SELECT CAST('dim_place' AS VARCHAR(256)), "place_sk", uses FROM "_need_dim_place" WHERE uses > 0;

-- --------------------
-- replace fact_reading
-- put the new batch into 'fact_reading'
INSERT INTO "main"."fact_reading" ("place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk")
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "ld_0000plan_fact_reading" AS s WHERE NOT EXISTS (SELECT 1 FROM "_late_fact_reading" AS l WHERE l."reading_id" = s."reading_id");
-- put in released rows
INSERT INTO "main"."fact_reading" ("place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk")
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "_promoted_fact_reading";
-- let rows wait
INSERT INTO "lyceum"."waiting_fact_reading" ("place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk", reason)
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk", CAST('overlap' AS VARCHAR(32)) FROM "ld_0000plan_fact_reading" AS s WHERE EXISTS (SELECT 1 FROM "_late_fact_reading" AS l WHERE l."reading_id" = s."reading_id")
UNION ALL SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk", CAST('overlap' AS VARCHAR(32)) FROM "_demoted_fact_reading";

-- ---------------------
-- refresh daily_reading
-- aggregate 'daily_reading' anew
INSERT INTO "main"."daily_reading" ("place_id", "place_sk", "date_key", "readings", "average_value")
SELECT "place_id", CASE WHEN "place_id" IS NULL THEN NULL ELSE lyceum_key("place_id") END AS "place_sk", "date_key", CAST(sum("readings") AS BIGINT) AS "readings",
  CASE WHEN sum("_count_average_value") = 0 THEN NULL ELSE CAST(CAST((CASE WHEN sum("average_value") < 0 THEN -1 ELSE 1 END * ((2 * abs(CAST(sum("average_value") AS HUGEINT)) * 100 + (CAST(sum("_count_average_value") AS HUGEINT) * 1)) // (2 * (CAST(sum("_count_average_value") AS HUGEINT) * 1)))) AS DECIMAL(33, 0)) * 0.0001 AS DECIMAL(8,4)) END AS "average_value"
FROM (SELECT "place_id", "date_key", CASE WHEN TRUE THEN 1 ELSE 0 END AS "readings", CASE WHEN TRUE THEN CAST(CAST("value" AS DECIMAL(38,2)) * 100 AS HUGEINT) END AS "average_value", CASE WHEN (TRUE) AND "value" IS NOT NULL THEN 1 ELSE 0 END AS "_count_average_value"
  FROM "main"."fact_reading" WHERE "date_key" IN (SELECT "date_key" FROM "_touched_daily_reading")) AS s
GROUP BY "place_id", "date_key";
-- note the definition
INSERT INTO "lyceum"."marts" (table_name, definition_hash) VALUES ('daily_reading', 'd7763c274d8704cea59734f31c7f52443d6705b39f93c315d41a1c988b143981');

-- ---------------
-- record readings
-- record it
INSERT INTO "lyceum"."batches" (dataset, batch_date, delivery_id, content_hash, spec_hash, run_id, published_at, first_date, last_date) VALUES ('readings', CAST('2025-06-01' AS DATE), '76390bf2e2b881695c1d41869aa4f5129d46dd1ee7a854886c0da700f6bd3d5c', '9f7f7b9534ba41bb76f1261183359cda0f8437a68dc3baaf713cbfee92b33e9d', '9476130d3b1ab815a21f095810d54f175f4d2094daf577f53fdb73514a166d57', 'plan', CAST(NULL AS TIMESTAMP), CAST('2000-01-01' AS DATE), CAST('2050-12-31' AS DATE));

-- ------
-- record
-- keep the rejected rows
INSERT INTO "lyceum"."quarantine" (record_id, run_id, dataset, batch_date, delivery_id, file, content_id, line, element, byte_offset, byte_length, raw_text, stored_as, reasons, kind, state)
SELECT record_id, run_id, dataset, batch_date, delivery_id, file, content_id, line, element, byte_offset, byte_length, raw_text, stored_as, reasons, kind, CAST('open' AS VARCHAR(16)) FROM "ld_0000plan_quarantine";
-- record the run
INSERT INTO "lyceum"."runs" (run_id, pipeline, batch_date, state, exit_code, started_at, ended_at, lyceum_version, message) VALUES ('plan', 'readings', CAST('2025-06-01' AS DATE), 'published', 0, CAST(NULL AS TIMESTAMP), CAST(NULL AS TIMESTAMP), '0.1.0', '');

-- -------------------------
-- swap staging_fact_reading
-- show the rows of this batch
CREATE OR REPLACE VIEW "main"."staging_fact_reading" AS
SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "main"."fact_reading" WHERE "batch_date" = CAST('2025-06-01' AS DATE)
UNION ALL SELECT "place_id", "taken_at", "steps", "value", "date_key", "batch_date", "reading_id", "place_sk" FROM "lyceum"."waiting_fact_reading" WHERE "batch_date" = CAST('2025-06-01' AS DATE);

-- -------
-- publish
-- a run adds a line per file to lyceum.files here, with counts that only it knows
-- all or nothing
COMMIT;

-- SPDX-FileCopyrightText: The x402j authors
-- SPDX-License-Identifier: Apache-2.0
--
-- The table of JdbcDiscoveryCatalog. Plain SQL: the same on PostgreSQL, H2, HSQLDB and Derby.
-- Times are milliseconds since 1970. The catalog needs SELECT, INSERT, UPDATE and DELETE on it.

-- One row for each resource that is listed. "listing" is what is shown of it, as JSON; the other columns are what it is
-- found by.
CREATE TABLE x402_resource (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  updated_at BIGINT NOT NULL,
  kind VARCHAR(16) NOT NULL,
  pay_to VARCHAR(42) NOT NULL,
  ways VARCHAR(1024) NOT NULL,
  extensions VARCHAR(256) NOT NULL,
  search_text VARCHAR(4000) NOT NULL,
  listing VARCHAR(16000) NOT NULL
);

CREATE INDEX x402_resource_time ON x402_resource (updated_at);

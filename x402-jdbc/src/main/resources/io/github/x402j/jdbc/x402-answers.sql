-- SPDX-FileCopyrightText: The x402j authors
-- SPDX-License-Identifier: Apache-2.0
--
-- The tables of JdbcAnswerStore. Plain SQL: the same on PostgreSQL, H2, HSQLDB and Derby.
-- Times are milliseconds since 1970. The store needs SELECT, INSERT, UPDATE and DELETE on them.

-- One row for each payment that has a name: hashes of the name with its payer, and of the payment; how far its
-- answer has come (TAKEN, NOT_KEPT, KEPT), and how long that is.
CREATE TABLE x402_answer (
  name_hash VARCHAR(64) NOT NULL PRIMARY KEY,
  binding_hash VARCHAR(64) NOT NULL,
  state VARCHAR(8) NOT NULL,
  parts INTEGER DEFAULT 0 NOT NULL,
  size_bytes BIGINT DEFAULT 0 NOT NULL,
  keep_until BIGINT NOT NULL
);

CREATE INDEX x402_answer_keep ON x402_answer (keep_until);

-- The answers, in base64, in parts. They are what was paid for: whoever reads this table has it.
CREATE TABLE x402_answer_part (
  name_hash VARCHAR(64) NOT NULL,
  part INTEGER NOT NULL,
  content VARCHAR(16000) NOT NULL,
  PRIMARY KEY (name_hash, part)
);

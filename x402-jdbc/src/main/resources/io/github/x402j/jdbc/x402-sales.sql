-- SPDX-FileCopyrightText: The x402j authors
-- SPDX-License-Identifier: Apache-2.0
--
-- The table of JdbcSalesBook. Plain SQL: the same on PostgreSQL, H2, HSQLDB and Derby.
-- Times are milliseconds since 1970. The book needs SELECT, INSERT, UPDATE and DELETE on it.

-- One row for each sale. While its outcome is not known, "payment" holds what is needed to ask for it, and "ask_at" the
-- time from which to ask; both are emptied with the outcome.
CREATE TABLE x402_sale (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  sold_at BIGINT NOT NULL,
  state VARCHAR(9) NOT NULL,
  route VARCHAR(512) NOT NULL,
  payer VARCHAR(42) NOT NULL,
  pay_to VARCHAR(42) NOT NULL,
  network VARCHAR(32) NOT NULL,
  asset VARCHAR(42) NOT NULL,
  symbol VARCHAR(64),
  decimals INTEGER,
  amount VARCHAR(78) NOT NULL,
  tx_hash VARCHAR(128),
  pass_id VARCHAR(128),
  reason VARCHAR(256),
  payment VARCHAR(8192),
  ask_at BIGINT
);

CREATE INDEX x402_sale_time ON x402_sale (sold_at);

CREATE INDEX x402_sale_ask ON x402_sale (ask_at);

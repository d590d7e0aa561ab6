-- SPDX-FileCopyrightText: The x402j authors
-- SPDX-License-Identifier: Apache-2.0
--
-- The tables of JdbcPaymentLedger. Plain SQL: the same on PostgreSQL, H2, HSQLDB and Derby.
-- Times are milliseconds since 1970. The ledger needs SELECT, INSERT, UPDATE and DELETE on them.

-- One row: the name of this store, which the first ledger writes.
CREATE TABLE x402_store (
  slot INTEGER NOT NULL PRIMARY KEY,
  id VARCHAR(64) NOT NULL
);

-- One row for each running ledger; what it holds is taken over when its lease has run out.
CREATE TABLE x402_instance (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  lease_until BIGINT NOT NULL
);

-- One row for each authorization: its key, a hash of what was signed and what that pays for, how far it has
-- come, how often and when it was delivered, and the transactions that may have moved its money, one on a line.
CREATE TABLE x402_payment (
  network VARCHAR(32) NOT NULL,
  asset VARCHAR(42) NOT NULL,
  payer VARCHAR(42) NOT NULL,
  nonce VARCHAR(66) NOT NULL,
  binding_hash VARCHAR(64) NOT NULL,
  state VARCHAR(9) NOT NULL,
  deliveries INTEGER DEFAULT 0 NOT NULL,
  delivered_at BIGINT,
  tx_hashes VARCHAR(2048),
  hold_id VARCHAR(64) NOT NULL,
  instance_id VARCHAR(36) NOT NULL,
  keep_until BIGINT NOT NULL,
  PRIMARY KEY (network, asset, payer, nonce)
);

CREATE INDEX x402_payment_keep ON x402_payment (keep_until);

-- One row for each receipt that is counted, under a hash of its issuer and number, with how many of its uses
-- were given back because a delivery had broken off.
CREATE TABLE x402_receipt (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  taken BIGINT NOT NULL,
  taken_back INTEGER DEFAULT 0 NOT NULL,
  keep_until BIGINT NOT NULL
);

CREATE INDEX x402_receipt_keep ON x402_receipt (keep_until);

-- One row for each use of a receipt that an exchange holds now; all of them are in "taken", too.
CREATE TABLE x402_use (
  hold_id VARCHAR(64) NOT NULL PRIMARY KEY,
  receipt_id VARCHAR(64) NOT NULL,
  instance_id VARCHAR(36) NOT NULL
);

CREATE INDEX x402_use_receipt ON x402_use (receipt_id);

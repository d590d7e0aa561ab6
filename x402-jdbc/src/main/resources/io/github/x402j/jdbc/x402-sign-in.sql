-- SPDX-FileCopyrightText: The x402j authors
-- SPDX-License-Identifier: Apache-2.0
--
-- The tables of JdbcSignInStore. Plain SQL: the same on PostgreSQL, H2, HSQLDB and Derby.
-- Times are milliseconds since 1970. The store needs SELECT, INSERT, UPDATE and DELETE on them.

-- One row: the secret by which nonces are made, in hex, which the first server writes.
CREATE TABLE x402_sign_in_key (
  slot INTEGER NOT NULL PRIMARY KEY,
  nonce_key VARCHAR(64) NOT NULL
);

-- One row for each payer and item that it has bought: a hash of rule, method and URL, and until when it may sign in.
CREATE TABLE x402_sign_in (
  item VARCHAR(64) NOT NULL,
  payer VARCHAR(42) NOT NULL,
  network VARCHAR(32) NOT NULL,
  open_until BIGINT NOT NULL,
  PRIMARY KEY (item, payer, network)
);

CREATE INDEX x402_sign_in_end ON x402_sign_in (open_until);

-- One row for each sign-in of the last minutes, under its nonce: the next with the same nonce is refused.
CREATE TABLE x402_sign_in_nonce (
  nonce VARCHAR(128) NOT NULL PRIMARY KEY,
  keep_until BIGINT NOT NULL
);

CREATE INDEX x402_sign_in_nonce_keep ON x402_sign_in_nonce (keep_until);

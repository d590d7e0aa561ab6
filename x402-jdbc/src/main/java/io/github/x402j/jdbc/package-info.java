// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The payment ledger, the sales book, stored answers and the journal of wallets in a database.
 * {@link io.github.x402j.jdbc.JdbcPaymentLedger} survives restarts and is shared by all servers
 * that sell for one recipient. It needs a {@link javax.sql.DataSource}, and the tables of {@code
 * x402-ledger.sql}, which is in this package of the jar.
 *
 * <p>{@link io.github.x402j.jdbc.JdbcSalesBook} keeps what was sold, in the table of {@code
 * x402-sales.sql}.
 *
 * <p>{@link io.github.x402j.jdbc.JdbcAnswerStore} keeps the answers of payments that their payers
 * have named, in the tables of {@code x402-answers.sql}.
 *
 * <p>{@link io.github.x402j.jdbc.JdbcJournal} keeps the journal of an agent's wallets; it needs
 * {@code x402-client}, which is an optional dependency here. {@link
 * io.github.x402j.jdbc.SqliteJournal} keeps it in a file, for {@code SpendJournal.file}.
 *
 * <p>All are tested on PostgreSQL, H2, HSQLDB and Derby, and bring no driver.
 */
@NullMarked
package io.github.x402j.jdbc;

import org.jspecify.annotations.NullMarked;

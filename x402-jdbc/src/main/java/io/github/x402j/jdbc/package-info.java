// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The payment ledger in a database. {@link io.github.x402j.jdbc.JdbcPaymentLedger} survives
 * restarts and is shared by all servers that sell for one recipient. It needs a {@link
 * javax.sql.DataSource}, and the tables of {@code x402-ledger.sql}, which is in this package of the
 * jar.
 *
 * <p>It runs on PostgreSQL, MySQL, MariaDB, H2, HSQLDB and Derby, and brings no driver.
 */
@NullMarked
package io.github.x402j.jdbc;

import org.jspecify.annotations.NullMarked;

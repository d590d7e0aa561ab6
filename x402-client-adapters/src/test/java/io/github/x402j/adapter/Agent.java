// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter;

import io.github.x402j.Token;
import io.github.x402j.client.Payer;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** An agent with a wallet for 127.0.0.1. It sends a payment again once. */
record Agent(AgentWallet wallet, SpendJournal journal, Payer payer) {
  static Agent with(EvmSigner signer, Token token, String limit) {
    SpendJournal journal = SpendJournal.inMemory();
    AgentWallet wallet =
        AgentWallet.provision("agent", signer, journal)
            .limit(limit, BillingPeriod.EVER)
            .allowedDomains("127.0.0.1")
            .create();
    return new Agent(wallet, journal, Payer.of(wallet, token).resend(1, Duration.ofSeconds(60)));
  }

  /** Returns the events of the journal, without those that set the wallet up. */
  List<String> events() throws IOException {
    return journal.entries().stream().map(entry -> entry.event().name()).skip(1).toList();
  }
}

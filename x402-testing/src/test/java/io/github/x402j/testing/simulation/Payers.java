// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.TokenAmount;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.PaymentPendingException;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.testing.simulation.Orders.Order;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Those who buy: clients of ours, and imitations of others. */
final class Payers {
  /** The first payers use a client of ours. */
  static final int OURS = 2;

  static final int TWIN_SIGNER = 4;
  static final int WITH_A_CENT = 5;
  private static final Duration BACKDATING = Duration.ofSeconds(60);

  /** Pays again whatever became of the payments before, so that the search sees more of them. */
  private static final SpendingPolicy PAYS_ON =
      SpendingPolicy.empty().maxPerPayment("$100000").allowUndelivered().allowUnresolved();

  private final World world;
  private final Baton.Process process = new Baton.Process("payers");
  private final List<OurPayer> ours = new ArrayList<>();
  private int tasks;
  private long nonces;

  /** One client with its wallet. */
  private record OurPayer(
      PayingHttpClient client,
      AgentWallet wallet,
      VirtualTime.Own clock,
      Map<String, PaymentPendingException> pending) {}

  Payers(World world) {
    this.world = world;
    for (int i = 0; i < OURS; i++) {
      ours.add(ourPayer(i));
    }
  }

  private OurPayer ourPayer(int number) {
    VirtualTime.Own clock = world.stage.time.new Own();
    AgentWallet wallet =
        AgentWallet.provision(
                "payer" + number, world.stage.payers.get(number), SpendJournal.inMemory())
            .limit("$100000", BillingPeriod.EVER)
            .allowedDomains("shop0.example", "shop1.example")
            .policy(PAYS_ON)
            .clock(clock)
            .create();
    PayingHttpClient client =
        PayingHttpClient.over(world.network)
            .wallet(wallet)
            .token(world.stage.token)
            .resend(0, Duration.ZERO)
            .clock(clock)
            .random(new Nonces())
            .build();
    return new OurPayer(client, wallet, clock, new HashMap<>());
  }

  /** Numbers in place of random bytes: a run is the same each time. */
  private final class Nonces extends SecureRandom {
    private static final long serialVersionUID = 1;

    @Override
    public void nextBytes(byte[] bytes) {
      long number = ++nonces;
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (i < bytes.length - 8 ? 0x50 : number >> 8 * (bytes.length - 1 - i));
      }
    }
  }

  private String nonce() {
    return "0x40%062x".formatted(++nonces);
  }

  private void begin(String actor, Runnable body) {
    world.baton.begin(actor + "." + ++tasks, process, body);
  }

  void skew(int payer, Duration ahead) {
    ours.get(payer % OURS).clock.set(ahead);
  }

  // ---- buying

  void buy(int payer, Shop shop, String path) {
    if (payer < OURS) {
      begin("payer" + payer, () -> send(ours.get(payer), shop.url(path)));
    } else {
      pay(payer, shop, path, nonce(), payer == 3);
    }
  }

  private void send(OurPayer payer, String url) {
    try {
      payer
          .client
          .sendAsync(HttpRequest.newBuilder(URI.create(url)).build(), asText())
          .handle((response, failure) -> note(payer, failure))
          .join();
    } catch (RuntimeException e) {
      throw new IllegalStateException("a client of ours failed", e);
    }
  }

  private static HttpResponse.BodyHandler<String> asText() {
    return HttpResponse.BodyHandlers.ofString();
  }

  private static boolean note(OurPayer payer, Throwable failure) {
    Throwable cause = failure != null && failure.getCause() != null ? failure.getCause() : failure;
    Throwable shown = failure instanceof PaymentPendingException ? failure : cause;
    if (shown instanceof PaymentPendingException pending) {
      payer.pending.put(pending.payment().nonce(), pending);
    } else if (shown instanceof Error error) {
      throw error;
    } else if (shown != null
        && !(shown instanceof IOException)
        && !(shown instanceof PaymentDeclinedException)) {
      throw new IllegalStateException(shown);
    }
    return true;
  }

  private void pay(int payer, Shop shop, String path, String nonce, boolean isVersion1) {
    SimulatedNetwork.Request request =
        request(signed(payer, shop.offer(path), nonce), shop.offer(path), path, isVersion1);
    begin("payer" + payer, () -> sendAsIs(shop, request));
  }

  private void sendAsIs(Shop shop, SimulatedNetwork.Request request) {
    try {
      world.network.send(shop.name + ".example", request);
    } catch (IOException e) {
      world.trace.add(() -> world.baton.current() + " gets no answer: " + e.getMessage());
    }
  }

  private ExactEvmPayload signed(int payer, PaymentRequirements offer, String nonce) {
    EvmSigner signer = world.stage.payers.get(payer);
    Instant now = world.stage.time.instant();
    return ExactEvmPayload.sign(
        world.stage.token,
        TransferAuthorization.between(
            signer.address(),
            offer.payTo(),
            offer.amount(),
            now.minus(BACKDATING),
            now.plus(Shop.WINDOW),
            nonce),
        signer);
  }

  private static SimulatedNetwork.Request request(
      ExactEvmPayload payload, PaymentRequirements offer, String path, boolean isVersion1) {
    PaymentPayload message =
        isVersion1
            ? PaymentPayload.v1("exact", offer.network(), payload.toMap())
            : PaymentPayload.v2(offer, payload.toMap());
    String name = isVersion1 ? PaymentHeader.X_PAYMENT : PaymentHeader.PAYMENT_SIGNATURE;
    HttpHeaders headers =
        HttpHeaders.of(
            Map.of(name, List.of(PaymentCodec.encodePayload(message))), (any, value) -> true);
    return new SimulatedNetwork.Request("GET", path, headers, "");
  }

  /** Signs one nonce for two things, and sends both. */
  void twins(Shop one, String path, Shop other, String otherPath) {
    String nonce = nonce();
    pay(TWIN_SIGNER, one, path, nonce, false);
    pay(TWIN_SIGNER, other, otherPath, nonce, false);
  }

  /** Sends more payments than there is money for, all at once. */
  void spendOneCentOften(Shop shop, int payments) {
    for (int i = 0; i < payments; i++) {
      pay(WITH_A_CENT, shop, "/cheap", nonce(), false);
    }
  }

  // ---- sending again

  /** Sends the same request with the same payment again, to this shop. */
  void repeat(Order order, Shop shop) {
    String payer = order.actor.substring(0, order.actor.indexOf('.'));
    int number = Integer.parseInt(payer.substring("payer".length()));
    if (number < OURS && shop == order.shop) {
      OurPayer mine = ours.get(number);
      PaymentPendingException pending = mine.pending.remove(order.nonce);
      if (pending != null) {
        begin(
            payer,
            () ->
                mine.client
                    .resendAsync(pending, asText())
                    .handle((response, failure) -> note(mine, failure))
                    .join());
        return;
      }
    }
    begin(payer, () -> sendAsIs(shop, order.request));
  }

  // ---- strangers

  /** Makes the request again from what the chain shows of a payment. */
  void rebuild(Order order, TransferData data) {
    PaymentRequirements offer =
        PaymentRequirements.exact(
            world.stage.token, TokenAmount.of(order.value), order.shop.payTo, Shop.WINDOW);
    SimulatedNetwork.Request request = request(data.payload(), offer, order.request.path(), false);
    begin("stranger", () -> sendAsIs(order.shop, request));
  }

  /** Sends the authorization to the token before the seller's transaction is mined. */
  void sendEarly(TransferData data) {
    TransferAuthorization signed = data.payload().authorization();
    try {
      world
          .stage
          .chain
          .usdc()
          .transferWithAuthorization(
              world.stage.stranger,
              signed.from().text(),
              signed.to().text(),
              signed.value().atomicUnits(),
              signed.validAfter(),
              signed.validBefore(),
              signed.nonce(),
              data.payload().signature());
    } catch (IllegalStateException e) {
      world.trace.add("the stranger was too late");
    }
  }

  // ---- books

  /** Returns what the book of a payer of ours counts. */
  Dollars spent(int payer) {
    return ours.get(payer).wallet.spent(BillingPeriod.EVER);
  }

  /** Returns whether the payment is one that its payer bound to a secret. */
  static boolean isOfOurs(Order order) {
    for (int i = 0; i < OURS; i++) {
      if (order.actor.startsWith("payer" + i + ".")) {
        return true;
      }
    }
    return false;
  }
}

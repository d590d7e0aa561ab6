// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Bytes32;
import io.github.x402j.Facilitator;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ReceiptKey;
import io.github.x402j.SchemePayload;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.Verification;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentListener;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.VerifiedPayment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A gate whose ledger's database is away, slow, or loses its answers. */
class LedgerTroubleTest {
  private static final String NOISE = "SELECT secret FROM nowhere";
  private static final String TX = "0x" + "cd".repeat(32);
  private static final Address PAYER = Address.parse("0x857b06519E91e3A54538791bDbb0E22373e36b66");
  private static final PaymentRequirements OFFER =
      PaymentRequirements.exact(
          Usdc.BASE,
          TokenAmount.of(10_000),
          Address.parse("0x209693Bc6afc0C5328bA36FaF03C514EF312287C"),
          Duration.ofSeconds(60));
  private static final String HEADER =
      PaymentCodec.encodePayload(PaymentPayload.v2(OFFER, Map.of("nonce", "0x" + "01".repeat(32))));
  private static final Settlement SETTLED = new Settlement.Settled(TX, PAYER, OFFER.amount());

  /** What a payment holds that no scheme has read. */
  private static final SchemePayload UNREAD = new SchemePayload() {};

  /** A facilitator that finds every payment valid and answers what a test wants. */
  private static final class Script implements Facilitator {
    final AtomicInteger verifications = new AtomicInteger();
    final AtomicInteger settlements = new AtomicInteger();
    final AtomicInteger outcomes = new AtomicInteger();
    volatile Settlement settlement = SETTLED;
    volatile Settlement outcome = SETTLED;

    @Override
    public void start(List<PaymentRequirements> offered) {}

    @Override
    public boolean supports(String scheme, Network network) {
      return true;
    }

    @Override
    public Verification check(PaymentPayload payload, PaymentRequirements offer) {
      String nonce = (String) payload.payload().get("nonce");
      PaymentKey key = new PaymentKey(offer.network(), offer.asset(), PAYER, nonce);
      return new Verification.Valid(
          new SignedPayment(
              payload, offer, key, new Bytes32(nonce), Instant.now().plusSeconds(60), UNREAD));
    }

    @Override
    public Verification verify(SignedPayment payment) {
      verifications.incrementAndGet();
      return new Verification.Valid(payment);
    }

    @Override
    public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast) {
      settlements.incrementAndGet();
      beforeBroadcast.sending(TX);
      return settlement;
    }

    @Override
    public Settlement outcome(SignedPayment payment, List<String> transactions) {
      outcomes.incrementAndGet();
      return outcome;
    }
  }

  private final JdbcConnectionPool pool =
      JdbcConnectionPool.create(
          "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=30000", "sa", "");
  private final Script chain = new Script();
  private final List<String> unavailable = new CopyOnWriteArrayList<>();
  private final AtomicInteger deadlines = new AtomicInteger();
  private final AtomicInteger withoutDeadline = new AtomicInteger();
  private volatile boolean away;
  private volatile boolean losesAnswers;
  private JdbcPaymentLedger ledger;
  private PaymentGate gate;
  private Challenge challenge;

  @BeforeEach
  void open() throws SQLException {
    JdbcPaymentLedger.createTables(pool);
    ledger = JdbcPaymentLedger.builder(flaky()).queryTimeout(Duration.ofSeconds(1)).open();
    gate =
        PaymentGate.builder()
            .ledger(ledger)
            .facilitator(chain)
            .listener(
                new PaymentListener() {
                  @Override
                  public void unavailable(PaymentRequired required, String what) {
                    unavailable.add(what);
                  }
                })
            .build();
    challenge = Shop.challenge(gate, OFFER);
  }

  @AfterEach
  void close() throws SQLException {
    away = false;
    losesAnswers = false;
    ledger.close();
    try (Connection connection = pool.getConnection()) {
      connection.createStatement().execute("SHUTDOWN");
    }
    pool.dispose();
  }

  private DataSource flaky() {
    return proxy(
        DataSource.class,
        (method, args) -> {
          if (away) {
            throw new SQLException(NOISE, "08001");
          }
          return method.equals("getConnection") ? connection(pool.getConnection()) : null;
        });
  }

  private Connection connection(Connection real) {
    return proxy(
        Connection.class,
        (method, args) -> {
          Object result = call(Connection.class, real, method, args);
          return result instanceof PreparedStatement statement ? statement(statement) : result;
        });
  }

  private PreparedStatement statement(PreparedStatement real) {
    boolean[] hasDeadline = {false};
    return proxy(
        PreparedStatement.class,
        (method, args) -> {
          if (method.equals("setQueryTimeout")) {
            hasDeadline[0] = args[0].equals(1);
            deadlines.incrementAndGet();
          } else if (method.startsWith("execute") && !hasDeadline[0]) {
            withoutDeadline.incrementAndGet();
          }
          Object result = call(PreparedStatement.class, real, method, args);
          if (losesAnswers && method.equals("executeUpdate")) {
            throw new SQLException(NOISE, "08006"); // it was done, and nobody is told
          }
          return result;
        });
  }

  private interface Handler {
    Object handle(String method, Object[] args) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, Handler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, args) -> handler.handle(method.getName(), args)));
  }

  private static Object call(Class<?> type, Object target, String name, Object[] args)
      throws Throwable {
    int count = args == null ? 0 : args.length;
    for (var method : type.getMethods()) {
      if (method.getName().equals(name)
          && method.getParameterCount() == count
          && fits(method.getParameterTypes(), args)) {
        try {
          return method.invoke(target, args);
        } catch (InvocationTargetException e) {
          throw e.getCause();
        }
      }
    }
    throw new AssertionError(name);
  }

  private static boolean fits(Class<?>[] types, Object[] args) {
    for (int i = 0; i < types.length; i++) {
      Class<?> boxed = java.lang.invoke.MethodType.methodType(types[i]).wrap().returnType();
      if (args[i] != null && !boxed.isInstance(args[i])) {
        return false;
      }
    }
    return true;
  }

  private Admission pay() {
    return Shop.admit(gate, challenge, Shop.REQUEST, HEADER);
  }

  private VerifiedPayment admitted() {
    return ((Admission.Admitted) pay()).payment();
  }

  private static int status(Admission admission) {
    return ((Admission.Refused) admission).refusal().status();
  }

  /** Waits for the ledger's pending writes, and returns the payment as it is taken then. */
  private VerifiedPayment admittedSoon() throws InterruptedException {
    for (int i = 0; i < 100; i++) {
      if (pay() instanceof Admission.Admitted admitted) {
        return admitted.payment();
      }
      Thread.sleep(50);
    }
    throw new AssertionError("the payment is not taken any more");
  }

  @Test
  void answers503WithoutTheDatabaseAndAsksNobody() {
    away = true;
    Refusal refusal = ((Admission.Refused) pay()).refusal();
    assertThat(refusal.status()).isEqualTo(503);
    assertThat(refusal.headers()).doesNotContainKey("PAYMENT-REQUIRED");
    assertThat(refusal.body() + refusal.headers()).doesNotContainIgnoringCase("select", "sql");
    assertThat(unavailable).singleElement().asString().contains("08001").doesNotContain(NOISE);
    assertThat(chain.verifications).hasValue(0);
  }

  @Test
  void sendsNothingWhenTheTransactionCannotBeRecorded() throws Exception {
    VerifiedPayment payment = admitted();
    away = true;
    assertThat(gate.settle(payment)).isEqualTo(new Settlement.Pending(null));
    assertThat(chain.settlements).hasValue(1);
    assertThat(ledger.toString()).contains("instance=");
    away = false;
    chain.outcome = new Settlement.Pending(null);
    assertThat(status(pay())).isEqualTo(503);
    chain.outcome = SETTLED;
    admittedSoon();
  }

  @Test
  void deliversNothingWhenTheDeliveryCannotBeRecordedAndLetsItBeFetchedLater() throws Exception {
    VerifiedPayment payment = admitted();
    gate.settle(payment);
    away = true;
    assertThatThrownBy(() -> gate.delivered(payment)).isInstanceOf(LedgerException.class);
    away = false;
    VerifiedPayment again = admittedSoon();
    gate.settle(again);
    gate.delivered(again);
    assertThat(status(pay())).isEqualTo(402);
    assertThat(chain.settlements).hasValue(1);
  }

  @Test
  void takesADeliveryBackOfWhichTheDatabaseDidNotTellThatItWasRecorded() throws Exception {
    VerifiedPayment payment = admitted();
    gate.settle(payment);
    losesAnswers = true;
    assertThatThrownBy(() -> gate.delivered(payment)).isInstanceOf(LedgerException.class);
    losesAnswers = false;
    gate.delivered(admittedSoon());
    assertThat(status(pay())).isEqualTo(402);
    assertThat(chain.settlements).hasValue(1);
  }

  @Test
  void forgetsAClaimOfWhichTheDatabaseDidNotTell() throws Exception {
    losesAnswers = true;
    assertThat(status(pay())).isEqualTo(503);
    losesAnswers = false;
    admittedSoon();
    assertThat(chain.outcomes).hasValue(0); // it is as new
  }

  @Test
  void resumesAgainWhatTheDatabaseDidNotTellThatItWasResumed() throws Exception {
    chain.settlement = new Settlement.Pending(TX);
    gate.settle(admitted());
    losesAnswers = true;
    assertThat(status(pay())).isEqualTo(503);
    losesAnswers = false;
    gate.delivered(admittedSoon());
    assertThat(chain.settlements).hasValue(1);
  }

  @Test
  void letsAHandlersFailureThroughWhenItsPaymentCannotBeReleased() throws Exception {
    VerifiedPayment payment = admitted();
    away = true;
    gate.release(payment);
    assertThat(unavailable).hasSize(1);
    away = false;
    admittedSoon();
    assertThat(chain.outcomes).hasValue(0); // released it was
  }

  @Test
  void givesEveryStatementADeadline() {
    VerifiedPayment payment = admitted();
    gate.settle(payment);
    gate.delivered(payment);
    Shop.admit(gate, challenge, "GET /b", HEADER);
    assertThat(withoutDeadline).hasValue(0);
    assertThat(deadlines).hasValueGreaterThan(4);
  }

  @Test
  void countsAUseOfAReceiptOfWhichTheDatabaseDidNotTellAtMostOnce() throws Exception {
    ReceiptKey receipt = new ReceiptKey("https://pay.example", "1");
    var later = Instant.now().plusSeconds(600);
    ledger.use(receipt, 2, later);
    ledger.useReleased(receipt);
    losesAnswers = true;
    assertThatThrownBy(() -> ledger.use(receipt, 2, later)).isInstanceOf(LedgerException.class);
    losesAnswers = false;
    away = true;
    ledgerRefuses(() -> ledger.use(receipt, 2, later));
    away = false;
    assertThat(ledger.use(receipt, 2, later)).isInstanceOf(PaymentLedger.Use.Granted.class);
    away = true;
    ledgerRefuses(() -> ledger.useReleased(receipt));
    away = false;
    for (int i = 0; i < 100; i++) { // both writes have been made
      if (ledger.use(receipt, 2, later).equals(new PaymentLedger.Use.Granted(1))) {
        return;
      }
      ledger.useReleased(receipt);
      Thread.sleep(50);
    }
    throw new AssertionError("a use is lost");
  }

  private static void ledgerRefuses(Runnable call) {
    assertThatThrownBy(call::run).isInstanceOf(LedgerException.class);
  }
}

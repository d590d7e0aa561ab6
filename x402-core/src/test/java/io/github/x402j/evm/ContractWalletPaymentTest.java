// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.Hashes;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.WalletSignatures;
import io.github.x402j.gate.Untouchable;
import io.github.x402j.testing.TestWallet;
import io.github.x402j.testing.WalletBehaviour;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Payers that are contracts (EIP-1271), on a local chain or the node of {@code -Dx402.rpc}. */
class ContractWalletPaymentTest {
  private static Shop shop;
  private static EvmFacilitator strict;
  private static EvmFacilitator open;

  @BeforeAll
  static void open() {
    shop = Shop.open();
    strict = shop.builder().build();
    open = shop.builder().acceptContractWallets().build();
  }

  @AfterAll
  static void close() {
    shop.close();
  }

  private static Verification check(EvmFacilitator facilitator, ExactEvmPayload payload)
      throws Exception {
    return facilitator.check(PaymentPayload.v2(shop.offer, payload.toMap()), shop.offer);
  }

  private static void assertSignatureRefused(Verification verification) {
    assertThat(verification)
        .isInstanceOfSatisfying(
            Verification.Invalid.class,
            invalid -> assertThat(invalid.reason()).isEqualTo(ErrorReason.INVALID_SIGNATURE));
  }

  private static ExactEvmPayload payloadOf(String wallet, TestWallet owner) {
    return shop.sign(shop.authorization(wallet), owner);
  }

  @Test
  void refusesAContractUnlessSwitchedOn() throws Exception {
    TestWallet owner = TestWallet.random();
    String wallet = shop.chain.deployContractWallet(owner.address());

    assertSignatureRefused(check(strict, payloadOf(wallet, owner)));
  }

  @Test
  void settlesForAContractWhoseOwnerSigned() throws Exception {
    TestWallet owner = TestWallet.random();
    String wallet = shop.chain.deployContractWallet(owner.address());
    shop.usdc.mint(wallet, 15_000);
    long before = shop.earned();

    SignedPayment payment = ((Verification.Valid) check(open, payloadOf(wallet, owner))).payment();
    assertThat(payment.payer().text()).isEqualTo(wallet);
    assertThat(open.verify(payment)).isInstanceOf(Verification.Valid.class);
    assertThat(open.settle(payment, hash -> {})).isInstanceOf(Settlement.Settled.class);
    assertThat(shop.balance(payment.payer())).isEqualTo(5_000);
    assertThat(shop.earned()).isEqualTo(before + 10_000);
  }

  @Test
  void refusesASignatureThatIsNotTheOwners() throws Exception {
    String wallet = shop.chain.deployContractWallet(TestWallet.random().address());

    assertSignatureRefused(check(open, payloadOf(wallet, TestWallet.random())));
  }

  @ParameterizedTest
  @EnumSource(names = {"REVERTS", "BURNS_ALL_GAS", "RETURNS_NOTHING"})
  void refusesAContractThatDoesNotSayYes(WalletBehaviour behaviour) throws Exception {
    TestWallet owner = TestWallet.random();
    String wallet = shop.chain.deployContractWallet(owner.address(), behaviour);

    assertSignatureRefused(check(open, payloadOf(wallet, owner)));
  }

  @Test
  void takesFromAContractThatApprovesAnythingOnlyItsOwnMoney() throws Exception {
    String wallet =
        shop.chain.deployContractWallet(
            TestWallet.random().address(), WalletBehaviour.APPROVES_ANYTHING);
    ExactEvmPayload payload = payloadOf(wallet, TestWallet.random());
    SignedPayment poor = ((Verification.Valid) check(open, payload)).payment();

    assertThat(open.verify(poor))
        .isInstanceOfSatisfying(
            Verification.Invalid.class,
            invalid -> assertThat(invalid.reason()).isEqualTo(ErrorReason.INSUFFICIENT_FUNDS));
  }

  /**
   * Else the payer would be told that the chain is down, and could make handlers run for nothing.
   */
  @Test
  void takesAnEstimateThatRunsOutOfGasForATransferThatReverts() throws Exception {
    String wallet =
        shop.chain.deployContractWallet(
            TestWallet.random().address(), WalletBehaviour.BURNS_ALL_GAS);

    Chain.Quote quote =
        shop.rpc.quote(
            new Chain.Call(
                null,
                Address.parse(wallet),
                Eip3009.isValidSignature(new byte[32], new byte[65]),
                true,
                null));
    assertThat(quote.reverted()).isNotNull();
  }

  @Test
  void refusesAnAccountWithoutCodeWhateverTheSignatureIs() throws Exception {
    TestWallet payer = shop.payer(10_000);
    TransferAuthorization authorization = shop.authorization(payer.address());

    assertSignatureRefused(
        check(open, new ExactEvmPayload(authorization, "0x" + "11".repeat(200))));
    assertSignatureRefused(check(open, new ExactEvmPayload(authorization, "0x")));
    assertSignatureRefused(
        check(
            open,
            new ExactEvmPayload(
                shop.authorization("0x0000000000000000000000000000000000000004"),
                "0x" + "11".repeat(65))));
  }

  @Test
  void refusesAWrapperOfEip6492WithoutAskingAnybody() throws Exception {
    EvmFacilitator blind =
        shop.builder(Untouchable.of(Chain.class)).acceptContractWallets().build();
    ExactEvmPayload wrapped =
        new ExactEvmPayload(
            shop.authorization(TestWallet.random().address()),
            "0x" + "11".repeat(96) + "6492".repeat(16));

    assertSignatureRefused(check(blind, wrapped));
  }

  @Test
  void aContractSignsWhatIsNoPaymentWhereItMayPay() throws Exception {
    TestWallet owner = TestWallet.random();
    Address wallet = Address.parse(shop.chain.deployContractWallet(owner.address()));
    byte[] digest = Hashes.sha256("what a wallet signs to sign in");
    String signature = owner.signDigest(digest);
    WalletSignatures wallets = open.wallets();
    Network network = shop.offer.network();

    assertThat(wallets.isOfAccount(Address.parse(owner.address()), digest, signature)).isTrue();
    assertThat(wallets.isOfAccount(wallet, digest, signature)).isFalse();
    assertThat(wallets.asksContracts(network)).isTrue();
    assertThat(wallets.isOfContract(network, wallet, digest, signature)).isTrue();
    assertThat(wallets.isOfContract(network, wallet, Hashes.sha256("other"), signature)).isFalse();
    String longer = signature + "6492".repeat(16);
    assertThat(wallets.isOfContract(network, wallet, digest, longer)).isFalse();
    assertThat(wallets.isOfContract(network, wallet, digest, "signature")).isFalse();
    Address account = Address.parse(owner.address());
    assertThat(wallets.isOfContract(network, account, digest, signature)).isFalse();
    assertThat(strict.wallets().asksContracts(network)).isFalse();
    assertThat(strict.wallets().isOfContract(network, wallet, digest, signature)).isFalse();
  }
}

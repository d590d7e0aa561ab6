// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.math.BigInteger;
import java.util.List;
import org.web3j.abi.FunctionEncoder;
import org.web3j.abi.datatypes.Address;
import org.web3j.abi.datatypes.Function;
import org.web3j.abi.datatypes.Type;
import org.web3j.abi.datatypes.generated.Uint256;
import org.web3j.utils.Numeric;

/** What the test tokens have in common: a contract at an address, asked and changed by its ABI. */
record Erc20(Operator operator, String address) {

  private static final BigInteger GAS_MONEY = BigInteger.TEN.pow(18);

  void mint(String to, BigInteger value) {
    send("mint", new Address(to), new Uint256(value));
  }

  BigInteger balanceOf(String account) {
    return Numeric.toBigInt(call("balanceOf", new Address(account)));
  }

  BigInteger allowance(String owner, String spender) {
    return Numeric.toBigInt(call("allowance", new Address(owner), new Address(spender)));
  }

  String approve(TestWallet owner, String spender, BigInteger value) {
    return sendFrom(owner, encode("approve", new Address(spender), new Uint256(value)));
  }

  /** Sends a transaction of the operator's own. */
  String send(String function, Type<?>... arguments) {
    return operator.send(address, BigInteger.ZERO, encode(function, arguments));
  }

  /** Sends a transaction of somebody, who gets ether if there is none. */
  String sendFrom(TestWallet sender, String data) {
    if (operator.balance(sender.address()).signum() == 0) {
      operator.send(sender.address(), GAS_MONEY, "");
    }
    return operator.sendFrom(sender, address, BigInteger.ZERO, data);
  }

  String call(String function, Type<?>... arguments) {
    return operator.call(address, encode(function, arguments));
  }

  static String encode(String function, Type<?>... arguments) {
    return FunctionEncoder.encode(new Function(function, List.of(arguments), List.of()));
  }
}

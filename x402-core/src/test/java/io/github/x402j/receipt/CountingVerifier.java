// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.jca.JCAContext;
import com.nimbusds.jose.util.Base64URL;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** Tells how often a signature was verified. */
final class CountingVerifier implements JWSVerifier {
  private final JWSVerifier verifier;
  private final AtomicInteger calls = new AtomicInteger();

  private CountingVerifier(JWSVerifier verifier) {
    this.verifier = verifier;
  }

  static Map<String, CountingVerifier> all(Map<String, JWSVerifier> verifiers) {
    Map<String, CountingVerifier> counting = new LinkedHashMap<>();
    verifiers.forEach((kid, verifier) -> counting.put(kid, new CountingVerifier(verifier)));
    return counting;
  }

  int calls() {
    return calls.get();
  }

  @Override
  public boolean verify(JWSHeader header, byte[] input, Base64URL signature) throws JOSEException {
    calls.incrementAndGet();
    return verifier.verify(header, input, signature);
  }

  @Override
  public Set<JWSAlgorithm> supportedJWSAlgorithms() {
    return verifier.supportedJWSAlgorithms();
  }

  @Override
  public JCAContext getJCAContext() {
    return verifier.getJCAContext();
  }
}

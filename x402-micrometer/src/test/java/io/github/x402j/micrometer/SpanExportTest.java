// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a purchase looks like to an exporter of traces. */
@Timeout(120)
class SpanExportTest {
  private static String attribute(SpanData span, String name) {
    return span.getAttributes().get(AttributeKey.stringKey(name));
  }

  private static List<SpanData> named(InMemorySpanExporter exported, String name) {
    return exported.getFinishedSpanItems().stream()
        .filter(span -> span.getName().equals(name))
        .toList();
  }

  @Test
  void admissionSettlementAndMessagesToTheNodeAreExported() throws Exception {
    InMemorySpanExporter exported = InMemorySpanExporter.create();
    try (SdkTracerProvider traces =
        SdkTracerProvider.builder()
            .addSpanProcessor(SimpleSpanProcessor.create(exported))
            .build()) {
      ObservationRegistry observations = ObservationRegistry.create();
      OtelTracer tracer =
          new OtelTracer(traces.get("x402"), new OtelCurrentTraceContext(), event -> {});
      observations
          .observationConfig()
          .observationHandler(new DefaultTracingObservationHandler(tracer));
      String payer;
      try (Shop shop = new Shop(PaymentMetrics.of(new SimpleMeterRegistry(), observations))) {
        payer = shop.payer();
        assertThat(shop.pay("/item/7")).isEqualTo(200);
      }

      List<SpanData> admissions = named(exported, "x402 admit get /item/{id}");
      assertThat(admissions)
          .allSatisfy(span -> assertThat(attribute(span, "route")).isEqualTo("GET /item/{id}"));
      assertThat(admissions)
          .extracting(span -> attribute(span, "outcome"))
          .containsExactly("payment-required", "admitted");
      assertThat(named(exported, "x402 settle get /item/{id}"))
          .singleElement()
          .satisfies(span -> assertThat(attribute(span, "outcome")).isEqualTo("settled"));
      assertThat(named(exported, "x402 rpc eth_sendrawtransaction")).isNotEmpty();
      assertThat(exported.getFinishedSpanItems())
          .filteredOn(span -> span.getName().startsWith("x402 rpc "))
          .anySatisfy(
              span -> {
                assertThat(span.getParentSpanId()).isEqualTo(admissions.get(1).getSpanId());
                assertThat(span.getTraceId()).isEqualTo(admissions.get(1).getTraceId());
              });
      for (SpanData span : exported.getFinishedSpanItems()) {
        String all = span.getName() + span.getAttributes();
        assertThat(all).doesNotContain("http:", "/item/7").doesNotContainIgnoringCase(payer);
      }
    }
  }
}

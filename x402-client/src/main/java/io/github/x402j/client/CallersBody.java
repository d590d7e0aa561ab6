// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;

/**
 * The body handler of a caller, and whether it is what failed: then no answer was lost, and sending
 * the payment again would not help.
 */
final class CallersBody<T> implements BodyHandler<T> {
  private final BodyHandler<T> callers;
  private volatile boolean failed;

  CallersBody(BodyHandler<T> callers) {
    this.callers = callers;
  }

  /** Returns whether the handler or its subscriber failed by itself. */
  boolean failed() {
    return failed;
  }

  @Override
  public BodySubscriber<T> apply(ResponseInfo info) {
    try {
      return new Watched(callers.apply(info));
    } catch (Throwable e) {
      failed = true;
      throw e;
    }
  }

  private final class Watched implements BodySubscriber<T> {
    private final BodySubscriber<T> subscriber;
    private volatile boolean cut;

    Watched(BodySubscriber<T> subscriber) {
      this.subscriber = subscriber;
    }

    @Override
    public CompletionStage<T> getBody() {
      try {
        return subscriber
            .getBody()
            .whenComplete(
                (body, failure) -> {
                  if (failure != null && !cut) {
                    failed = true;
                  }
                });
      } catch (Throwable e) {
        failed = true;
        throw e;
      }
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      watched(() -> subscriber.onSubscribe(subscription));
    }

    @Override
    public void onNext(List<ByteBuffer> item) {
      watched(() -> subscriber.onNext(item));
    }

    @Override
    public void onComplete() {
      watched(subscriber::onComplete);
    }

    @Override
    public void onError(Throwable failure) {
      cut = true;
      subscriber.onError(failure);
    }

    private void watched(Runnable step) {
      try {
        step.run();
      } catch (Throwable e) {
        failed = true;
        throw e;
      }
    }
  }
}

// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import org.jspecify.annotations.Nullable;

/**
 * What is sold, as the descriptor shows it (specification 5.1.2, {@code ResourceInfo}).
 *
 * @param url the absolute URL of the resource
 * @param description for people, or null
 * @param mimeType of the response, or null
 */
public record ResourceInfo(String url, @Nullable String description, @Nullable String mimeType) {

  /** Checks that there is a URL. */
  public ResourceInfo {
    if (url == null || url.isBlank()) {
      throw new IllegalArgumentException("resource.url: expected an absolute URL, found nothing");
    }
  }

  /** Returns a resource of which nothing but its URL is said. */
  public static ResourceInfo of(String url) {
    return new ResourceInfo(url, null, null);
  }
}

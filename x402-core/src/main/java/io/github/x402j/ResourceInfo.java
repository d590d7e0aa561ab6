// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What is sold, as the descriptor shows it (specification 5.1.2, {@code ResourceInfo}).
 *
 * <p>Two are equal when every field is, {@code received} aside.
 *
 * @param url the absolute URL of the resource
 * @param description for people, or null
 * @param mimeType of the response, or null
 * @param serviceName who sells it, for lists of services: 1 to 32 printable ASCII characters; or
 *     null
 * @param tags what it is about, for lists: at most 5, each 1 to 32 printable ASCII characters
 * @param iconUrl an absolute {@code http} or {@code https} URL of at most 2,048 characters, or null
 * @param received the JSON text of a descriptor that this was read from, or null. A payment sends
 *     it back as it is
 */
public record ResourceInfo(
    String url,
    @Nullable String description,
    @Nullable String mimeType,
    @Nullable String serviceName,
    List<String> tags,
    @Nullable String iconUrl,
    @Nullable String received) {
  private static final Pattern LABEL = Pattern.compile("[ -~]{1,32}");
  static final int MAX_TAGS = 5;
  private static final int MAX_ICON_URL_LENGTH = 2048;

  /** Checks all fields, and copies the tags. */
  public ResourceInfo {
    if (url == null || url.isBlank()) {
      throw new IllegalArgumentException("resource.url: expected an absolute URL, found nothing");
    }
    if (serviceName != null && !isLabel(serviceName)) {
      throw new IllegalArgumentException(
          "resource.serviceName: expected 1 to 32 printable ASCII characters");
    }
    if (tags.size() > MAX_TAGS || !tags.stream().allMatch(ResourceInfo::isLabel)) {
      throw new IllegalArgumentException(
          "resource.tags: expected at most 5, each of 1 to 32 printable ASCII characters");
    }
    if (iconUrl != null && !isIconUrl(iconUrl)) {
      throw new IllegalArgumentException(
          "resource.iconUrl: expected an absolute http or https URL of at most 2048 characters");
    }
    tags = List.copyOf(tags);
  }

  /** Makes a resource without what lists of services show. */
  public ResourceInfo(String url, @Nullable String description, @Nullable String mimeType) {
    this(url, description, mimeType, null, List.of(), null, null);
  }

  /** Returns a resource of which nothing but its URL is said. */
  public static ResourceInfo of(String url) {
    return new ResourceInfo(url, null, null);
  }

  /** Returns what is the same about the resource with another URL. */
  public ResourceInfo at(String newUrl) {
    return new ResourceInfo(newUrl, description, mimeType, serviceName, tags, iconUrl, null);
  }

  /** Returns this resource with the name of the service that sells it. */
  public ResourceInfo withServiceName(@Nullable String name) {
    return new ResourceInfo(url, description, mimeType, name, tags, iconUrl, null);
  }

  /** Returns this resource with other tags. */
  public ResourceInfo withTags(List<String> newTags) {
    return new ResourceInfo(url, description, mimeType, serviceName, newTags, iconUrl, null);
  }

  /** Returns this resource with an icon. */
  public ResourceInfo withIconUrl(@Nullable String icon) {
    return new ResourceInfo(url, description, mimeType, serviceName, tags, icon, null);
  }

  /** Returns this resource with the text that it was read from. */
  ResourceInfo withReceived(String json) {
    return new ResourceInfo(url, description, mimeType, serviceName, tags, iconUrl, json);
  }

  /** Returns whether a text may be a tag or the name of a service. */
  static boolean isLabel(String text) {
    return LABEL.matcher(text).matches();
  }

  /** Returns whether a text may be the URL of an icon. */
  static boolean isIconUrl(String text) {
    if (text.length() > MAX_ICON_URL_LENGTH) {
      return false;
    }
    try {
      URI icon = new URI(text);
      String scheme = icon.getScheme();
      return icon.getHost() != null
          && ("http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme));
    } catch (URISyntaxException e) {
      return false;
    }
  }

  /** Compares what is said, not how it was spelled. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ResourceInfo that
        && url.equals(that.url)
        && Objects.equals(description, that.description)
        && Objects.equals(mimeType, that.mimeType)
        && Objects.equals(serviceName, that.serviceName)
        && tags.equals(that.tags)
        && Objects.equals(iconUrl, that.iconUrl);
  }

  @Override
  public int hashCode() {
    return Objects.hash(url, description, mimeType, serviceName, tags, iconUrl);
  }
}

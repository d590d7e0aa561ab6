// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package org.springframework.boot.web.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import java.util.EnumSet;

public class FilterRegistrationBean<T extends Filter> {
  public FilterRegistrationBean(T filter) {}

  public void addUrlPatterns(String... patterns) {}

  public void setDispatcherTypes(EnumSet<DispatcherType> types) {}

  public void setAsyncSupported(boolean supported) {}

  public void setOrder(int order) {}
}

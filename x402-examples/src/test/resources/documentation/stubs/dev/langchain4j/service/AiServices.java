// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package dev.langchain4j.service;

import dev.langchain4j.model.chat.ChatModel;

public interface AiServices<T> {
  static <T> AiServices<T> builder(Class<T> aiService) {
    throw new UnsupportedOperationException("compiled only");
  }

  AiServices<T> chatModel(ChatModel model);

  AiServices<T> tools(Object... tools);

  T build();
}

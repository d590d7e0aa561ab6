// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package org.springframework.ai.chat.client;

import org.springframework.ai.chat.model.ChatModel;

public interface ChatClient {
  static Builder builder(ChatModel chatModel) {
    throw new UnsupportedOperationException("compiled only");
  }

  interface Builder {
    Builder defaultTools(Object... tools);

    ChatClient build();
  }
}

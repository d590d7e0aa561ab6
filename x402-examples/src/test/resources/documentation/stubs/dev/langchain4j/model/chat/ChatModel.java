// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package dev.langchain4j.model.chat;

public interface ChatModel {}

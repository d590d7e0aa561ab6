// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles the Java blocks of the documentation, each in a package of its own. */
final class Snippets {
  private static final Path PRELUDE =
      Pages.CLONE.resolve("x402-examples/src/test/resources/documentation");
  private static final Pattern TYPE =
      Pattern.compile("(?m)^(?:public |final )*(?:class|interface|record) (\\w+)");
  private static final Pattern MEMBER = Pattern.compile("\\A@");

  private final String imports;
  private final Map<String, List<String>> variables;

  Snippets() throws IOException {
    List<String> lines =
        Files.readAllLines(PRELUDE.resolve("prelude.txt")).stream()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .toList();
    imports =
        lines.stream()
            .filter(line -> line.startsWith("import "))
            .map(line -> line + ";")
            .collect(Collectors.joining(" "));
    variables =
        lines.stream()
            .filter(line -> !line.startsWith("import "))
            .map(line -> line.split(" +", 3))
            .collect(
                Collectors.groupingBy(
                    words -> words[0],
                    Collectors.mapping(words -> words[1] + " " + words[2], Collectors.toList())));
  }

  /** What the compiler says against the blocks, with page and line; nothing if all is well. */
  List<String> errors(List<Pages.Block> blocks) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
      List<JavaFileObject> sources = new ArrayList<>();
      blocks.forEach(block -> sources.add(new Source(block, source(block), packageOf(block))));
      files.getJavaFileObjectsFromPaths(stubs()).forEach(sources::add);
      List<String> options =
          List.of("-proc:none", "-implicit:none", "-cp", System.getProperty("java.class.path"));
      ((JavacTask) compiler.getTask(null, files, diagnostics, options, null, sources)).analyze();
    }
    return diagnostics.getDiagnostics().stream()
        .filter(said -> said.getKind() == Diagnostic.Kind.ERROR)
        .map(Snippets::described)
        .toList();
  }

  private static String described(Diagnostic<? extends JavaFileObject> said) {
    String where =
        said.getSource() instanceof Source source
            ? source.block.page() + ":" + (source.block.line() + said.getLineNumber() - 2)
            : String.valueOf(said.getSource());
    return where + ": " + said.getMessage(null);
  }

  private static List<Path> stubs() throws IOException {
    try (Stream<Path> files = Files.walk(PRELUDE.resolve("stubs"))) {
      return files.filter(file -> file.toString().endsWith(".java")).toList();
    }
  }

  /** One line, then the block: so the compiler's lines are the block's, one further. */
  private String source(Pages.Block block) {
    String head = "package " + packageOf(block) + "; " + imports;
    if (TYPE.matcher(block.text()).find()) {
      return head + "\n" + block.text();
    }
    if (MEMBER.matcher(block.text()).find()) {
      return head + " class Page" + block.line() + " {\n" + block.text() + "}";
    }
    String result = block.text().contains("return ") ? "Object" : "void";
    String given =
        variables.getOrDefault(block.page(), List.of()).stream()
            .filter(variable -> !variable.startsWith("package "))
            .filter(variable -> !isMade(variable, block.text()))
            .collect(Collectors.joining(", "));
    return head
        + " class Page"
        + block.line()
        + " { "
        + result
        + " run("
        + given
        + ") throws Exception {\n"
        + block.text()
        + "}}";
  }

  private static boolean isMade(String variable, String text) {
    String name = variable.substring(variable.lastIndexOf(' ') + 1);
    return Pattern.compile("\\w>? " + name + " =").matcher(text).find();
  }

  private String packageOf(Pages.Block block) {
    return variables.getOrDefault(block.page(), List.of()).stream()
        .filter(line -> line.startsWith("package "))
        .map(line -> line.substring("package ".length()))
        .findFirst()
        .orElse("page." + block.page().replaceAll("[^a-zA-Z]", "") + block.line());
  }

  private static final class Source extends SimpleJavaFileObject {
    private final Pages.Block block;
    private final String text;

    Source(Pages.Block block, String text, String packageName) {
      super(
          URI.create("string:///" + packageName.replace('.', '/') + "/" + name(text, block.line())),
          Kind.SOURCE);
      this.block = block;
      this.text = text;
    }

    private static String name(String text, int line) {
      Matcher type = TYPE.matcher(text);
      return (type.find() ? type.group(1) : "Page" + line) + ".java";
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}

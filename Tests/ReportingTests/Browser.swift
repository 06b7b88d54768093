import Foundation
import TestSupport

/// A real browser without a window, in a network that goes nowhere.
struct Browser {
    /// A page as the browser understood it.
    struct Page {
        /// The document after everything that it could load or run.
        let document: String
        /// Every element with its attributes' names, by Python's HTML parser.
        let elements: [(name: String, attributes: Set<String>)]
        /// All text between the elements.
        let text: String
        /// Packets to port 8000, where tests point what should not be loaded.
        let requests: Int
    }

    private let folder: TemporaryDirectory
    private let namespace: NetworkNamespace

    init() throws {
        folder = try TemporaryDirectory()
        namespace = try NetworkNamespace()
        let rules = """
            table inet witness {
                chain out {
                    type filter hook output priority 0
                    tcp dport 8000 counter
                }
            }
            """
        try namespace.command("nft", "-f", "-", input: rules)
    }

    func load(_ html: String) throws -> Page {
        let document = try run(html, ["--dump-dom"])
        let listed = try namespace.command("nft", "list", "table", "inet", "witness")
        let packets = listed.split(separator: "packets ").dropFirst().first?.prefix { $0.isNumber }
        let parsed = try Command.run(["python3", "-c", Self.parser], input: Array(document.utf8))
        let lines = parsed.text.split(separator: "\n", maxSplits: 1)
        let data = Data(lines.first.map { Data($0.utf8) } ?? Data())
        let rows = try JSONSerialization.jsonObject(with: data) as? [[String]] ?? []
        return Page(
            document: document,
            elements: rows.map { ($0[0], Set($0.dropFirst())) },
            text: lines.count > 1 ? String(lines[1]) : "",
            requests: packets.flatMap { Int($0) } ?? -1
        )
    }

    /// The picture of a page, as PNG.
    func picture(_ html: String, dark: Bool, width: Int = 1250, height: Int = 1600) throws -> Data {
        let file = folder.path + "/page.png"
        let scheme = dark ? ["--blink-settings=preferredColorScheme=0"] : []
        _ = try run(html, ["--window-size=\(width),\(height)", "--screenshot=\(file)"] + scheme)
        return try Data(contentsOf: URL(fileURLWithPath: file))
    }

    private func run(_ html: String, _ options: [String]) throws -> String {
        let file = folder.path + "/page.html"
        try Data(html.utf8).write(to: URL(fileURLWithPath: file))
        let result = try Command.run(
            [
                "nsenter", "--net=\(namespace.path)", "timeout", "120", "chromium", "--headless",
                "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder.path)/profile",
            ] + options + ["file://\(file)"]
        )
        guard result.status == 0 else { throw CommandFailure(result.errors) }
        return result.text
    }

    private static let parser = """
        import html.parser, json, sys
        class Reader(html.parser.HTMLParser):
            rows, text = [], []
            def handle_starttag(self, tag, attrs): self.rows.append([tag] + [a[0] for a in attrs])
            def handle_data(self, data): self.text.append(data)
        reader = Reader()
        reader.feed(sys.stdin.buffer.read().decode())
        print(json.dumps(reader.rows))
        sys.stdout.buffer.write(''.join(reader.text).encode())
        """
}

import Foundation
import Grants
import StrictJSON
import TestSupport

@testable import Hub
@testable import HubSettings

/// A receiver of webhooks on loopback, which checks signatures by itself (webhook-receiver.py).
final class WebhookReceiver: Sendable {
    /// A message as it came.
    struct Message: Hashable, Sendable {
        let path: String
        let id: String
        let timestamp: String
        /// The numbers of the secrets that signed it.
        let secrets: [Int64]
        let body: JSONValue

        init(_ value: JSONValue) {
            path = value["path"]?.text ?? ""
            id = value["id"]?.text ?? ""
            timestamp = value["timestamp"]?.text ?? ""
            secrets = (value["secrets"]?.items ?? []).compactMap(\.number)
            body = value["body"] ?? .null
        }

        var type: String? { body["type"]?.text }
        var text: String? { body["data"]?["text"]?.text }
    }

    let folder: TemporaryDirectory
    let secrets: [String]
    private let process: Process
    private let port: Int

    init(secrets count: Int = 1) throws {
        folder = try TemporaryDirectory()
        secrets = (0..<count).map { _ in "whsec_\(Base64.encode(Secret.random(32)))" }
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "webhook-receiver.py").path
        let output = Pipe()
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-B", script, folder.path] + secrets
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .newlines)) else {
            throw CommandFailure("the receiver did not start: \(line)")
        }
        self.port = port
        try Data((secrets.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: secretFile))
        try answer(204)
    }

    deinit { process.end() }

    var secretFile: String { folder.path + "/secret" }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }

    /// The entry of hub.toml for a path.
    func settings(_ path: String, _ more: String = "") -> String {
        """
        [[webhook]]
        name = "\(path)"
        url = "\(url(path))"
        secret_file = "\(secretFile)"
        \(more)

        """
    }

    func webhook(_ path: String, format: Webhook.Format = .standard) -> Webhook {
        Webhook(
            name: path,
            url: url(path),
            secretFile: format == .slack ? nil : secretFile,
            events: WebhookEvent.allCases,
            format: format
        )
    }

    /// Sets the answer of /flaky.
    func answer(_ status: Int) throws {
        try Data("\(status)".utf8).write(
            to: URL(filePath: folder.path + "/status"),
            options: .atomic
        )
    }

    /// The messages that have come.
    func seen() throws -> [Message] {
        guard let data = try? Data(contentsOf: URL(filePath: folder.path + "/seen")) else {
            return []
        }
        // The last line may be on its way.
        return try Array(data).split(separator: 10).filter { $0.last == 125 }
            .map { Message(try JSONNode.parse(Array($0)).value) }
    }

    /// Waits until so many messages have come.
    func messages(_ count: Int) async throws -> [Message] {
        while true {
            let seen = try seen()
            if seen.count >= count { return seen }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

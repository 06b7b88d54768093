import Foundation
import Grants
import HubSettings
import HubStorage
import Logging
import ServiceLifecycle
import StrictJSON
import Synchronization
import TestSupport

@testable import Hub

/// A hub on a free port of loopback, with a store of SQLite, until `stop`.
///
/// Its people are keys of the real ssh-keygen. Calls name the host of its URL, whatever the port.
final class RunningHub: Sendable {
    static let host = "hub.test"
    static let approvalHost = "approve.test"

    let folder: TemporaryDirectory
    let parts: HubParts
    let port: Int
    private let group: ServiceGroup
    private let task: Task<Void, any Error>

    /// Starts a hub with some people, with more settings than its places, and by a clock of one's own.
    init(
        people: [HubPerson] = [],
        settings: String = "",
        bounds: HubApplication.Bounds = .init(),
        in folder: TemporaryDirectory? = nil,
        now: @escaping @Sendable () -> Moment = { .wall }
    ) async throws {
        let folder = try folder ?? TemporaryDirectory()
        self.folder = folder
        let signers = folder.path + "/allowed_signers"
        let lines = try people.map { try $0.line + "\n" }.joined()
        try lines.write(toFile: signers, atomically: true, encoding: .utf8)
        let configuration = try Self.configuration(folder.path, settings)
        let logger = Logger(label: "hub") { _ in SwiftLogNoOpLogHandler() }
        let database = try await Stores.open(configuration.places.store.url, poolSize: 4)
        let parts = try await HubParts(configuration, database, logger: logger, now: now)
        self.parts = parts
        let (ports, found) = AsyncStream.makeStream(of: Int?.self)
        let application = HubApplication(parts, bounds: bounds) { port in
            found.yield(port)
            found.finish()
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: application)],
                logger: logger
            )
        )
        self.group = group
        task = Task {
            defer { found.finish() }
            try await group.run()
        }
        var port: Int?
        for await found in ports { port = found ?? 0 }
        guard let port else {
            try await task.value
            throw CommandFailure("the hub does not listen")
        }
        self.port = port
    }

    private static func configuration(
        _ folder: String,
        _ settings: String
    ) throws -> HubConfiguration {
        let listen = settings.contains("listen = ") ? "" : "listen = \"127.0.0.1:0\"\n"
        // Webhooks have URLs of their own.
        let ownPart = settings.components(separatedBy: "[[webhook]]")[0]
        let url = ownPart.contains("url = ") ? "" : "url = \"https://\(host)\"\n"
        let text = """
            \(url)approve_url = "https://\(approvalHost)"
            \(listen)store = "sqlite:\(folder)/hub.db"
            state = "\(folder)"
            allowed_signers = "\(folder)/allowed_signers"
            \(settings)

            """
        return try HubConfiguration(parsing: Array(text.utf8), file: "hub.toml")
    }

    /// Stops it as SIGTERM does; returns when calls under way have ended.
    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await task.value
        await parts.database.close()
    }

    /// Writes allowed_signers anew.
    func setPeople(_ people: [HubPerson]) throws {
        let lines = try people.map { try $0.line + "\n" }.joined()
        let path = folder.path + "/allowed_signers"
        try lines.write(toFile: path, atomically: true, encoding: .utf8)
    }
}

/// A person with a key of the real ssh-keygen.
struct HubPerson: Sendable {
    let name: String
    let key: SSHKey
    let namespaces: String

    init(
        _ name: String,
        _ namespaces: String = "jitgate-login,jitgate-request,jitgate-grant,jitgate-decision"
    ) throws {
        (self.name, self.namespaces) = (name, namespaces)
        key = try SSHKey()
    }

    private init(_ name: String, _ namespaces: String, _ key: SSHKey) {
        (self.name, self.namespaces, self.key) = (name, namespaces, key)
    }

    /// The same key with other namespaces.
    func with(_ namespaces: String) -> HubPerson { HubPerson(name, namespaces, key) }

    /// The line in allowed_signers.
    var line: String {
        get throws { "\(name) namespaces=\"\(namespaces)\" \(try key.publicLine)" }
    }

    /// A signed file.
    func sign(_ payload: [UInt8], _ namespace: String) throws -> [UInt8] {
        payload + (try key.sign(payload, namespace: namespace))
    }
}

extension Moment {
    /// The time of this machine.
    static var wall: Moment {
        Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}

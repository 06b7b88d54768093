import Depot
import FetchSettings
import Foundation
import StrictJSON
import TestSupport
import Transfer

@testable import Fetching

/// A host with an inbox, and the real carrier on it: in this process, so that a test decides when a
/// round begins, or as the built program.
final class FetchingHost {
    private let folder: TemporaryDirectory
    private let depot: String
    private let more: String

    var path: String { folder.path }
    var inbox: String { folder.path + "/inbox" }
    var configurationPath: String { folder.path + "/fetch.toml" }

    /// - Parameters:
    ///   - url: the depot.
    ///   - more: further keys of `[depot]`.
    ///   - fetch: further keys of `[fetch]`, and tables.
    /// - Throws: if a file cannot be written.
    init(_ url: String, depot more: String = "", fetch: String = "") throws {
        folder = try TemporaryDirectory()
        depot = url
        self.more = more
        try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: false)
        let text = """
            [depot]
            url = "\(depot)"
            \(more)
            [fetch]
            shelves = ["all"]
            inbox = "\(inbox)"
            \(fetch)
            """
        try Data(text.utf8).write(to: URL(filePath: configurationPath))
    }

    /// A carrier that has just started.
    func carrier() throws -> Carrier {
        let bytes = try Array(Data(contentsOf: URL(filePath: configurationPath)))
        let configuration = try FetchConfiguration(parsing: bytes, file: configurationPath)
        return try Fetching.carrier(configuration, stoppingAt: -1)
    }

    /// A connection to the depot, as a carrier has it.
    func reader() throws -> DepotReader {
        let bytes = try Array(Data(contentsOf: URL(filePath: configurationPath)))
        let configuration = try FetchConfiguration(parsing: bytes, file: configurationPath)
        return try Fetching.reader(configuration, stoppingAt: -1)
    }

    /// The names in the inbox, without the bulletin.
    var files: Set<String> {
        get throws {
            Set(try FileManager.default.contentsOfDirectory(atPath: inbox)).subtracting(["bulletin"]
            )
        }
    }

    func contents(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: inbox + "/" + name)))
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: inbox + "/" + name))
    }

    /// The state file.
    var state: JSONValue {
        get throws {
            let file = URL(filePath: folder.path + "/state.json")
            return try JSONNode.parse(Array(Data(contentsOf: file))).value
        }
    }

    /// The entry of the state file for an object.
    func object(_ name: String) throws -> JSONValue? {
        try state["objects"]?.items?.first { $0["object"]?.text == name }
    }

    /// The built program.
    func process(_ words: String...) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: AgentHost.build + "jitgate-fetch")
        process.arguments = ["--config", configurationPath] + words
        process.standardError = FileHandle.nullDevice
        return process
    }

    func run(_ words: String...) throws -> Command.Result {
        try Command.run([AgentHost.build + "jitgate-fetch", "--config", configurationPath] + words)
    }
}

/// The name of a file in an inbox.
func fileName(_ bytes: [UInt8]) -> String { InboxDirectory.digest(of: bytes)?.fileName ?? "" }

extension NginxDepot {
    /// Puts a file, and returns its line for an index.
    @discardableResult
    func put(_ text: String) throws -> String {
        let name = fileName(Array(text.utf8))
        try write(text, to: "files/" + name)
        return "\(name.dropLast(6))  \(text.hashValue.magnitude).grant\n"
    }
}

import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import Fetching

/// OpenStack Swift: its S3 checks signatures and clocks, and takes no PUT with a condition.
@Suite(.serialized) struct `A store that checks signatures` {
    private let store: SwiftStore
    private let prefix = "depot-\(UUID().uuidString.lowercased())"
    private let folder: TemporaryDirectory
    private let desk: AgentHost

    init() throws {
        store = try SwiftStore.shared()
        folder = try TemporaryDirectory()
        desk = try AgentHost()
        try write(SwiftStore.keys(), to: "keys")
        try write(SwiftStore.keys(secret: "another"), to: "wrong")
    }

    private func path(_ name: String) -> String { folder.path + "/" + name }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
    }

    private func host(keys: String = "keys", bucket: String = "bucket") throws -> FetchingHost {
        let url = store.url(prefix, bucket: bucket)
        return try FetchingHost(url, depot: "credentials = \"\(path(keys))\"")
    }

    /// A grant for all hosts, in a file.
    private func grant(_ name: String) throws -> String {
        let bytes = try desk.grant(changes: [.init("hosts", ["*"])])
        try Data(bytes).write(to: URL(filePath: path(name)))
        return path(name)
    }

    private func words(_ words: [String], keys: String, bucket: String) -> [String] {
        [AgentHost.build + "jitgate-fleet"] + words + [
            "--depot", store.url(prefix, bucket: bucket), "--credentials", path(keys),
        ]
    }

    private func fleet(
        _ words: String...,
        keys: String = "keys",
        bucket: String = "bucket"
    ) throws -> Command.Result {
        try Command.run(
            self.words(words, keys: keys, bucket: bucket),
            environment: ["HOME": folder.path]
        )
    }

    private func name(of file: String) throws -> String {
        fileName(try Array(Data(contentsOf: URL(filePath: file))))
    }

    @Test func `takes what is posted with the right key, and hosts bring each file once`() throws {
        let first = try grant("a.grant")
        let posted = try fleet("post", first, "--json")
        #expect(posted.status == 0, "\(posted.errors)")
        #expect(try JSONNode.parse(posted.output).value["conditional"] == false)
        let host = try host()
        var carrier = try host.carrier()
        for _ in 0..<3 { _ = carrier.round() }
        #expect(carrier.isComplete)
        #expect(try host.files == [name(of: first)])
        let asked = try store.requests(prefix).filter { $0.hasPrefix("GET") }
        #expect(asked.count { $0.hasSuffix("/shelves/all/index 304") } == 2, "\(asked)")
        let file = try name(of: first)
        #expect(asked.count { $0.hasSuffix("/files/\(file) 200") } == 1)
        let second = try grant("b.grant")
        #expect(try fleet("post", second).status == 0)
        _ = carrier.round()
        #expect(try host.files == [file, name(of: second)])
        let again = try JSONNode.parse(fleet("post", first, "--json").output).value
        #expect(again["files"]?.items?.first?["result"] == "present")
    }

    @Test func `takes and gives nothing with a wrong key, and that is said`() throws {
        let file = try grant("a.grant")
        let refused = try fleet("post", file, keys: "wrong")
        #expect(refused.status == 77 && refused.errors.contains("certificate and credentials"))
        #expect(try fleet("post", file).status == 0)
        let host = try host(keys: "wrong")
        var carrier = try host.carrier()
        _ = carrier.round()
        let index = try host.object("shelves/all/index")
        #expect(index?["error"]?.text?.contains("403") == true)
        #expect(index?["error"]?.text?.contains("clock") == false)
        #expect(try host.files.isEmpty && !carrier.isComplete)
    }

    @Test func `refuses a clock that is wrong, and both programs say by how much`() throws {
        let file = try grant("a.grant")
        #expect(try fleet("post", file).status == 0)
        let host = try host()
        var carrier = try host.carrier()
        let words = "is 20m behind that of the depot"
        try store.ahead(seconds: 1205) {
            _ = carrier.round()
            let error = try host.object("shelves/all/index")?["error"]?.text ?? ""
            #expect(error.contains(words), "\(error)")
            let refused = try fleet("post", file)
            #expect(refused.status == 77 && refused.errors.contains(words), "\(refused.errors)")
        }
        // It goes on asking, and once the clocks agree all is well.
        try eventually {
            _ = carrier.round()
            return try host.files == [name(of: file)]
        }
    }

    @Test func `without the bucket is no empty depot`() throws {
        let posted = try fleet("post", try grant("a.grant"), bucket: "none")
        #expect(posted.status != 0 && posted.errors.contains("no such bucket"), "\(posted.errors)")
        let host = try host(bucket: "none")
        var carrier = try host.carrier()
        _ = carrier.round()
        let error = try host.object("shelves/all/index")?["error"]?.text
        #expect(error?.contains("no such bucket") == true)
        #expect(!carrier.isComplete)
    }

    @Test func `loses nothing to two publishers at once, though it knows no conditions`() throws {
        let files = try (0..<4).map { try grant("\($0).grant") }
        let processes = try [files.prefix(2), files.suffix(2)].map { files in
            let process = Process()
            let words = words(["post"] + files, keys: "keys", bucket: "bucket")
            process.executableURL = URL(filePath: words[0])
            process.arguments = Array(words.dropFirst())
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            return process
        }
        for process in processes { process.waitUntilExit() }
        #expect(processes.allSatisfy { $0.terminationStatus == 0 })
        let host = try host()
        var carrier = try host.carrier()
        _ = carrier.round()
        #expect(try host.files == Set(files.map { try name(of: $0) }))
    }

    @Test func `holds the status that a host signs, and a witness proves its log`() throws {
        let url = store.url(prefix)
        let host = try ReportingHost(url, depot: "credentials = \"\(path("keys"))\"")
        #expect(!host.report())
        try write("\(ReportingHost.name) \(try host.key)\n", to: "hosts")
        try FileManager.default.createDirectory(
            atPath: path("witness"),
            withIntermediateDirectories: false
        )
        let places = ["--inventory", path("hosts"), "--witness", path("witness")]
        func look(_ words: String...) throws -> Command.Result {
            try Command.run(
                self.words(words + places, keys: "keys", bucket: "bucket"),
                environment: ["HOME": folder.path]
            )
        }
        #expect(try look("collect").text.contains("seen for the first time"))
        let status = try JSONNode.parse(look("status", "--json").output).value
        #expect(status["hosts"]?.items?.first?["state"] == "configured", "\(status)")
        try host.agent.submit(host.agent.grant(), as: "a.grant")
        try eventually { host.hearsChange }
        host.carrier.statusChanged()
        try host.reportWhenDue()
        let list = try look("list")
        #expect(list.text.contains("192.0.2.7"), "\(list.text)")
        #expect(try look("collect", "--json").status == 0)
    }
}

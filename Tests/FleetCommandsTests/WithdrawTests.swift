import Depot
import Foundation
import StrictJSON
import TestSupport
import Testing

/// `jitgate-fleet withdraw`.
struct WithdrawTests {
    private let bench: FleetBench
    private let id = UUID()
    private let other = UUID()

    init() throws { bench = try FleetBench() }

    private func text(_ id: UUID) -> String { id.uuidString.lowercased() }

    private func result(_ result: Command.Result) throws -> [String?] {
        let files = try JSONNode.parse(result.output).value["files"]?.items ?? []
        return files.map { $0["result"]?.text }
    }

    @Test func `the lines of a grant go from every shelf, and its file stays`() throws {
        let hosts = ["web-1", "db-1", "mail-*"]
        let file = try bench.grant("g.grant", id: id, hosts: hosts)
        #expect(try bench.post([file, try bench.grant("o.grant", id: other)]).status == 0)
        let gone = try bench.withdraw(text(id))
        #expect(gone.status == 0, "\(gone.errors)")
        #expect(gone.text == "withdrawn  \(text(id)): grant off all, db-1, web-1\n")
        #expect(gone.errors.contains("hosts that have taken a grant keep it"))
        for shelf in ["all", "db-1"] { #expect(try bench.index(shelf).isEmpty) }
        #expect(try bench.index("web-1").map(\.name) == [text(other)])
        let object = try bench.path("depot/files/\(digest(of: file)).grant")
        #expect(FileManager.default.fileExists(atPath: object))
        // Posting lists it again.
        #expect(try bench.post([file]).status == 0)
        #expect(try bench.index("web-1").map(\.name) == [text(id), text(other)])
    }

    @Test func `an id is looked for on the shelves that are named, or those of the inventory`()
        throws
    {
        #expect(try bench.post([try bench.grant("g.grant", id: id)]).status == 0)
        let absent = try bench.withdraw(text(id), "--json")
        #expect(try absent.status == 1 && result(absent) == ["absent"])
        #expect(try bench.index("web-1").count == 1)
        try bench.write("web-1 -\nweb-2 -\n", to: "hosts")
        let named = try bench.withdraw(text(id), "--inventory", bench.path("hosts"), "--json")
        #expect(try named.status == 0 && result(named) == ["withdrawn"])
        #expect(try bench.index("web-1").isEmpty)
        // Shelves that never were are not made.
        let shelves = try FileManager.default.contentsOfDirectory(
            atPath: bench.path("depot/shelves")
        )
        #expect(shelves == ["web-1"])
        #expect(try bench.withdraw(text(id), "--shelf", "../x").status == 2)
        #expect(try bench.withdraw().status == 2)
    }

    @Test func `a file and a digest name themselves`() throws {
        let file = try bench.grant("g.grant", id: id)
        #expect(try bench.post([file]).status == 0)
        #expect(try result(bench.withdraw(file, "--json")) == ["withdrawn"])
        #expect(try bench.post([file]).status == 0)
        let digest = try digest(of: file)
        #expect(try result(bench.withdraw(digest, "--shelf", "web-1", "--json")) == ["withdrawn"])
        #expect(try bench.index("web-1").isEmpty)
        #expect(try bench.withdraw(bench.path("none.grant")).status == 66)
        try bench.write("x", to: "x.grant")
        #expect(try bench.withdraw(bench.path("x.grant")).errors.contains("unsigned"))
    }

    @Test func `a revocation stays unless that is said, also where its grant goes`() throws {
        let files = [
            try bench.grant("g.grant", id: id), try bench.revocation("r.grant", of: id),
        ]
        #expect(try bench.post(files).status == 0)
        let refused = try bench.withdraw(files[1], "--json")
        #expect(try refused.status == 1 && result(refused) == ["refused"])
        #expect(try result(bench.withdraw(text(id), "--shelf", "web-1", "--json")) == ["withdrawn"])
        #expect(try bench.index("web-1").map(\.name) == ["revocation-\(text(id))"])
        let forced = try bench.withdraw(files[1], "--revocations", "--csv")
        #expect(forced.status == 0 && forced.text.contains(",withdrawn,revocation,"))
        #expect(try bench.index("web-1").isEmpty)
    }

    @Test func `lines whose files are over go when they are asked to`() throws {
        let over = try bench.grant("over.grant", id: id, lasting: -60)
        try bench.list(over, as: id, on: "web-1")
        try bench.write("web-1 -\n", to: "hosts")
        let result = try bench.withdraw("--ended", "--inventory", bench.path("hosts"), "--json")
        #expect(result.status == 0)
        let dropped = try JSONNode.parse(result.output).value["dropped"]?.items
        #expect(dropped == [.string("\(text(id)).grant")])
        #expect(try bench.index("web-1").isEmpty)
    }
}

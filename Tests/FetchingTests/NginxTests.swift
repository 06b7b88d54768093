import Depot
import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import Fetching

/// A real web server with client certificates.
struct NginxTests {
    private let depot: NginxDepot
    private let host: FetchingHost

    init() throws {
        depot = try NginxDepot()
        host = try FetchingHost(depot.url, depot: depot.keys)
    }

    @Test func `files and the bulletin come to the inbox, each once`() throws {
        try depot.writeIndex([try depot.put("revocation"), try depot.put("grant")])
        try depot.write("{\"jitgate\": \"bulletin/1\"}\n", to: "bulletin")
        var carrier = try host.carrier()
        for _ in 0..<3 { _ = carrier.round() }
        #expect(carrier.isComplete)
        #expect(try host.contents(fileName(Array("grant".utf8))) == Array("grant".utf8))
        #expect(try host.files.count == 2)
        #expect(try host.contents("bulletin").first == UInt8(ascii: "{"))
        // nginx writes the line of a request after the answer.
        try eventually {
            try depot.requests.count { $0.contains("/shelves/all/index 304 ") } == 2
        }
        let requests = try depot.requests
        #expect(requests.count { $0.contains("/files/") } == 2)
        #expect(requests.allSatisfy { $0.contains(" - identity ") }, "no If-Modified-Since")
        #expect(
            Set(requests.compactMap { $0.split(separator: " ").last }).count == 1,
            "one connection"
        )
        #expect(try host.object("shelves/all/index")?["files"]?.number == 2)
        #expect(try host.state["silent_since"] == .null)
    }

    @Test func `what is added comes with the next round, and what is in the inbox stays`() throws {
        let first = try depot.put("first")
        try depot.writeIndex([first])
        var carrier = try host.carrier()
        _ = carrier.round()
        try depot.writeIndex([try depot.put("second"), first])
        _ = carrier.round()
        #expect(try host.files.count == 2)
        try depot.writeIndex([first])  // an old index again
        _ = carrier.round()
        try depot.writeIndex([])
        _ = carrier.round()
        try FileManager.default.removeItem(atPath: depot.path + "/www/jitgate/shelves/all/index")
        _ = carrier.round()
        #expect(try host.files.count == 2)
        #expect(try host.object("shelves/all/index")?["state"]?.text == "absent")
    }

    @Test func `a replacement of equal size within a second is seen by the 31st request`() throws {
        let (first, second) = (try depot.put("first one"), try depot.put("second one"))
        let date = Date(timeIntervalSince1970: 1_700_000_000)
        let digits = { (line: String) in line.prefix(64) + "  a.grant\n" }
        try depot.writeIndex([String(digits(first))])
        try depot.setDate(of: "shelves/all/index", to: date)
        var carrier = try host.carrier()
        _ = carrier.round()
        try depot.writeIndex([String(digits(second))])
        try depot.setDate(of: "shelves/all/index", to: date)
        var rounds = 1
        while try host.files.count < 2, rounds < 60 {
            _ = carrier.round()
            rounds += 1
        }
        #expect(rounds == 31, "nginx answered 304 until a request had no If-None-Match")
    }

    @Test func `a depot that stops and starts again is heard again`() throws {
        let first = try depot.put("grant")
        try depot.writeIndex([first])
        var carrier = try host.carrier()
        _ = carrier.round()
        depot.stop()
        for _ in 0..<3 { _ = carrier.round() }
        #expect(try host.state["silent_since"]?.text != nil)
        #expect(try host.state["error"]?.text?.contains("connect") == true)
        #expect(carrier.cadence.failures == 3)
        #expect(try host.files.count == 1)
        try depot.start()
        try depot.writeIndex([first, try depot.put("another")])
        _ = carrier.round()
        #expect(try host.state["silent_since"] == .null)
        #expect(try host.files.count == 2 && carrier.cadence.failures == 0)
    }

    @Test func `a file that somebody removes from the inbox comes again`() throws {
        try depot.writeIndex([try depot.put("grant")])
        var carrier = try host.carrier()
        _ = carrier.round()
        try FileManager.default.removeItem(atPath: host.inbox + "/" + fileName(Array("grant".utf8)))
        _ = carrier.round()
        #expect(try host.files.count == 1)
    }

    @Test func `a start removes what a crash left and what lacks its digest`() throws {
        let name = fileName(Array("grant".utf8))
        try depot.writeIndex([try depot.put("grant")])
        try host.write("gr", to: ".\(name).123.456")
        try host.write("{", to: ".bulletin.123.456")
        try host.write("other", to: name)
        try host.write("of another carrier", to: "README")
        var carrier = try host.carrier()
        #expect(try host.files == ["README"])
        _ = carrier.round()
        #expect(try host.files == ["README", name])
        #expect(try host.contents(name) == Array("grant".utf8))
    }

    @Test func `an inbox that is not there is said, and filled once it is`() throws {
        try depot.writeIndex([try depot.put("grant")])
        try FileManager.default.removeItem(atPath: host.inbox)
        var carrier = try host.carrier()
        _ = carrier.round()
        #expect(try host.state["inbox"]?["error"]?.text?.contains(host.inbox) == true)
        try FileManager.default.createDirectory(
            atPath: host.inbox,
            withIntermediateDirectories: false
        )
        _ = carrier.round()
        #expect(try host.files.count == 1)
        #expect(try host.state["inbox"]?["error"] == .null)
    }

    @Test func `an expired certificate is shown for ever, and its successor at once`() throws {
        try depot.writeIndex([try depot.put("grant")])
        let copy = depot.path + "/host.pem"
        let files = FileManager.default
        try files.copyItem(atPath: depot.path + "/expired.pem", toPath: copy)
        let host = try FetchingHost(depot.url, depot: depot.keys(certificate: "host"))
        var carrier = try host.carrier()
        _ = carrier.round()
        #expect(try host.object("shelves/all/index")?["error"]?.text?.contains("400") == true)
        #expect(try host.files.isEmpty)
        try files.removeItem(atPath: copy)
        try files.copyItem(atPath: depot.path + "/client.pem", toPath: copy)
        try eventually {
            _ = carrier.round()
            return try host.files.count == 1
        }
    }

    @Test func `without a certificate, or with one that cannot be read, nothing comes`() throws {
        try depot.writeIndex([try depot.put("grant")])
        for keys in ["ca = \"\(depot.path)/ca.pem\"", depot.keys(certificate: "missing")] {
            let host = try FetchingHost(depot.url, depot: keys)
            var carrier = try host.carrier()
            _ = carrier.round()
            #expect(!carrier.isComplete)
            #expect(try host.files.isEmpty)
        }
    }

    @Test func `a server of another name, or of another authority, is no depot`() throws {
        let stranger = try NginxDepot(server: "stranger")
        try stranger.writeIndex([try stranger.put("grant")])
        let named = try FetchingHost(stranger.url, depot: stranger.keys)
        let signed = try FetchingHost(stranger.url, depot: depot.keys)
        for host in [named, signed] {
            var carrier = try host.carrier()
            _ = carrier.round()
            #expect(try host.files.isEmpty)
            #expect(try host.state["error"]?.text?.contains("SSL") == true)
        }
    }

    @Test func `a server with an expired certificate is told with the time of this host`() throws {
        let late = try NginxDepot(server: "expired")
        let host = try FetchingHost(
            late.url.replacing("127.0.0.1", with: "localhost"),
            depot: late.keys
        )
        var carrier = try host.carrier()
        _ = carrier.round()
        #expect(try host.state["error"]?.text?.contains("the clock of this host says") == true)
    }
}

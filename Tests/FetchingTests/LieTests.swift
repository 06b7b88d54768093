import Depot
import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import Fetching

/// A depot that lies in every way that it can.
struct LieTests {
    private let depot: LyingDepot
    private let files = Set((0..<3).map { fileName(Array("file \($0)\n".utf8)) })

    init() throws {
        depot = try LyingDepot()
    }

    private func host(_ lie: String) throws -> (FetchingHost, Carrier) {
        let host = try FetchingHost(depot.url(lie))
        var carrier = try host.carrier()
        _ = carrier.round()
        return (host, carrier)
    }

    @Test func `an honest one is believed`() throws {
        let (host, carrier) = try host("honest")
        #expect(try host.files == files && carrier.isComplete)
    }

    @Test func `a store that checks signatures believes the right key and no other`() throws {
        let folder = try TemporaryDirectory()
        for (key, isRight) in [("s3cret/key", true), ("another", false)] {
            let file = folder.path + "/keys"
            let text = "aws_access_key_id = host\naws_secret_access_key = \(key)\nregion = eu-1\n"
            try Data(text.utf8).write(to: URL(filePath: file))
            let host = try FetchingHost(depot.url("signed"), depot: "credentials = \"\(file)\"")
            var carrier = try host.carrier()
            for _ in 0..<2 { _ = carrier.round() }
            #expect(try host.files == (isRight ? files : []))
            #expect(carrier.isComplete == isRight)
        }
    }

    @Test(arguments: ["wrong-digest", "half-file"])
    func `a file without its digest is not taken, and asked for again`(lie: String) throws {
        var (host, carrier) = try host(lie)
        #expect(try host.files.isEmpty && !carrier.isComplete)
        #expect(try host.state["inbox"]?["missing"] == 3)
        #expect(try host.state["inbox"]?["error"]?.text?.contains("another digest") == true)
        _ = carrier.round()
        #expect(try host.state["silent_since"] == .null)
    }

    @Test func `a file that breaks off is not taken`() throws {
        let (host, _) = try host("cut-off")
        #expect(try host.files.isEmpty)
        #expect(try host.state["silent_since"]?.text != nil)
    }

    @Test func `a file of more than 256 KiB is not taken, and the others are`() throws {
        let (host, _) = try host("big-file")
        #expect(try host.files == files)
        #expect(try host.state["inbox"]?["error"]?.text?.contains("longer than it may be") == true)
    }

    @Test(arguments: [
        ("half-index", "does not end"), ("html", "half of an object"),
        ("names", "longer"), ("huge-index", "longer"), ("endless", "longer"),
        ("endless-head", "longer"), ("redirect", "302; redirects are not followed"),
        ("unasked-304", "304"), ("zipped", "half of an object"),
    ])
    func `what is no index changes nothing, and is said`(lie: String, reason: String) throws {
        let (host, carrier) = try host(lie)
        #expect(try host.files.isEmpty && !carrier.isComplete)
        let index = try #require(try host.object("shelves/all/index"))
        #expect(index["state"]?.text == "failing" && index["failing_since"]?.text != nil)
        #expect(index["error"]?.text?.contains(reason) == true, "\(index["error"]?.text ?? "")")
    }

    @Test func `a page of HTML is no bulletin`() throws {
        let (host, _) = try host("html")
        #expect(!FileManager.default.fileExists(atPath: host.inbox + "/bulletin"))
        #expect(try host.object("bulletin")?["state"]?.text == "failing")
    }

    @Test func `12,000 names hide no file that stands before them`() throws {
        let (host, _) = try host("many-names")
        #expect(try host.files == files)
        #expect(try host.state["inbox"]?["missing"] == 3997)
    }

    @Test(arguments: ["slow", "slow-head"])
    func `a depot that sends a byte or a header now and then is given up after 30 s`(
        lie: String
    ) throws {
        let begun = ContinuousClock.now
        let (host, _) = try host(lie)
        #expect(ContinuousClock.now - begun < .seconds(60))
        #expect(try host.state["error"]?.text?.contains("timed out") == true)
    }

    @Test(arguments: ["no-http", "broken-chunks"])
    func `what is no HTTP is silence`(lie: String) throws {
        let (host, carrier) = try host(lie)
        #expect(try host.files.isEmpty && !carrier.isComplete)
        #expect(try host.state["silent_since"]?.text != nil)
    }

    @Test func `answers that nobody asked for bring no file without its digest`() throws {
        var (host, carrier) = try host("two-answers")
        for _ in 0..<3 { _ = carrier.round() }
        #expect(try host.files.isSubset(of: files))
    }

    @Test func `a file that an index names and the depot withholds is missed, since when is said`()
        throws
    {
        var (host, carrier) = try host("withheld-file")
        let since = try host.state["inbox"]?["failing_since"]?.text
        #expect(since != nil)
        // It has a rest, and the reason stands meanwhile.
        for _ in 0..<3 { _ = carrier.round() }
        let inbox = try host.state["inbox"]
        #expect(inbox?["missing"] == 3 && inbox?["failing_since"]?.text == since)
        #expect(inbox?["error"]?.text?.contains("the depot lacks it") == true)
        #expect(try host.object("shelves/all/index")?["state"]?.text == "ok")
    }

    @Test(arguments: [("busy", 120), ("too-many", 3600)])
    func `a depot that is busy is left alone for a time, and never for good`(
        lie: String,
        seconds: Int64
    ) throws {
        let (host, carrier) = try host(lie)
        let pause = carrier.cadence.due - Carrier.now
        #expect(pause > .seconds(seconds - 30) && pause <= .seconds(seconds) * 6 / 5)
        #expect(try host.state["error"]?.text?.contains("the depot answered") == true)
    }

    @Test func `an empty depot offers nothing, and is no error`() throws {
        let (host, _) = try host("empty")
        #expect(try host.object("shelves/all/index")?["files"] == 0)
        #expect(try host.state["silent_since"] == .null)
    }

    @Test func `a hub tells of news while it is asked`() throws {
        let line = { (number: Int) in
            "\(fileName(Array("file \(number)\n".utf8)).prefix(64))  a.grant\n"
        }
        try depot.writeIndex(line(0))
        var (host, carrier) = try host("hub")
        #expect(try host.files.count == 1)
        let pause = carrier.cadence.due - Carrier.now
        #expect(pause <= .seconds(2), "the next request follows at once")
        let (file, text) = (depot.indexPath, line(0) + line(1))
        let writer = Thread {
            try? Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
        }
        writer.start()
        _ = carrier.round()
        #expect(try host.files.count == 2)
        #expect(try host.object("shelves/all/index")?["files"] == 2)
    }
}

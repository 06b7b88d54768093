import Conditions
import Grants
import TestSupport
import Testing

@testable import Depot

@Suite struct `The reports of a host` {
    @Test func `come every five minutes, give or take a fifth, and ten seconds after a change`() {
        var random = SeededGenerator(seed: 3)
        var cadence = ReportCadence(every: .seconds(300), first: .seconds(40))
        #expect(cadence.due == .seconds(40))
        var now = Duration.seconds(40)
        for _ in 0..<500 {
            cadence.reported(at: now, using: &random)
            #expect((Duration.seconds(240)...(.seconds(360))).contains(cadence.due - now))
            let change = now + .milliseconds(Int64.random(in: 0...400_000, using: &random))
            let before = cadence.due
            if change < before {
                cadence.changed(at: change)
                #expect(cadence.due <= before)
                #expect(cadence.due == before || cadence.due >= now + .seconds(10))
                #expect(cadence.due == before || cadence.due > change + .seconds(1))
                #expect(cadence.due <= max(change + .seconds(2), now + .seconds(10)))
            }
            now = cadence.due
        }
    }

    @Test func `that fail are tried again ever later, and a change makes that no sooner`() {
        var random = SeededGenerator(seed: 4)
        var cadence = ReportCadence(every: .seconds(300), first: .zero)
        var longest = Duration.zero
        for count in 1...40 {
            cadence.failed(at: .zero, using: &random)
            let bound = min(Duration.seconds(300), .seconds(1 << min(count, 9)))
            #expect(cadence.due <= bound)
            longest = max(longest, cadence.due)
            let due = cadence.due
            cadence.changed(at: .zero)
            #expect(cadence.due == due)
        }
        #expect(longest > .seconds(60))
        cadence.failed(at: .zero, retryAfter: .seconds(1000), using: &random)
        #expect((Duration.seconds(1000)...(.seconds(1200))).contains(cadence.due))
        cadence.reported(at: .zero, using: &random)
        #expect(cadence.failures == 0)
    }

    @Test func `are remembered by the sizes of the log, the newest 1,024`() {
        var sizes = ReportedSizes()
        for size in 0..<Int64(2000) {
            let isNew = [sizes.add(size), sizes.add(size)]
            #expect(isNew == [true, false])
        }
        #expect(sizes.sizes == Array(976..<2000))
        #expect(ReportedSizes(parsing: sizes.encoded) == sizes)
        _ = sizes.add(5)
        #expect(sizes.sizes == [5], "a log with fewer records is another one")
        for text in ["", "x", "5\nx\n7", "-1\n", "5\n5\n4\n9\n", "99999999999999999999\n"] {
            let read = ReportedSizes(parsing: Array(text.utf8)).sizes
            #expect(zip(read, read.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    private let now: Moment = "2026-11-28T12:00:00Z"

    private func read(_ members: String) -> CarrierReport? {
        let text = #"{"jitgate": "fetch/1", "depot": "https://d", \#(members)}"#
        return CarrierReport(parsing: Array(text.utf8))
    }

    @Test func `of silence say since when and why, after two minutes`() throws {
        let silent = try #require(
            read(#""silent_since": "2026-11-28T11:57:00Z", "error": "no route\u001b[2J to host""#)
        )
        let found = try #require(silent.conditions(of: "/inbox", at: now).silence)
        #expect(found.code == "depot-silent" && found.subject == "/inbox")
        #expect(found.since == "2026-11-28T11:57:00Z")
        #expect(found.message.contains("since 2026-11-28T11:57:00Z"))
        #expect(found.message.contains("no route"))
        #expect(!found.message.contains("\u{1b}"))
        #expect(silent.conditions(of: "/inbox", at: "2026-11-28T11:58:59Z").silence == nil)
    }

    @Test func `of a carrier that does not run say so`() throws {
        let report = try #require(read(#""silent_since": null, "next": "2026-11-28T11:50:00Z""#))
        #expect(report.silence(at: now)?.reason == "jitgate-fetch does not run")
        #expect(report.silence(at: "2026-11-28T11:51:00Z") == nil)
    }

    @Test func `of an object that fails say which, since when and why, after two minutes`() throws {
        let report = try #require(
            read(
                #"""
                "silent_since": null, "objects": [
                    {"object": "shelves/all/index", "state": "ok", "failing_since": null, "error": null},
                    {"object": "shelves/web-1/index", "failing_since": "2026-11-28T11:57:00Z", "error": "line 1"}],
                "inbox": {"missing": 2, "failing_since": "2026-11-28T11:58:00Z", "error": "another digest"}
                """#
            )
        )
        let found = report.conditions(of: "/inbox", at: now)
        #expect(found.silence == nil && found.certificate == nil)
        #expect(found.gap?.code == "depot-incomplete" && found.gap?.subject == "/inbox")
        #expect(found.gap?.since == "2026-11-28T11:57:00Z")
        #expect(found.gap?.message.contains("shelves/web-1/index: line 1") == true)
        #expect(report.conditions(of: "/inbox", at: "2026-11-28T11:58:30Z").gap == nil)
        let asked = report.conditions(of: "/inbox", at: "2026-11-28T11:58:30Z", patience: .zero)
        #expect(asked.gap?.since == "2026-11-28T11:57:00Z")
    }

    @Test func `of a depot that is silent say nothing of its objects`() throws {
        let report = try #require(
            read(
                #"""
                "silent_since": "2026-11-28T11:00:00Z", "error": "no route to host",
                "inbox": {"failing_since": "2026-11-28T11:10:00Z", "error": "another digest"}
                """#
            )
        )
        let found = report.conditions(of: "/inbox", at: now)
        #expect(found.silence != nil && found.gap == nil)
    }

    @Test func `of a certificate warn 14 days before its end`() throws {
        let report = try #require(read(#""certificate_expires": "2026-12-12T11:00:00Z""#))
        let found = report.conditions(of: "/inbox", at: now)
        #expect(found.certificate?.code == "depot-certificate-expires" && found.silence == nil)
        #expect(report.expiringCertificate(at: "2026-11-28T10:00:00Z") == nil)
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"jitgate": "fetch/2", "depot": "d"}"#, #"{"jitgate": "fetch/1"}"#,
    ])
    func `of other kinds are none`(text: String) {
        #expect(CarrierReport(parsing: Array(text.utf8)) == nil)
    }

    @Test func `with members of other types are none of silence`() throws {
        let report = try #require(read(#""silent_since": 5, "next": "soon", "error": []"#))
        let found = report.conditions(of: "/inbox", at: now)
        #expect(found.silence == nil && found.certificate == nil)
        let long = String(repeating: "x", count: 10_000)
        let text = #""silent_since": "2026-11-28T10:00:00Z", "error": "\#(long)""#
        let wordy = try #require(read(text)?.silence(at: now))
        #expect(wordy.reason.count < 300)
    }
}
